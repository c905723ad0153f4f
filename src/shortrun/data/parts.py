"""Samples that come part by part: joined, or written to a file as they come."""

from __future__ import annotations

import contextlib
import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np

from shortrun.data.dataset import Dataset
from shortrun.files import atomic

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

    Formats of lines are written as samples come, with bounded memory; the others when all are there.

    Raises
    ------
    FormatError, DataError, StoreError : as `write` does
    """
    from shortrun.data.readers import format_of, write

    path = Path(path)
    module, suffix = format_of(path, able_to="write")
    parts: list[Dataset] = []
    if not hasattr(module, "append"):
        yield parts.append
        write(path, joined(parts))
        return
    with opened(path) as file:
        add = module.write

        def written(part: Dataset) -> None:
            nonlocal add
            add(file, part, suffix)
            add = module.append

        yield written


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
