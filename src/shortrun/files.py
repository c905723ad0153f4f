"""Writing files so that a reader never sees half of one, and saying in one line why one cannot be written."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from shortrun.errors import ConfigError, StoreError

NAMED = "the name of a file or folder expected"
NOT_REGULAR = "is not a regular file and cannot be replaced by one"
RUN, AGES = "run.json", "ages"  # what a folder has that is a run
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

    def takes(self, name: str) -> bool:
        """Return whether a file can be made in it under a name: there is a regular one, or nothing."""
        try:
            return stat.S_ISREG(os.stat(self.at(name), dir_fd=self.handle, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            return True

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
        If the file cannot be written (no space, no permission, no such folder, not a regular file, within a run).
    """
    target = real(path)
    check_outside_runs(Path(path))
    with _replacing(path, Place(target.parent), Path(target.name)) as temporary:
        yield target.with_name(temporary)


@contextlib.contextmanager
def atomic_file(path: Path | str, place: Place | None = None) -> Iterator[BinaryIO]:
    """Give an open temporary file that becomes `path`, as with `atomic`.

    Parameters
    ----------
    path : Path or str
        The file to make or to replace.
    place : Place, optional
        A folder of our own above it, out of which nothing is written, through no link either; by default `path` is
        anywhere but in a run.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    if place is None:
        with atomic(path) as temporary, temporary.open("wb") as file:
            yield file
        return
    with _replacing(path, place, Path(path).relative_to(place.path)) as temporary, place.open(temporary, "wb") as file:
        yield file


@contextlib.contextmanager
def _replacing(path: Path | str, place: Place, target: Path) -> Iterator[str]:
    """Give the name of a temporary file in a folder; on leaving it is synced and renamed to `target`.

    Raises
    ------
    StoreError
        About `path`.
    """
    temporary = target.with_name(temporary_name(target.name)).as_posix()
    try:
        if not place.takes(target.as_posix()):
            raise StoreError(path, NOT_REGULAR)
        yield temporary
        sync(temporary, place)
        place.replace(temporary, target.as_posix())
        sync(target.parent.as_posix(), place)
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    finally:
        with contextlib.suppress(OSError):
            place.remove(temporary)


@contextlib.contextmanager
def atomic_folder(path: Path | str, *, replace: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `path`; on leaving it is renamed to `path`.

    Whatever goes wrong, `path` is as it was and no temporary folder is left behind. A symbolic link stays a link.

    Parameters
    ----------
    path : Path or str
        The folder to make.
    replace : bool, default False
        Whether to delete the folder that is there, which the caller has looked into; else only an empty one is taken.

    Raises
    ------
    StoreError
        If `path` exists and is not to be replaced, cannot be written, or is within a run.
    """
    path = Path(path)
    check_outside_runs(path)
    if not replace:
        check_new(path)
    target = real(path)
    temporary, aside = (target.with_name(temporary_name(target.name)) for _ in range(2))
    try:
        temporary.mkdir()
        yield temporary
        if target.exists():
            target.rename(aside) if replace else target.rmdir()
        try:
            temporary.replace(target)
        except OSError:
            if replace:
                aside.rename(target)
            raise
        sync(target.parent)
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    finally:
        for folder in (temporary, aside):
            shutil.rmtree(folder, ignore_errors=True)


def mark(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from one that replaces it; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def check_named(path: Any, option: str = "path") -> None:
    """Raise ConfigError for a path that names nothing, or is empty.

    Python takes an empty one for the working directory, and a shell leaves one behind.

    Parameters
    ----------
    path : Any
        What may be a path; other things pass.
    option : str, default "path"
        What the error calls it.
    """
    if isinstance(path, str) and not path.strip():
        raise ConfigError(option, f"{NAMED}, got an empty text")
    if isinstance(path, str | Path) and not is_name(path):
        raise ConfigError(option, f"{NAMED}, got '{path}', as which there can be none")


def is_name(path: Path | str) -> bool:
    """Return whether the system can have a file of a name: none has a NUL, or half a letter."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def check_new(path: Path) -> None:
    """Raise StoreError if a folder cannot be made at `path`: there is something already."""
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StoreError(path, "exists and is not an empty folder: name a new one")


def check_place(path: Path, *, folder: bool = False) -> None:
    """Check that a file or a folder can be made at a path, before anything is computed for it.

    Parameters
    ----------
    path : Path
        What is to be made, or replaced.
    folder : bool, default False
        Whether it is a folder; else it may be one if its name has no ending.

    Raises
    ------
    StoreError
        If there is no folder for it, none may write there, something else is where it is to be, or it is within a run.
    """
    target = real(path)
    if not target.parent.is_dir():
        raise StoreError(path, "no such folder")
    if not os.access(target.parent, os.W_OK):
        raise StoreError(path, "permission denied")
    if target.exists() and not target.is_file() and not (target.is_dir() and (folder or not path.suffix)):
        raise StoreError(path, NOT_REGULAR)
    check_outside_runs(path)


def check_outside_runs(path: Path) -> None:
    """Raise StoreError for a path within the folder of a run: what is written there could be taken for a part of it."""
    for folder in real(path).parents:
        if (folder / RUN).is_file() and (folder / AGES).is_dir():
            raise StoreError(
                path, f"is within the run '{folder.name}', which keeps its own files only: name another place"
            )


def check_ours(folder: Path, is_ours: Callable[[Path], bool], what: str) -> None:
    """Raise StoreError if a folder that is to be replaced holds something else, which would be deleted with it."""
    found = sorted(folder.iterdir()) if folder.is_dir() else ()
    other = next((each for each in found if not is_ours(each)), None)
    if other is not None:
        raise StoreError(
            other, f"is not a part of the {what} that --overwrite deletes: move it, or name another folder"
        )


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
    ConfigError
        If it names nothing.
    """
    check_named(path)
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
