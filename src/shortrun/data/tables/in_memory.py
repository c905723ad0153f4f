"""Tables that a program holds: frames of pandas, polars and Arrow, and arrays, as the texts that files have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.data.core.columns import NULLABLE
from shortrun.data.core.texts import Texts
from shortrun.data.core.words import plain
from shortrun.data.tables.delimited import Delimited, tidied
from shortrun.errors import FormatError

if TYPE_CHECKING:
    import pandas as pd

FRAMES = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "Table"}  # library -> its class
EXACT = 2.0**53  # largest whole number of which floats hold all below
NAMES = "name"


def is_frame(it: Any) -> bool:
    """Return whether something is a table of one of the libraries that are known, which are not imported for it."""
    kind = type(it)
    return any(each.__name__ == FRAMES.get(each.__module__.partition(".")[0]) for each in kind.__mro__)


def table_of(frame: Any) -> Delimited:
    """Return a frame as a table of texts with types; an index other than 0, 1, 2, ... names the rows.

    Raises
    ------
    FormatError
        If it has no rows or columns, two of the same name, or cells that are no texts, numbers or dates.
    """
    path = Path(type(frame).__name__)
    columns = [*columns_of(frame)]
    names = [name for name, _ in columns]
    twice = next((name for i, name in enumerate(names) if plain(name) in map(plain, names[:i])), None)
    if twice is not None:
        raise FormatError(path, None, f"column '{twice}' occurs twice")
    if not columns or not len(columns[0][1]):
        raise FormatError(path, None, "no rows" if columns else "no columns")
    found = [texts_of(path, name, column) for name, column in columns]
    rows = [*range(1, len(columns[0][1]) + 1)]
    notes = tuple(note for name, column in columns for note in left_out(name, column))
    return tidied(Delimited(path, names, [texts for texts, _ in found], rows, [kind for _, kind in found], notes=notes))


def columns_of(frame: Any) -> Iterator[tuple[str, pd.Series]]:
    """Yield the columns of a frame with their names, the names of rows first."""
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        plain = isinstance(frame.index, pd.MultiIndex) or frame.index.equals(pd.RangeIndex(len(frame)))
        if not plain and NAMES not in [str(name).casefold() for name in frame.columns]:
            yield NAMES, frame.index.to_series().reset_index(drop=True)
        for place, name in enumerate(frame.columns):
            yield str(name), frame.iloc[:, place].reset_index(drop=True)
        return
    arrow = type(frame).__name__ == FRAMES["pyarrow"]
    for place, name in enumerate(frame.column_names if arrow else frame.columns):
        yield (
            str(name),
            inferred(pd.Series(frame.column(place).to_pylist() if arrow else frame[name].to_list(), dtype=object)),
        )


def inferred(column: pd.Series) -> pd.Series:
    """Return a column of objects with the type of its cells; whole numbers that floats would merge stay whole."""
    cells = column.dropna()
    numbers = bool(len(cells)) and all(isinstance(cell, int | float | np.number) and cell is not True for cell in cells)
    if not numbers or not any(isinstance(cell, int | np.integer) and abs(cell) > EXACT for cell in cells):
        return column.infer_objects()
    whole = all(isinstance(cell, int | np.integer) and -(2**63) <= cell < 2**63 for cell in cells)
    return column.astype("Int64") if whole else column


def left_out(name: str, column: pd.Series) -> Iterator[str]:
    """Yield what of points in time is not kept."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        if (column.dropna() != column.dropna().dt.floor("s")).any():
            yield f"fractions of a second left out in column '{name}'"
        if column.dt.tz is not None:
            yield f"time zone {column.dt.tz} left out in column '{name}'"


def table_of_array(values: np.ndarray, names: Sequence[str]) -> Delimited:
    """Return an array (N, S) as a table of texts with types."""
    import pandas as pd

    return table_of(pd.DataFrame(values, columns=pd.Index(names)))


def texts_of(path: Path, name: str, column: pd.Series) -> tuple[Texts, str]:
    """Return the cells of a column as texts, missing ones empty, and the type as `Column` names it.

    Raises
    ------
    FormatError
        If a cell is a complex number, a list or another thing that is no text, number or date.
    """
    import pandas as pd

    column = inferred(column) if column.dtype == object else column
    if pd.api.types.is_complex_dtype(column.dtype):
        raise FormatError(path, None, f"column '{name}' holds complex numbers; texts, numbers or dates expected")
    try:
        codes, different = pd.factorize(column, use_na_sentinel=True)
    except TypeError:
        found = type(next(cell for cell in column if getattr(type(cell), "__hash__", None) is None)).__name__
        raise FormatError(path, None, f"column '{name}' holds {found}s; texts, numbers or dates expected") from None
    texts, kind = written(pd.Series(different))
    gaps = bool((codes < 0).any())
    known = Texts.of([*texts, *([""] if gaps else [])])  # 1 and '1' are one text
    return Texts(known.different, known.codes[codes]).select(slice(None)), kind


def written(different: pd.Series) -> tuple[list[str], str]:
    """Return different values as texts, and their type; whole numbers have no decimal point."""
    import pandas as pd

    dtype = different.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return ["true" if value else "false" for value in different], "boolean"
    if pd.api.types.is_integer_dtype(dtype):
        ends = (different.min(), different.max()) if len(different) else ()  # of a column with gaps only
        fits = all(-(2**63) <= int(value) < 2**63 for value in ends)
        nullable = pd.api.types.is_extension_array_dtype(dtype)
        return [str(int(value)) for value in different], (NULLABLE if nullable else "integer") if fits else "text"
    if pd.api.types.is_float_dtype(dtype):
        numbers = different.to_numpy(np.float64)
        if np.isfinite(numbers).all() and (numbers == np.rint(numbers)).all() and (np.abs(numbers) < EXACT).all():
            return [str(int(value)) for value in numbers], "integer"
        return [shortest(value) for value in different.to_numpy()], "float"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        whole = (different == different.dt.normalize()).all()
        return different.dt.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S").tolist(), "text"
    return [str(value) for value in different.astype(object)], "text"


def shortest(value: np.floating[Any]) -> str:
    """Return the shortest text of a number that reads back as it."""
    return str(value.item()) if value.dtype == np.float64 else str(value)
