"""Runs that no one named a folder for: a temporary one, deleted with the last object that holds it."""

from __future__ import annotations

import contextlib
import os
import shutil
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from shortrun import scratch
from shortrun.errors import StoreError
from shortrun.files import atomic_folder, explain, real
from shortrun.store import ages, header
from shortrun.store.folder import check_replaceable
from shortrun.store.lock import NAME as LOCK
from shortrun.store.lock import Lock


class TemporaryFolder:
    """A folder that is deleted with this object, at the latest when Python ends.

    Raises
    ------
    StoreError
        If the system has no place for it.
    """

    def __init__(self) -> None:
        try:
            self.path = scratch.folder()
        except OSError as error:
            raise StoreError(error.filename or "temporary files", explain(error)) from None
        weakref.finalize(self, delete, self.path, os.getpid())

    @property
    def run(self) -> Path:
        """Where the run is, or is to be."""
        return self.path / "run"

    @classmethod
    def holding(cls, files: Mapping[str, bytes]) -> TemporaryFolder:
        """Return a folder with a run of these files, by their names."""
        folder = cls()
        (folder.run / ages.FOLDER).mkdir(parents=True)
        for name, content in files.items():
            (folder.run / name).write_bytes(content)
        return folder


def delete(path: Path, owner: int) -> None:
    """Delete a folder, but not in a process that was forked from the one that made it."""
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)


def files_of(path: Path) -> dict[str, bytes]:
    """Return the files of a run but its lock, by their names."""
    found = sorted(each for each in path.rglob("*") if each.is_file() and each.name != LOCK)
    return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}


def save(run: Path, path: Path, *, overwrite: bool = False) -> None:
    """Copy a run to another folder, whole or not at all.

    Raises
    ------
    StoreError
        As `placed` does.
    """
    with placed(path, overwrite=overwrite) as folder:
        shutil.copytree(run, folder, ignore=shutil.ignore_patterns(LOCK), dirs_exist_ok=True)


@contextlib.contextmanager
def placed(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder for a run, which becomes `path` on leaving: whole or not at all.

    Raises
    ------
    StoreError
        If something is there that is not to be replaced, a training writes there, or the folder cannot be written.
    """
    is_run = header.is_run(path)
    if is_run and not overwrite:
        raise StoreError(path, "holds a run: --overwrite replaces it, or name another folder")
    lock = Lock(real(path)) if is_run else None
    try:
        if lock is not None:
            check_replaceable(path)
        real(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic_folder(path, replace=is_run) as folder:
            yield folder
            if lock is not None and os.name == "nt":  # a folder is not renamed there while a file in it is open
                lock.release()
    except OSError as error:
        raise StoreError(path, explain(error)) from None
    finally:
        if lock is not None:
            lock.release()
