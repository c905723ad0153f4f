"""One training a folder: locks that the system takes back from a process that dies, and a folder that is held.

The lock file is locked by `filelock`, on every system. Where folders can be locked too, this one is: deleting the lock
file lets nobody in.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from filelock import FileLock, Timeout

from shortrun.errors import StoreError
from shortrun.files import Place, check_regular, explain
from shortrun.store import ages

try:
    import fcntl
except ImportError:  # Windows: a folder cannot be renamed while a file in it is open, so its lock file is enough
    fcntl = None

NAME = ".lock"
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # some network file systems: go on without

Identity = tuple[int, int]  # device and inode


class Lock:
    """An exclusive lock on a run folder; readers do not need it.

    Parameters
    ----------
    folder : Path
        A folder, by its real path.

    Raises
    ------
    StoreError
        If another training holds it, or the folder cannot be written.
    """

    def __init__(self, folder: Path):
        try:
            self.place = Place.opened(folder)
        except OSError as error:
            raise StoreError(folder, explain(error)) from None
        self._lock = FileLock(folder / NAME, thread_local=False, preserve_lock_file=True)
        self._released = False
        try:
            self._take(folder)
        except BaseException:
            self.release()
            raise

    def _take(self, folder: Path) -> None:
        try:
            self._lock_folder()
            self._lock.acquire(timeout=0)
        except (BlockingIOError, Timeout):
            raise StoreError(folder, f"another training{owner(folder)} is writing to this folder") from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise StoreError(folder, explain(error)) from None
        with contextlib.suppress(OSError):  # a full disk: the name is only for the message
            (folder / NAME).write_text(str(os.getpid()))
        self._folder, self._file = identity(folder), identity(folder / NAME)
        self._ages = identity(folder / ages.FOLDER)
        held = self.place.handle
        if None in (self._folder, self._file) or (held is not None and of(os.fstat(held)) != self._folder):
            raise StoreError(folder, "another training has just replaced this folder")

    def _lock_folder(self) -> None:
        if fcntl is None or self.place.handle is None:
            return
        try:
            fcntl.flock(self.place.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            return  # a file system that locks only files

    def check(self) -> None:
        """Check that the path still is the folder that was locked, with its lock.

        Raises
        ------
        StoreError
            If it was renamed, replaced or deleted, or its lock or its ages were; says where it is now.
        """
        path = self.place.path
        if identity(path) != self._folder:
            what = "was renamed, replaced or deleted while this training wrote to it"
        elif identity(path / NAME) != self._file:
            what = f"lost its lock while this training wrote to it ({NAME} was deleted or replaced)"
        elif identity(path / ages.FOLDER) != self._ages:
            what = f"had its folder {ages.FOLDER} renamed, replaced or deleted while this training wrote to it"
        else:
            return
        raise StoreError(path, f"{what}, which stops: nothing was written to what is there now{self._whereabouts()}")

    def _whereabouts(self) -> str:
        """Return the end of a message that says where the folder is now, on systems that tell."""
        with contextlib.suppress(OSError):
            now = Path(f"/proc/self/fd/{self.place.handle}").readlink()
            if now != self.place.path and identity(now) == self._folder:
                return f"; what it kept is in {now}"
        return ""

    def release(self) -> None:
        """Let others write; doing so twice is harmless."""
        if not self._released:
            self._released = True
            self._lock.release()
            self.place.close()


def of(found: os.stat_result) -> Identity:
    """Return by what a file or folder is known, whatever its name."""
    return found.st_dev, found.st_ino


def identity(path: Path) -> Identity | None:
    """Return by what a file or folder is known, None where there is none."""
    try:
        return of(path.stat())
    except OSError:
        return None


def owner(folder: Path) -> str:
    """Return the process that holds a lock, in brackets; nothing where it cannot be read."""
    number = last_owner(folder)
    return "" if number is None else f" (process {number})"


def last_owner(folder: Path) -> int | None:
    """Return the process that holds a lock, or held it last; None where it cannot be read."""
    with contextlib.suppress(OSError, StoreError, UnicodeDecodeError):
        check_regular(folder / NAME, 20)
        text = (folder / NAME).read_text(encoding="ascii")
        return int(text) if text.isdigit() else None
    return None


def writer_of(folder: Path) -> int | None:
    """Return the process of this machine that trains in a folder; None if there is none, or the system does not tell.

    A lock is only tried where its last owner lives, and shared, so that a training that begins is not in its way.
    """
    number = last_owner(folder)
    if fcntl is None or number is None:
        return None
    with contextlib.suppress(OSError):
        os.kill(number, 0)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return number
        finally:
            os.close(handle)
    return None
