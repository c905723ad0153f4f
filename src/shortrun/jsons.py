"""JSON that every reader takes, and reading of JSON that somebody may have damaged or made to harm."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shortrun.errors import is_shown

BEYOND_ASCII = re.compile(r"[^\x20-\x7e\n]")
DEEPEST = 64  # levels
DIGITS = 20  # of a whole number: 64 bits


def dumps(document: Any, **options: Any) -> str:
    """Return a document as JSON; options are those of `json.dumps`. JSON has no NaN: null stands for it.

    Examples
    --------
    >>> dumps({"accuracy": float("nan")})
    '{"accuracy": null}'
    """
    try:
        return json.dumps(document, allow_nan=False, **options)
    except ValueError:
        text = json.dumps(document, **{**options, "allow_nan": True})
        return json.dumps(json.loads(text, parse_constant=lambda _: None), allow_nan=False, **options)


def shown(text: str) -> str:
    r"""Return JSON that a terminal can show: what it would obey, hide or reorder is escaped; the document is the same.

    Examples
    --------
    >>> print(shown('{"name": "a' + chr(127) + chr(0x202E) + 'b"}'))
    {"name": "a\u007f\u202eb"}
    """
    return BEYOND_ASCII.sub(lambda it: it[0] if is_shown(it[0]) else _escaped(it[0]), text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def loads(text: str | bytes) -> Any:
    """Return the document that a text is.

    Raises
    ------
    ValueError
        If it is not JSON (`json.JSONDecodeError`), is nested too deeply, or has a key twice, a number that is none or
        one of more than 20 digits.
    """
    wrong: list[_Wrong] = []

    def whole(digits: str) -> int | _Wrong:
        if len(digits.lstrip("-")) <= DIGITS:
            return int(digits)
        wrong.append(_Wrong(f"a whole number of {len(digits.lstrip('-')):,} digits, at most {DIGITS} are read"))
        return wrong[-1]

    def refused(name: str) -> _Wrong:
        wrong.append(_Wrong(f"{name}, which is no number in JSON"))
        return wrong[-1]

    try:
        found = json.loads(text, parse_int=whole, parse_constant=refused, object_pairs_hook=_mapping)
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} levels deep") from None
    brackets = ("[", "{") if isinstance(text, str) else (b"[", b"{")
    if sum(text.count(bracket) for bracket in brackets) > DEEPEST:  # pyright: ignore[reportArgumentType]
        _check_depth(found)
    if wrong:
        place = ".".join(_place(found, wrong[0]) or ())
        raise ValueError(f"{place}: {wrong[0].reason}" if place else wrong[0].reason)
    return found


@dataclass(frozen=True, eq=False)
class _Wrong:
    """Stands for a number that is refused, till its place is known."""

    reason: str


def _place(document: Any, wanted: _Wrong) -> tuple[str, ...] | None:
    """Return the keys that lead to a value, None where it is not."""
    if document is wanted:
        return ()
    if not isinstance(document, dict | list):
        return None
    for key, part in document.items() if isinstance(document, dict) else enumerate(document):
        if (below := _place(part, wanted)) is not None:
            return (str(key), *below)
    return None


def _mapping(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"'{next(name for name in names if names.count(name) > 1)}' is there twice")
    return found


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST + 1):
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        if not parts:
            return
        level = [each for part in parts for each in part]
    raise ValueError(f"nested more than {DEEPEST} levels deep")
