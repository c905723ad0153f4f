"""CSV and TSV: a header line, one line a sample, one column a site (or one column `sequence`)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from io import BufferedWriter, TextIOWrapper
from itertools import islice
from pathlib import Path

from shortrun.cells import own_cell
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.request import Request
from shortrun.data.tables.decimals import in_points
from shortrun.data.tables.delimited import Delimited, read_delimited
from shortrun.data.tables.dialects import MARKS, delimiter
from shortrun.data.tables.encoding import RESERVED, USES, columns_of, dataset_of
from shortrun.errors import FormatError

SUFFIXES = (".csv", ".tsv")
MOST_KNOWN = 2**16  # cells of texts that are looked at once


def read(path: Path, options: Request) -> Dataset:
    """Read a table with a header line; `data.tables` says what its columns mean.

    Raises
    ------
    FormatError
        If a cell cannot be used; names its line and column.
    """
    spared = {*RESERVED, options.label_column, options.group, *options.categorical, *options.ignore}
    table = in_points(read_delimited(path, options), options, {str(name).casefold() for name in spared})
    return of_good_rows(table, options) if options.skip_bad else dataset_of(table, options)


def of_good_rows(table: Delimited, options: Request) -> Dataset:
    """Return the data set of the rows that can be read, with a note on the others.

    Raises
    ------
    FormatError
        If no row is left, or what is wrong is not in a row.
    """
    rows, first = len(table.rows) + table.left_out, None
    while True:
        try:
            data = dataset_of(table, options)
            break
        except FormatError as error:
            good = [row for row, line in enumerate(table.lines) if line != error.line]
            if not good or len(good) == len(table.lines):
                raise
            table, first = table.select(good), first or error
    left = rows - len(table.rows)
    why = f", the first that was looked into in line {first.line}: {first.reason}" if first else ""
    return data.with_notes(f"{left:,} of {rows:,} rows left out that cannot be read{why}") if left else data


def write(file: BufferedWriter, dataset: Dataset, suffix: str, *, header: bool = True) -> None:
    """Write the columns that `tables.columns_of` lists."""
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, delimiter=delimiter(suffix), lineterminator="\n")
    writer.writerows(islice(rows(dataset), 0 if header else 1, None))
    text.detach()  # flushes, and leaves the file open for its owner


def append(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:
    """Write more samples of the same kind to a file that `write` began."""
    write(file, dataset, suffix, header=False)


def rows(dataset: Dataset) -> Iterator[tuple[str, ...]]:
    """Yield the header and the rows of a table."""
    columns, known = columns_of(dataset), lru_cache(MOST_KNOWN)(own_cell)
    yield tuple(own_cell(column.name) for column in columns)
    texts = [map(known if column.type == "text" else str, map(str, column.cells)) for column in columns]
    for row in zip(*texts, strict=True):
        yield row if row != ("",) else ("NA",)  # an empty line is no row


def looks(text: str) -> bool:
    """Return whether lines have as many fields as the first, which has at least two, but for one in ten."""
    lines = [line for line in text.splitlines() if line.strip()]
    mark = next((mark for mark in MARKS if lines and mark in lines[0]), None)
    if mark is None or len(lines) < 2:
        return False
    widths = [len(row) for row in csv.reader(lines, delimiter=mark)]
    return sum(width == widths[0] for width in widths) >= 0.9 * len(widths)


FORMAT = Format(
    suffixes=SUFFIXES,
    read=read,
    write=write,
    append=append,
    looks=looks,
    uses=(*USES, "delimiter", "decimal", "skip_bad"),
)
