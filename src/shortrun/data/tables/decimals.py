"""Numbers as the cells of a text table write them: a point or a comma before the decimals, or between thousands."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import replace

from shortrun.data.core.words import is_missing
from shortrun.data.tables.delimited import Delimited
from shortrun.phrases import of_columns
from shortrun.settings import Reading

NUMBER = {
    mark: re.compile(rf"-?([1-9]\d{{0,2}}({other}\d{{3}})+|\d+)({point}\d*)?(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
    for mark, point, other in ((".", r"\.", ","), (",", ",", r"\."))
}  # by its decimal mark; the other one may stand between thousands


def in_points(table: Delimited, options: Reading, spared: Container[str] = ()) -> Delimited:
    """Return a table whose numbers have a point before their decimals and nothing between thousands.

    Only columns are changed that hold a comma and nothing but such numbers. Where both readings are possible, as of
    '1,234', the comma is a decimal one if ';' separates fields.

    Parameters
    ----------
    table : Delimited
        As a file has it.
    options : Reading
        Of reading; `decimal` is the decimal mark, found column by column if None.
    spared : Container[str]
        Names of columns, in lower-case letters, that hold no numbers.

    Raises
    ------
    FormatError
        If nobody can say what a comma means; names the first such cell.
    """
    changed: dict[int, list[str]] = {}
    examples: dict[str, str] = {}
    texts: list[str] = []
    for index, name in enumerate(table.header):
        column = table.columns[index]
        known = () if name.casefold() in spared else column.different
        cells = column.cells.tolist() if any("," in cell for cell in known) else []
        row = next((i for i, cell in enumerate(cells) if "," in cell), None)
        mark = None if row is None else mark_of(table, index, row, options.decimal)
        if row is not None and mark is not None:
            changed[index] = [pointed(cell, mark) for cell in cells]
            examples.setdefault(mark, f"'{cells[row]}' is read as {changed[index][row]}")
        elif row is not None and options.decimal is not None and fitting(cells):
            texts.append(name)
    if texts:
        said = f"{table.path.name}: no numbers with --decimal {options.decimal}, but texts, in {of_columns(texts)}"
        table = replace(table, notes=(*table.notes, said))
    if not changed:
        return table
    names = [table.header[index] for index in changed]
    note = f"{table.path.name}: numbers with commas in {of_columns(names)}: {', '.join(examples.values())}"
    return replace(table.with_columns(changed), notes=(*table.notes, note))


def mark_of(table: Delimited, index: int, row: int, asked: str | None) -> str | None:
    """Return the decimal mark of the numbers in a column, None if not all cells are numbers; `row` has a comma."""
    marks = fitting(table.column(index))
    wanted = asked or ("," if table.separator == ";" else None)
    if asked is not None or wanted in marks:
        return wanted if wanted in marks else None
    if len(marks) < len(NUMBER):
        return marks[0] if marks else None
    cell = table.column(index)[row]
    points = " or ".join(f"{pointed(cell, mark)} (--decimal {mark})" for mark in NUMBER)
    raise table.refused(row, index, f"'{cell}' may be {points}: say which")


def fitting(cells: Iterable[str]) -> list[str]:
    """Return the decimal marks with which all cells that are not missing are numbers."""
    known = {cell for cell in cells if not is_missing(cell)}
    return [mark for mark, number in NUMBER.items() if all(map(number.fullmatch, known))]


def pointed(cell: str, mark: str) -> str:
    """Return a number with a point for its decimal mark and nothing between thousands."""
    if is_missing(cell):
        return cell
    return cell.replace(",", "") if mark == "." else cell.replace(".", "").replace(",", ".")
