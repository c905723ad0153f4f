"""Faults of the disk and of limits while a training writes: `python -m tests.campaigns.disk --number 1000`.

Each training is a fork with one fault: call number N of the C library that writes, syncs, renames, opens or removes
fails (`faults.c`, loaded by LD_PRELOAD), or writes half; or the process has a limit of file sizes, open files or
memory. It must end as if nothing had been, or with one line and exit code 2, and leave a run that is readable and goes
on to the same end, bit for bit.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from itertools import product
from pathlib import Path
from random import Random

import torch

sys.path[:0] = [str(Path(__file__).parents[1])]

from campaigns.store import BAD, Counts, print_table, samples  # noqa: E402
from shortrun.cli import main  # noqa: E402
from shortrun.data import write  # noqa: E402
from shortrun.store import header  # noqa: E402
from small_training import differences, left_over, unreadable, wait  # noqa: E402

KINDS = {"write": 1, "sync": 2, "rename": 4, "open": 8, "remove": 16}
FAULTS = [
    *(("write", error) for error in (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, 0)),
    *(("sync", error) for error in (errno.EIO, errno.ENOSPC)),
    *(("rename", error) for error in (errno.EIO, errno.ENOSPC, errno.ESTALE)),
    *(("open", error) for error in (errno.EIO, errno.EMFILE, errno.ENOSPC, errno.EROFS)),
    *(("remove", error) for error in (errno.EIO, errno.EACCES)),
]
FOREVER = 10**6
Attack = tuple[str, Callable[[], object]]  # what it is called, and what does it
OPTIONS = "--hidden 6 --scheme ff --steps 2 --batch 10 --log-every 7 --validation 0.2 --seed 3 --restart-seconds 0.002"
LIMITS = {
    "file size": (resource.RLIMIT_FSIZE, [0, 1, 100, 600, 1000, 2000, 4000, 8000]),
    "open files": (resource.RLIMIT_NOFILE, [*range(4, 24)]),
    "memory": (resource.RLIMIT_AS, [0, 2**16, 2**18, 2**20, 2**21, 2**22, 2**23, 2**24, 2**26]),
}


def build(folder: Path) -> Path:
    """Compile the faults."""
    library = folder / "faults.so"
    source = Path(__file__).with_name("faults.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", str(source), "-o", str(library), "-ldl"], check=True)
    return library


def training(folder: Path, run: Path, harm: Callable[[], object]) -> tuple[int, str]:
    """Train in a fork that harms itself first; return its exit code and what it said on stderr."""
    said, told = os.pipe()  # which no fault and no limit is for
    pid = os.fork()
    if pid == 0:
        status, text = 99, io.StringIO()
        words = ["train", str(folder / "x.npz"), "-o", str(run), *OPTIONS.split(), "--updates", "20"]
        words += ["--resume"] if header.is_run(run) else []
        os.dup2(told, 2)
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(text):
                harm()
                status = main(words)
        except BaseException as error:
            text.write(f"foreign {type(error).__name__}: {error}")
        finally:
            os.write(2, text.getvalue().encode()[-4000:])
            os._exit(status)
    os.close(told)
    code = wait(pid)
    with os.fdopen(said) as file:
        return code, file.read()


def outcome(folder: Path, run: Path, whole: Path, ended: tuple[int, str]) -> str:
    """Return what came of a training with a fault, once it went on without."""
    code, said = ended
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    if code not in (0, 2) or "Traceback" in said or "please report" in said:
        return f"{BAD}: exit code {code}: {said[-200:]!r}"
    if code == 2 and len(lines) != 1:
        return f"{BAD}: {len(lines)} lines: {said[-200:]!r}"
    if header.is_run(run) and (faults := unreadable(run)):
        return f"{BAD}: {faults[0]}"
    code, said = training(folder, run, lambda: None)
    if code:
        return f"{BAD}: it does not go on: {said[-200:]!r}"
    if faults := differences(whole, run) + left_over(run):
        return f"{BAD}: {faults[0]}"
    return "nothing came of it" if not lines else "one line, exit code 2, and on to the same end"


def tried(folder: Path, harm: Callable[[], object]) -> str:
    """Return what comes of a harm to a new training."""
    run = folder / "run"
    found = outcome(folder, run, folder / "whole", training(folder, run, harm))
    subprocess.run(["rm", "-rf", str(run)], check=True)
    return found


def failing_calls(folder: Path, library: ctypes.CDLL) -> Iterator[Attack]:
    """Yield attacks that let a single call fail, or all from one on."""
    for kind, which in KINDS.items():
        reach = calls_of(folder, library, kind)
        for _, error in (it for it in FAULTS if it[0] == kind):
            for number, many in product(range(reach), (1, FOREVER)):
                yield (
                    f"{kind}: {errno.errorcode.get(error, 'half')}",
                    partial(library.faults_arm, which, number, many, error),
                )


def calls_of(folder: Path, library: ctypes.CDLL, kind: str) -> int:
    """Return how many calls of a kind a training makes."""
    told = folder / "calls"

    def harm() -> None:
        library.faults_arm(KINDS[kind], FOREVER, 0, 0)
        exit_, own = os._exit, os.getpid()

        def ended(status: int) -> None:
            if os.getpid() == own:
                count = library.faults_calls()
                library.faults_arm(0, 0, 0, 0)
                told.write_text(str(count))
            exit_(status)

        os._exit = ended

    run = folder / "run"
    training(folder, run, harm)
    subprocess.run(["rm", "-rf", str(run)], check=True)
    return int(told.read_text())


def limits() -> Iterator[Attack]:
    """Yield attacks that set a limit of the process."""
    for name, (what, values) in LIMITS.items():
        for value in values:
            yield f"limit of {name}", partial(limit, what, value)


def limit(what: int, value: int) -> None:
    """Set a limit; of memory, that much more than there is now."""
    if what == resource.RLIMIT_AS:
        value += int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(what, (value, value))


def attacked(number: int) -> Counts:
    """Try so many of all faults and limits, by chance."""
    torch.set_num_threads(1)
    library, counts = ctypes.CDLL(os.environ["LD_PRELOAD"]), Counts()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "x.npz", samples())
        for run in ("first", "whole"):  # the first loads what its forks need
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                main(["train", str(folder / "x.npz"), "-o", str(folder / run), *OPTIONS.split(), "--updates", "20"])
        attacks = [*failing_calls(folder, library), *limits()]
        counts["attacks there are"] = len(attacks)
        for what, harm in Random(9).sample(attacks, min(number, len(attacks))):
            found = tried(folder, harm)
            counts[f"{what}: {found}" if BAD in found else found] += 1
            counts[what] += 1
    return counts


def run_all() -> int:
    """Run the campaign, in a process that has the faults loaded; 1 if something happened that never must."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--number", type=int, default=1000, help="faults and limits that are tried")
    asked = options.parse_args()
    if "faults.so" not in os.environ.get("LD_PRELOAD", ""):
        with tempfile.TemporaryDirectory() as folder:
            library = str(build(Path(folder)))
            command = [sys.executable, "-m", __spec__.name, *sys.argv[1:]]
            return subprocess.run(command, env=os.environ | {"LD_PRELOAD": library}, check=False).returncode
    began = time.monotonic()
    counts = attacked(asked.number)
    print_table("faults of the disk", counts, time.monotonic() - began)
    return int(any(BAD in name for name in counts))


if __name__ == "__main__":
    sys.exit(run_all())
