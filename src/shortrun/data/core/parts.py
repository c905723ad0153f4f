"""Samples that come part by part: joined, or written to a file as they come."""

from __future__ import annotations

import contextlib
import gzip
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.errors import DataError, StoreError
from shortrun.files import atomic, explain

Add = Callable[[Dataset], None]


def joined(parts: Sequence[Dataset]) -> Dataset:
    """Return the samples of all parts, in order; classes, alphabet and meta are those of the first."""
    first, *rest = parts
    if not rest:
        return first
    names = ["values", "labels", "weights", "names"] + (["groups"] if first.groups is not None else [])
    return replace(first, **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def merged(parts: Sequence[Dataset]) -> Dataset:
    """Return the samples of data sets of one kind; classes are united in the order of their coming.

    Raises
    ------
    DataError
        If sites, alphabet or columns differ.
    """
    first = parts[0]
    for other in parts[1:]:
        if (first.sites, first.alphabet, first.columns) != (other.sites, other.alphabet, other.columns):
            raise DataError(f"data of one kind expected: {first.sites} and {other.sites} sites, or other letters")
    classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
    grouped = any(part.groups is not None for part in parts)
    return joined([grouped_as(part.recode(classes), grouped) for part in parts])


def grouped_as(part: Dataset, grouped: bool) -> Dataset:
    """Return the samples with groups, '' for those without one, if there are to be groups."""
    return part.with_groups([""] * len(part)) if grouped and part.groups is None else part


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[Add]:
    """Give a function that adds samples to a file, which takes its place when all are added; never half a file.

    Formats of lines are written as samples come. The others need to know how many there are: samples wait in nameless
    files of the same folder, so that memory holds one part only.

    Raises
    ------
    FormatError, DataError, StoreError
        As `write` does.
    """
    from shortrun.data.readers import format_of, write

    path = Path(path)
    module, suffix = format_of(path, able_to="write")
    if hasattr(module, "append"):
        with opened(path) as file:
            yield by_lines(module, file, suffix)
        return
    with spooled(path) as (add, whole):
        yield add
        write(path, whole())


def by_lines(module: ModuleType, file: Any, suffix: str) -> Add:
    """Return a function that adds samples to an open file of a format of lines."""
    verbs = chain([module.write], repeat(module.append))
    return lambda part: next(verbs)(file, part, suffix)


@contextlib.contextmanager
def spooled(path: Path) -> Iterator[tuple[Add, Callable[[], Dataset]]]:
    """Give a function that adds samples for `path`, and one that returns all of them, still on the disk.

    Raises
    ------
    StoreError
        If there is no room for them.
    """
    first: list[Dataset] = []
    with explained(path), contextlib.ExitStack() as closing:
        columns = {name: Column(path.parent) for name in ("values", "labels", "weights", "names")}
        for column in columns.values():
            closing.callback(column.close)

        def add(part: Dataset) -> None:
            if not first:
                first.append(part)
            for name, column in columns.items():
                column.add(getattr(part, name))

        yield add, lambda: replace(first[0], **{name: column.whole() for name, column in columns.items()})


class Column:
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


def nameless(folder: Path | None) -> IO[bytes]:
    """Return a new file of a folder (by default TMPDIR's) that is gone once it is closed."""
    return tempfile.TemporaryFile(dir=folder)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say of an error of the disk which file it was about."""
    try:
        yield
    except OSError as error:
        raise StoreError(path, explain(error)) from None


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that replaces `path` on leaving, packed if it ends in .gz.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    with atomic(path) as temporary, temporary.open("wb") as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        # no name and no time inside: the same data make the same file; level 9 is very slow on 0 and 1
        packed = gzip.GzipFile("", "wb", compresslevel=4, fileobj=file, mtime=0)
        with packed, io.BufferedWriter(packed, 2**20) as buffered:
            yield buffered
