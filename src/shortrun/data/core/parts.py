"""Samples that come part by part are joined; a file takes its place when it is whole."""

from __future__ import annotations

import contextlib
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from shortrun.data.core.originals import joined_originals
from shortrun.data.core.words import one_spelling
from shortrun.errors import DataError
from shortrun.files import atomic_file

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset


def joined(parts: Sequence[Dataset]) -> Dataset:
    """Return the samples of all parts, in order; classes and kind are those of the first."""
    first, *rest = parts
    if not rest:
        return first
    names = ["values", "labels", "weights", "names"] + (["groups"] if first.groups is not None else [])
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    same = len({part.kind.table.header for part in parts}) == 1
    return replace(first, **arrays, original=joined_originals([part.original for part in parts]) if same else None)


def merged(parts: Sequence[Dataset]) -> Dataset:
    """Return the samples of data sets of one kind; classes are united in the order of their coming.

    Raises
    ------
    DataError
        If sites, alphabet or columns differ.
    """
    first = parts[0]
    for other in parts[1:]:
        if not first.kind.is_like(other.kind):
            raise DataError(f"data of one kind expected: {first.kind.extent} and {other.kind.extent}, or other letters")
    names = [name for part in parts for name in part.classes]
    spelling = one_spelling(set(names))
    classes = tuple(dict.fromkeys(spelling[name] for name in names))
    grouped = any(part.groups is not None for part in parts)
    return joined([grouped_as(part.recode(classes), grouped) for part in parts])


def grouped_as(part: Dataset, grouped: bool) -> Dataset:
    """Return the samples with groups, '' for those without one, if there are to be groups."""
    return part.with_groups([""] * len(part)) if grouped and part.groups is None else part


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that replaces `path` on leaving, packed if it ends in .gz.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    with atomic_file(path) as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        # no name and no time inside: the same data make the same file; level 9 is very slow on 0 and 1
        packed = gzip.GzipFile("", "wb", compresslevel=4, fileobj=file, mtime=0)
        with packed, io.BufferedWriter(packed, 2**20) as buffered:
            yield buffered
