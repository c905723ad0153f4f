"""Arrays as tables: columns of different kinds where that is asked for; what to know of plain numbers else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.values import NO_TEXTS
from shortrun.data.tables.encoding import dataset_of
from shortrun.data.tables.in_memory import table_of_array

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset
    from shortrun.data.core.request import Request

SPREAD = 10.0  # ratio of standard deviations from which on they are told


def as_table(values: np.ndarray, options: Request, names: Sequence[str] | None = None) -> Dataset | None:
    """Return an array (N, S) as a table of columns site_1, site_2, ..., or of these names; None if it is no table.

    It is a table where options of tables are given, where cells are missing or texts, or where other data were one.

    Raises
    ------
    FormatError
        If a cell cannot be used.
    """
    if values.ndim != 2 or not values.size or values.dtype.kind in NO_TEXTS or not is_table(values, options):
        return None
    like = options.like
    known = None if like is None or like.sites != values.shape[1] else like.site_names
    names = names or known or [f"site_{site + 1}" for site in range(values.shape[1])]
    numbers = names if values.dtype.kind in "iufb" and not options.categorical else ()
    return dataset_of(table_of_array(values, names), options.but(numeric=options.numeric or tuple(numbers)))


def is_table(values: np.ndarray, options: Request) -> bool:
    """Return whether an array is to be read as columns of different kinds."""
    like = options.like
    if like is not None and (like.columns is not None or like.table.scales):
        return True
    if options.bins is not None or options.categorical or options.numeric or values.dtype.kind not in "iufb":
        return True
    return options.missing != "error" and values.dtype.kind == "f" and bool(np.isnan(values).any())


def with_spread(data: Dataset) -> Dataset:
    """Return samples with a note, if they are numbers of so different scales that a machine learns them badly."""
    if not data.continuous or data.kind.image.shape is not None:
        return data
    total, squares = np.zeros(data.sites), np.zeros(data.sites)
    for _, part in scan(data.values):
        total += part.sum(0, dtype=float)
        squares += np.square(part, dtype=float).sum(0)
    deviations = np.sqrt(np.maximum(squares / len(data) - np.square(total / len(data)), 0))
    known = deviations[deviations > 0]
    if not len(known) or known.max() < SPREAD * known.min():
        return data
    return data.with_notes(
        f"numbers are kept as they are, with standard deviations from {known.min():.2g} to {known.max():.2g}: "
        "'--bins N' puts them in bins"
    )
