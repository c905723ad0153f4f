"""Between what scikit-learn hands over and a data set: features as columns of a table, binary ones as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.data import Dataset, Kind
from shortrun.data.core.columns import missing_rows
from shortrun.data.core.request import Request
from shortrun.data.core.values import holds_only_binary
from shortrun.data.core.words import plain
from shortrun.data.tables.delimited import Delimited
from shortrun.data.tables.encoding import RESERVED, dataset_of
from shortrun.data.tables.in_memory import table_of, table_of_array
from shortrun.errors import DataError
from shortrun.phrases import counted
from shortrun.settings import Reading

if TYPE_CHECKING:
    import pandas as pd

GAPS = "category"  # what a missing value is: a value of its own


def as_frame(X: Any, names: Any = None) -> pd.DataFrame | None:
    """Return features of which some are no numbers as a frame, with names where an array has none; None for numbers."""
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        if not X.columns.is_unique:
            raise DataError(f"column '{X.columns[X.columns.duplicated()][0]}' occurs twice")
        return None if all(map(pd.api.types.is_numeric_dtype, X.dtypes)) else X
    return pd.DataFrame(X, columns=names).infer_objects() if holds_texts(X) else None


def holds_texts(X: Any) -> bool:
    """Return whether features are an array (N, S) with texts that are not all numbers."""
    if not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype.kind not in "OU":
        return False
    if not any(isinstance(cell, str) for cell in X.flat):
        return False
    try:
        X.astype(np.float64)
    except (TypeError, ValueError):
        return True
    return False


def is_frame(X: Any) -> bool:
    """Return whether features are a frame, rather than an array of numbers."""
    return hasattr(X, "columns")


def names_of(names: Any, count: int) -> list[str]:
    """Return the names of features as texts; x0, x1, ... where they have none, or two have the same."""
    texts = [] if names is None else [*map(str, names)]
    return texts if len({*map(plain, texts)}) == count else [f"x{i}" for i in range(count)]


def named(X: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with names that tell its columns apart, and without those of rows."""
    return X.set_axis(names_of(X.columns, X.shape[1]), axis=1).reset_index(drop=True)


def table_with(X: Any, names: Sequence[str] | None) -> Delimited:
    """Return features as a table."""
    return table_of(named(X)) if is_frame(X) else table_of_array(X, names_of(names, X.shape[1]))


def learned(X: Any, names: Sequence[str] | None, *, bins: Any, continuous: bool) -> Dataset:
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
    ConfigError
        If there cannot be so many bins.
    """
    options = Reading.of(bins=bins, missing=GAPS)
    if is_frame(X):
        if continuous:
            raise DataError("continuous: numbers in all columns expected")
        return dataset_of(table_of(X := named(X)), Request.made(options.model_copy(update=kinds_of(X))))
    if not continuous and holds_only_binary(X):
        return Dataset.from_arrays(X)
    table = table_with(X, names)
    if continuous:
        return dataset_of(table, Request.made(Reading(alphabet="continuous")))
    return dataset_of(table, Request.made(options.model_copy(update={"numeric": tuple(table.header)})))


def kinds_of(X: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return what the columns of a frame are: all are features, whatever their names; dates are found.

    Raises
    ------
    DataError
        If dates have a name that would not be one of a feature.
    """
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

    numeric = tuple(name for name in X if is_numeric_dtype(X[name]) and not is_bool_dtype(X[name]))
    others = tuple(name for name in X if name not in numeric and not is_datetime64_any_dtype(X[name]))
    dates = next((name for name in X if name in RESERVED and name not in (*numeric, *others)), None)
    if dates is not None:
        raise DataError(f"column '{dates}' holds dates: another name expected, as tables have none of this one")
    return {"numeric": numeric, "categorical": others}


def most_common(data: Dataset) -> np.ndarray | None:
    """Return the code that is most common at each site, (S,); None of continuous ones."""
    if data.continuous:
        return None
    return np.array([np.bincount(codes, data.weights).argmax() for codes in data.values.T])


def further(X: Any, names: Sequence[str] | None, kind: Kind, common: np.ndarray | None) -> tuple[np.ndarray, str]:
    """Return the values (N, S) of further samples of the kind that was learned, and a line on those with none.

    What was not learned is missing, where this is a value of its own, else the most common value.

    Raises
    ------
    DataError
        If a value has no place there.
    """
    if common is None:
        table = table_with(X, names)
        return dataset_of(table, Request.made(Reading(alphabet="continuous"), kind)).values, ""
    if kind.columns is None:
        gaps = np.zeros(X.shape, bool) if is_frame(X) else np.isnan(X)
        filled = X if is_frame(X) else np.where(gaps, common, X)
        if is_frame(X) or not holds_only_binary(filled):
            raise DataError("0 and 1 expected: the estimator was fitted on such features only")
        return filled.astype(np.uint8), unlearned(gaps, "a missing value")
    table = table_with(X, names)
    sites = [table.require(column.name) for column in kind.columns]
    codes = np.stack([c.encode(table.columns[i]) for c, i in zip(kind.columns, sites, strict=True)], axis=1)
    gaps, first = codes < 0, ""
    for i in np.flatnonzero(gaps.any(axis=0)).tolist():
        column, cells, rows = kind.columns[i], table.columns[sites[i]], np.flatnonzero(gaps[:, i])
        wrong = rows if column.edges is None else rows[~missing_rows(cells)[rows]]
        if column.edges is not None and len(wrong):
            raise table.refused(int(wrong[0]), sites[i], column.complaint(cells[wrong[0]]))
        first = first or f"column '{column.name}': {column.complaint(cells[rows[0]])}"
    stands = np.where([c.missing for c in kind.columns], [len(c.values) for c in kind.columns], common)
    return np.where(gaps, stands, codes).astype(np.uint8), unlearned(gaps, first)


def unlearned(gaps: np.ndarray, first: str) -> str:
    """Return a line about cells that the model has no value for, if there are some."""
    if not gaps.any():
        return ""
    cells = counted(int(gaps.sum()), "cell")
    return f"{cells} not learned, read as missing where the column has that, else as the most common value ({first})"


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
