"""Tables that may be larger than memory: looked at block by block, and memory maps that give their pages back."""

from __future__ import annotations

import math
import mmap
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from shortrun.data.core.disk import gathered, room_of
from shortrun.errors import FormatError

BYTES = 2**22  # looked at together
ROWS = 200  # of a memory map, read here and there before its pages are given back
LOADED = 2**26  # bytes, of which there are no more then

COPIED = 2**28  # bytes: of a map whose file has lost its name
_files: weakref.WeakKeyDictionary[mmap.mmap, tuple[int, ...]] = weakref.WeakKeyDictionary()  # see `mapped`


def is_mapped(table: Any) -> bool:
    """Return whether the values of an array stay in a file: a memory map that can be read only."""
    return isinstance(table, np.memmap) and table.mode == "r" and getattr(table, "_mmap", None) is not None


def scan(table: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first row and the rows of block after block, about 4 MB each.

    The pages of a memory map are given back after each block, so that what was looked at does not fill the memory.
    """
    rows = max(1, BYTES // max(1, table.itemsize * math.prod(table.shape[1:])))
    for start in range(0, len(table), rows):
        yield start, np.asarray(table[start : start + rows])
        give_back(table)


def taken(table: np.ndarray, rows: Any) -> np.ndarray:
    """Return a copy of the rows asked for: indices, a mask or a slice.

    Some at a time of a memory map: of rows here and there, the operating system loads far more than is asked for.
    """
    if not is_mapped(table):
        return np.array(table[rows], order="C")  # as the engines need them
    rows, start = numbers_of(table, rows), 0
    found = np.empty((len(rows), *table.shape[1:]), table.dtype)
    for part in a_few(table, rows):
        found[start : start + len(part)] = part
        start += len(part)
    return found


def rows_of(table: np.ndarray, rows: Any) -> np.ndarray:
    """Return the rows asked for as `taken` does; if they are large, as a memory map of a copy on the disk."""
    rows = numbers_of(table, rows)
    return gathered(a_few(table, rows), (len(rows), *table.shape[1:]), table.dtype)


def columns_of(table: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Return a copy of some columns, by number; if it is large, as a memory map of a file."""
    if not is_mapped(table):
        return np.ascontiguousarray(table[:, sites])
    return gathered((part[:, sites] for _, part in scan(table)), (len(table), len(sites)), table.dtype)


def numbers_of(table: np.ndarray, rows: Any) -> np.ndarray:
    """Return which rows indices, a mask or a slice ask for."""
    rows = np.arange(*rows.indices(len(table))) if isinstance(rows, slice) else np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def a_few(table: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield copies of the rows asked for, some at a time."""
    at_once = max(1, min(ROWS, LOADED // max(1, table.itemsize * math.prod(table.shape[1:]))))
    for start in range(0, len(rows), at_once):
        yield np.asarray(table)[rows[start : start + at_once]]
        give_back(table)


def mapped(file: IO[bytes], kind: Any, place: int, shape: tuple[int, ...], order: Literal["C", "F"] = "C") -> np.memmap:
    """Return an array in an open file as a memory map; `opened_by` knows then which file it is."""
    table = np.memmap(file, kind, "r", place, shape, order)
    _files[table._mmap] = identity_of(os.fstat(file.fileno()))  # pyright: ignore[reportAttributeAccessIssue]
    return table


def identity_of(file: os.stat_result) -> tuple[int, ...]:
    """Return by what a file is known to be the same."""
    return file.st_dev, file.st_ino, file.st_size


def opened_by(table: np.ndarray) -> tuple[Any, ...] | None:
    """Return what opens a memory map again, as arguments of `np.memmap`; None for what is copied instead.

    Other arrays are copied, parts of maps, and small maps of files that have lost their name.

    Raises
    ------
    FormatError
        If another file has the name of a large one now, or none.

    Examples
    --------
    >>> opened_by(np.zeros(3)) is None
    True
    """
    if not is_mapped(table) or not table.flags.c_contiguous:
        return None
    assert isinstance(table, np.memmap)
    room, known = room_of(table), _files.get(table._mmap)  # pyright: ignore[reportAttributeAccessIssue]
    path = table.filename if room is None else f"/proc/{os.getpid()}/fd/{room.file.fileno()}"  # others can open it too
    there = path is not None and Path(path).exists()
    if known is not None and path is not None and not (there and identity_of(Path(path).stat()) == known):
        if table.nbytes <= COPIED:
            return None
        raise FormatError(path, None, "was replaced, cut or removed since it was read: read it again")
    if not there:
        return None
    begin = np.frombuffer(table._mmap, np.uint8).__array_interface__["data"][0]  # pyright: ignore
    first = table.offset - table.offset % mmap.ALLOCATIONGRANULARITY
    place = first + table.__array_interface__["data"][0] - begin
    return str(path), table.dtype, "r", place, table.shape


def give_back(table: np.ndarray) -> None:
    """Unload what was read of a memory map; what is read again comes from the file again."""
    if is_mapped(table) and hasattr(mmap, "MADV_DONTNEED"):
        table._mmap.madvise(mmap.MADV_DONTNEED)  # pyright: ignore[reportAttributeAccessIssue]


def converted(table: np.ndarray, kind: type[np.generic]) -> np.ndarray:
    """Return a table in another type; a memory map that has the type already stays in its file."""
    if not is_mapped(table):
        return table.astype(kind)
    if table.dtype == kind:
        return table
    return gathered((part for _, part in scan(table)), table.shape, kind)
