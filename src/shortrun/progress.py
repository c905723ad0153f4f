"""How far a training is: a live bar on a terminal or in a notebook."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

LOOK = 0.1  # seconds between looks at a bar


def automatic() -> Bar | Page | None:
    """Return a bar in a notebook, or on a terminal that can show one; None elsewhere."""
    return Page() if in_notebook() else bar_on(Console(stderr=True))


def bar_on(terminal: Console) -> Bar | None:
    """Return a bar if stderr, as this console writes to it, is a terminal that can show one."""
    return Bar(terminal) if terminal.file.isatty() and not terminal.is_dumb_terminal else None


def in_notebook() -> bool:
    """Return whether a kernel of IPython runs this, whose front end shows HTML."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def monitored(last: Mapping[str, Any]) -> str:
    """Return the values worth watching: how samples and labels do on held-out data, and the residual of each task.

    Where the training went back to an earlier age they are those of this age.
    """
    back = [f"back to age {last['set_back_to']}, as {last['because']}:"] if "set_back_to" in last else []
    names = {"accuracy": "accuracy", "p_dd": "P_DD", "p_gg": "P_GG", "recognised": "recognised"}
    accuracy = [f"{word} {last[name]:.3f}" for name, word in names.items() if last.get(name) is not None]
    residuals = [name for name in last if name.startswith("residual_")]
    told = [f"{name.removeprefix('residual_')} {last[name]:.2g}" for name in sorted(residuals)]
    return "  ".join(back + accuracy + (["residual " + " ".join(told)] if told else []))


class Rate(ProgressColumn):
    """Updates a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s", style="progress.data.speed")


class Bar(AbstractContextManager["Bar"]):
    """A live bar with updates/s, time left and the last monitored values."""

    def __init__(self, terminal: Console):
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


class Page(AbstractContextManager["Page"]):
    """A bar in the output of a cell, which ends as a line on what was done."""

    def __init__(self):
        self._shown: Any = None
        self._begin = self._looked = time.monotonic()
        self._first, self._last = 0, (0, None, {})

    def __call__(self, update: int, updates: int | None, last: Mapping[str, float]) -> None:
        now, self._last = time.monotonic(), (update, updates, last)
        self._first = self._first or update
        if self._shown is None or now - self._looked >= LOOK:
            self._looked = now
            self._put(f"{self._bar(update, updates)} {self._words(now, of=updates)}")

    def _bar(self, update: int, updates: int | None) -> str:
        """Return the bar; one without an end where a training finds its own."""
        return "<progress></progress>" if updates is None else f'<progress value="{update}" max="{updates}"></progress>'

    def _words(self, now: float, of: int | None = None) -> str:
        """Return how many updates there were, how fast, and how good samples are."""
        update, _, last = self._last
        done, seconds = update - self._first, now - self._begin
        told = [f"{update:,}" + ("" if of is None else f" of {of:,}") + " updates"]
        told += [f"{seconds:.0f} s", f"{done / seconds:.1f}/s"] if done and seconds >= LOOK else []
        return "&ensp;".join(map(html.escape, [*told, *filter(None, [monitored(last)])]))

    def _put(self, text: str) -> None:
        from IPython.display import HTML, display  # pyright: ignore[reportMissingImports] - there in a notebook

        if self._shown is None:
            self._shown = display(HTML(text), display_id=True)
        else:
            self._shown.update(HTML(text))

    def __exit__(self, *_: object) -> None:
        if self._shown is not None:
            self._put(self._words(time.monotonic()))
