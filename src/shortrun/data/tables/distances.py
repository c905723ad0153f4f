"""Distances of residues in a structure, from a table with columns i, j and distance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shortrun.data.tables.decimals import in_points
from shortrun.data.tables.delimited import Delimited, read_delimited
from shortrun.settings import Reading


def read_distances(path: Path, count: int) -> np.ndarray:
    r"""Return the symmetric (L, L) distances of a file, NaN where it has none; the smallest of what it has twice.

    Parameters
    ----------
    path : Path
        Text table with columns i, j (from 1) and a third one of distances.
    count : int
        Number L of columns of the alignment.

    Returns
    -------
    ndarray
        (L, L) distances.

    Raises
    ------
    FormatError
        For columns that are missing, sites that are none of 1..L, distances that are none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from shortrun.data.tables.distances import read_distances
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "d.csv"
    ...     _ = path.write_text("i,j,distance\n1,2,3.5\n")
    ...     read_distances(path, 2).tolist()
    [[nan, 3.5], [3.5, nan]]
    """
    table = in_points(read_delimited(path).filled(), Reading())
    first, second, third = table.require("i"), table.require("j"), distance_column(table)
    found = np.full((count, count), np.inf)
    for row in range(len(table)):
        a, b = (site_in(table, row, column, count) for column in (first, second))
        value = distance_in(table, row, third)
        found[a, b] = found[b, a] = min(found[a, b], value)
    return np.where(np.isinf(found), np.nan, found)


def distance_column(table: Delimited) -> int:
    """Return the column of distances: "distance", else the only one whose name holds that word."""
    if (exact := table.find("distance")) is not None:
        return exact
    named = [index for index, name in enumerate(table.header) if "dist" in name.casefold()]
    return named[0] if len(named) == 1 else table.require("distance")


def site_in(table: Delimited, row: int, column: int, count: int) -> int:
    """Return the site, from 0, that a cell names."""
    text = table.columns[column][row]
    if not (text.isdecimal() and 1 <= int(text) <= count):
        raise table.refused(row, column, f"a column of the alignment, 1 to {count}, expected, got '{text}'")
    return int(text) - 1


def distance_in(table: Delimited, row: int, column: int) -> float:
    """Return the distance in a cell."""
    text = table.columns[column][row]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise table.refused(row, column, f"a distance expected, got '{text}'")
    return value
