"""Writing files so that a reader never sees half of one, and saying in one line why one cannot be written."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from shortrun.errors import ConfigError, StoreError

NAMED = "the name of a file or folder expected"
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
HANDLES = {os.open, os.rename, os.unlink, os.stat} <= os.supports_dir_fd and hasattr(os, "O_DIRECTORY")


class Place(NamedTuple):
    """A folder to write to.

    With a handle, what is written stays in the folder that was opened, though this be renamed and another take its
    path.

    Parameters
    ----------
    path : Path
        Where it was opened.
    handle : int or None, default None
        Its descriptor, where the system has such (`opened`).
    """

    path: Path
    handle: int | None = None

    @classmethod
    def opened(cls, path: Path) -> Place:
        """Return a folder with a handle, if the system gives one."""
        return cls(path, os.open(path, os.O_RDONLY | os.O_DIRECTORY) if HANDLES else None)

    def at(self, name: str) -> str:
        """Return what the functions of `os` call a file in it, together with the handle."""
        return name if self.handle is not None else str(self.path / name)

    def open(self, name: str, mode: str, buffering: int = -1) -> BinaryIO:
        """Open a file in it, in a binary mode, and none that it is a link to."""

        def opener(file: str, flags: int) -> int:
            return os.open(file, flags | NO_LINKS, 0o666, dir_fd=self.handle)

        return open(self.at(name), mode, buffering, opener=opener)  # pyright: ignore[reportReturnType]

    def replace(self, old: str, new: str) -> None:
        """Rename a file in it, in place of one that is there."""
        os.replace(self.at(old), self.at(new), src_dir_fd=self.handle, dst_dir_fd=self.handle)

    def remove(self, name: str) -> None:
        """Remove a file in it, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.at(name), dir_fd=self.handle)

    def close(self) -> None:
        """Give the handle back."""
        if self.handle is not None:
            os.close(self.handle)


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
    target = real(path)
    if target.exists() and not target.is_file():
        raise StoreError(path, "is not a regular file and cannot be replaced by one")
    temporary = target.with_name(temporary_name(target.name))
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
def atomic_file(path: Path, place: Place | None = None) -> Iterator[BinaryIO]:
    """Give an open temporary file; on leaving it is synced to disk and renamed to `path`, as with `atomic`.

    Parameters
    ----------
    path : Path
        The file to make or to replace.
    place : Place, optional
        A folder above it that is held open, so that nothing lands elsewhere; by default its own.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    place = place or Place(path.parent)
    name = path.relative_to(place.path)
    temporary = name.with_name(temporary_name(name.name)).as_posix()
    try:
        with place.open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        place.replace(temporary, name.as_posix())
        sync(name.parent.as_posix(), place)
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    finally:
        with contextlib.suppress(OSError):
            place.remove(temporary)


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
    target = real(path)
    temporary = target.with_name(temporary_name(target.name))
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


def check_named(path: Any, option: str = "path") -> None:
    """Raise ConfigError for an empty path: Python takes it for the working directory, and a shell leaves one behind.

    Parameters
    ----------
    path : Any
        What may be a path; other things pass.
    option : str, default "path"
        What the error calls it.
    """
    if isinstance(path, str) and not path.strip():
        raise ConfigError(option, f"{NAMED}, got an empty text")


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


def check_regular(path: Path, most: int | None = None) -> None:
    """Check that a file is one that can be read to its end: no device, no pipe, and not too long.

    Raises
    ------
    StoreError
        If it is not.
    OSError
        If it is not there.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(path, "is a directory" if stat.S_ISDIR(found.st_mode) else "is not a regular file")
    if most is not None and found.st_size > most:
        raise StoreError(path, f"is too large: {found.st_size:,} bytes, at most {most:,} are read")


def real(path: Path | str) -> Path:
    """Return the path without links, from the root.

    Raises
    ------
    StoreError
        If it is relative to a working directory that is gone.
    """
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError:
        raise StoreError(path, "the working directory was deleted: change to another, or give a full path") from None


def temporary_name(name: str) -> str:
    """Return the name of a file, or folder, that becomes one of that name when it is whole."""
    return f".{shortened(name)}.{os.getpid()}-{secrets.token_hex(4)}.tmp"


def shortened(name: str) -> str:
    """Return the beginning of a name, to which some letters can be added: names have at most 255 bytes."""
    return name.encode(errors="ignore")[:200].decode(errors="ignore")


def sync(path: Path | str, place: Place | None = None) -> None:
    """Push a file's content, or a folder's list of names, to the disk; on Windows only a file's can be."""
    at, handle = (path, None) if place is None else (place.at(str(path)), place.handle)
    if os.name == "nt" and Path(at).is_dir():
        return
    opened = os.open(at, os.O_RDWR if os.name == "nt" else os.O_RDONLY, dir_fd=handle)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def explain(error: OSError) -> str:
    """Return the operating system's reason as the end of a one-line message."""
    reason = (error.strerror or str(error) or type(error).__name__).splitlines()[0]
    return reason[0].lower() + reason[1:]
