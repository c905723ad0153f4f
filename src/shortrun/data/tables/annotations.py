"""What else is known of samples: a table with their names and any columns, texts or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shortrun.data.core.labels import did_you_mean
from shortrun.data.tables.delimited import Delimited, read_delimited
from shortrun.errors import FormatError


def read_annotations(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the columns of a CSV or TSV file (.gz or not) for samples of these names, each (N,).

    A column in which every cell that is filled is a finite number is float64, NaN where unknown; others are texts, ""
    where unknown. Samples without a row are unknown; a row counts for every sample of its name.

    Raises
    ------
    FormatError
        If there is no column `name` or none beside it, a row names no sample (names the nearest), or two rows are of
        one name; names the line.
    """
    table = read_delimited(path)
    by = table.require("name")
    if len(table.header) == 1:
        raise FormatError(path, 1, "only a column 'name', no annotations beside it")
    row_of = rows_by_name(table, by, names)
    rows = np.array([row_of.get(name, -1) for name in names])
    return {
        header: typed(np.array([*table.column(index), ""], dtype=object)[rows].astype(str))
        for index, header in enumerate(table.header)
        if index != by
    }


def rows_by_name(table: Delimited, by: int, names: Sequence[str]) -> dict[str, int]:
    """Return the row of each name."""
    known, row_of = set(names), {}
    for row, name in enumerate(table.column(by)):
        if name not in known:
            reason = f"no sample is called '{name}'{did_you_mean(name, [*names])}"
            raise FormatError(table.path, table.lines[row], reason)
        if name in row_of:
            reason = f"name '{name}' is in line {table.lines[row_of[name]]} already"
            raise FormatError(table.path, table.lines[row], reason)
        row_of[name] = row
    return row_of


def typed(cells: np.ndarray) -> np.ndarray:
    """Return texts as numbers where all that are filled are finite ones."""
    try:
        numbers = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return cells
    known = numbers[cells != ""]
    return numbers if len(known) and np.isfinite(known).all() else cells
