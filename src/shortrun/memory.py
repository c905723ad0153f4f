"""How much memory there is, and errors of allocators as one line that says what was asked for and what is free."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from shortrun.errors import ShortrunError

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
ASKED = re.compile(r"allocate\s+([\d.]+)\s*([KMGTPE]iB|bytes|B\b)", re.IGNORECASE)  # numpy, torch on either device
SIGNS = (  # of errors that have no class of their own
    "not enough memory",
    "can't allocate memory",
    "out of memory",
    "bad_alloc",
    "bad allocation",
    "storage size calculation overflowed",
    "array is too big",
    "maximum allowed size exceeded",
    "maximum supported dimension",
    "cannot allocate memory",
    "failed to map segment",  # of a library that is imported
)
LESS = "fewer samples at once (-n, --chains, --batch), hidden units (--hidden) or sites need less"


LIBRARIES = 900 * 2**20  # bytes of addresses that torch and scikit-learn take; with less, their C++ aborts or waits


class MemoryShortError(ShortrunError):
    """More memory is needed than there is.

    Parameters
    ----------
    what : str
        What needs it.
    asked : int
        Bytes that it needs.
    advice : str, default LESS
        What needs less.
    """

    def __init__(self, what: str, asked: int, advice: str = LESS):
        self.asked, left = asked, free()
        there = "" if left is None else f", {size(left)} are free"
        super().__init__(f"not enough memory: {what} needs {size(asked)}{there}; {advice}")


def shortage(error: BaseException) -> str | None:
    """Return the line for an error of an allocator, None for other errors.

    Examples
    --------
    >>> shortage(RuntimeError("not enough memory: you tried to allocate 8796093022208 bytes."))[:36]
    'not enough memory: 8.0 TiB asked for'
    >>> shortage(ValueError("no")) is None
    True
    """
    text = str(error)
    if not isinstance(error, MemoryError) and not any(sign in text.lower() for sign in SIGNS):
        return None
    found, left = ASKED.search(text), free()
    asked = f"{size(bytes_of(*found.groups()))} asked for" if found else "more asked for than there is"
    there = "" if left is None else f", {size(left)} free"
    return f"not enough memory: {asked}{there}; {LESS}"


def bytes_of(number: str, unit: str) -> int:
    """Return how many bytes a size in some unit is."""
    power = next((i for i, name in enumerate(UNITS) if name.lower() == unit.lower()), 0)
    return int(float(number) * 1024**power)


def size(count: int) -> str:
    """Return a number of bytes as a person reads it.

    Examples
    --------
    >>> size(512), size(3 * 2**30)
    ('512 bytes', '3.0 GiB')
    """
    power = min(max(count.bit_length() - 1, 0) // 10, len(UNITS) - 1)
    return f"{count} bytes" if power == 0 else f"{count / 1024**power:,.1f} {UNITS[power]}"


def free() -> int | None:
    """Return how many bytes this process can still have, None where nothing says."""
    known = [left for left in (of_machine(), of_group(), of_limit()) if left is not None]
    return min(known, default=None)


def of_machine() -> int | None:
    """Return how much memory is not in use, as far as the system says."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def of_group() -> int | None:
    """Return what the limit of a container leaves, None without one."""
    group = Path("/sys/fs/cgroup")
    try:
        most, used = ((group / name).read_text(encoding="ascii") for name in ("memory.max", "memory.current"))
        return max(int(most) - int(used), 0)
    except (OSError, ValueError):  # "max" is no number
        return None


def of_limit() -> int | None:
    """Return what the limit of addresses of this process leaves (`ulimit -v`), None without one."""
    try:
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError, ValueError):
        return None
    return None if most == resource.RLIM_INFINITY else max(most - used, 0)


def check_limit() -> None:
    """Check that the limit of addresses (`ulimit -v`) has room for the libraries, before they are imported.

    Raises
    ------
    MemoryShortError
        If it has not.
    """
    left = of_limit()
    if left is not None and left < LIBRARIES and "torch" not in sys.modules:
        raise MemoryShortError("importing torch", LIBRARIES, "`ulimit -v` says what a process may have")


def check(what: str, asked: int, advice: str = LESS) -> None:
    """Check that there is memory for something before it is made: a system may promise it, and kill the process later.

    Raises
    ------
    MemoryShortError
        If more is asked for than is free.
    """
    left = free()
    if left is not None and asked > left:
        raise MemoryShortError(what, asked, advice)


@contextlib.contextmanager
def at_most(more: int) -> Iterator[None]:
    """Let the process take at most so many bytes more meanwhile, where the system can be told so.

    For code of libraries that believes a size in a damaged file: its allocator fails then, where the system would have
    ended the process.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        before, most = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError):
        yield
        return
    asked = pages * resource.getpagesize() + more
    limits = [limit for limit in (before, asked) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))
