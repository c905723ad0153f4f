"""Samples that come part by part: joined, or written to a file as they come."""

from __future__ import annotations

import contextlib
import gzip
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from shortrun.data.dataset import Dataset
from shortrun.errors import StoreError
from shortrun.files import atomic, explain

Add = Callable[[Dataset], None]


def joined(parts: Sequence[Dataset]) -> Dataset:
    """Return the samples of all parts, in order; classes, alphabet and meta are those of the first."""
    first, *rest = parts
    if not rest:
        return first
    names = ["values", "labels", "weights", "names"] + (["groups"] if first.groups is not None else [])
    return replace(first, **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[Add]:
    """Give a function that adds samples to a file, which takes its place when all are added; never half a file.

    Formats of lines are written as samples come. The others need to know how many there are: their values wait in a
    nameless file of the same folder, so that memory holds labels and names only.

    Raises
    ------
    FormatError, DataError, StoreError : as `write` does
    """
    from shortrun.data.readers import format_of, write

    path = Path(path)
    module, suffix = format_of(path, able_to="write")
    if not hasattr(module, "append"):
        with spooled(path) as (spool, whole):
            yield spool
            write(path, whole())
        return
    with opened(path) as file:
        verb = module.write

        def add(part: Dataset) -> None:
            nonlocal verb
            verb(file, part, suffix)
            verb = module.append

        yield add


@contextlib.contextmanager
def spooled(path: Path) -> Iterator[tuple[Add, Callable[[], Dataset]]]:
    """Give a function that adds samples for `path`, and one that returns all of them, their values still on the disk.

    Raises
    ------
    StoreError : if there is no room for the values
    """
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("labels", "weights", "names")}
    first: list[Dataset] = []
    with explained(path), tempfile.TemporaryFile(dir=path.parent) as file:

        def add(part: Dataset) -> None:
            if not first:
                first.append(part)
            file.write(np.ascontiguousarray(part.values).data)
            for name, column in columns.items():
                column.append(getattr(part, name))

        def whole() -> Dataset:
            file.flush()
            arrays = {name: np.concatenate(column) for name, column in columns.items()}
            shape = (len(arrays["labels"]), first[0].sites)
            values = np.memmap(file, first[0].values.dtype, "r", shape=shape)
            return replace(first[0], values=values, **arrays)

        yield add, whole


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
    StoreError : if it cannot be written
    """
    with atomic(path) as temporary, temporary.open("wb") as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        # no name and no time inside: the same data make the same file; level 9 is very slow on 0 and 1
        packed = gzip.GzipFile("", "wb", compresslevel=4, fileobj=file, mtime=0)
        with packed, io.BufferedWriter(packed, 2**20) as buffered:
            yield buffered
