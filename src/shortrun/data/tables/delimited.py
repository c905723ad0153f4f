"""Text tables with a header line; every row remembers its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import read_text
from shortrun.data.tables.dialects import Numbered, opened, rows_of, trimmed
from shortrun.errors import FormatError
from shortrun.settings import Reading


@dataclass(frozen=True)
class Delimited:
    """A table of texts: `header` (C,), `rows` N x C, and the line (from 1) of each row.

    A file without lines has the `types` of its columns instead, as `table_columns.Column` names them; `lines` are then
    the numbers of rows. `separator` is what separates fields, `notes` are lines on how the file was read.
    """

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    types: list[str] | None = None
    separator: str = ","
    notes: tuple[str, ...] = ()
    left_out: int = 0  # rows that could not be read, if that is allowed

    def column(self, index: int) -> list[str]:
        """Return the texts of a column."""
        return [row[index] for row in self.rows]

    def find(self, name: str) -> int | None:
        """Return the index of a column by its name, in any case if need be; None if there is none."""
        if name in self.header:
            return self.header.index(name)
        folded = [column.casefold() for column in self.header]
        return folded.index(name.casefold()) if name.casefold() in folded else None

    def require(self, name: str) -> int:
        """Return the index of a column by its name.

        Raises
        ------
        FormatError
            If there is none; names the nearest.
        """
        index = self.find(name)
        if index is None:
            raise FormatError(self.path, self.first_line, f"no column '{name}'{did_you_mean(name, self.header)}")
        return index

    @property
    def first_line(self) -> int | None:
        """The line of the header, None for a file without lines."""
        return 1 if self.types is None else None

    def refused(self, row: int, column: int, reason: str) -> FormatError:
        """Return the error about a cell."""
        reason = f"column '{self.header[column]}': {reason}"
        if self.types is not None:
            return FormatError(self.path, None, f"row {self.lines[row]}, {reason}")
        return FormatError(self.path, self.lines[row], reason)

    def select(self, rows: list[int]) -> Delimited:
        """Return some of the rows."""
        return replace(self, rows=[self.rows[row] for row in rows], lines=[self.lines[row] for row in rows])

    def with_columns(self, changed: Mapping[int, list[str]]) -> Delimited:
        """Return the table with other cells in some columns, by their index."""
        columns = [changed.get(index) or self.column(index) for index in range(len(self.header))]
        return replace(self, rows=[list(row) for row in zip(*columns, strict=True)])


def read_delimited(path: Path, options: Reading | None = None, *, strict: bool = True) -> Delimited:
    """Read a text table with a header line; what separates its fields is found, unless options say.

    With `skip_bad`, rows of too few or too many fields are left out and counted.

    Parameters
    ----------
    path : Path
        The file.
    options : Reading, optional
        Of reading; its `delimiter`, `encoding` and `skip_bad` are used.
    strict : bool, default True
        Whether the separator that options name must be in the header; a table beside the data may have another.

    Raises
    ------
    FormatError
        If there is no row, a row has too few or too many fields, a quote is not closed, or two columns have the same
        name; names the line.
    """
    options = options or Reading()
    text, mark, notes = opened(path, read_text(path, options.encoding), options.delimiter, strict=strict)
    table = checked(path, [*rows_of(text, mark, path)], options.skip_bad)
    return replace(table, separator=mark, notes=(*notes, *table.notes))


def checked(path: Path, numbered: list[Numbered], skip_bad: bool = False) -> Delimited:
    """Return the table of numbered rows, the first of them its header."""
    (first, header), *rest = trimmed(numbered)
    header, rest, notes = repaired(path, header, rest)
    twice = next((name for i, name in enumerate(header) if name in header[:i]), None)
    if twice is not None:
        raise FormatError(path, first, f"column '{twice}' occurs twice; the first line must name the columns")
    if not rest:
        raise FormatError(path, first, "only a header line, no rows")
    good = [(line, row) for line, row in rest if len(row) == len(header)]
    if len(good) < len(rest) and not (skip_bad and good):
        line, row = next((line, row) for line, row in rest if len(row) != len(header))
        raise FormatError(path, line, f"{len(row)} fields, the header has {len(header)}")
    rows, lines = [row for _, row in good], [line for line, _ in good]
    return Delimited(path, header, rows, lines, notes=notes, left_out=len(rest) - len(good))


def repaired(path: Path, header: list[str], rest: list[Numbered]) -> tuple[list[str], list[Numbered], tuple[str, ...]]:
    """Return header and rows without what programs add to them: '#' before the first name, an empty field at the end.

    Rows that all have one field more than the header begin with a name each, as R writes them.
    """
    notes: tuple[str, ...] = ()
    if header[0].startswith("#") and header[0].strip("# "):
        header = [header[0].strip("# "), *header[1:]]
    if not rest or any(len(row) != len(header) + 1 for _, row in rest):
        return header, rest, notes
    if any(row[-1] for _, row in rest):
        return ["", *header], rest, (f"{path.name}: the header has no name for the first column",)
    return header, [(line, row[:-1]) for line, row in rest], notes
