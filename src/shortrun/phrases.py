"""Numbers and names as messages and notes have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NAMED = 6  # things that a line names


def plural(count: int, what: str) -> str:
    """Return a noun as it goes with a number: class, classes, samples."""
    return what if count == 1 else f"{what}{'es' if what.endswith('s') else 's'}"


def counted(count: int, what: str) -> str:
    """Return a number with its noun: 1 class, 2 classes, 1,797 samples."""
    return f"{count:,} {plural(count, what)}"


def joined(names: Sequence[str]) -> str:
    """Return 'a', 'a and b' or 'a, b and c'."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def quoted(names: Sequence[str]) -> str:
    """Return names in quotes: 'a', 'b' and 'c'."""
    return joined([f"'{name}'" for name in names] or ["none"])


def of_columns(names: Sequence[str]) -> str:
    """Return column 'a', or columns 'a', 'b', and how many more there are."""
    told = ", ".join(f"'{name}'" for name in names[:NAMED])
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{plural(len(names), 'column')} {told}{more}"


def first_of(things: Any) -> str:
    """Return the first of many names."""
    return ", ".join(map(str, things[:NAMED])) + (", ..." if len(things) > NAMED else "")


def described(it: Any) -> str:
    """Return what a wrong argument is: a DataFrame, an int, nothing (None)."""
    kind = type(it).__name__
    return "nothing (None)" if it is None else f"{'an' if kind[0] in 'AEIOUaeio' else 'a'} {kind}"


def fitting(things: Sequence[str], room: int) -> str:
    """Return as many things as a line of so many characters has room for, and how many more there are.

    Examples
    --------
    >>> fitting(["a (1)", "b (2)", "c (3)"], 20), fitting(["a (1)", "b (2)", "c (3)"], 17)
    ('a (1), b (2), c (3)', 'a (1), ... 2 more')
    """
    whole = ", ".join(things)
    if len(whole) <= room:
        return whole
    shown = len(things) - 1
    while shown > 1 and len(", ".join([*things[:shown], f"... {len(things) - shown:,} more"])) > room:
        shown -= 1
    return ", ".join([*things[:shown], f"... {len(things) - shown:,} more"])
