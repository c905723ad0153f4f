"""Tables that may be larger than memory: looked at block by block, and memory maps that give their pages back."""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np

ELEMENTS = 2**24  # looked at together


def is_mapped(table: Any) -> bool:
    """Return whether the values of an array stay in a file: a memory map that can be read only."""
    return isinstance(table, np.memmap) and table.mode == "r" and getattr(table, "_mmap", None) is not None


def scan(table: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first row and the rows of block after block, about 16 million values each.

    The pages of a memory map are given back after each block, so that what was looked at does not fill the memory.
    """
    rows = max(1, ELEMENTS // max(1, math.prod(table.shape[1:])))
    for start in range(0, len(table), rows):
        yield start, np.asarray(table[start : start + rows])
        give_back(table)


def taken(table: np.ndarray, rows: Any) -> np.ndarray:
    """Return a copy of the rows asked for: indices, a mask or a slice."""
    found = np.asarray(table)[rows]
    found = found if found.flags.owndata else found.copy()
    give_back(table)
    return found


def give_back(table: np.ndarray) -> None:
    """Unload what was read of a memory map; what is read again comes from the file again."""
    if is_mapped(table) and hasattr(mmap, "MADV_DONTNEED"):
        table._mmap.madvise(mmap.MADV_DONTNEED)  # pyright: ignore[reportAttributeAccessIssue]


def converted(table: np.ndarray, kind: type[np.generic]) -> np.ndarray:
    """Return a table in another type, in memory; a memory map that has the type already stays in its file."""
    if not is_mapped(table):
        return table.astype(kind)
    if table.dtype == kind:
        return table
    result = np.empty(table.shape, kind)
    for start, part in scan(table):
        result[start : start + len(part)] = part
    return result
