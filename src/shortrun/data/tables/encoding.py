"""Tables with named columns, whatever file holds them: to a data set and back.

The columns `name`, `label`, `group` and `sequence` are what they say, unless an option makes them sites. All others are
sites, but for those that name rows or hold free text:

- only 0 and 1: binary sites; numbers with a threshold or an alphabet: what these say (`continuous`: standardised);
- otherwise each column is of a kind of its own. It holds numbers if at least half of its cells do (another cell is an
  error then), else dates if all its cells are of one form, else categories. Numbers of up to `bins` (10) different
  values have a code for each; more are put in that many bins with nearly as many rows each, and are written back drawn
  from the numbers that the training data have in the bin.

A missing cell is a value of its own ("category"), or leaves out its row ("drop-sample"), or is an error. What a data
set has from a file, it writes back as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from shortrun.data.core.alphabet import BINARY, Alphabet
from shortrun.data.core.columns import NUMBER, Column, digits_of, missing_rows, type_of
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.frames import written
from shortrun.data.core.kind import TableKind
from shortrun.data.core.labels import label_text
from shortrun.data.core.originals import Original
from shortrun.data.core.request import Request
from shortrun.data.core.texts import Texts
from shortrun.data.core.values import CellError, binarise
from shortrun.data.sequences.encoding import Encoded, encode_sequences
from shortrun.data.tables.delimited import Delimited
from shortrun.data.tables.understanding import Findings, learned_columns, left_out
from shortrun.errors import ConfigError, FormatError
from shortrun.phrases import counted, of_columns

RESERVED = ("name", "label", "group", "sequence")  # no sites unless that is asked for
SEQUENCE = "sequence"
USES = (
    *("alphabet", "unknown", "threshold", "missing", "bins", "categorical", "numeric", "ignore"),
    *("label_column", "group"),
)  # options of reading
VALUES = ("site", SEQUENCE)  # roles of columns that hold values
OF_TABLES = ("error", "drop-sample", "category")
MEANS = {
    "name": "names the rows",
    "label": "holds classes",
    "group": "says which rows belong together",
    "sequence": "holds sequences",
}

Roles = Mapping[str, int | None]


def dataset_of(table: Delimited, options: Request) -> Dataset:
    """Return the data set that a table holds.

    Raises
    ------
    FormatError
        If a cell cannot be used (names its line and column), or a column that was asked for is missing.
    """
    options = options if "missing" in options.model_fields_set else options.but(missing="category")
    roles = find_roles(table, options)
    sequence = roles["sequence"]
    if sequence is not None and options.columns is None:
        table = table.filled()
        return uniform(table, roles, [sequence], options).with_notes(*table.notes, *beside_sequences(table, roles))
    findings = Findings()
    sites = site_columns(table, roles, options, findings)
    left = without_gaps(table, sites) if options.missing == "drop-sample" else table
    data = (mixed if is_mixed(left, sites, options) else uniform)(left, roles, sites, options, findings)
    rows = len(table) - len(data)
    notes = [f"{counted(rows, 'row')} left out, with cells missing or unknown"] if rows else []
    return data.with_notes(*table.notes, *of_empty_rows(table), *findings.notes, *notes)


def beside_sequences(table: Delimited, roles: Roles) -> list[str]:
    """Return a line about columns beside a column of sequences that have no role, if there are some."""
    others = [name for column, name in enumerate(table.header) if column not in roles.values()]
    return [f"{of_columns(others)} not modelled, as there is a column of sequences"] if others else []


def of_empty_rows(table: Delimited) -> list[str]:
    """Return a line about rows without any cell, if there are some."""
    rows = np.flatnonzero(table.empty)
    if not len(rows):
        return []
    place = "row" if table.first_line is None else "line"
    first = f"{place} {table.lines[rows[0]]}{', ...' if len(rows) > 1 else ''}"
    return [f"{counted(len(rows), 'row')} without any cell ({first}), read as rows of missing cells"]


def find_roles(table: Delimited, options: Request) -> dict[str, int | None]:
    """Return the column of each role: the one asked for, else the one with its name, else None.

    Raises
    ------
    FormatError
        If a column that was asked for is missing.
    ConfigError
        If a column is to be modelled and to hold the classes, or groups.
    """
    sites = kinds_asked(table, options)
    roles = {role: table.find(role) for role in RESERVED}
    roles = {role: None if column in sites else column for role, column in roles.items()}
    for role, column in (("label", options.label_column), ("group", options.group)):
        if column is not None:
            roles[role] = table.require(column)
        if roles[role] in sites:
            raise ConfigError("categorical", f"column '{column}' cannot be modelled, it {MEANS[role]}")
    return roles


def kinds_asked(table: Delimited, options: Request) -> dict[int, bool]:
    """Return the columns that options call categories or numbers, and whether they are numbers."""
    asked = dict.fromkeys(named(table, options.categorical), False)
    return asked | dict.fromkeys(named(table, options.numeric), True)


def site_columns(table: Delimited, roles: Roles, options: Request, findings: Findings) -> list[int]:
    """Return the columns that are sites: those that options name, else all that have no other role or are no names.

    Raises
    ------
    FormatError
        If there is none.
    """
    if options.columns is not None:
        return [table.require(column.name) for column in options.columns]
    if options.like is not None and options.like.table.names:
        return sites_by_name(table, options.like.table.names, findings)
    asked = kinds_asked(table, options)
    reserved = {role: column for role in RESERVED if (column := table.find(role)) is not None and column not in asked}
    taken = {*roles.values(), *reserved.values(), *named(table, options.ignore)}
    sites = [index for index in range(len(table.header)) if index not in taken]
    why = left_out(table, sites, asked)
    if len(why) < len(sites):
        sites = [site for site in sites if site not in why]
        findings.notes += [
            f"{of_columns([table.header[site]])} is not modelled: {reason} ('--categorical' or '--numeric' models it)"
            for site, reason in why.items()
        ]
    findings.notes += role_notes(table, reserved, options)
    if not sites:
        raise FormatError(table.path, table.first_line, f"no column of values, only {', '.join(table.header)}")
    return sites


def sites_by_name(table: Delimited, names: Sequence[str], findings: Findings) -> list[int]:
    """Return the columns that have the names of sites, in the order of the names; says if the file has another.

    Raises
    ------
    FormatError
        If one is missing; names the nearest.
    """
    sites = [table.require(name) for name in names]
    if sites != sorted(sites):
        moved = sum(here != there for here, there in zip(sites, sorted(sites), strict=True))
        findings.notes.append(f"{counted(moved, 'column')} in another order than learned, found by their names")
    return sites


def role_notes(table: Delimited, reserved: Mapping[str, int], options: Request) -> list[str]:
    """Return a line for each column that has a role by its name, of which no option spoke."""
    given = {options.label_column, options.group}
    return [
        f"column '{table.header[column]}' is not modelled: by its name it {MEANS[role]} "
        f"('--categorical {table.header[column]}' models it)"
        for role, column in reserved.items()
        if table.header[column] not in given
    ]


def named(table: Delimited, texts: Sequence[str]) -> set[int]:
    """Return the columns that texts name; a text that is no column may list some, with commas between.

    Raises
    ------
    FormatError
        If one is missing; names the nearest.
    """
    texts = [texts] if isinstance(texts, str) else texts
    names = [name for text in texts for name in ([text] if table.find(text) is not None else text.split(","))]
    return {table.require(name.strip()) for name in names}


# One alphabet for all sites


def uniform(
    table: Delimited, roles: Roles, sites: list[int], options: Request, findings: Findings | None = None
) -> Dataset:
    """Return the data set of a column of sequences, or of columns that all hold the same kind of number."""
    lettered = sites == [roles["sequence"]]
    names = () if lettered else tuple(table.header[column] for column in sites)
    try:
        values, alphabet, kept, notes = (encode_column if lettered else encode_sites)(table, sites, options)
        scales = scales_of(table, sites, values, options) if isinstance(values, np.ndarray) and not lettered else ()
        if scales:
            mean, scale, _ = np.array(scales).T
            values = (values - mean) / scale
        data = Dataset.from_arrays(
            values,
            texts(table, roles["label"], kept),
            alphabet=alphabet,
            names=texts(table, roles["name"], kept),
            groups=texts(table, roles["group"], kept),
        )
    except CellError as error:
        raise table.refused(error.row, sites[0 if lettered else error.site or 0], error.reason) from None
    data = data.with_notes(*notes)
    if lettered:
        data = data.with_kind(table=TableKind(header=header(table, roles, [])))
        return data.with_original(original(table, [], kept, options))
    if scales and findings is not None:
        findings.notes.append(
            f"{of_columns(names)}: numbers, standardised to mean 0 and standard deviation 1, and written in their own "
            "units"
        )
    data = data.with_kind(table=TableKind(names, header(table, roles, sites), scales))
    return data if options.threshold is not None else data.with_original(original(table, sites, kept, options))


def scales_of(
    table: Delimited, sites: list[int], values: np.ndarray, options: Request
) -> tuple[tuple[float, float, int], ...]:
    """Return mean, standard deviation and decimals of continuous columns, or those that a kind has already."""
    if options.alphabet != "continuous":
        return ()
    if options.like is not None:
        return options.like.table.scales
    if not np.isfinite(values).all():
        return ()  # a data set refuses them
    spread = values.std(axis=0)
    digits = [digits_of(table.columns[site].different) for site in sites]
    return tuple(
        (float(mean), float(scale), -1 if many is None else many)
        for mean, scale, many in zip(values.mean(axis=0), np.where(spread > 0, spread, 1), digits, strict=True)
    )


def original(table: Delimited, sites: Sequence[int], kept: np.ndarray, options: Request) -> Original:
    """Return the cells of the rows that were kept."""
    rows = slice(None) if kept.all() else kept
    columns = tuple(column.select(rows) for column in table.columns)
    return Original(columns, tuple(sites), learned=options.columns is None)


def encode_column(table: Delimited, columns: list[int], options: Request) -> Encoded:
    """Return the codes of the sequences in a column, their alphabet, which rows were kept, and what was changed."""
    return encode_sequences(table.column(columns[0]), options.alphabet, options.unknown)


def encode_sites(
    table: Delimited, columns: list[int], options: Request
) -> tuple[np.ndarray, Alphabet | str | None, np.ndarray, tuple[str, ...]]:
    """Return the numbers in the columns of sites, the alphabet asked for, and that every row is kept unchanged."""
    values = numbers(table, columns, options.threshold)
    return values, options.alphabet, np.ones(len(values), bool), ()


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
    return not all(is_bit(cell) for site in sites for cell in table.columns[site].different)


def is_bit(cell: str) -> bool:
    """Return whether a cell is 0 or 1, however the number is written; 00 and +1 are names."""
    return NUMBER.fullmatch(cell) is not None and float(cell) in (0, 1)


def mixed(table: Delimited, roles: Roles, sites: list[int], options: Request, findings: Findings) -> Dataset:
    """Return the data set of columns of different kinds; which is where in the file stays known."""
    if options.missing not in OF_TABLES:
        raise ConfigError("missing", f"of tables, one of {', '.join(OF_TABLES)} expected, got '{options.missing}'")
    asked = kinds_asked(table, options) if options.columns is None else {}
    columns = options.columns or tuple(learned_columns(table, sites, asked, options, findings))
    findings.check()
    codes = np.stack([c.encode(table.columns[i]) for c, i in zip(columns, sites, strict=True)], axis=1)
    codes, kept = usable(table, sites, columns, codes, options.unknown, findings)
    data = Dataset.from_arrays(
        codes,
        None if roles["label"] is None else table.columns[roles["label"]].select(kept),
        columns=columns,
        names=texts(table, roles["name"], kept),
        groups=texts(table, roles["group"], kept),
    )
    data = data.with_kind(table=TableKind(header=header(table, roles, sites)))
    return data.with_original(original(table, sites, kept, options))


def without_gaps(table: Delimited, sites: list[int]) -> Delimited:
    """Return the rows of a table without missing cells in some columns."""
    gaps = [missing_rows(table.columns[i]) for i in sites]
    kept = ~np.logical_or.reduce(gaps)
    if not kept.any():
        raise FormatError(table.path, None, "every row has a missing cell")
    return table.select(kept)


def usable(
    table: Delimited, sites: list[int], columns: Sequence[Column], codes: np.ndarray, unknown: str, findings: Findings
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (M, S) uint8 codes of the rows that are kept, and the (N,) mask of those.

    A cell without a code is an error, or becomes a missing one where the column has that (`unknown="gap"`), or leaves
    out its row ("drop").
    """
    if unknown == "gap":
        gaps = np.array([len(column.values) if column.missing else -1 for column in columns])
        changed = (codes < 0) & (gaps >= 0)
        codes = np.where(codes < 0, gaps, codes)
        findings.notes += [f"{counted(int(changed.sum()), 'unknown cell')} read as missing"] if changed.any() else []
    kept = np.asarray((codes >= 0).all(axis=1))
    if not kept.all() and (unknown != "drop" or not kept.any()):
        for i in np.flatnonzero((codes < 0).any(axis=0)).tolist():
            rows = np.flatnonzero(codes[:, i] < 0)
            more = f"; {len(rows):,} cells of this column are so" if len(rows) > 1 else ""
            remedy = "'--unknown drop' leaves out the row" + ", 'gap' reads it as missing" * columns[i].missing
            complaint = f"{columns[i].complaint(table.columns[sites[i]][rows[0]])} ({remedy}{more})"
            findings.problems.append(table.refused(int(rows[0]), sites[i], complaint))
        findings.check()
    return codes[kept].astype(np.uint8), kept


def header(table: Delimited, roles: Roles, sites: list[int]) -> tuple[tuple[str, str, str], ...]:
    """Return role, name and type of each column of a file."""
    role_of = dict.fromkeys(sites, "site") | {i: role for role, i in roles.items() if i is not None and i not in sites}
    kinds = table.types or [
        type_of(table.columns[i]) if role_of.get(i) == "label" else "text" for i in range(len(table.header))
    ]
    return tuple((role_of.get(i, "other"), name, kinds[i]) for i, name in enumerate(table.header))


# Back to cells


class Cells(NamedTuple):
    """A column to be written: its name, its type ("text", "integer", "float" or "boolean") and what is in it."""

    name: str
    type: str
    cells: np.ndarray


def columns_of(dataset: Dataset) -> list[Cells]:
    """Return the columns that a file of a data set has.

    Those of a file that the samples came from, as they were; of generated samples those that are modelled, in the order
    and with the names of that file. Else name, label and group (where there are any) come first, then the sites or
    `sequence`.
    """
    found = described(dataset)
    if dataset.original is not None:
        return as_they_were(dataset, found)
    sites = {column.name: column for column in value_columns(dataset)}
    return [
        sites[name] if role in VALUES else found[role]._replace(name=name, type=kind)
        for role, name, kind in layout(dataset, [*found])
    ]


def with_cells(dataset: Dataset, cells: Mapping[int, np.ndarray]) -> Dataset:
    """Return samples of columns of different kinds that are written with these (N,) cells at some sites."""
    header = layout(dataset, [*described(dataset)])
    places = {name: place for place, (role, name, _) in enumerate(header) if role == "site"}
    sites = tuple(places[name] for name in dataset.kind.site_names)
    texts = [column.cells for column in columns_of(dataset)]
    for site, those in cells.items():
        texts[sites[site]] = those
    columns = tuple(Texts.of(tuple(map(str, each.tolist()))) for each in texts)
    table = replace(dataset.kind.table, header=tuple(header))
    return dataset.with_kind(table=table).with_original(Original(columns, sites, learned=False))


def as_they_were(dataset: Dataset, found: Mapping[str, Cells]) -> list[Cells]:
    """Return all columns of the file that samples came from, with labels and groups that they have got since."""
    assert dataset.original is not None
    types = {column.name: column.type for column in dataset.columns or ()}
    cells = []
    for (role, name, kind), texts in zip(dataset.kind.table.header, dataset.original.columns, strict=True):
        if role == SEQUENCE:
            cells += value_columns(dataset)  # letters that were asked to become others have done so
            continue
        kind = types.get(name, kind) if role == "site" else kind
        same = role not in ("label", "group") or role not in found or agrees(texts.cells, found[role].cells)
        cells.append(Cells(name, kind, texts.cells) if same else found[role]._replace(name=name, type=kind))
    roles, names = ({part[i] for part in dataset.kind.table.header} for i in (0, 1))
    new = [found[role] for role in ("label", "group") if role in found and role not in roles and role not in names]
    return [*new, *cells]


def agrees(before: np.ndarray, now: np.ndarray) -> bool:
    """Return whether the texts of a column are still those of labels or groups."""
    pairs = dict.fromkeys(zip(before.tolist(), now.tolist(), strict=True))
    return all(label_text(old) == label_text(new) for old, new in pairs)


def layout(dataset: Dataset, roles: list[str]) -> list[tuple[str, str, str]]:
    """Return role, name and type of the columns of a file: those of the file that the data came from, if it is known.

    Of columns that describe samples, these are the `roles` that the samples have. Labels that were not in that file
    come first.
    """
    names = names_of_values(dataset)
    known = [column for column in dataset.kind.table.header if column[0] in (*VALUES, *roles)]
    if sorted(name for role, name, _ in known if role in VALUES) != sorted(names):
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


def names_of_values(dataset: Dataset) -> list[str]:
    """Return the names of the columns of values: that of sequences, or one a site."""
    if dataset.columns is not None or dataset.alphabet in (None, BINARY):
        return dataset.kind.site_names
    return [next((name for role, name, _ in dataset.kind.table.header if role == SEQUENCE), SEQUENCE)]


def value_columns(dataset: Dataset) -> list[Cells]:
    """Return the columns of values: the sequences, or one a site."""
    header = names_of_values(dataset)
    if dataset.columns is not None:
        return [Cells(column.name, column.type, cells) for column, cells in written(dataset)]
    if dataset.alphabet not in (None, BINARY):
        return [Cells(header[0], "text", np.array(dataset.alphabet.decode_rows(dataset.values)))]
    kind = "integer" if dataset.alphabet else "float"
    scales = dataset.kind.table.scales or ((0.0, 1.0, -1),) * dataset.sites
    return [
        Cells(name, kind, column if digits < 0 else np.round(column, digits))
        for name, column, (_, _, digits) in zip(header, dataset.in_units.T, scales, strict=True)
    ]
