"""What texts mean wherever they stand, in cells of tables and in labels: nothing at all, or true and false."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "?", "-", "unknown"})  # in any case
TRUTH = {"true": True, "false": False, "1": True, "0": False}  # in any case


def composed(text: str) -> str:
    """Return a text with composed letters (Unicode's NFC): one that is typed elsewhere may have other bytes."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def plain(text: str) -> str:
    """Return the form in which two texts are compared everywhere: composed letters, no spaces around."""
    return composed(text).strip()


def is_missing(text: str) -> bool:
    """Return whether a text holds nothing: '', NA, N/A, #N/A, NaN, null, None, ?, - or unknown, in any case."""
    return text.casefold() in MISSING


def truth(text: str) -> bool | None:
    """Return what true, false, 1 and 0 mean, in any case; None for other texts."""
    return TRUTH.get(text.casefold())


def counterpart(text: str, known: Collection[str]) -> str | None:
    """Return which of some texts is as true as this one; None unless all are spellings of true and false.

    Examples
    --------
    >>> from shortrun.data.core.words import counterpart
    >>> counterpart("TRUE", ("False", "True")), counterpart("true", ("0", "1")), counterpart("1", ("1.5", "2"))
    ('True', '1', None)
    """
    meant = truth(text)
    if meant is None or not 0 < len(known) <= len(TRUTH) or any(truth(other) is None for other in known):
        return None
    return next((other for other in known if truth(other) == meant), None)


def are_truths(texts: Collection[str]) -> bool:
    """Return whether all of some texts are spellings of true and false, and one is a word."""
    return all(truth(text) is not None for text in texts) and any(not text.isdecimal() for text in texts)


def one_spelling(texts: Collection[str]) -> dict[str, str]:
    """Return the spelling that stands for each of some texts: themselves, but one for all that are true, one for false.

    That is only so where `are_truths`: 0 and 1 alone are numbers.
    """
    ordered = sorted(texts, key=lambda text: (text.isdecimal(), text))  # words first
    if not are_truths(ordered):
        return {text: text for text in ordered}
    return {text: next(other for other in ordered if truth(other) == truth(text)) for text in ordered}
