"""Writing a run: made, or opened again, under a lock; a kill between two writes leaves a run that goes on."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

from shortrun.errors import StoreError
from shortrun.files import explain
from shortrun.models import RBM
from shortrun.store import ages, header, log, restart
from shortrun.store.lock import NAME as LOCK
from shortrun.store.lock import Lock
from shortrun.store.restart import Restart, Training

OURS = {LOCK, ages.FOLDER, restart.NAME, log.NAME}  # what an unfinished `create` may leave behind
RESTART_SECONDS = 30.0


@final
class Writer:
    """The recorder of a training: keeps ages, log and restart file. Made by `create` and `reopen`.

    As a context manager it saves the restart file on leaving, unless an error ends the training: it may
    come from the middle of an update, so the last saved state stands.
    """

    def __init__(self, path: Path, lock: Lock, form: header.Header):
        self.path, self.header, self._lock = path, form, lock
        self.model = RBM(header.spec_of(path, form))
        settings = form["config"].get("training", {})
        self.restart_seconds = float(settings.get("restart_seconds", RESTART_SECONDS))
        self._log = log.Appender(path)
        self._last: Training | None = None
        self._saved_update, self._saved_at = 0, time.monotonic()
        self._stop = False

    def age(self, training: Training) -> None:
        """Keep theta at this age.

        Raises
        ------
        StoreError : if it cannot be written; says what is saved and how to go on
        """
        with self._telling():
            ages.write(self.path, self.model, training.theta, training.update)

    def log(self, record: Mapping[str, float]) -> None:
        """Take the monitored quantities of an update.

        Raises
        ------
        StoreError : if they cannot be written
        """
        with self._telling():
            self._log.append(dict(record))

    def after_update(self, training: Training) -> bool:
        """Save the restart file when it is time to; True once `request_stop` was called.

        Raises
        ------
        StoreError : if it cannot be written
        """
        self._last = training
        if time.monotonic() - self._saved_at >= self.restart_seconds:
            self.save()
        return self._stop

    def request_stop(self) -> None:
        """Ask the training to end after the current update (safe in a signal handler)."""
        self._stop = True

    def restart(self) -> Restart | None:
        """Return the values to go on from, None for a training that begins.

        Raises
        ------
        StoreError : if they are missing or damaged
        """
        return restart.read(self.path)

    def save(self) -> None:
        """Save the restart file now, if there was an update since it was saved.

        Raises
        ------
        StoreError : if it cannot be written
        """
        if self._last is None or self._last.update == self._saved_update:
            return
        with self._telling():
            self._log.sync()
            restart.write(self.path, self._last)
        self._saved_update, self._saved_at = self._last.update, time.monotonic()

    def close(self) -> None:
        """Save the restart file and let others write.

        Raises
        ------
        StoreError : if it cannot be saved
        """
        try:
            self.save()
        finally:
            self._release()

    def _release(self) -> None:
        self._last = None
        self._log.close()
        self._lock.release()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._release()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Add to the message of a failed write what is saved and how to go on."""
        try:
            yield
        except StoreError as error:
            kept = ages.kept(self.path)
            saved = restart.saved_update(self.path)
            raise StoreError(
                error.path,
                f"{error.reason}; saved: {len(kept)} ages up to {max(kept, default=0)}, and update {saved} "
                "to go on from with --resume",
            ) from error.__cause__


def create(
    path: Path | str, form: header.Header, *, overwrite: bool = False, resumable: bool = True
) -> Writer:
    """Make a run folder and return what writes to it.

    Parameters
    ----------
    path : a new or empty folder; folders above it are made
    form : what `describe` returns
    overwrite : replace the run that is there; it is moved aside, and deleted once the new one is in place
    resumable : False for ages that come from elsewhere and have no training to go on with

    Raises
    ------
    StoreError : if a run is there and `overwrite` is False, if something else is there, if another training
        writes there, or if the folder cannot be made
    """
    folder = Path(os.path.realpath(path))
    if header.is_run(folder):
        if not overwrite:
            raise StoreError(path, "holds a run: --resume goes on with it, --overwrite replaces it")
        return _replace(folder, form, resumable)
    _check_free(folder)
    return _fill(folder, form, resumable)


def _check_free(folder: Path) -> None:
    try:
        names = {entry.name for entry in folder.iterdir() if not _is_temporary(entry)}
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise StoreError(folder, "is a file; a run is a folder") from None
    except OSError as error:
        raise StoreError(folder, explain(error)) from None
    if not names <= OURS:
        raise StoreError(folder, "is not empty and not a run: it is never overwritten, choose another folder")


def _fill(folder: Path, form: header.Header, resumable: bool) -> Writer:
    """Make the folder's parts, run.json the last: a folder with a run.json is a run."""
    try:
        (folder / ages.FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(folder, explain(error)) from None
    lock = Lock(folder)
    try:
        if header.is_run(folder):
            raise StoreError(folder, "another training has just begun in this folder")
        if resumable:
            restart.write_empty(folder)
        header.write(folder, form)
        return Writer(folder, lock, form)
    except BaseException:
        lock.release()
        raise


def _replace(folder: Path, form: header.Header, resumable: bool) -> Writer:
    lock = Lock(folder)
    aside = folder.with_name(f"{folder.name}.replaced-{secrets.token_hex(4)}")
    try:
        _move(folder, aside)
        try:
            writer = _fill(folder, form, resumable)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            _move(aside, folder)
            raise
    finally:
        lock.release()
    shutil.rmtree(aside, ignore_errors=True)
    return writer


def _move(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except OSError as error:
        raise StoreError(old, f"{explain(error)} (it cannot be moved aside)") from None


def reopen(path: Path | str, form: header.Header | None = None) -> Writer:
    """Open a run to go on with its training; what is newer than its restart file is dropped and comes again.

    Parameters
    ----------
    path : the run's folder
    form : the header of the training that goes on, which may have other settings (more updates) but not
        another machine, recipe or data; None to keep the stored one

    Raises
    ------
    StoreError : if it is not a run, cannot go on, differs from `form`, or another training writes there
    """
    folder = Path(os.path.realpath(path))
    stored = header.read(folder)
    lock = Lock(folder)
    try:
        if form is not None:
            header.agree(folder, stored, form)
            stored |= {key: form[key] for key in ("config", "software") if key in form}
        _clean(folder)
        header.write(folder, stored)
        return Writer(folder, lock, stored)
    except BaseException:
        lock.release()
        raise


def _clean(folder: Path) -> None:
    saved = restart.read(folder)
    update = saved.update if saved else 0
    for place in (folder, folder / ages.FOLDER):
        for entry in place.iterdir():
            if _is_temporary(entry):
                ages.remove(entry)
    ages.drop_after(folder, update)
    log.trim(folder, update)


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(".tmp")
