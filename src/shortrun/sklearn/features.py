"""Between what scikit-learn hands over and a data set: features as columns of a table, binary ones as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from shortrun.data import Dataset, Kind
from shortrun.data.core.request import Request
from shortrun.data.core.values import holds_only_binary
from shortrun.data.tables.encoding import dataset_of
from shortrun.data.tables.in_memory import table_of, table_of_array
from shortrun.errors import DataError
from shortrun.settings import Reading

GAPS = "category"  # what a missing value is: a value of its own


def has_categories(X: Any) -> bool:
    """Return whether a data frame has a column that holds other things than numbers."""
    import pandas as pd

    return isinstance(X, pd.DataFrame) and not all(map(pd.api.types.is_numeric_dtype, X.dtypes))


def names_of(X: np.ndarray, names: Sequence[str] | None) -> list[str]:
    """Return the names of features, x0, x1, ... where they have none."""
    return [*map(str, names)] if names is not None else [f"x{i}" for i in range(X.shape[1])]


def learned(X: Any, names: Sequence[str] | None, *, bins: int, continuous: bool) -> Dataset:
    """Return the samples to learn from, and with them what features are.

    Parameters
    ----------
    X : Any
        (N, S) array of numbers, or a data frame.
    names : Sequence[str] or None
        Of the features.
    bins : int
        Most bins of the numbers of a feature.
    continuous : bool
        Whether numbers are standardised instead.

    Raises
    ------
    DataError
        If they cannot be learned from.
    """
    if has_categories(X):
        return dataset_of(table_of(X.reset_index(drop=True)), Request.made(of_frame(X, bins)))
    if not continuous and holds_only_binary(X):
        return Dataset.from_arrays(X)
    table = table_of_array(X, names_of(X, names))
    if continuous:
        return dataset_of(table, Request.made(Reading(alphabet="continuous")))
    return dataset_of(table, Request.made(Reading(numeric=tuple(table.header), bins=bins, missing=GAPS)))


def of_frame(X: Any, bins: int) -> Reading:
    """Return how a frame is read: every column is a feature, whatever its name; dates are found."""
    import pandas as pd

    dates = {str(name) for name in X if pd.api.types.is_datetime64_any_dtype(X[name])}
    numeric = {str(name) for name in X if pd.api.types.is_numeric_dtype(X[name])}
    others = tuple(name for name in map(str, X) if name not in dates | numeric)
    return Reading(numeric=tuple(sorted(numeric)), categorical=others, bins=bins, missing=GAPS)


def further(X: Any, names: Sequence[str] | None, kind: Kind) -> Dataset:
    """Return further samples of the kind that was learned.

    Raises
    ------
    DataError
        If a value has no place there.
    """
    if kind.alphabet is not None:
        if has_categories(X) or not holds_only_binary(X):
            raise DataError("0 and 1 expected: the estimator was fitted on such features only")
        return Dataset.from_arrays(X)
    table = table_of(X.reset_index(drop=True)) if has_categories(X) else table_of_array(X, names_of(X, names))
    reading = Reading(alphabet="continuous") if kind.continuous else Reading(missing=GAPS)
    return dataset_of(table, Request.made(reading, kind))


def array_of(data: Dataset, dtype: np.dtype[Any]) -> np.ndarray:
    """Return samples as an array of numbers in their own units, of a type if that can hold them."""
    if data.columns is None:
        return data.in_units.astype(np.result_type(dtype, np.float32) if data.continuous else dtype)
    frame = frame_of(data)
    numbers = np.stack([frame[name].astype("Float64").to_numpy(np.float64, na_value=np.nan) for name in frame], axis=1)
    return numbers if np.isnan(numbers).any() else numbers.astype(dtype)


def frame_of(data: Dataset) -> Any:
    """Return samples as a data frame of features."""
    frame = data.to_pandas().reset_index(drop=True)
    return frame[data.kind.site_names] if not data.classes else frame.iloc[:, -data.sites :]
