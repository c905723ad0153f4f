"""What every verb prints with: lines, one JSON document, tables, errors."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from shortrun import jsons

STDOUT = "-"  # a file of this name


class Terminal(Console):
    """A console that leaves a closed pipe to `main`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def say(line: str, *, aside: bool = False) -> None:
    """Print a line for a person: to stdout, or aside to stderr where stdout holds a document."""
    print(line, file=sys.stderr if aside else sys.stdout, flush=True)


def complain(line: str) -> None:
    """Print an error as one line on stderr."""
    say(f"error: {' '.join(line.split())}", aside=True)


def emit(document: Any) -> None:
    """Print one JSON document on stdout."""
    say(jsons.dumps(document, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def facts(values: Mapping[str, Any]) -> None:
    """Print names and values, one a line, in two columns."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in values.items():
        table.add_row(name, str(value))
    _show(table)


def rows(header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table under a header."""
    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for line in lines:
        table.add_row(*line)
    _show(table)


def _show(table: Table) -> None:
    Terminal(highlight=False, markup=False).print(table)
