"""Temporary folders: all of a process lie in one, which goes with it; a later process removes what killed ones left."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock  # imported when it is used: most processes have nothing temporary

PREFIX, MARK = "shortrun-", ".shortrun-session"
YOUNG = 3600  # seconds: a folder that was just made may not be locked yet
NO_LOCKS = (OSError, NotImplementedError)  # the file system has none

_homes: dict[int, Path] = {}  # by process: a fork has its own


def home() -> Path:
    """Return the folder of this process for all that is temporary: it is deleted when Python ends."""
    own = os.getpid()
    if own not in _homes or not _homes[own].is_dir():
        from filelock import FileLock

        sweep()
        _homes[own] = place = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = FileLock(place / MARK, thread_local=False, preserve_lock_file=True)
        with contextlib.suppress(*NO_LOCKS):
            lock.acquire(timeout=0)
        atexit.register(_leave, place, lock, own)
    return _homes[own]


def folder() -> Path:
    """Return a new temporary folder."""
    return Path(tempfile.mkdtemp(dir=home()))


def _leave(place: Path, lock: FileLock, owner: int) -> None:
    """Delete the folder of a process, but not in one that was forked from it."""
    if os.getpid() == owner:
        lock.release()  # Windows deletes no file that is open
        shutil.rmtree(place, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of processes that were killed."""
    with contextlib.suppress(OSError):
        for place in [*Path(tempfile.gettempdir()).glob(f"{PREFIX}*")]:
            if is_left(place):
                shutil.rmtree(place, ignore_errors=True)


def is_left(place: Path) -> bool:
    """Return whether a folder is one of ours that nobody holds: this user's alone, with our mark, and not a new one."""
    from filelock import FileLock, Timeout

    mark = place / MARK
    try:
        found = place.lstat()
        ours = stat.S_ISDIR(found.st_mode) and stat.S_ISREG(mark.lstat().st_mode)
        if os.name != "nt":  # there the folder above is one user's
            ours = ours and found.st_uid == os.getuid() and not found.st_mode & 0o077
        if not ours or time.time() - found.st_mtime < YOUNG:
            return False
        with FileLock(mark, thread_local=False, preserve_lock_file=True).acquire(timeout=0):
            return True
    except (*NO_LOCKS, Timeout):
        return False
