"""JSON that every reader takes, and reading of JSON that somebody may have damaged or made to harm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

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


def loads(text: str | bytes) -> Any:
    """Return the document that a text is.

    Raises
    ------
    ValueError
        If it is not JSON (`json.JSONDecodeError`), is nested too deeply, or has a key twice, a number that is none or
        one of more than 20 digits.
    """
    try:
        found = json.loads(text, parse_int=_whole, parse_constant=_refused, object_pairs_hook=_mapping)
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} levels deep") from None
    brackets = ("[", "{") if isinstance(text, str) else (b"[", b"{")
    if sum(text.count(bracket) for bracket in brackets) > DEEPEST:  # pyright: ignore[reportArgumentType]
        _check_depth(found)
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS:
        raise ValueError(f"a whole number of {len(digits.lstrip('-')):,} digits, at most {DIGITS} are read")
    return int(digits)


def _refused(name: str) -> Any:
    raise ValueError(f"{name}, which is no number in JSON")


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
