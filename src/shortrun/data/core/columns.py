"""Columns of a table of mixed kinds: categories, and numbers and dates in bins, as codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from shortrun.data.core.alphabet import MAX_COLOURS
from shortrun.data.core.dates import date_texts, dates
from shortrun.data.core.labels import did_you_mean, sorted_classes
from shortrun.data.core.texts import Texts
from shortrun.data.core.words import are_truths, counterpart, is_missing, plain
from shortrun.errors import DataError

BINS = 10
LEVELS = np.linspace(0, 1, 17)  # of the quantiles that are kept of each bin
MOST_SPELLINGS = 100  # of true and false, and of what is missing, in upper and lower case
MOST_DIGITS = 15  # decimals; numbers with more are written as short as they can be read back
NULLABLE = "Int64"  # type of whole numbers that may be missing in pandas, though here none need be
OTHER = "other"  # what rare categories are merged into
NUMBER = re.compile(r"-?(?!0\d)(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)  # '007', '+44' are names
NUMBERS = re.compile(rf"(?:{NUMBER.pattern}\n)*+", re.IGNORECASE | re.ASCII)
WHOLE = re.compile(r"0|-?[1-9]\d{,17}", re.ASCII)  # fits 64 bits
DECIMALS = re.compile(r"\.(.*)")
LONG = 16  # digits of whole numbers that floats may merge
LONG_WHOLE = re.compile(rf"-?[1-9]\d{{{LONG - 1},307}}", re.ASCII)
WHOLES = re.compile(rf"(?:(?:{WHOLE.pattern})\n)*+", re.ASCII)


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
        How files with types hold it: "text", "integer", "Int64" (which can be missing in pandas), "float" or "boolean".
    within : tuple[tuple[float, ...], ...], default ()
        Of numbers, the quantiles of the training data in each bin at evenly spaced levels from 0 to 1, or the only
        number in it; what is written is drawn from them. Empty for categories, and where bins are written as `values`.
    digits : int, optional
        Decimals that numbers have; None for as many as they need.
    date : str, optional
        Of dates, their form as strptime has it; their numbers are days, or seconds where they have a time of day.
    merged : int, default 0
        How many rare categories are one, the last of `values`, to which further ones belong too.
    """

    name: str
    values: tuple[str, ...]
    edges: tuple[float, ...] | None = None
    missing: bool = False
    type: str = "text"
    within: tuple[tuple[float, ...], ...] = ()
    digits: int | None = None
    date: str | None = None
    merged: int = 0

    @property
    def colours(self) -> int:
        """q, the number of codes; a column with only one is not modelled."""
        return len(self.values) + self.missing

    @property
    def is_binned(self) -> bool:
        """Whether some of its codes stand for several numbers."""
        return any(len(part) > 1 for part in self.within)

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.type in ("integer", NULLABLE)

    @property
    def summary(self) -> str:
        """What it holds, in a few words."""
        many = len(self.values)
        if self.edges:
            things = "numbers" if self.date is None else "dates"
            what = things if self.is_binned else f"{many} {things}"
        else:
            what = "a single value" if many == 1 else f"{many} categories"
        return f"{what} and missing" if self.missing else what

    @property
    def texts(self) -> np.ndarray:
        """What stands for each code, '' for a missing cell."""
        return np.array([*self.values, ""], dtype=object)

    @cached_property
    def _codes(self) -> dict[str, int]:
        codes = {value: code for code, value in enumerate(self.values)}
        return {plain(value): code for value, code in codes.items()} | codes

    def code(self, cell: str) -> int:
        """Return the code of a cell, -1 if it has none; true and false in any spelling."""
        return int(self.encode([cell])[0])

    def encode(self, cells: Sequence[str]) -> np.ndarray:
        """Return the (N,) int16 codes of cells, -1 where there is none."""
        texts = Texts.of(cells)
        return self._encode(texts)[texts.codes]

    def _encode(self, texts: Texts) -> np.ndarray:
        missing = len(self.values) if self.missing else -1
        if self.edges is None:
            gaps = texts.of_each(missing_among)
            pairs = zip(texts.different, gaps, strict=True)
            return np.array([self._category(cell, missing if gap else None) for cell, gap in pairs], np.int16)
        found = texts.of_each(numbers, self.date)
        codes = np.searchsorted(self.edges, found, side="right").astype(np.int16)
        for i in np.flatnonzero(np.isnan(found)):  # true and false stand for 1 and 0
            codes[i] = self._codes.get(counterpart(texts.different[i], self.values) or "", -1)
        codes[texts.of_each(missing_among)] = missing
        return codes

    def _category(self, cell: str, missing: int | None) -> int:
        """Return the code of a category, of nothing if it says so; one that was learned is one, whatever it says."""
        code = self._codes.get(cell, self._codes.get(plain(cell)))
        if code is not None:
            return code
        if missing is not None:
            return missing
        return self._codes.get(counterpart(cell, self.values) or "", len(self.values) - 1 if self.merged else -1)

    def decode(self, codes: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Return what is written for (N,) codes: categories, and numbers drawn within their bins; '' where missing.

        Parameters
        ----------
        codes : ndarray
            (N,) codes.
        uniform : ndarray
            (N,) numbers in [0, 1) that say which of the numbers in its bin a cell is.
        """
        cells = self.texts[codes]
        for code, quantiles in enumerate(self.within):
            rows = np.flatnonzero(codes == code) if len(quantiles) > 1 else ()
            if len(rows):
                cells[rows] = self.written(np.interp(uniform[rows], LEVELS, quantiles))
        return cells

    def written(self, values: np.ndarray) -> np.ndarray:
        """Return numbers as texts with the decimals, or as the dates, that the column has."""
        if self.date is not None:
            return date_texts(values, self.date)
        if self.digits is None:
            return np.array([repr(value) for value in values.tolist()], dtype=object)
        rounded = np.round(values, self.digits) + 0.0  # no -0
        return np.array([f"{value:.{self.digits}f}" for value in rounded.tolist()], dtype=object)

    def numbers_in(self, cells: Iterable[str]) -> np.ndarray:
        """Return the (N,) numbers, or dates, that cells of the column are, NaN where they are none."""
        return numbers([*map(str, cells)], self.date)

    def holding(self, text: str) -> tuple[Column, str]:
        """Return the column that writes this number, rather than one drawn from its bin, and a note if it has others.

        It returns itself, without a note, for other texts.

        Raises
        ------
        DataError
            If the column has whole numbers, and this is none.
        """
        value, code = self.numbers_in([text])[0], self.code(text)
        if np.isnan(value) or not 0 <= code < len(self.within):
            return self, ""
        if self.is_whole and value != np.rint(value):
            raise DataError(f"column '{self.name}': a whole number expected, got '{text}'")
        low, high = self.written(np.array([self.within[code][0], self.within[code][-1]]))
        within = [*self.within[:code], (float(value),) * len(LEVELS), *self.within[code + 1 :]]
        digits = None if self.digits is None else max(self.digits, digits_of([text]) or 0)
        note = f"{self.name}={text} in every row; the machine is told its bin, which had {low} to {high} in training"
        return replace(self, within=tuple(within), digits=digits), "" if low == high == text else note

    def relearned(self, cells: Texts, bins: int | None) -> Column:
        """Return the column with the bins that other cells make; categories stay as they are."""
        known = without_missing(cells)
        if self.edges is None or not len(known):
            return self
        return replace(self, **in_bins(known, bins or BINS, self.date))

    def complaint(self, cell: str) -> str:
        """Return why a cell has no code."""
        if is_missing(cell):
            return f"a value expected, got '{cell}': this column had no missing cells when its values were learned"
        if self.date is not None:
            return f"a date as {self.values[0]} expected, got '{cell}'"
        if self.edges is not None:
            return f"a number expected, got '{cell}'"
        return f"unknown category '{cell}'{did_you_mean(cell, self.values)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    def meaning(self) -> dict[str, Any]:
        """Return what the codes mean, without how they are written back."""
        return {name: getattr(self, name) for name in ("name", "values", "edges", "missing", "type")}

    @classmethod
    def from_dict(cls, form: dict[str, Any]) -> Column:
        """Return the column that `to_dict` described."""
        edges, date, digits = form["edges"], form.get("date"), form.get("digits")
        return cls(
            name=str(form["name"]),
            values=tuple(map(str, form["values"])),
            edges=None if edges is None else tuple(map(float, edges)),
            missing=bool(form["missing"]),
            type=str(form["type"]),
            within=tuple(tuple(map(float, part)) for part in form.get("within", ())),
            digits=None if digits is None else int(digits),
            date=None if date is None else str(date),
            merged=int(form.get("merged", 0)),
        )


def colours_of(columns: Sequence[Column]) -> np.ndarray:
    """Return the (S,) number of codes of each column."""
    return np.array([column.colours for column in columns])


def missing_among(cells: Sequence[str]) -> np.ndarray:
    """Return which cells hold nothing, (N,) bool."""
    if len(cells) > MOST_SPELLINGS and are_numbers(cells):
        return np.zeros(len(cells), bool)
    return np.fromiter(map(is_missing, cells), bool, len(cells))


def missing_rows(cells: Texts) -> np.ndarray:
    """Return in which rows of a column nothing is, (N,) bool."""
    return cells.of_each(missing_among)[cells.codes]


def without_missing(cells: Texts) -> Texts:
    """Return the cells that hold something."""
    return cells.select(~missing_rows(cells)) if cells.of_each(missing_among).any() else cells


def number(cell: str) -> float | None:
    """Return the finite number that a cell is, None if it is none; digits after a leading 0 make a name, as in 007."""
    value = float(cell) if NUMBER.fullmatch(cell) else np.inf
    return value if np.isfinite(value) else None


def are_numbers(cells: Sequence[str]) -> bool:
    """Return whether there are cells and all are numbers, or too large to be; faster than one by one."""
    return bool(cells and NUMBERS.fullmatch("\n".join([*cells, ""])))


def numbers(cells: Sequence[str], date: str | None = None) -> np.ndarray:
    """Return the (N,) numbers that cells are, or the dates of a form, NaN where they are none."""
    if date is not None:
        return dates(cells, date)
    if are_numbers(cells):
        found = np.fromiter(map(float, cells), np.float64, len(cells))
        return np.where(np.isinf(found), np.nan, found)
    return np.array([np.nan if (value := number(cell)) is None else value for cell in cells])


def beyond_floats(cells: Sequence[str]) -> bool:
    """Return whether cells hold whole numbers that differ by less than floats of 64 bits can hold.

    Examples
    --------
    >>> beyond_floats(["9007199254740992", "9007199254740993"]), beyond_floats(["10000000000000000", "3"])
    (True, False)
    """
    if len(max(cells, key=len, default="")) < LONG:
        return False
    long = {int(cell) for cell in cells if LONG_WHOLE.fullmatch(cell)}
    return len({float(number) for number in long}) < len(long)


def looks_numeric(cells: Iterable[str]) -> bool:
    """Return whether at least half of the cells that are not missing are numbers, and there is one.

    Not so of truths, and of numbers that floats would merge: those are names.
    """
    texts = Texts.of(cells)
    if beyond_floats(texts.different):
        return False
    gaps = texts.of_each(missing_among)
    few = len(texts.different) < MOST_SPELLINGS
    if few and are_truths([cell for cell, gap in zip(texts.different, gaps, strict=True) if not gap]):
        return False
    known = texts.counts[~gaps].sum()
    found = texts.counts[~np.isnan(texts.of_each(numbers, None))].sum()
    return bool(0 < known <= 2 * found)


def learned(
    name: str, cells: Sequence[str], *, numeric: bool, bins: int | None = None, date: str | None = None
) -> Column:
    """Return the column that cells make; missing ones, if there are any, become a value of their own.

    Parameters
    ----------
    name : str
        Of the column.
    cells : Sequence[str]
        Texts; if they are to be numbers, each is one or missing.
    numeric : bool
        Make bins of numbers: one for each if there are at most `bins` different ones, else `bins` that hold nearly as
        many cells each; otherwise categories, sorted. Of more than 255 categories the rarest are merged.
    bins : int, optional
        Largest number of bins, by default 10.
    date : str, optional
        The form of dates, which are numbers too.

    Raises
    ------
    DataError
        If there are more than 255 bins.
    """
    cells = Texts.of(cells)
    known = without_missing(cells)
    missing = len(known) < len(cells)
    kind = type_of(known)
    if not numeric or not len(known):
        return in_categories(Column(name, (), None, missing, kind), known)
    kind = "text" if date is not None else "float" if kind == "text" else kind
    column = Column(name, (), (), missing, kind, digits=digits_of(known.different), date=date)
    column = replace(column, **in_bins(known, bins or BINS, date))
    if column.colours > MAX_COLOURS:
        raise DataError(f"{column.colours:,} bins, at most {MAX_COLOURS} are possible")
    return column


def in_categories(column: Column, known: Texts) -> Column:
    """Return a column with the categories that occur, the rarest merged where there are too many."""
    most = MAX_COLOURS - column.missing
    if len(known.different) <= most:
        return replace(column, values=sorted_classes(known.different))
    other = OTHER
    while other in known.different:
        other = f"{other}_"
    common = np.argsort(-known.counts, kind="stable")[: most - 1].tolist()
    values = sorted_classes(known.different[i] for i in common)
    return replace(column, values=(*values, other), merged=len(known.different) - len(values), type="text")


def type_of(cells: Iterable[str]) -> str:
    """Return "integer" if there are cells and all that are not missing are whole numbers of 64 bits, else "text"."""
    different = without_missing(Texts.of(cells)).different
    return "integer" if different and WHOLES.fullmatch("\n".join([*different, ""])) else "text"


def digits_of(different: Sequence[str]) -> int | None:
    """Return how many decimals the texts of numbers have at most, None if that is too many or in powers of ten."""
    whole = "\n".join(different)
    if "e" in whole or "E" in whole:
        return None
    most = max(map(len, DECIMALS.findall(whole)), default=0)
    return most if most <= MOST_DIGITS else None


def in_bins(known: Texts, bins: int, date: str | None = None) -> dict[str, Any]:
    """Return values, edges and quantiles of the bins that numbers make: fields of a `Column`."""
    found = known.of_each(numbers, date)
    values, first, place = np.unique(found, return_index=True, return_inverse=True)
    counts = np.bincount(place, known.counts, len(values)).astype(np.int64)
    starts = bin_starts(counts, bins)
    ends = [*starts[1:], len(values)]
    medians = [start + middle(counts[start:end]) for start, end in zip(starts, ends, strict=True)]
    parts = [slice(start, end) for start, end in zip(starts, ends, strict=True)]
    return {
        "values": tuple(known.different[first[i]] for i in medians),
        "edges": tuple(border(float(values[start - 1]), float(values[start])) for start in starts[1:]),
        "within": tuple(quantiles(values[part], counts[part]) for part in parts),
    }


def quantiles(values: np.ndarray, counts: np.ndarray) -> tuple[float, ...]:
    """Return the quantiles of the numbers in a bin, which are in order and occur so often; the number if it is one."""
    if len(values) == 1:
        return (float(values[0]),)
    ends = np.cumsum(counts)
    place = LEVELS * (ends[-1] - 1)
    below, above = (
        values[np.searchsorted(ends, np.floor(place) + up, side="right").clip(max=len(values) - 1)] for up in (0, 1)
    )
    share = place - np.floor(place)
    return tuple((below * (1 - share) + above * share).tolist())


def bin_starts(counts: np.ndarray, bins: int) -> list[int]:
    """Return where bins begin among numbers in order that occur so often: at most `bins`, of nearly equal shares.

    A number that alone is more than a bin's share fills one, and the others share the rest: quantiles would merge with
    it whatever lies beside it.
    """
    if len(counts) <= bins:
        return list(range(len(counts)))
    heavy = counts * bins > counts.sum()
    left, room = int(counts[~heavy].sum()), bins - int(heavy.sum())  # cells and bins of the others, from here on
    ends = np.cumsum(counts)
    centres = ends - counts / 2
    alone = [*np.flatnonzero(heavy).tolist(), len(counts)]
    starts, before, place, open_ = [], 0, 0, False  # `before` is how many cells precede the open bin
    while place < len(counts):
        stop = alone[np.searchsorted(alone, place)]
        if place == stop:
            starts.append(place)
            left, open_ = left - (int(ends[place] - counts[place]) - before), False
            place, before = place + 1, int(ends[place])
            continue
        if room and open_:
            full = int(np.searchsorted(centres, before + left / (room + 1), side="right"))
            place = min(stop, max(place, full))
        elif not room:
            place = stop
        if place < stop:
            filled = int(ends[place] - counts[place]) - before
            starts.append(place)
            left, room, open_ = left - filled, room - 1, True
            before, place = before + filled, place + 1
    return starts


def middle(counts: np.ndarray) -> int:
    """Return the position of the lower median among numbers in order that occur so often."""
    total = counts.cumsum()
    return int(np.searchsorted(total, (total[-1] + 1) // 2))


def border(below: float, above: float) -> float:
    """Return a number above one and not above the other: their mean where there is one between."""
    mean = below / 2 + above / 2
    return mean if mean > below else above
