"""Text tables with a header line; every row remembers its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import read_text
from shortrun.data.core.spelling import notes_on_spelling, respelled
from shortrun.data.core.texts import GrowingTexts, Texts
from shortrun.data.core.words import plain
from shortrun.data.tables.dialects import LINES, SPACE, Numbered, named_part, opened, rows_of
from shortrun.errors import FormatError
from shortrun.phrases import counted, of_columns
from shortrun.settings import Reading

ROWS_AT_ONCE = 2**14  # rows as lists, before they become columns
NAMES = ("name", "id", "sample")  # what a first column is called that names samples
ODD = ('"', "\r", "\0", "\ufeff")  # signs of which a parser of CSV makes more than a cell


@dataclass(frozen=True)
class Delimited:
    """A table of texts by columns: `header` (C,), `columns` with N texts each, and the line (from 1) of each row.

    A file without lines has the `types` of its columns instead, as `table_columns.Column` names them; `lines` are then
    the numbers of rows. `separator` is what separates fields, `notes` are lines on how the file was read.
    """

    path: Path
    header: list[str]
    columns: list[Texts]
    lines: list[int]
    types: list[str] | None = None
    separator: str = ","
    notes: tuple[str, ...] = ()
    left_out: int = 0  # rows that could not be read, if that is allowed

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
        for form in (plain, lambda text: plain(text).casefold()):
            names = [*map(form, self.header)]
            if form(name) in names:
                return names.index(form(name))
        return None

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

    @property
    def empty(self) -> np.ndarray:
        """(N,) bool: in which rows no cell holds anything; of files only separators stand there."""
        if not all("" in column.different for column in self.columns):
            return np.zeros(len(self), bool)
        return np.logical_and.reduce([column.where(("",)) for column in self.columns])

    def filled(self) -> Delimited:
        """Return the rows that hold something, with a note on the others."""
        empty = self.empty
        if not empty.any() or empty.all():
            return self
        note = f"{self.path.name}: {counted(int(empty.sum()), 'row')} without any cell left out"
        return replace(self.select(~empty), notes=(*self.notes, note))

    def with_columns(self, changed: Mapping[int, list[str]]) -> Delimited:
        """Return the table with other cells in some columns, by their index."""
        columns = [Texts.of(changed.get(index, column)) for index, column in enumerate(self.columns)]
        return replace(self, columns=columns)


def read_delimited(path: Path, options: Reading | None = None, *, strict: bool = True) -> Delimited:
    """Read a text table with a header line; what separates its fields is found, unless options say.

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
    table = tidied(at_once(path, text, mark) or checked(path, rows_of(text, mark, path), options.skip_bad))
    return replace(table, separator=mark, notes=(*notes, *table.notes))


def tidied(table: Delimited) -> Delimited:
    """Return a table with its cells in the spelling in which texts are compared, and notes on those that were not."""
    columns = [respelled(column) for column in table.columns]
    changed = {
        f"column '{name}'": before
        for name, before, after in zip(table.header, table.columns, columns, strict=True)
        if before is not after
    }
    return replace(table, columns=columns, notes=(*table.notes, *notes_on_spelling(changed)))


def at_once(path: Path, text: str, mark: str) -> Delimited | None:
    """Return the table of a text in which nothing is odd, four times as fast as row by row; None of another one.

    Every line has as many fields as the header, whose names all differ; there are no quotes and no empty lines.
    """
    if mark == SPACE or not mark.isascii() or any(sign in text for sign in ODD):
        return None
    head, _, body = text.lstrip("\n").partition("\n")
    header, body = unmarked([*map(str.strip, head.split(mark))]), body.rstrip("\n")
    lines, width = body.split("\n"), len(header)
    if width == 1 or len({*map(plain, header), ""}) <= width or {line.count(mark) for line in lines} != {width - 1}:
        return None
    import pandas as pd

    plainly = {"quoting": csv.QUOTE_NONE, "na_filter": False, "skip_blank_lines": False, "low_memory": False}
    cells = pd.read_csv(io.StringIO(body), sep=mark, header=None, dtype=object, **plainly)
    columns = [Texts.of(cells[i].to_numpy(object)) for i in range(width)]
    first = len(text) - len(text.lstrip("\n")) + 2  # the header may follow comments, which are empty lines here
    return Delimited(path, header, columns, [*range(first, first + len(lines))])


def checked(path: Path, rows: Iterable[Numbered], skip_bad: bool = False) -> Delimited:
    """Return the table of numbered rows, the first of them its header.

    What programs add is repaired: '#' before the first name, and columns at the end that hold nothing, as the panel of
    the 1000 Genomes has in its header. Rows that all have one field more than the header begin with a name each, as R
    writes them: unless the header begins with the name of such a column, and R has not numbered the rows.

    Raises
    ------
    FormatError
        If there is no row, a row has too few or too many fields, or two columns have the same name; names the line.
    """
    rows = iter(rows)
    first, header = next(rows)
    header = unmarked([*map(str.strip, header)])
    block = list(islice(rows, LINES))
    if not block:
        raise FormatError(path, first, "only a header line, no rows")
    short = is_short(header, [row for _, row in block])
    fields, width = len(header) + short, len(header) if short else len(named_part(header))
    expected = f"{fields} as in most rows expected" if short else f"the header has {width}"
    found = gathered(path, chain(block, rows), fields, width, expected, skip_bad)
    notes: tuple[str, ...] = ()
    if any(any(column.different) for column in found.columns[width:]):
        found = unpadded(path, found, expected, skip_bad)
        if short:
            then = f"the first has no name, then come {of_columns(header)}"
            header, notes = ["", *header], (f"{path.name}: rows have one field more than the header: {then}",)
    else:
        header, found = header[:width], found._replace(columns=found.columns[:width])
    twice = next((name for i, name in enumerate(header) if plain(name) in map(plain, header[:i])), None)
    if twice is not None:
        raise FormatError(path, first, f"column '{twice}' occurs twice; the first line must name the columns")
    return Delimited(path, header, found.columns, found.lines, notes=notes, left_out=found.left_out)


def is_short(header: list[str], rows: list[list[str]]) -> bool:
    """Return whether the header has no name for the first column of most rows."""
    longer = [row for row in rows if len(row) == len(header) + 1]
    named = header[0].casefold() in NAMES and rows[0][0] != "1"
    return len(longer) > len(rows) / 2 and not named


def unmarked(header: list[str]) -> list[str]:
    """Return the names of columns without '#' before the first."""
    bare = header[0].strip("# ")
    return [bare, *header[1:]] if header[0].startswith("#") and bare else header


class Gathered(NamedTuple):
    """Rows as columns: their lines, the cells, which rows of how many fields were padded, how many were bad."""

    lines: list[int]
    columns: list[Texts]
    padded: dict[int, int]
    left_out: int


def unpadded(path: Path, found: Gathered, expected: str, skip_bad: bool) -> Gathered:
    """Return rows without those that were padded, which are bad where others have a cell there.

    Raises
    ------
    FormatError
        If there are some, and bad rows are not to be left out.
    """
    if not found.padded:
        return found
    if not skip_bad:
        row, fields = next(iter(found.padded.items()))
        raise FormatError(path, found.lines[row], f"{fields} fields, {expected}")
    kept = np.delete(np.arange(len(found.lines)), [*found.padded])
    columns = [column.select(kept) for column in found.columns]
    return Gathered([found.lines[row] for row in kept], columns, {}, found.left_out + len(found.padded))


def gathered(path: Path, rows: Iterator[Numbered], fields: int, width: int, expected: str, skip_bad: bool) -> Gathered:
    """Return the columns of rows.

    Only cells from `width` on may be too few or too many, where they are empty.

    Raises
    ------
    FormatError
        If a row has too few or too many cells, and it is not to be left out, or none is left.
    """
    columns, lines, padded, bad = [GrowingTexts() for _ in range(fields)], [], {}, []
    while block := list(islice(rows, ROWS_AT_ONCE)):
        good = []
        for line, row in block:
            if len(row) == fields:
                good.append((line, row))
            elif len(row) >= width and not any(map(str.strip, row[width:])):
                padded[len(lines) + len(good)] = len(row)
                good.append((line, [*row[:width], *[""] * (fields - width)]))
            else:
                bad.append((line, len(row)))
        if bad and not skip_bad:
            break
        lines += [line for line, _ in good]
        cells = zip(*(row for _, row in good), strict=True) if good else ()
        for column, part in zip(columns if good else (), cells, strict=True):
            column.add(part)
    if bad and not (skip_bad and lines):
        raise FormatError(path, bad[0][0], f"{bad[0][1]} fields, {expected}")
    return Gathered(lines, [column.whole() for column in columns], padded, len(bad))
