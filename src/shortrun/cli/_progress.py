"""How far a training is: a live bar on a terminal, plain lines elsewhere; how far reading is: lines. On stderr."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager

from shortrun.cli._output import Terminal, say
from shortrun.progress import LOOK, Bar, bar_on, monitored

EVERY, AT_LEAST = 10.0, 1.0  # seconds between lines, between lines at ages


def shown() -> Bar | Lines:
    """Return a bar if stderr is a terminal that can show one, else lines."""
    return bar_on(Terminal(stderr=True)) or Lines()


class Lines(AbstractContextManager["Lines"]):
    """A line every ten seconds and at new monitored values, at most one a second."""

    def __init__(self):
        self._start: tuple[int, float] | None = None
        self._said = float("-inf")

    def __call__(self, update: int, updates: int | None, last: Mapping[str, float]) -> None:
        now = time.monotonic()
        self._start = self._start or (update - 1, now)
        new = last.get("update") == update and now - self._said >= AT_LEAST
        if new or now - self._said >= EVERY or update == updates:
            self._said = now
            say(self._line(update, updates, now, last), aside=True)

    def _line(self, update: int, updates: int | None, now: float, last: Mapping[str, float]) -> str:
        assert self._start is not None
        done, seconds = update - self._start[0], now - self._start[1]
        parts = [f"update {update}" + ("" if updates is None else f"/{updates}")]
        if seconds >= LOOK:
            parts.append(f"{done / seconds:.1f}/s")
            parts += [] if updates is None else [f"{(updates - update) * seconds / done:.0f} s left"]
        # between ages values are those of an earlier update
        return "  ".join([*parts, *([monitored(last)] if last.get("update") == update else [])])

    def __exit__(self, *_: object) -> None:
        pass


class Counts:
    """A line every ten seconds of how much was read."""

    def __init__(self):
        self._said = time.monotonic()

    def __call__(self, what: str, count: int) -> None:
        now = time.monotonic()
        if now - self._said >= EVERY:
            self._said = now
            say(f"{count:,} {what}", aside=True)
