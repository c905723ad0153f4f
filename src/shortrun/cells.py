"""Texts in tables for other programs: nothing that a terminal obeys, and on request nothing that a spreadsheet does."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from shortrun.errors import ConfigError, printable

if TYPE_CHECKING:
    import pandas as pd

TEXTS = (".csv", ".tsv")
FORMULAS = "=+-@\t"  # what a cell begins with that a spreadsheet takes for a formula
HALVES = re.compile("[\ud800-\udfff]")  # of letters, as bytes leave them that are not UTF-8: few files can hold them
OBEYED = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|{HALVES.pattern}")  # by terminals
SAFE: ContextVar[bool] = ContextVar("safe", default=False)


@contextlib.contextmanager
def for_spreadsheets(safe: bool = True) -> Iterator[None]:
    """Write tables within so that no text is a formula (`--safe-csv`): one that could be begins with an apostrophe."""
    before = SAFE.set(safe)
    try:
        yield
    finally:
        SAFE.reset(before)


def check_spreadsheet(name: object, ending: str = "") -> None:
    """Check that what is written is a table of texts, if its texts are to be safe for spreadsheets.

    Parameters
    ----------
    name : object
        Of the file, for the message; None for no file.
    ending : str
        That says its format, as ".csv".

    Raises
    ------
    ConfigError
        If it is another file, whose texts stay as they are.
    """
    if SAFE.get() and ending.lower() not in TEXTS:
        got = "no table is written" if name is None else f"got '{name}'"
        raise ConfigError("safe_csv", f"is of use only to a table that is written as {' or '.join(TEXTS)}, {got}")


def harmless(text: str, what: re.Pattern[str] = OBEYED) -> str:
    r"""Return a text of the user's own data for a table, without `what`: tabs and line breaks stay, CSV can hold them.

    Examples
    --------
    >>> harmless("line 1\nline 2")
    'line 1\nline 2'
    """
    return what.sub(lambda found: printable(found[0]), text)


def guarded(text: str) -> str:
    """Return a text as it is, with an apostrophe before it where it could be a formula and that was asked for.

    Examples
    --------
    >>> with for_spreadsheets():
    ...     print(guarded("=1+1"), guarded("-1"), guarded("-AC-"))
    '=1+1 -1 '-AC-
    """
    return f"'{text}" if SAFE.get() and text.startswith(tuple(FORMULAS)) and not is_number(text) else text


def is_number(text: str) -> bool:
    """Return whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def cell(value: Any) -> Any:
    """Return a cell of a table that a verb writes: a text is one line, and no formula where that was asked for."""
    return guarded(printable(value)) if isinstance(value, str) else value


def own_cell(text: str) -> str:
    """Return a cell of the user's own data, which may have line breaks."""
    return guarded(harmless(text))


def texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts, names of columns included, can be shown and written."""
    found = table.rename(columns=cell)
    for i, kind in enumerate(found.dtypes):
        if kind.kind not in "biuf":
            found.isetitem(i, found.iloc[:, i].astype(object).map(cell))
    return found
