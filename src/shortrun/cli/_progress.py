"""How far a training is: a live bar on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from shortrun.cli._output import Terminal, say

EVERY, AT_LEAST, LOOK = 10.0, 1.0, 0.1  # seconds between lines, between lines at ages, between looks at the bar


class Shown(Protocol):
    """What `workflows.fit` calls after each update, as a context."""

    def __enter__(self) -> Shown: ...
    def __exit__(self, *_: object) -> None: ...
    def __call__(self, update: int, updates: int | None, last: Mapping[str, float]) -> None: ...


def shown() -> Bar | Lines:
    """Return a bar if stderr is a terminal that can show one, else lines."""
    terminal = Terminal(stderr=True)
    return Bar(terminal) if sys.stderr.isatty() and not terminal.is_dumb_terminal else Lines()


def monitored(last: Mapping[str, float]) -> str:
    """Return the values worth watching: how samples and labels do on held-out data, and the residual of each task."""
    names = {"accuracy": "accuracy", "p_dd": "P_DD", "p_gg": "P_GG", "recognised": "recognised"}
    accuracy = [f"{word} {last[name]:.3f}" for name, word in names.items() if last.get(name) is not None]
    residuals = [name for name in last if name.startswith("residual_")]
    told = [f"{name.removeprefix('residual_')} {last[name]:.2g}" for name in sorted(residuals)]
    return "  ".join(accuracy + (["residual " + " ".join(told)] if told else []))


class Rate(ProgressColumn):
    """Updates a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s", style="progress.data.speed")


class Bar(AbstractContextManager["Bar"]):
    """A live bar with updates/s, time left and the last monitored values."""

    def __init__(self, terminal: Terminal):
        values = TextColumn(
            "{task.fields[last]}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
        )
        columns = (BarColumn(12), MofNCompleteColumn(), Rate(), TimeRemainingColumn(), values)
        self._bar = Progress(*columns, console=terminal, refresh_per_second=4, transient=True, expand=True)
        self._task, self._looked = None, 0.0

    def __call__(self, update: int, updates: int | None, last: Mapping[str, float]) -> None:
        now = time.monotonic()
        if self._task is None:  # a resumed training begins where it stopped
            self._task = self._bar.add_task("", total=updates, completed=update, last="")
        elif now - self._looked >= LOOK or update == updates:
            self._bar.update(self._task, completed=update, last=monitored(last))
            self._looked = now

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


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
