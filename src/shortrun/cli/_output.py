"""What every verb prints with: lines, one JSON document, tables, errors. Nothing else writes to the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from shortrun import jsons
from shortrun.errors import StoreError, printable
from shortrun.files import atomic, explain
from shortrun.ranks import follows

STDOUT = "-"  # a file of this name
LONGEST = 10**6  # letters of a line in a file


class Terminal(Console):
    """A console that shows names as they are, and leaves a closed pipe to `main`."""

    def __init__(self, *, stderr: bool = False):
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def say(line: str, *, aside: bool = False) -> None:
    """Print a line for a person: to stdout, or aside to stderr where stdout holds a document."""
    put(printable(line), aside=aside)


def block(lines: str, *, aside: bool = False) -> None:
    """Print several lines."""
    put(printable(lines, keep="\n"), aside=aside)


def put(text: str, *, aside: bool = False) -> None:
    """Print a text that can be shown.

    Raises
    ------
    StoreError
        If stdout takes no more; what stderr does not take is lost.
    """
    if follows() or (aside and sys.stderr is None):  # closed with 2>&-
        return
    with writable(aside):
        print(text, file=sys.stderr if aside else sys.stdout, flush=True)


@contextmanager
def writable(aside: bool) -> Iterator[None]:
    """Name the stream that cannot be written; a closed pipe is left to `main`."""
    name = "stderr" if aside else "stdout"
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        forget(aside)
        if not aside:
            raise StoreError(name, explain(error)) from error


def forget(aside: bool) -> None:
    """Let nothing more be written to a stream that takes no more, at the end of the program either."""
    name = "stderr" if aside else "stdout"
    if getattr(sys, name) is getattr(sys, f"__{name}__"):  # else it is not ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if aside else 1)


def complain(line: str) -> None:
    """Print an error as one line on stderr."""
    say(f"error: {' '.join(line.split())}", aside=True)


def emit(value: Any) -> None:
    """Print one JSON document on stdout."""
    put(document(value).rstrip("\n"))


def save(value: Any, path: Path) -> None:
    """Write one JSON document to a file, never half of it; - is stdout."""
    if str(path) == STDOUT:
        return emit(value)
    with atomic(path) as temporary:
        temporary.write_text(document(value, indent=1), encoding="utf-8")


def document(value: Any, indent: int = 2) -> str:
    """Return a JSON document that every program can read and a terminal can show: null for numbers that are none."""
    return jsons.shown(jsons.dumps(value, indent=indent, ensure_ascii=False, default=_plain)) + "\n"


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def facts(values: Mapping[str, Any]) -> None:
    """Print names and values, one a line, in two columns."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in values.items():
        table.add_row(printable(name), printable(str(value)))
    _show(table)


def rows(header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table under a header."""
    table = Table(*map(printable, header), box=None, pad_edge=False, header_style="bold")
    for line in lines:
        table.add_row(*map(printable, line))
    _show(table)


def _show(table: Table) -> None:
    if follows():
        return
    terminal = Terminal()
    if terminal.is_terminal:
        with writable(aside=False):
            terminal.print(table)
        return
    terminal.width = LONGEST  # a file, or another program: lines as long as they are, whatever COLUMNS says
    with terminal.capture() as text:
        terminal.print(table)
    put("\n".join(line.rstrip() for line in text.get().splitlines()))
