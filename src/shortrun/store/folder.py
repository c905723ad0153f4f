"""Making, replacing and opening run folders under a lock; after a kill at any write, a run goes on."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from shortrun.errors import StoreError
from shortrun.files import check_ours, check_outside_runs, explain, real, shortened
from shortrun.models import Model
from shortrun.store import ages, header, log, profile, restart
from shortrun.store import rows as known_rows
from shortrun.store.lock import NAME as LOCK
from shortrun.store.lock import Lock
from shortrun.store.writer import Writer

ASIDE = ".replaced-"
# What an unfinished `create` may leave behind.
BEFORE_HEADER = {LOCK, ages.FOLDER, restart.NAME, log.NAME, profile.NAME, known_rows.NAME}


Kept: TypeAlias = tuple[Model | None, known_rows.KnownRows | None]  # what a new run keeps beside its header


def create(
    path: Path | str,
    form: header.Header,
    *,
    model: Model | None = None,
    rows: known_rows.KnownRows | None = None,
    overwrite: bool = False,
    resumable: bool = True,
) -> Writer:
    """Make a run folder and return what writes to it.

    Parameters
    ----------
    path : Path or str
        A new or empty folder; folders above it are made.
    form : header.Header
        What `describe` returns.
    model : Model, optional
        The model, where it has a profile to keep.
    rows : KnownRows, optional
        The samples of the training, to know them again.
    overwrite : bool, default False
        Replace the run that is there; it is moved aside, and deleted once the new one is in place.
    resumable : bool, default True
        False for ages that come from elsewhere and have no training to go on with.

    Raises
    ------
    StoreError
        If a run is there and `overwrite` is False, if something else is there, if another training writes there, if it
        is within a run, or if the folder cannot be made.
    """
    folder = real(path)
    check_outside_runs(folder)
    if not header.is_run(folder):
        _check_free(folder)
        return _fill(folder, form, (model, rows), resumable)
    if not overwrite:
        Lock(folder).release()  # refused, with another reason, while a training writes there
        raise StoreError(path, "holds a run: --resume goes on with it, --overwrite replaces it")
    check_replaceable(folder)
    return _replace(folder, form, (model, rows), resumable)


def check_replaceable(folder: Path) -> None:
    """Raise StoreError if the folder of a run holds a file that is none of the run's: it would be deleted with it."""
    own = BEFORE_HEADER | {header.NAME}
    check_ours(folder, lambda each: each.name in own or _is_temporary(each), "run")
    check_ours(folder / ages.FOLDER, lambda each: bool(ages.NAMED.fullmatch(each.name)) or _is_temporary(each), "run")


def _check_free(folder: Path) -> None:
    """Check that a folder is new, empty, or what a killed `_fill` left."""
    try:
        names = {entry.name for entry in folder.iterdir() if not _is_temporary(entry)}
        kept = [*(folder / ages.FOLDER).iterdir()] if ages.FOLDER in names else []
        logged = (folder / log.NAME).lstat().st_size if log.NAME in names else 0
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise StoreError(folder, "is a file or within one; a run is a folder") from None
    except OSError as error:
        raise StoreError(folder, explain(error)) from None
    _check_links(folder)
    if not names <= BEFORE_HEADER or kept or logged:
        raise StoreError(folder, "is neither empty nor a run, so it is never overwritten: choose another folder")


def _check_links(folder: Path) -> None:
    """Check that no file of a run is a link: what is written would land elsewhere, in a run from strangers anywhere."""
    for name in sorted(BEFORE_HEADER | {header.NAME}):
        if (folder / name).is_symlink():
            raise StoreError(folder / name, "is a link, and no training writes through one: put the file in its place")


def _fill(folder: Path, form: header.Header, kept: Kept, resumable: bool) -> Writer:
    """Make the folder's parts, run.json the last: a folder with a run.json is a run."""
    try:
        (folder / ages.FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(folder, explain(error)) from None
    with _locked(folder) as lock:
        if header.is_run(folder):
            raise StoreError(folder, "another training has just begun in this folder")
        _drop_temporaries(folder)
        if resumable:
            restart.write_empty(folder)
        model, rows = kept
        if model is not None:
            profile.write(folder, model)
        if rows is not None:
            known_rows.write(folder, rows)
        writer = Writer(folder, lock, form)
        lock.check()
        header.write(folder, form)
        return writer


def _replace(folder: Path, form: header.Header, kept: Kept, resumable: bool) -> Writer:
    """Move a run aside, make the new one, delete the old; an error puts the old one back."""
    aside = folder.with_name(f"{shortened(folder.name)}{ASIDE}{secrets.token_hex(4)}")
    with _locked(folder) as lock:
        if os.name == "nt":  # a folder is not renamed there while a file in it is open
            lock.release()
        _move(folder, aside)
        try:
            writer = _fill(folder, form, kept, resumable)
        except BaseException:
            _put_back(aside, folder)
            raise
        lock.release()
    _discard(aside, folder)
    return writer


def _move(old: Path, new: Path) -> None:
    try:
        old.rename(new)
    except OSError as error:
        raise StoreError(old, f"{explain(error)} (it could not be moved aside)") from None


def _put_back(aside: Path, folder: Path) -> None:
    if not header.is_run(folder):  # else another training was quicker: both stay
        shutil.rmtree(folder, ignore_errors=True)
        _move(aside, folder)


def _discard(aside: Path, folder: Path) -> None:
    """Delete a replaced run and what a kill left of earlier ones."""
    with contextlib.suppress(OSError):
        (aside / header.NAME).unlink()  # first: half a run must not look like one
    for old in folder.parent.glob(glob.escape(shortened(folder.name) + ASIDE) + "[0-9a-f]" * 8):
        if not header.is_run(old):
            shutil.rmtree(old, ignore_errors=True)


def reopen(path: Path | str, form: header.Header | None = None) -> Writer:
    """Open a run to go on with its training; what is newer than its restart file is dropped and comes again.

    Parameters
    ----------
    path : Path or str
        The run's folder.
    form : header.Header, optional
        The header of the training that goes on, which may have other settings (more updates) but not another machine,
        recipe or data; None to keep the stored one.

    Raises
    ------
    StoreError
        If it is not a run, cannot go on, differs from `form`, or another training writes there.
    """
    header.read(Path(path))  # no lock file is left in what is not a run
    folder = real(path)
    _check_links(folder)
    with _locked(folder) as lock:
        stored = header.read(folder)
        if form is not None:
            header.agree(folder, stored, form)
            stored |= {key: form[key] for key in ("config", "software") if key in form}
        notes = _clean(folder)
        if notes:
            known = stored["data"].get("notes", [])
            stored |= {"data": stored["data"] | {"notes": [*known, *(it for it in notes if it not in known)]}}
        writer = Writer(folder, lock, stored)
        if notes or form is not None:
            lock.check()
            header.write(folder, stored)
        return writer


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[Lock]:
    """Hold a folder's lock; it is kept on leaving and released by an error."""
    lock = Lock(folder)
    try:
        yield lock
    except BaseException:
        lock.release()
        raise


def _clean(folder: Path) -> list[str]:
    """Drop what is newer than the restart file, and what is damaged in the log; returns what is to be said."""
    saved = restart.read(folder)
    update = saved.update if saved else 0
    ages.drop_after(folder, update)
    _drop_temporaries(folder)
    return log.trim(folder, update)


def _drop_temporaries(folder: Path) -> None:
    for place in (folder, folder / ages.FOLDER):
        try:
            found = [*filter(_is_temporary, place.iterdir())]
        except OSError as error:  # it was renamed just now
            raise StoreError(place, explain(error)) from None
        for entry in found:
            ages.remove(entry)


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(".tmp")
