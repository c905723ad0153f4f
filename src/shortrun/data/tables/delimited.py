"""Comma- and tab-separated text with a header line; every row remembers its line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import read_text
from shortrun.errors import FormatError

csv.field_size_limit(2**31 - 1)  # long sequences are single fields


@dataclass(frozen=True)
class Delimited:
    """A table of texts: `header` (C,), `rows` N x C, and the line (from 1) of each row.

    A file without lines has the `types` of its columns instead, as `table_columns.Column` names them; `lines` are then
    the numbers of rows.
    """

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    types: list[str] | None = None
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


def read_delimited(path: Path, *, skip_bad: bool = False) -> Delimited:
    """Read a table with a header line; tabs in .tsv, or where the first line has one and no comma.

    With `skip_bad`, rows of too few or too many fields are left out and counted.

    Raises
    ------
    FormatError
        If there is no row, a row has too few or too many fields, a quote is not closed, or two columns have the same
        name; names the line.
    """
    text = read_text(path)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter(path, text), strict=True)
    numbered: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            if "".join(row).strip():
                numbered.append((start, [cell.strip() for cell in row]))
            start = reader.line_num + 1
    except csv.Error as error:
        raise FormatError(path, start, f"is no valid CSV: {error}") from None
    return checked(path, numbered, skip_bad)


def delimiter(path: Path | str, text: str = "") -> str:
    """Return what separates the fields of a file: a tab or a comma."""
    if str(path).lower().removesuffix(".gz").endswith(".tsv"):
        return "\t"
    opening = text.lstrip("\n").split("\n", 1)[0]
    return "\t" if "\t" in opening and "," not in opening else ","


def trimmed(numbered: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Return rows without columns at the end that hold nothing, as the panel of the 1000 Genomes has in its header."""
    width = len("\0".join(numbered[0][1]).rstrip("\0").split("\0"))
    return numbered if any(any(row[width:]) for _, row in numbered) else [(line, row[:width]) for line, row in numbered]


def checked(path: Path, numbered: list[tuple[int, list[str]]], skip_bad: bool = False) -> Delimited:
    """Return the table of numbered rows, the first of them its header."""
    (first, header), *rest = trimmed(numbered)
    twice = next((name for i, name in enumerate(header) if name in header[:i]), None)
    if twice is not None:
        raise FormatError(path, first, f"column '{twice}' occurs twice; the first line must name the columns")
    if not rest:
        raise FormatError(path, first, "only a header line, no rows")
    good = [(line, row) for line, row in rest if len(row) == len(header)]
    if len(good) < len(rest) and not (skip_bad and good):
        line, row = next((line, row) for line, row in rest if len(row) != len(header))
        raise FormatError(path, line, f"{len(row)} fields, the header has {len(header)}")
    return Delimited(path, header, [row for _, row in good], [line for line, _ in good], left_out=len(rest) - len(good))
