"""Writing files so that a reader never sees half of one, and saying in one line why one cannot be written."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from shortrun.errors import StoreError


@contextlib.contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Give a temporary path in the same folder; on leaving it is synced to disk and renamed to `path`.

    Whatever goes wrong, `path` keeps its old content and no temporary file is left behind (only a killed
    process can leave one; its name begins with a dot and ends in `.tmp`). A symbolic link stays a link: its
    target is replaced.

    Parameters
    ----------
    path : Path or str
        The file to make or to replace.

    Raises
    ------
    StoreError
        If the file cannot be written (no space, no permission, no such folder, not a regular file).
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise StoreError(path, "is not a regular file and cannot be replaced by one")
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(target)
        sync(target.parent)
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def atomic_folder(path: Path | str) -> Iterator[Path]:
    """Give a temporary folder beside `path`; on leaving it is renamed to `path`.

    Whatever goes wrong, there is no `path` and no temporary folder is left behind. No folder with something in it is
    ever replaced.

    Raises
    ------
    StoreError
        If `path` exists and is not an empty folder, or cannot be written.
    """
    path = Path(path)
    check_new(path)
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        temporary.mkdir()
        yield temporary
        if target.exists():
            target.rmdir()
        temporary.replace(target)
        sync(target.parent)
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_new(path: Path) -> None:
    """Raise StoreError if a folder cannot be made at `path`: there is something already."""
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StoreError(path, "exists and is not an empty folder: name a new one")


def check_place(path: Path) -> None:
    """Check that a file or a folder can be made at a path, before anything is computed for it.

    Raises
    ------
    StoreError
        If there is no folder for it, none may write there, or a folder is where a file is to be.
    """
    if not path.parent.is_dir():
        raise StoreError(path, "no such folder")
    if not os.access(path.parent, os.W_OK):
        raise StoreError(path, "permission denied")
    if path.suffix and path.is_dir():
        raise StoreError(path, "is not a regular file and cannot be replaced by one")


def sync(path: Path) -> None:
    """Push a file's content, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def explain(error: OSError) -> str:
    """Return the operating system's reason as the end of a one-line message."""
    reason = (error.strerror or str(error) or type(error).__name__).splitlines()[0]
    return reason[0].lower() + reason[1:]
