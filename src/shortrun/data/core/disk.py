"""Values too large for memory: they are made on the disk, where they may become the file that they are written to."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

import numpy as np

from shortrun import memory
from shortrun.errors import StoreError

LARGE = 2**28  # bytes: values beyond it are made on the disk
FIRST = 2**12  # bytes before them: room for the header of the file that they may become

_folder: ContextVar[Path | None] = ContextVar("folder", default=None)
_told: ContextVar[Callable[[str, int], None] | None] = ContextVar("told", default=None)


@contextlib.contextmanager
def made_in(folder: Path | None, told: Callable[[str, int], None] | None = None) -> Iterator[None]:
    """Let large values be made in a folder, in place of that which TMPDIR names, until this is left.

    Parameters
    ----------
    folder : Path or None
        The folder, of the file that the values become; None for that of TMPDIR.
    told : callable, optional
        Called with what was done ("sites read") and how many of them, now and then.
    """
    before, heard = _folder.set(folder), _told.set(told)
    try:
        yield
    finally:
        _folder.reset(before)
        _told.reset(heard)


def tell(what: str, count: int) -> None:
    """Say how far reading is, if anybody asked in `made_in`."""
    if (told := _told.get()) is not None:
        told(what, count)


def place() -> Path:
    """Return the folder in which large values are made."""
    return _folder.get() or Path(tempfile.gettempdir())


def nameless(folder: Path | None = None) -> IO[bytes]:
    """Return a new file of a folder, by default of `place`: it goes when it is closed, unless `name` names it."""
    if hasattr(os, "O_TMPFILE"):
        with contextlib.suppress(OSError):  # not every file system has such files
            return os.fdopen(os.open(folder or place(), os.O_RDWR | os.O_TMPFILE, 0o666), "w+b")
    return tempfile.TemporaryFile(dir=folder or place())


def check_room(size: int) -> None:
    """Check that so many bytes can be written where large values are made, before they are.

    Raises
    ------
    StoreError
        If they cannot.
    """
    free = shutil.disk_usage(place()).free
    if size > free:
        raise StoreError(place(), f"the disk is too small: {memory.size(size)} of values, {memory.size(free)} are free")


class Room:
    """A nameless file of `made_in` for values, which come in order and begin at the byte FIRST.

    Parameters
    ----------
    size : int, default 0
        How many bytes will come at least.

    Raises
    ------
    StoreError
        If there is no room for them.
    """

    def __init__(self, size: int = 0):
        check_room(size)
        self.file = nameless()
        self.file.seek(FIRST)

    def write(self, part: Any) -> None:
        """Add values."""
        self.file.write(part)

    def writable(self, shape: tuple[int, ...], kind: Any) -> np.memmap:
        """Return all values as a memory map that writes to the file."""
        self.file.flush()
        return np.memmap(self.file, kind, "r+", FIRST, shape)

    def whole(self, shape: tuple[int, ...], kind: Any) -> np.memmap:
        """Return all values as a memory map that can be read only."""
        self.file.flush()
        values = np.memmap(self.file, kind, "r", FIRST, shape)
        vars(values)["room"] = self
        return values


def room_of(values: np.ndarray) -> Room | None:
    """Return the room that an array is all of; None of other arrays."""
    return getattr(values, "room", None)


def gathered(parts: Iterable[np.ndarray], shape: tuple[int, ...], kind: Any) -> np.ndarray:
    """Return rows that come in parts as one array: in memory, or if it is large as a memory map of a nameless file.

    Raises
    ------
    StoreError
        If the disk is too small for them.

    Examples
    --------
    >>> gathered(iter([np.ones((1, 2)), np.zeros((1, 2))]), (2, 2), np.uint8)
    array([[1, 1],
           [0, 0]], dtype=uint8)
    """
    size, done = math.prod(shape) * np.dtype(kind).itemsize, 0
    room, found = (Room(size), None) if size > LARGE else (None, np.empty(shape, kind))
    for part in parts:
        if found is not None:
            found[done : done + len(part)] = part
        elif room is not None:
            room.write(np.ascontiguousarray(part, kind).data)
        done += len(part)
        tell("samples made", done)
    return room.whole(shape, kind) if room is not None else found  # pyright: ignore[reportReturnType]


def name(values: np.ndarray, path: Path) -> bool:
    """Give the nameless file that values are all of a name; return whether it has none yet, and can have one."""
    room = room_of(values)
    if room is None or os.fstat(room.file.fileno()).st_nlink:
        return False
    with contextlib.suppress(OSError):  # on another disk, or a system without /proc
        room.file.flush()
        # with a folder's handle, which an absolute path has no use for, Python follows the link to the file
        os.link(f"/proc/self/fd/{room.file.fileno()}", path, src_dir_fd=room.file.fileno(), follow_symlinks=True)
        return True
    return False
