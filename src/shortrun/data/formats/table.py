"""CSV and TSV: a header line, one line a sample, one column a site (or one column `sequence`)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BufferedWriter, TextIOWrapper
from itertools import islice
from pathlib import Path

import numpy as np

from shortrun.data.alphabet import BINARY, Alphabet
from shortrun.data.dataset import Dataset
from shortrun.data.delimited import Delimited, delimiter, read_delimited
from shortrun.data.options import Options
from shortrun.data.sequences import encode_sequences
from shortrun.data.values import CellError, binarise
from shortrun.errors import FormatError

suffixes = (".csv", ".tsv")

RESERVED = ("name", "label", "group", "sequence")  # never sites


def read(path: Path, options: Options) -> Dataset:
    """Read a table with a header line.

    The columns `name`, `label` and `group` (in any case; or those that `options` names) are what they say,
    and optional. A column `sequence` holds aligned sequences; without it every other column is a site: 0
    and 1, or numbers of which at least one has a decimal point for continuous data. Other whole numbers
    need a threshold or an alphabet.

    Raises
    ------
    FormatError : if a cell cannot be used; names its line and column.
    """
    table = read_delimited(path)
    roles = find_roles(table, options)
    sequence = roles["sequence"]
    lettered = sequence is not None
    columns = site_columns(table, roles) if sequence is None else [sequence]
    try:
        values, alphabet, kept = (encode_column if lettered else encode_sites)(table, columns, options)
        return Dataset.from_arrays(
            values,
            texts(table, roles["label"], kept),
            alphabet=alphabet,
            names=texts(table, roles["name"], kept),
            groups=texts(table, roles["group"], kept),
            meta={} if lettered else {"site_names": [table.header[column] for column in columns]},
        )
    except CellError as error:
        column = table.header[columns[0 if lettered else error.site or 0]]
        raise FormatError(path, table.lines[error.row], f"column '{column}': {error.reason}") from None


def find_roles(table: Delimited, options: Options) -> dict[str, int | None]:
    """Return the column of each role: the one asked for, else the one with its name, else None."""
    roles = {role: table.find(role) for role in RESERVED}
    for role, column in (("label", options.label_column), ("group", options.group)):
        if column is not None:
            roles[role] = table.require(column)
    return roles


def encode_column(
    table: Delimited, columns: list[int], options: Options
) -> tuple[np.ndarray, Alphabet | str | None, np.ndarray]:
    """Return the codes of the sequences in a column, their alphabet, and which rows were kept."""
    return encode_sequences(table.column(columns[0]), options.alphabet, options.unknown)


def encode_sites(
    table: Delimited, columns: list[int], options: Options
) -> tuple[np.ndarray, Alphabet | str | None, np.ndarray]:
    """Return the numbers in the columns of sites, the alphabet asked for, and that every row is kept."""
    values = numbers(table, columns, options.threshold)
    return values, options.alphabet, np.ones(len(values), bool)


def site_columns(table: Delimited, roles: dict[str, int | None]) -> list[int]:
    """Return the columns that are sites: all that have no other role.

    Raises
    ------
    FormatError : if there is none.
    """
    taken = {*roles.values(), *(table.find(role) for role in RESERVED)}
    sites = [index for index in range(len(table.header)) if index not in taken]
    if not sites:
        raise FormatError(table.path, 1, f"no column of values, only {', '.join(table.header)}")
    return sites


def numbers(table: Delimited, sites: list[int], threshold: float | None) -> np.ndarray:
    """Return the (N, S) numbers of the site columns: integers if all are written so, else float64."""
    cells = np.array(table.rows)[:, sites]
    for kind in (np.int64, np.float64):
        try:
            values = cells.astype(kind)
        except (ValueError, OverflowError):
            continue
        return values if threshold is None else binarise(values, threshold)
    row, site = next((i, j) for i, j in np.ndindex(cells.shape) if not is_number(str(cells[i, j])))
    raise CellError(row, site, f"a number expected, got '{cells[row, site]}'")


def is_number(text: str) -> bool:
    """Return whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def texts(table: Delimited, column: int | None, kept: np.ndarray) -> list[str] | None:
    """Return the texts of a column in the rows that were kept, None without such a column."""
    if column is None:
        return None
    return [text for text, keep in zip(table.column(column), kept, strict=True) if keep]


def write(file: BufferedWriter, dataset: Dataset, suffix: str, *, header: bool = True) -> None:
    """Write columns name, label and group (where there are any), then the sites or `sequence`."""
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text, delimiter=delimiter(suffix), lineterminator="\n")
    writer.writerows(islice(rows(dataset), 0 if header else 1, None))
    text.detach()  # flushes, and leaves the file open for its owner


def append(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:
    """Write more samples of the same kind to a file that `write` began."""
    write(file, dataset, suffix, header=False)


def rows(dataset: Dataset) -> Iterator[list[str]]:
    """Yield the header and the rows of a table."""
    columns = {"name": dataset.names}
    if dataset.classes:
        columns["label"] = np.array([*dataset.classes, ""])[dataset.labels]  # the code -1 picks the last
    if dataset.groups is not None:
        columns["group"] = dataset.groups
    header, values = value_cells(dataset)
    yield [*columns, *header]
    for described, cells in zip(zip(*columns.values(), strict=True), values, strict=True):
        yield [*described, *cells]


def value_cells(dataset: Dataset) -> tuple[list[str], Iterator[list[str]]]:
    """Return the header of the values and an iterator over their rows."""
    if dataset.alphabet not in (None, BINARY):
        return ["sequence"], ([text] for text in dataset.alphabet.decode_rows(dataset.values))
    known = dataset.meta.get("site_names", [])
    header = known if len(known) == dataset.sites else [f"site_{i + 1}" for i in range(dataset.sites)]
    return header, (row.astype(str).tolist() for row in dataset.values)
