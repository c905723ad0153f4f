"""Comma- and tab-separated text with a header line; every row remembers its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import read_text
from shortrun.data.core.texts import GrowingTexts, Texts
from shortrun.errors import FormatError

csv.field_size_limit(2**31 - 1)  # long sequences are single fields


ROWS_AT_ONCE = 2**14  # rows as lists, before they become columns


@dataclass(frozen=True)
class Delimited:
    """A table of texts by columns: `header` (C,), `columns` with N texts each, and the line (from 1) of each row.

    A file without lines has the `types` of its columns instead, as `table_columns.Column` names them; `lines` are then
    the numbers of rows.
    """

    path: Path
    header: list[str]
    columns: list[Texts]
    lines: list[int]
    types: list[str] | None = None

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def rows(self) -> list[list[str]]:
        """The cells row by row, N x C; columns are what a large table is to be asked for."""
        return [list(row) for row in zip(*(column.cells.tolist() for column in self.columns), strict=True)]

    def column(self, index: int) -> list[str]:
        """Return the texts of a column, one a row."""
        return self.columns[index].cells.tolist()

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

    def select(self, rows: Any) -> Delimited:
        """Return some of the rows: indices or a mask."""
        columns = [column.select(rows) for column in self.columns]
        return replace(self, columns=columns, lines=np.array(self.lines)[rows].tolist())


def read_delimited(path: Path) -> Delimited:
    """Read a table with a header line; tabs in .tsv, or where the first line has one and no comma.

    Raises
    ------
    FormatError
        If there is no row, a row has too few or too many fields, a quote is not closed, or two columns have the same
        name; names the line.
    """
    text = read_text(path)
    return checked(path, numbered(path, csv.reader(io.StringIO(text), delimiter=delimiter(path, text), strict=True)))


def numbered(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, each with its first line.

    Raises
    ------
    FormatError
        If a quote is not closed; names the line.
    """
    start = 1
    try:
        for row in reader:
            if any(row) and any(map(str.strip, row)):  # cells are stripped later, once for each different one
                yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        raise FormatError(path, start, f"is no valid CSV: {error}") from None


def delimiter(path: Path | str, text: str = "") -> str:
    """Return what separates the fields of a file: a tab or a comma."""
    if str(path).lower().removesuffix(".gz").endswith(".tsv"):
        return "\t"
    opening = text.lstrip("\n").split("\n", 1)[0]
    return "\t" if "\t" in opening and "," not in opening else ","


def checked(path: Path, rows: Iterable[tuple[int, list[str]]]) -> Delimited:
    """Return the table of numbered rows, the first of them its header.

    Columns at the end that hold nothing, as the panel of the 1000 Genomes has in its header, are left out.

    Raises
    ------
    FormatError
        If there is no row, a row has too few or too many fields, or two columns have the same name; names the line.
    """
    rows = iter(rows)
    first, header = next(rows)
    header = [*map(str.strip, header)]
    width = len(named_part(header))
    lines, columns, padded = gathered(path, rows, header, width)
    if not any(any(column.different) for column in columns[width:]):
        header, columns = header[:width], columns[:width]
    elif padded is not None:
        raise FormatError(path, padded[0], f"{padded[1]} fields, the header has {len(header)}")
    twice = next((name for i, name in enumerate(header) if name in header[:i]), None)
    if twice is not None:
        raise FormatError(path, first, f"column '{twice}' occurs twice; the first line must name the columns")
    if not lines:
        raise FormatError(path, first, "only a header line, no rows")
    return Delimited(path, header, columns, lines)


def gathered(
    path: Path, rows: Iterator[tuple[int, list[str]]], header: list[str], width: int
) -> tuple[list[int], list[Texts], tuple[int, int] | None]:
    """Return the lines of rows, their columns, and line and length of the first row with another number of cells.

    Only cells from `width` on may be too few or too many, where they are empty.

    Raises
    ------
    FormatError
        If a row has too few or too many cells.
    """
    columns, lines, padded = [GrowingTexts() for _ in header], [], None
    while block := list(islice(rows, ROWS_AT_ONCE)):
        for i, (line, row) in enumerate(block):
            if len(row) != len(header):
                if len(row) < width or any(map(str.strip, row[width:])):
                    raise FormatError(path, line, f"{len(row)} fields, the header has {len(header)}")
                padded = padded or (line, len(row))
                block[i] = line, [*row[:width], *[""] * (len(header) - width)]
        lines += [line for line, _ in block]
        for column, part in zip(columns, zip(*(row for _, row in block), strict=True), strict=True):
            column.add(part)
    return lines, [column.whole().stripped() for column in columns], padded


def named_part(header: list[str]) -> list[str]:
    """Return the names of columns without the empty ones at the end."""
    return header[: max((i for i, name in enumerate(header, 1) if name), default=0)]
