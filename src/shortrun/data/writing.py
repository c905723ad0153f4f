"""Samples written to a file as they come, of which memory holds one part."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from shortrun import scratch
from shortrun.cells import HALVES, OBEYED, check_spreadsheet, for_spreadsheets, harmless
from shortrun.data.core import boundary
from shortrun.data.core.alphabet import BINARY, DOSAGE
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.disk import nameless
from shortrun.data.core.format import Format
from shortrun.data.core.kind import Kind
from shortrun.data.core.originals import Original, joined_originals
from shortrun.data.core.parts import opened
from shortrun.data.core.streams import DASH
from shortrun.data.formats import format_to_write, named
from shortrun.errors import FormatError, StoreError
from shortrun.files import explain
from shortrun.settings import checked

Add = Callable[[Dataset], None]


@checked
def write(path: Path | str, dataset: Dataset, *, format: str | None = None, safe_csv: bool = False) -> None:
    """Write a data set in the format that the suffix says, packed if it ends in .gz; never half a file.

    A name without a suffix is a new folder, with a file for each image or piece of music.

    Parameters
    ----------
    path : Path or str
        The file, or "-" for stdout.
    dataset : Dataset
        What to write; a data frame too, or what else `read` takes.
    format : str, optional
        Name of the format, such as "fasta", where the suffix does not say it; for stdout by default that of `usual`.
    safe_csv : bool, default False
        Write texts of CSV and TSV that a spreadsheet would take for formulas with an apostrophe before.

    Raises
    ------
    ConfigError
        If no format has this name, or `safe_csv` is asked for of one that is no CSV or TSV.
    FormatError
        If no format that can be written has this suffix, or one of several files is to go to stdout.
    DataError
        If the format cannot hold these data.
    StoreError
        If the file cannot be written (no space, no permission, no such folder).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import shortrun as sr
    >>> path = Path(tempfile.mkdtemp()) / "digits.csv"
    >>> sr.write(path, sr.read("digits").head(3))
    >>> len(sr.read(path))
    3
    """
    if safe_csv:
        with for_spreadsheets():
            write(path, dataset, format=format)
        return
    path = Path(path)
    if str(path) == DASH:
        format = format or usual(dataset.kind)
        with for_stdout(format) as file:
            write(file, dataset, format=format)
        return
    form, suffix = target(path, format)
    with boundary.writing(path):
        put(form, path, dataset, suffix)


def put(form: Format, path: Path, dataset: Dataset, suffix: str) -> None:
    """Write a data set in a format."""
    if form.save is not None:
        form.save(path, named_for(form, dataset))
        return
    with opened(path) as file:
        if form.append is not None:
            add = by_lines(form, path, file, suffix)
            for start, part in scan(dataset.values):
                add(dataset.select(slice(start, start + len(part))))
        elif form.write is not None:
            form.write(file, named_for(form, dataset), suffix)


@contextlib.contextmanager
def writing(path: Path | str, format: str | None = None) -> Iterator[Add]:
    """Give a function that adds samples to a file, which takes its place when all are added; never half a file.

    With `format`, the path may be "-" for stdout, to which all samples go at the end.

    Formats of lines are written as samples come. The others need to know how many there are: samples wait in nameless
    files of the same folder, so that memory holds one part only.

    Raises
    ------
    FormatError, DataError, StoreError
        As `write` does.
    """
    path = Path(path)
    if str(path) == DASH and format is not None:
        with for_stdout(format) as file, writing(file, format) as add:
            yield add
        return
    form, suffix = target(path, format)
    if form.append is not None:
        with opened(path) as file:
            yield by_lines(form, path, file, suffix)
        return
    with spooled(path) as (add, whole):
        yield add
        write(path, whole(), format=format)


def target(path: Path, format: str | None) -> tuple[Format, str]:
    """Return the format to write, and one of its suffixes: that of the path, or of a name.

    Raises
    ------
    FormatError
        If files of this format cannot be written.
    """
    form, suffix = format_to_write(path) if format is None else target_named(path, format)
    check_spreadsheet(path, suffix)
    return form, suffix


def target_named(path: Path, format: str) -> tuple[Format, str]:
    """Return the format of a name, and one of its suffixes.

    Raises
    ------
    FormatError
        If files of this format cannot be written.
    """
    form = named(format)
    if not form.writes:
        raise FormatError(path, None, f"files of the format {format} cannot be written")
    suffix = f".{format.lower().removeprefix('.')}"
    return form, suffix if suffix in form.suffixes else form.suffixes[0]


def usual(kind: Kind) -> str:
    """Return the name of the format that data go to stdout in: FASTA for letters, else CSV."""
    return "csv" if kind.alphabet in (None, BINARY, DOSAGE) else "fasta"


@contextlib.contextmanager
def for_stdout(format: str) -> Iterator[Path]:
    """Give a file that goes to stdout on leaving.

    Raises
    ------
    FormatError
        If other files were written beside it.
    """
    with tempfile.TemporaryDirectory(dir=scratch.home()) as folder:
        path = Path(folder, "stdout" + target(Path(DASH), format)[1])
        yield path
        if [*Path(folder).iterdir()] != [path]:
            raise FormatError("stdout", None, f"{format} takes several files: name one with -o")
        if sys.stdout is None:  # as a shell closes it with >&-
            raise StoreError("stdout", "is closed: nothing can be written to it")
        with explained(Path("stdout")), path.open("rb") as file:
            sys.stdout.flush()
            if hasattr(sys.stdout, "buffer"):
                shutil.copyfileobj(file, sys.stdout.buffer)
            else:  # a stream of text, in place of stdout
                sys.stdout.write(file.read().decode())
            sys.stdout.flush()


def by_lines(form: Format, path: Path, file: Any, suffix: str) -> Add:
    """Return a function that adds samples to an open file of a format of lines."""
    assert form.write is not None
    assert form.append is not None
    verbs = chain([form.write], repeat(form.append))

    def add(part: Dataset) -> None:
        with boundary.writing(path):
            next(verbs)(file, named_for(form, part), suffix)

    return add


def named_for(form: Format, dataset: Dataset) -> Dataset:
    """Return samples as a format names them: in text without what a terminal obeys, nowhere halves of letters."""
    names = dataset.names, dataset.classes, () if dataset.groups is None else dataset.groups
    what = HALVES if form.exact else OBEYED
    if not any(what.search(str(name)) for part in names for name in part):
        return dataset
    people, classes, groups = ([harmless(str(name), what) for name in part] for part in names)
    kept = None if dataset.groups is None else np.array(groups)
    return replace(dataset, names=np.array(people), classes=tuple(classes), groups=kept)


@contextlib.contextmanager
def spooled(path: Path) -> Iterator[tuple[Add, Callable[[], Dataset]]]:
    """Give a function that adds samples for `path`, and one that returns all of them, still on the disk.

    Raises
    ------
    StoreError
        If there is no room for them.
    """
    first: list[Dataset] = []
    originals: list[Original | None] = []
    with explained(path), contextlib.ExitStack() as closing:
        columns = {name: GrowingArray(path.parent) for name in ("values", "labels", "weights", "names")}
        for column in columns.values():
            closing.callback(column.close)

        def add(part: Dataset) -> None:
            if not first:
                first.append(part)
            originals.append(part.original)
            for name, column in columns.items():
                column.add(getattr(part, name))

        def whole() -> Dataset:
            arrays = {name: column.whole() for name, column in columns.items()}
            return replace(first[0], **arrays, original=joined_originals(originals))

        yield add, whole


class GrowingArray:
    """An array that grows in a nameless file of a folder; texts become as wide as the widest."""

    def __init__(self, folder: Path):
        self.folder, self.file = folder, nameless(folder)
        self.rows, self.row = 0, np.dtype([])

    def add(self, part: np.ndarray) -> None:
        """Add rows, each as long as the first."""
        row = np.dtype((part.dtype, part.shape[1:]))
        if row.itemsize > self.row.itemsize:
            self._widen(row)
        self.file.write(np.ascontiguousarray(part, self.row.base).tobytes())
        self.rows += len(part)

    def whole(self) -> np.ndarray:
        """Return all rows, as a memory map of the file."""
        self.file.flush()
        return np.memmap(self.file, self.row.base, "r", shape=(self.rows, *self.row.shape))

    def close(self) -> None:
        """Give the file back."""
        self.file.close()

    def _widen(self, row: np.dtype) -> None:
        before, old = self.whole() if self.rows else None, self.file
        self.row, self.file = row, nameless(self.folder)
        with old:
            for _, part in scan(before) if before is not None else ():
                self.file.write(part.astype(row.base).tobytes())


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say of an error of the disk which file it was about."""
    try:
        yield
    except BrokenPipeError:  # the reader of stdout has left
        raise
    except OSError as error:
        raise StoreError(path, explain(error)) from None
