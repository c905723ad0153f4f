"""Tables with named columns, whatever file holds them: to a data set and back.

The columns `name`, `label`, `group` and `sequence` are what they say. All others are sites:

- only 0 and 1: binary sites; only numbers, one of them with a decimal point: continuous sites; other whole numbers
  with a threshold or an alphabet: what these say;
- otherwise, or if `bins`, `categorical` or `numeric` are given, each column is of a kind of its own. It holds numbers
  if at least half of its cells do (another cell is an error then), else categories. Numbers of up to `bins` (10)
  different values have a code for each; more are put in that many bins with nearly as many rows each, and are written
  back as the lower median of their bin in the training data.

A missing cell is an error, or leaves out its row (`missing="drop-sample"`), or is a value of its own ("category").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from shortrun.data.core.alphabet import BINARY, Alphabet
from shortrun.data.core.columns import Column, is_missing, learned, looks_numeric, number, type_of
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import TableKind
from shortrun.data.core.request import Request
from shortrun.data.core.values import CellError, binarise
from shortrun.data.sequences.encoding import encode_sequences
from shortrun.data.tables.delimited import Delimited
from shortrun.errors import ConfigError, DataError, FormatError

RESERVED = ("name", "label", "group", "sequence")  # never sites
OF_TABLES = ("error", "drop-sample", "category")

Roles = Mapping[str, int | None]


def dataset_of(table: Delimited, options: Request) -> Dataset:
    """Return the data set that a table holds.

    Raises
    ------
    FormatError
        If a cell cannot be used (names its line and column), or a column that was asked for is missing.
    """
    roles = find_roles(table, options)
    sequence = roles["sequence"]
    if sequence is not None and options.columns is None:
        return uniform(table, roles, [sequence], options)
    sites = site_columns(table, roles, options)
    left = without_gaps(table, sites) if options.missing == "drop-sample" else table
    data = (mixed if is_mixed(left, sites, options) else uniform)(left, roles, sites, options)
    rows = len(table) - len(data)
    note = f"{rows:,} {'row' if rows == 1 else 'rows'} left out, with cells missing or unknown"
    return data.with_notes(note) if rows else data


def find_roles(table: Delimited, options: Request) -> dict[str, int | None]:
    """Return the column of each role: the one asked for, else the one with its name, else None."""
    roles = {role: table.find(role) for role in RESERVED}
    for role, column in (("label", options.label_column), ("group", options.group)):
        if column is not None:
            roles[role] = table.require(column)
    return roles


def site_columns(table: Delimited, roles: Roles, options: Request) -> list[int]:
    """Return the columns that are sites: those that options name, else all that have no other role.

    Raises
    ------
    FormatError
        If there is none.
    """
    if options.columns is not None:
        return [table.require(column.name) for column in options.columns]
    taken = {*roles.values(), *(table.find(role) for role in RESERVED), *named(table, options.ignore)}
    sites = [index for index in range(len(table.header)) if index not in taken]
    if not sites:
        raise FormatError(table.path, table.first_line, f"no column of values, only {', '.join(table.header)}")
    return sites


def named(table: Delimited, texts: Sequence[str]) -> set[int]:
    """Return the columns that texts name; a text that is no column may list some, with commas between.

    Raises
    ------
    FormatError
        If one is missing; names the nearest.
    """
    texts = [texts] if isinstance(texts, str) else texts
    names = [name for text in texts for name in ([text] if text in table.header else text.split(","))]
    return {table.require(name.strip()) for name in names}


# One alphabet for all sites


def uniform(table: Delimited, roles: Roles, sites: list[int], options: Request) -> Dataset:
    """Return the data set of a column of sequences, or of columns that all hold the same kind of number."""
    lettered = sites == [roles["sequence"]]
    names = () if lettered else tuple(table.header[column] for column in sites)
    try:
        values, alphabet, kept = (encode_column if lettered else encode_sites)(table, sites, options)
        data = Dataset.from_arrays(
            values,
            texts(table, roles["label"], kept),
            alphabet=alphabet,
            names=texts(table, roles["name"], kept),
            groups=texts(table, roles["group"], kept),
        )
    except CellError as error:
        raise table.refused(error.row, sites[0 if lettered else error.site or 0], error.reason) from None
    return data.with_kind(table=TableKind(names))


def encode_column(
    table: Delimited, columns: list[int], options: Request
) -> tuple[np.ndarray, Alphabet | str | None, np.ndarray]:
    """Return the codes of the sequences in a column, their alphabet, and which rows were kept."""
    return encode_sequences(table.column(columns[0]), options.alphabet, options.unknown)


def encode_sites(
    table: Delimited, columns: list[int], options: Request
) -> tuple[np.ndarray, Alphabet | str | None, np.ndarray]:
    """Return the numbers in the columns of sites, the alphabet asked for, and that every row is kept."""
    values = numbers(table, columns, options.threshold)
    return values, options.alphabet, np.ones(len(values), bool)


def numbers(table: Delimited, sites: list[int], threshold: float | None) -> np.ndarray:
    """Return the (N, S) numbers of the site columns: integers if all are written so, else float64."""
    cells = np.stack([np.array(table.column(site)) for site in sites], axis=1)
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


# Columns of different kinds


def is_mixed(table: Delimited, sites: list[int], options: Request) -> bool:
    """Return whether the columns of a table are of different kinds, or are to be treated so."""
    if options.columns is not None:
        return True
    if options.alphabet is not None or options.threshold is not None:
        return False
    if options.bins is not None or options.categorical or options.numeric:
        return True
    allowed = options.missing == "category"
    different = {cell for i in sites for cell in table.columns[i].different}
    return any(not is_number(cell) or (allowed and is_missing(cell)) for cell in different)


def mixed(table: Delimited, roles: Roles, sites: list[int], options: Request) -> Dataset:
    """Return the data set of columns of different kinds; which is where in the file stays known."""
    if options.missing not in OF_TABLES:
        raise ConfigError("missing", f"of tables, one of {', '.join(OF_TABLES)} expected, got '{options.missing}'")
    columns = tuple(options.columns or learned_columns(table, sites, options))
    codes = np.stack([c.encode(table.column(i)) for c, i in zip(columns, sites, strict=True)], axis=1)
    codes, kept = usable(table, sites, columns, codes, options.unknown)
    data = Dataset.from_arrays(
        codes,
        texts(table, roles["label"], kept),
        columns=columns,
        names=texts(table, roles["name"], kept),
        groups=texts(table, roles["group"], kept),
    )
    return data.with_kind(table=TableKind(header=header(table, roles, sites)))


def without_gaps(table: Delimited, sites: list[int]) -> Delimited:
    """Return the rows of a table without missing cells in some columns."""
    gaps = [column.where(filter(is_missing, column.different)) for column in (table.columns[i] for i in sites)]
    kept = ~np.logical_or.reduce(gaps)
    if not kept.any():
        raise FormatError(table.path, None, "every row has a missing cell")
    return table.select(kept)


def learned_columns(table: Delimited, sites: list[int], options: Request) -> Iterator[Column]:
    """Yield the columns that the cells of a table make.

    Raises
    ------
    FormatError
        If a cell is missing though it must not be, or is no number in a column of numbers; names its line.
    """
    asked = dict.fromkeys(named(table, options.categorical), False)
    asked |= dict.fromkeys(named(table, options.numeric), True)
    for site in sites:
        cells = table.column(site)
        numeric = asked.get(site, looks_numeric(cells))
        check_cells(table, site, cells, numeric, allow_missing=options.missing == "category")
        try:
            column = learned(table.header[site], cells, numeric=numeric, bins=options.bins)
        except DataError as error:
            raise FormatError(table.path, table.first_line, f"column '{table.header[site]}': {error}") from None
        yield replace(column, type=table.types[site]) if table.types else column


def check_cells(table: Delimited, site: int, cells: list[str], numeric: bool, *, allow_missing: bool) -> None:
    """Raise FormatError about the first cell that a column to be learned cannot hold."""
    gaps = {cell for cell in set(cells) if is_missing(cell)}
    wrong = {cell for cell in set(cells) - gaps if numeric and number(cell) is None}
    row = next((i for i, cell in enumerate(cells) if cell in wrong or (cell in gaps and not allow_missing)), None)
    if row is not None:
        remedy = (
            "it is missing: '--missing category' makes that a value of its own, 'drop-sample' leaves out the row"
            if cells[row] in gaps
            else f"in a column of numbers; '--categorical {table.header[site]}' takes all its cells as categories"
        )
        expected = "a number" if numeric else "a value"
        raise table.refused(row, site, f"{expected} expected, got '{cells[row]}' ({remedy})")


def usable(
    table: Delimited, sites: list[int], columns: Sequence[Column], codes: np.ndarray, unknown: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (M, S) uint8 codes of the rows that are kept, and the (N,) mask of those.

    A cell without a code is an error, or becomes a missing one where the column has that (`unknown="gap"`), or leaves
    out its row ("drop").
    """
    if unknown == "gap":
        gaps = np.array([len(column.values) if column.missing else -1 for column in columns])
        codes = np.where(codes < 0, gaps, codes)
    kept = np.asarray((codes >= 0).all(axis=1))
    if not kept.all() and (unknown != "drop" or not kept.any()):
        row, site = np.argwhere(codes < 0)[0].tolist()
        raise table.refused(row, sites[site], columns[site].complaint(table.columns[sites[site]][row]))
    return codes[kept].astype(np.uint8), kept


def header(table: Delimited, roles: Roles, sites: list[int]) -> tuple[tuple[str, str, str], ...]:
    """Return role, name and type of each column of a file that is a site, or names, labels or groups samples."""
    role_of = {i: role for role, i in roles.items() if i is not None and role != "sequence"}
    role_of = dict.fromkeys(sites, "site") | role_of
    kinds = table.types or [
        type_of(table.column(i)) if role_of.get(i) == "label" else "text" for i in range(len(table.header))
    ]
    return tuple((role_of[i], table.header[i], kinds[i]) for i in sorted(role_of))


# What files of codes keep of a table, and Parquet of its bins


def to_json(dataset: Dataset) -> str:
    """Return what the columns of a table mean, and where they were in their file."""
    columns = [column.to_dict() for column in dataset.columns or ()]
    return json.dumps({"columns": columns, "header": dataset.kind.table.header or None})


def from_json(form: str) -> tuple[tuple[Column, ...], TableKind]:
    """Return the columns that `to_json` described, and where they were in their file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        told = json.loads(form)
        layout = tuple((str(role), str(name), str(kind)) for role, name, kind in told["header"] or ())
        return tuple(map(Column.from_dict, told["columns"])), TableKind(header=layout)
    except (KeyError, RecursionError, TypeError, ValueError):
        raise DataError("the description of its columns is damaged") from None


# Back to cells


class Cells(NamedTuple):
    """A column to be written: its name, its type ("text", "integer", "float" or "boolean") and what is in it."""

    name: str
    type: str
    cells: np.ndarray


def columns_of(dataset: Dataset) -> list[Cells]:
    """Return the columns that a file of a data set has.

    Columns of different kinds are in the order and have the names of the file they came from, and what it did not have
    is left out; else name, label and group (where there are any) come first, then the sites or `sequence`.
    """
    found = described(dataset)
    if dataset.columns is None:
        return [*found.values(), *value_columns(dataset)]
    sites = {
        column.name: Cells(column.name, column.type, column.texts[codes])
        for column, codes in zip(dataset.columns, dataset.values.T, strict=True)
    }
    return [
        sites[name] if role == "site" else found[role]._replace(name=name, type=kind)
        for role, name, kind in layout(dataset, [*found])
        if role == "site" or role in found
    ]


def layout(dataset: Dataset, roles: list[str]) -> list[tuple[str, str, str]]:
    """Return role, name and type of the columns of a file: those of the file that the data came from, if it is known.

    Labels that were not in that file come first.
    """
    assert dataset.columns is not None
    known = [*dataset.kind.table.header]
    names = [column.name for column in dataset.columns]
    if sorted(name for role, name, _ in known if role == "site") != sorted(names):
        return [(role, role, "text") for role in roles] + [("site", name, "") for name in names]
    unknown_there = "label" in roles and "label" not in (role for role, _, _ in known)
    return [("label", "label", "text"), *known] if unknown_there else known


def described(dataset: Dataset) -> dict[str, Cells]:
    """Return what describes the samples: name, and label and group where there are any."""
    found = {"name": dataset.names}
    if dataset.classes:
        found["label"] = np.array([*dataset.classes, ""], dtype=object)[dataset.labels]  # the code -1 picks the last
    if dataset.groups is not None:
        found["group"] = dataset.groups
    return {role: Cells(role, "text", cells) for role, cells in found.items()}


def value_columns(dataset: Dataset) -> list[Cells]:
    """Return the columns of values of one kind: the sequences, or one a site."""
    if dataset.alphabet not in (None, BINARY):
        return [Cells("sequence", "text", np.array(dataset.alphabet.decode_rows(dataset.values)))]
    header = dataset.kind.site_names
    kind = "integer" if dataset.alphabet else "float"
    return [Cells(name, kind, column) for name, column in zip(header, dataset.values.T, strict=True)]
