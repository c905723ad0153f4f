"""Columns of a table of mixed kinds: categories, and numbers in bins, as codes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from shortrun.data.core.alphabet import MAX_COLOURS
from shortrun.data.core.labels import did_you_mean, sorted_classes
from shortrun.data.core.words import are_truths, counterpart, is_missing
from shortrun.errors import DataError

BINS = 10
NUMBER = re.compile(r"-?(?!0\d)(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)  # '007', '+44' are names
WHOLE = re.compile(r"0|-?[1-9]\d{,17}", re.ASCII)  # fits 64 bits


@dataclass(frozen=True)
class Column:
    """A column of a table: what the codes of one site mean. The code of a cell is its category's or bin's position.

    Parameters
    ----------
    name : str
        As the header has it.
    values : tuple[str, ...]
        Texts in code order: categories; or for each bin the number that stands for all in it, the (lower) median of the
        training data.
    edges : tuple[float, ...], optional
        Of numbers, the borders between bins, a number on a border belonging above it; None for categories.
    missing : bool, default False
        Whether a missing cell is a value of its own, with the last code.
    type : str, default "text"
        How files with types hold it: "text", "integer", "float" or "boolean".
    """

    name: str
    values: tuple[str, ...]
    edges: tuple[float, ...] | None = None
    missing: bool = False
    type: str = "text"

    @property
    def colours(self) -> int:
        """q, the number of codes; a column with only one is not modelled."""
        return len(self.values) + self.missing

    @property
    def summary(self) -> str:
        """What it holds, in a few words."""
        many = len(self.values)
        what = f"numbers in {many} bins" if self.edges else f"{many} {'category' if many == 1 else 'categories'}"
        return f"{what} and missing" if self.missing else what

    @property
    def texts(self) -> np.ndarray:
        """What is written for each code, '' for a missing cell."""
        return np.array([*self.values, ""], dtype=object)

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {value: code for code, value in enumerate(self.values)}

    def code(self, cell: str) -> int:
        """Return the code of a cell, -1 if it has none; true and false in any spelling."""
        if self.edges is None and cell in self._codes:
            return self._codes[cell]
        if is_missing(cell):
            return len(self.values) if self.missing else -1
        value = None if self.edges is None else number(cell)
        if self.edges is not None and value is not None:
            return bisect_right(self.edges, value)
        return self._codes.get(counterpart(cell, self.values) or "", -1)

    def encode(self, cells: Sequence[str]) -> np.ndarray:
        """Return the (N,) int16 codes of cells, -1 where there is none."""
        different = {cell: self.code(cell) for cell in set(cells)}
        return np.fromiter((different[cell] for cell in cells), np.int16, len(cells))

    def complaint(self, cell: str) -> str:
        """Return why a cell has no code."""
        if is_missing(cell):
            return f"a value expected, got '{cell}': this column had no missing cells when its values were learned"
        if self.edges is not None:
            return f"a number expected, got '{cell}'"
        return f"unknown category '{cell}'{did_you_mean(cell, self.values)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: dict[str, Any]) -> Column:
        """Return the column that `to_dict` described."""
        edges = form["edges"]
        return cls(
            name=str(form["name"]),
            values=tuple(map(str, form["values"])),
            edges=None if edges is None else tuple(map(float, edges)),
            missing=bool(form["missing"]),
            type=str(form["type"]),
        )


def colours_of(columns: Sequence[Column]) -> np.ndarray:
    """Return the (S,) number of codes of each column."""
    return np.array([column.colours for column in columns])


def number(cell: str) -> float | None:
    """Return the finite number that a cell is, None if it is none; digits after a leading 0 make a name, as in 007."""
    value = float(cell) if NUMBER.fullmatch(cell) else np.inf
    return value if np.isfinite(value) else None


def looks_numeric(cells: Iterable[str]) -> bool:
    """Return whether at least half of the cells that are not missing are numbers, and there is one; not of truths."""
    counts = Counter(cells)
    if are_truths([cell for cell in counts if not is_missing(cell)]):
        return False
    known = sum(count for cell, count in counts.items() if not is_missing(cell))
    numbers = sum(count for cell, count in counts.items() if number(cell) is not None)
    return 0 < known <= 2 * numbers


def learned(name: str, cells: Sequence[str], *, numeric: bool, bins: int | None = None) -> Column:
    """Return the column that cells make; missing ones, if there are any, become a value of their own.

    Parameters
    ----------
    name : str
        Of the column.
    cells : Sequence[str]
        Texts; if they are to be numbers, each is one or missing.
    numeric : bool
        Make bins of numbers: one for each if there are at most `bins` different ones, else `bins` that hold nearly as
        many cells each; otherwise categories, sorted.
    bins : int, optional
        Largest number of bins, by default 10.

    Raises
    ------
    DataError
        If there are more than 255 values.
    """
    known = [cell for cell in cells if not is_missing(cell)]
    missing, kind = len(known) < len(cells), type_of(known)
    if numeric and known:
        column = Column(name, *in_bins(known, bins or BINS), missing, "float" if kind == "text" else kind)
    else:
        column = Column(name, sorted_classes(known), None, missing, kind)
    if column.colours > MAX_COLOURS:
        what = "categories" if column.edges is None else "bins"
        remedy = f"'--ignore {name}' leaves it out"
        raise DataError(f"{column.colours:,} {what}, at most {MAX_COLOURS} are possible; {remedy}")
    return column


def type_of(cells: Iterable[str]) -> str:
    """Return "integer" if there are cells and all that are not missing are whole numbers of 64 bits, else "text"."""
    different = {cell for cell in set(cells) if not is_missing(cell)}
    return "integer" if different and all(map(WHOLE.fullmatch, different)) else "text"


def in_bins(cells: Sequence[str], bins: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the median (as it is written) of each bin of the numbers in cells, and the borders between bins."""
    text_of = {float(cell): cell for cell in reversed(cells)}
    numbers, counts = np.unique(np.array([*map(float, cells)]), return_counts=True)
    starts = bin_starts(counts, bins)
    medians = [start + middle(part) for start, part in zip(starts, np.split(counts, starts[1:]), strict=True)]
    edges = [border(float(numbers[start - 1]), float(numbers[start])) for start in starts[1:]]
    return tuple(text_of[value] for value in numbers[medians].tolist()), tuple(edges)


def bin_starts(counts: np.ndarray, bins: int) -> list[int]:
    """Return where bins begin among numbers in order that occur so often: at most `bins`, of nearly equal shares.

    A number that alone is more than a bin's share fills one, and the others share the rest: quantiles would merge with
    it whatever lies beside it.
    """
    if len(counts) <= bins:
        return list(range(len(counts)))
    heavy = counts * bins > counts.sum()
    left, room = int(counts[~heavy].sum()), bins - int(heavy.sum())  # cells and bins of the others, from here on
    starts, filled, open_ = [], 0, False
    for i, (count, alone) in enumerate(zip(counts.tolist(), heavy.tolist(), strict=True)):
        full = open_ and filled + count / 2 > left / (room + 1)
        if alone or (room and (full or not open_)):
            left, filled = left - filled, 0
            open_, room = not alone, room - (not alone)
            starts.append(i)
        filled += 0 if alone else count
    return starts


def middle(counts: np.ndarray) -> int:
    """Return the position of the lower median among numbers in order that occur so often."""
    total = counts.cumsum()
    return int(np.searchsorted(total, (total[-1] + 1) // 2))


def border(below: float, above: float) -> float:
    """Return a number above one and not above the other: their mean where there is one between."""
    mean = below / 2 + above / 2
    return mean if mean > below else above
