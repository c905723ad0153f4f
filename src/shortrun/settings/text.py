"""What words of a command line stand for: names with values, lists, numbers and ranges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shortrun.errors import ConfigError

LARGEST, MOST_NUMBERS, MOST_LETTERS = 2**32, 10**7, 100  # of a list, and of a number in it


def assignments(texts: Iterable[str], flag: str) -> dict[str, str]:
    """Return name -> value of texts like "a=1,b=2".

    Raises
    ------
    ConfigError
        If a part is no assignment.
    """
    pairs = [part.partition("=") for text in texts for part in text.split(",")]
    for name, equals, value in pairs:
        if not (name.strip() and equals and value.strip()):
            raise ConfigError(flag, f"name=value pairs expected, got '{name}{equals}{value}'")
    return {name.strip(): value.strip() for name, _, value in pairs}


def listed(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the words of texts like "a,b"."""
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())


def words_of(given: Any) -> Any:
    """Return the words of a text like "a,b"; what is no text stays as it is."""
    return listed([given]) if isinstance(given, str) else given


def whole_numbers(text: str, flag: str) -> tuple[int, ...]:
    """Return the numbers of a text like "1-50,60".

    Raises
    ------
    ConfigError
        If a part is neither a number nor a range that goes up.
    """
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise ConfigError(flag, f"numbers and ranges such as 1-50,60 expected, got '{part}'")
        if len(part) > MOST_LETTERS:
            raise ConfigError(flag, f"numbers below {LARGEST:,} expected, got '{part[:MOST_LETTERS]}...'")
        low, high = int(first), int(last or first)
        if high < low:
            raise ConfigError(flag, f"a range that goes up expected, got '{part}'")
        if high >= LARGEST or high - low >= MOST_NUMBERS:
            raise ConfigError(flag, f"numbers below {LARGEST:,} and ranges of {MOST_NUMBERS:,} expected, got '{part}'")
        numbers += range(low, high + 1)
    return tuple(numbers)
