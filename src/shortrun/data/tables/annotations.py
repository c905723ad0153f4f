"""What else is known of samples: a table with their names and any columns, texts or numbers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.words import is_missing
from shortrun.data.tables.decimals import in_points
from shortrun.data.tables.delimited import read_delimited
from shortrun.data.tables.naming import match
from shortrun.errors import FormatError
from shortrun.settings import Reading


class Annotations(NamedTuple):
    """Columns about samples, (N,) each, by their names in the file, and notes on how they were found."""

    columns: dict[str, np.ndarray]
    notes: tuple[str, ...]


def read_annotations(path: Path, data: Dataset, options: Reading | None = None) -> Annotations:
    """Return what a text table says of samples.

    Rows are found by the samples' names, in whatever column they are (`naming.match`). A column in which every cell
    that is filled is a finite number is float64, NaN where unknown; others are texts, "" where unknown. Samples without
    a row are unknown.

    Parameters
    ----------
    path : Path
        The file.
    data : Dataset
        The samples.
    options : Reading, optional
        Of reading; its `delimiter`, `decimal` and `encoding` are used.

    Raises
    ------
    FormatError
        If no column names samples or there is none beside it, or two rows of one sample differ; names the line.
    """
    options = options or Reading()
    table = read_delimited(path, options, strict=False)
    if len(table.header) == 1:
        raise FormatError(path, table.first_line, "two columns or more expected: names, and annotations beside them")
    found = match(table, data, lambda _, row: tuple(table.rows[row]), what="other annotations")
    table = in_points(table, options, {table.header[found.column].casefold()})
    columns = {
        header: typed(np.array([*table.column(index), ""], dtype=object)[found.rows].astype(str))
        for index, header in enumerate(table.header)
        if index != found.column
    }
    return Annotations(columns, (*table.notes, found.note))


def typed(cells: np.ndarray) -> np.ndarray:
    """Return texts as numbers where all that are filled are finite ones; words for nothing are ''."""
    cells = np.array(["" if is_missing(cell) else cell for cell in cells.tolist()])
    try:
        numbers = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return cells
    known = numbers[cells != ""]
    return numbers if len(known) and np.isfinite(known).all() else cells
