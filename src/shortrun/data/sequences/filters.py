"""Samples of an alignment that are left out on reading: fragments, and those that are nearly alike."""

from __future__ import annotations

import math

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.likeness import BLOCK, close, telling_order
from shortrun.data.sequences.encoding import gap_code
from shortrun.data.sequences.gaps import has_gaps
from shortrun.errors import DataError
from shortrun.settings import Reading


def filtered(dataset: Dataset, reading: Reading) -> Dataset:
    """Return the samples that cover enough of the columns and, of those that are too alike, the most complete one.

    Coverage is looked at first, on the columns that `max_gaps` leaves. Notes say how many were left out.

    Raises
    ------
    DataError
        If no sample is left, or continuous values are to be compared.
    """
    if reading.min_coverage is not None:
        dataset = covering(dataset, reading.min_coverage)
    return dataset if reading.max_identity is None else different(dataset, reading.max_identity)


def covering(dataset: Dataset, least: float) -> Dataset:
    """Return the samples of which at least such a share of columns are no gaps; data without gaps as they are.

    Raises
    ------
    DataError
        If there is none.
    """
    gaps = gaps_of(dataset)
    share = 1 - gaps / dataset.sites
    kept = share >= least - 1e-9
    if not kept.any():
        raise DataError(f"no sequence covers {least:.0%} of the columns, the best one {share.max():.0%}")
    return without(dataset, kept, f"cover less than {least:.0%} of the columns")


def gaps_of(dataset: Dataset) -> np.ndarray:
    """Return the (N,) number of gaps of each sample."""
    if dataset.alphabet is None or not has_gaps(dataset.alphabet):
        return np.zeros(len(dataset), np.int64)
    gap = gap_code(dataset.alphabet)
    return np.concatenate([(part == gap).sum(1) for _, part in scan(dataset.values)])


def different(dataset: Dataset, most: float) -> Dataset:
    """Return samples of which no two agree at a larger share of sites, gaps counted: the most complete ones first.

    Raises
    ------
    DataError
        If the data are continuous.
    """
    if dataset.continuous:
        raise DataError("sequences are compared letter by letter, these data are continuous")
    order = np.argsort(gaps_of(dataset), kind="stable")
    alike = math.floor(most * dataset.sites + 1e-9) + 1
    kept = np.zeros(len(dataset), bool)
    kept[order[representatives(np.asarray(dataset.values)[order], alike)]] = True
    return without(dataset, kept, f"are more than {most:.0%} identical to one that is kept")


def representatives(values: np.ndarray, alike: int) -> np.ndarray:
    """Return the rows that agree with no earlier row among them at so many sites."""
    sites_first = np.ascontiguousarray(values.T[telling_order(values)])
    wide, narrow = BLOCK
    kept = np.zeros(0, np.int64)
    for start in range(0, len(values), narrow):
        rows = np.arange(start, min(start + narrow, len(values)))
        for first in range(0, len(kept), wide):
            if len(rows):
                known = sites_first[:, kept[first : first + wide]]
                rows = rows[~close(sites_first[:, rows], known, alike).any(1)]
        kept = np.concatenate([kept, rows[among_themselves(sites_first[:, rows], alike)]])
    return kept


def among_themselves(columns: np.ndarray, alike: int) -> list[int]:
    """Return the columns that agree with no earlier one among them at so many sites."""
    same = close(columns, columns, alike)
    chosen: list[int] = []
    for i in range(columns.shape[1]):
        if not same[i, chosen].any():
            chosen.append(i)
    return chosen


def without(dataset: Dataset, kept: np.ndarray, why: str) -> Dataset:
    """Return some samples, with a note on the others."""
    left = int((~kept).sum())
    if not left:
        return dataset
    note = f"{left:,} of {len(dataset):,} sequences left out: they {why}"
    return dataset.select(kept).with_notes(note)
