"""`shortrun data`: the named data sets."""

from __future__ import annotations

from dataclasses import asdict

import typer

from shortrun.cli import _output
from shortrun.cli._options import Json

app = typer.Typer(help="Named data sets.")


@app.callback()
def data() -> None:
    """Named data sets."""


@app.command("list")
def list_(json: Json = False) -> None:
    """List the data sets that can be trained on by name."""
    from shortrun.data.catalogue import entries

    found = [{key: value for key, value in asdict(entry).items() if key != "load"} for entry in entries()]
    if json:
        _output.emit(found)
    else:
        _output.rows(("name", "title", "licence"), [(e["name"], e["title"], e["licence"]) for e in found])
