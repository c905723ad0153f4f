"""Columns of a table, and pairs of them: shapes and trends as SDMetrics scores them.

What is compared are the cells as they are written, numbers and not the bins that a machine learns. Single columns and
pairs have the values of SDMetrics (0.32): KSComplement and TVComplement, which pass missing cells over, and
CorrelationSimilarity and ContingencySimilarity, to which a missing category is a value. Missing numbers beside a
category are a bin of their own here; there they share that of the highest number. All pairs count here; the report of
SDMetrics leaves out those that are little related in the data, and bins each table by its own range.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from shortrun.data import Dataset
from shortrun.data.core.columns import missing_among
from shortrun.data.core.frames import written
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._families import Domain, SampleScores
from shortrun.scores._numbers import kolmogorov_smirnov
from shortrun.settings import check_seed

BINS = 10  # of a number beside a category
DRAWS = 20  # of the generated rows, for errors
MOST = 40  # columns whose pairs are compared

TABLES = Domain("a table of numbers and categories", lambda data: data.columns is not None)


class Cells(NamedTuple):
    """The cells of a column in both sets: codes, 0 where missing, and for numbers these, NaN where missing."""

    codes: tuple[np.ndarray, np.ndarray]
    numbers: tuple[np.ndarray, np.ndarray] | None

    def drawn(self, rows: np.ndarray) -> Cells:
        """Return the cells with some of the generated rows."""
        (real, made), values = self.codes, self.numbers
        return Cells((real, made[rows]), None if values is None else (values[0], values[1][rows]))


def cells_of(real: Dataset, made: Dataset) -> list[Cells]:
    """Return the cells of every column."""
    found = []
    for (column, one), (_, other) in zip(written(real), written(made), strict=True):
        if column.edges is None:
            texts = np.concatenate([one, other]).astype(str)
            different, codes = np.unique(texts, return_inverse=True)
            gaps = missing_among(different.tolist()) & ~np.isin(different, column.values)
            codes = np.where(gaps[codes], 0, codes + 1)
            found.append(Cells((codes[: len(one)], codes[len(one) :]), None))
            continue
        values = tuple(column.numbers_in(cells) for cells in (one, other))
        known = values[0][~np.isnan(values[0])]
        edges = np.histogram_bin_edges(known, BINS)[1:-1] if len(known) else np.zeros(0)
        codes = [np.where(np.isnan(each), 0, np.searchsorted(edges, each, side="right") + 1) for each in values]
        found.append(Cells((codes[0], codes[1]), (values[0], values[1])))
    return found


def shape(cells: Cells) -> float:
    """Return 1 - the largest difference of the distribution functions of numbers (KS), or 1 - total variation.

    Missing cells are passed over.
    """
    if cells.numbers is None:
        real, made = (codes[codes > 0] for codes in cells.codes)
        return 1 - total_variation(real, made) if len(real) and len(made) else float("nan")
    return 1 - kolmogorov_smirnov(*(each[~np.isnan(each)] for each in cells.numbers)).value


def total_variation(real: np.ndarray, made: np.ndarray) -> float:
    """Return half the sum of the differences of the frequencies of codes."""
    size = max(real.max(), made.max()) + 1
    p, q = (np.bincount(each, minlength=size) / len(each) for each in (real, made))
    return float(np.abs(p - q).sum() / 2)


def trend(one: Cells, other: Cells) -> float:
    """Return 1 - half the difference of correlations of two numbers, else 1 - total variation of both together."""
    if one.numbers is not None and other.numbers is not None:
        r = [correlation(x, y) for x, y in zip(one.numbers, other.numbers, strict=True)]
        return 1 - abs(r[0] - r[1]) / 2
    width = max(map(np.max, other.codes)) + 1
    real, made = (a * width + b for a, b in zip(one.codes, other.codes, strict=True))
    return 1 - total_variation(real, made)


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return the correlation of the rows in which neither is missing, NaN if one does not vary."""
    known = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[known], y[known]
    if len(x) < 2 or not (np.ptp(x) and np.ptp(y)):
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def shapes(cells: list[Cells]) -> float:
    """Return the mean over columns."""
    return mean([shape(column) for column in cells])


def trends(cells: list[Cells]) -> float:
    """Return the mean over pairs of the first columns."""
    return mean([trend(one, other) for one, other in combinations(cells[:MOST], 2)])


def mean(values: list[float]) -> float:
    """Return the mean of the values that are known, NaN if none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return both scores, with errors by resampling the generated rows."""
    cells = cells_of(pair.reference, pair.generated)
    found = {}
    for name, score in (("column-shapes", shapes), ("pair-trends", trends)):
        value = score(cells)
        found[name] = UNDEFINED if np.isnan(value) else Estimate(value, partial(spread, score, cells, pair.seed))
    return found


def spread(score: Callable[[list[Cells]], float], cells: list[Cells], seed: int) -> float:
    """Return the standard deviation of a score when the generated rows are resampled."""
    random, count = np.random.default_rng([check_seed(seed), 99]), len(cells[0].codes[1])
    drawn = (random.integers(0, count, count) for _ in range(DRAWS))
    return float(np.nanstd([score([column.drawn(rows) for column in cells]) for rows in drawn], ddof=1))


SCORES = SampleScores(
    quantities=(
        Quantity(
            "column-shapes",
            ideal=1.0,
            direction="higher",
            group="domain",
            meaning="Near 1: every column has the distribution of the data; 0: values of no column are shared.",
        ),
        Quantity(
            "pair-trends",
            ideal=1.0,
            direction="higher",
            group="domain",
            meaning="Near 1: pairs of columns are correlated, or occur together, as in the data; lower: they are not.",
        ),
    ),
    measure=measure,
    domain=TABLES,
)
