"""One training a folder: a lock that the kernel takes back from a process that dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path

from shortrun.errors import StoreError
from shortrun.files import explain

NAME = ".lock"
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # some network file systems: go on without


class Lock:
    """An exclusive lock on a run folder; readers do not need it.

    Raises
    ------
    StoreError
        If another training holds it, or the folder cannot be written.
    """

    def __init__(self, folder: Path):
        try:
            self._handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise StoreError(folder, explain(error)) from None
        try:
            self._take(folder)
        except BaseException:
            self.release()
            raise

    def _take(self, folder: Path) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(folder, f"another training{self._owner()} is writing to this folder") from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise StoreError(folder, explain(error)) from None
        self._check_place(folder)
        self._sign()

    def _check_place(self, folder: Path) -> None:
        """Check that the folder was not replaced between opening the lock's file and taking it."""
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(self._handle), (folder / NAME).stat()):
                return
        raise StoreError(folder, "another training has just replaced this folder")

    def _sign(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: the name is only for the message
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, str(os.getpid()).encode(), 0)

    def _owner(self) -> str:
        with contextlib.suppress(OSError):
            text = os.pread(self._handle, 20, 0).decode("ascii", "replace")
            return f" (process {text})" if text.isdigit() else ""
        return ""

    def release(self) -> None:
        """Let others write; doing so twice is harmless."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)
