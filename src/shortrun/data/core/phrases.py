"""Numbers and names as messages and notes have them."""

from __future__ import annotations

from collections.abc import Sequence


def counted(count: int, what: str) -> str:
    """Return a number and what is counted, as '1 file' and '1,200 files'."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def quoted(names: Sequence[str]) -> str:
    """Return names for a message: 'a', 'b' and 'c'."""
    *most, last = [f"'{name}'" for name in names] or ["none"]
    return f"{', '.join(most)} and {last}" if most else last
