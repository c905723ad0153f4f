"""What each column of a table is, learned from its cells: numbers, dates, categories, or nothing to model; and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from shortrun.data.core.alphabet import MAX_COLOURS
from shortrun.data.core.columns import (
    BINS,
    Column,
    beyond_floats,
    learned,
    looks_numeric,
    missing_among,
    missing_rows,
    numbers,
    without_missing,
)
from shortrun.data.core.dates import date_form
from shortrun.data.core.request import Request
from shortrun.data.core.texts import Texts
from shortrun.data.core.words import is_missing
from shortrun.data.tables.delimited import Delimited
from shortrun.errors import DataError, FormatError, TableError
from shortrun.phrases import counted, of_columns

FEW_ROWS = 20  # of so few, different cells are nothing to wonder at
INDEX = re.compile(r"|unnamed: \d+|index|row|.*(?<![a-z])(id|uuid|guid)", re.IGNORECASE)  # '', 'Unnamed: 0', 'user_id'
WORDS = 3  # spaces in a free text, on average


@dataclass
class Findings:
    """Notes on the columns of a table and what is wrong with them, gathered before any is told."""

    problems: list[FormatError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raise the problems, if there are any, all at once."""
        if self.problems:
            raise self.problems[0] if len(self.problems) == 1 else TableError(self.problems)


# Columns that are nothing to model


def left_out(table: Delimited, sites: Iterable[int], asked: Iterable[int]) -> dict[int, str]:
    """Return the columns that name rows or hold free text, each with the reason; none that was asked for."""
    found = {site: reason(table.header[site], table.columns[site]) for site in set(sites) - set(asked)}
    return {site: why for site, why in sorted(found.items()) if why}


def reason(name: str, cells: Texts) -> str:
    """Return why a column is nothing to model, "" if it can be."""
    rows, different = len(cells), len(cells.different)
    if rows < FEW_ROWS and name:
        return ""
    filled = without_missing(cells)
    known = filled.different
    if rows > 1 and different == rows and (counts_rows(cells) or (INDEX.fullmatch(name) and is_name(known))):
        return f"it numbers or names the rows ({different:,} different cells)"
    if rows < FEW_ROWS or len(known) <= max(FEW_ROWS, len(filled) / 2) or looks_numeric(cells) or date_form(known):
        return ""
    if sum(cell.count(" ") for cell in known) >= WORDS * len(known):
        return f"it holds free text ({len(known):,} different cells)"
    return f"nearly every row has a cell of its own ({len(known):,} different ones)"


def counts_rows(cells: Texts) -> bool:
    """Return whether cells are 0, 1, 2, ... or 1, 2, 3, ..."""
    if cells.different[0] not in ("0", "1"):
        return False
    return cells.different in (tuple(map(str, range(len(cells)))), tuple(map(str, range(1, len(cells) + 1))))


def is_name(cells: Sequence[str]) -> bool:
    """Return whether cells are not numbers with a decimal point."""
    return not any("." in cell for cell in cells) or bool(np.isnan(numbers(cells)).any())


# Columns that are learned


def learned_columns(
    table: Delimited, sites: Sequence[int], asked: dict[int, bool], options: Request, findings: Findings
) -> list[Column]:
    """Return the columns that the cells of a table make.

    Parameters
    ----------
    table : Delimited
        The table.
    sites : Sequence[int]
        Its columns that are sites.
    asked : dict[int, bool]
        Whether columns are numbers, of those of which a user said so.
    options : Request
        How to read it.
    findings : Findings
        Takes up what is to be said, and what is wrong: a column with a wrong cell is left out of the result.
    """
    columns, unclear = [], []
    for site in sites:
        cells = table.columns[site]
        known = without_missing(cells).different
        numeric = asked.get(site, looks_numeric(cells))
        forms = () if numeric or site in asked else date_form(known)
        wrong = wrong_cells(table, site, numeric=numeric, missing=options.missing)
        if wrong is not None:
            findings.problems.append(wrong)
            continue
        try:
            given = {"numeric": numeric or bool(forms), "bins": options.bins, "date": forms[0] if forms else None}
            column = learned(table.header[site], cells, **given)
        except DataError as error:
            remedy = f"'--ignore {table.header[site]}' leaves it out"
            text = f"column '{table.header[site]}': {error}; {remedy}"
            findings.problems.append(FormatError(table.path, table.first_line, text))
            continue
        columns.append(replace(column, type=table.types[site]) if table.types and not column.merged else column)
        unclear += [column.name] if len(forms) > 1 else []
    findings.notes += [*told(table, sites, columns, unclear, options)] if not findings.problems else []
    return columns


def wrong_cells(table: Delimited, site: int, *, numeric: bool, missing: str) -> FormatError | None:
    """Return the error about the first cell that a column to be learned cannot hold; says how many there are."""
    cells = table.columns[site]
    gaps = cells.of_each(missing_among)
    bad = np.isnan(cells.of_each(numbers, None)) & ~gaps if numeric else np.zeros(len(gaps), bool)
    rows = np.flatnonzero((bad | gaps if missing == "error" else bad)[cells.codes])
    if not len(rows):
        return None
    cell = cells[rows[0]]
    remedy = (
        "it is missing: '--missing category' makes that a value of its own, 'drop-sample' leaves out the row"
        if is_missing(cell)
        else f"in a column of numbers; '--categorical {table.header[site]}' takes all its cells as categories"
    )
    more = f"; {len(rows):,} cells of this column are so" if len(rows) > 1 else ""
    expected = "a number" if numeric else "a value"
    return table.refused(int(rows[0]), site, f"{expected} expected, got '{cell}' ({remedy}{more})")


def told(
    table: Delimited, sites: Sequence[int], columns: Sequence[Column], unclear: Sequence[str], options: Request
) -> Iterable[str]:
    """Yield a line for each thing that was decided about columns."""
    bins, names = options.bins or BINS, grouped(columns)
    if binned := names(lambda c: c.is_binned and c.date is None):
        yield (
            f"{every(binned, columns)}: numbers, put in {bins} bins of nearly equal numbers of rows, and generated "
            "within their bin ('--bins N' changes it, '--alphabet continuous' keeps and standardises them)"
        )
    if few := names(lambda c: c.edges is not None and not c.is_binned and c.date is None and c.colours > 1):
        yield f"{of_columns(few)}: at most {bins} different numbers, each a value of its own"
    for site, column in zip(sites, columns, strict=True):
        if beyond_floats(table.columns[site].different):
            what = "names, told apart as texts" if column.edges is None else "numbers, of which some are one"
            yield f"column '{column.name}': whole numbers that differ by less than floats can hold are {what}"
    for column in columns:
        if column.date is not None:
            unsure = "; day and month may be the other way round" if column.name in unclear else ""
            yield f"column '{column.name}': dates ({column.date}){unsure}, put in {len(column.values)} bins"
    for site, column in zip(sites, columns, strict=True):
        if column.merged:
            cells = table.columns[site]
            rare = len(cells) - int(cells.where(column.values[:-1]).sum())
            yield (
                f"column '{column.name}': {column.merged:,} rare categories in {rare:,} of {len(cells):,} rows are "
                f"one, '{column.values[-1]}', as at most {MAX_COLOURS} values are possible"
            )
    if single := names(lambda c: c.colours == 1):
        yield f"{of_columns(single)}: a single value, not modelled and written unchanged"
    yield from of_gaps(table, sites, options)


def every(names: Sequence[str], columns: Sequence[Column]) -> str:
    """Return how a note calls some columns: by their names, but for all that there are."""
    return f"all {len(names):,} columns" if 1 < len(names) == len(columns) else of_columns(names)


def grouped(columns: Sequence[Column]) -> Callable[[Callable[[Column], bool]], list[str]]:
    """Return a function that returns the names of columns of which something is true."""
    return lambda is_so: [column.name for column in columns if is_so(column)]


def of_gaps(table: Delimited, sites: Sequence[int], options: Request) -> Iterable[str]:
    """Yield a line about missing cells that are a value of their own."""
    gaps = {site: missing_rows(table.columns[site]) for site in sites}
    gaps = {site: found for site, found in gaps.items() if found.any()}
    if gaps and options.missing == "category":
        cells, rows = (
            sum(int(found.sum()) for found in gaps.values()),
            int(np.logical_or.reduce([*gaps.values()]).sum()),
        )
        words = sorted({cell for site in gaps for cell in table.columns[site].different if cell and is_missing(cell)})
        spelled = f" (also spelled {', '.join(words)})" if words else ""
        yield (
            f"{counted(cells, 'cell')} in {rows:,} of {len(table):,} rows {'is' if cells == 1 else 'are'} missing"
            f"{spelled}, a value of its own in {of_columns([table.header[site] for site in gaps])} "
            "('--missing drop-sample' leaves out their rows)"
        )
