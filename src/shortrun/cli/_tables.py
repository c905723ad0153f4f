"""What verbs that measure something give: a table in a file, a figure of it, one JSON document."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cells import check_spreadsheet, texts
from shortrun.errors import FormatError
from shortrun.files import atomic
from shortrun.settings import OUTPUT

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SUFFIXES = (".csv", ".tsv", ".parquet")

TableFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help=f"Table: {', '.join(SUFFIXES)}.", rich_help_panel=OUTPUT),
]
FigureFile = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE", help="Figure: .png, .svg, .pdf.", rich_help_panel=OUTPUT)
]


def check(out: Path | None, figure: Path | None = None) -> None:
    """Refuse files that cannot be written under their names before anything is computed.

    Raises
    ------
    FormatError
        For a suffix that is no table's, or no figure's.
    """
    if out is not None and out.suffix.lower() not in SUFFIXES:
        raise FormatError(out, None, f"tables are written as {', '.join(SUFFIXES)}, got '{out.suffix}'")
    check_spreadsheet(out, "" if out is None else out.suffix)
    check_figure(figure)


def check_figure(figure: Path | None) -> None:
    """Refuse a figure that cannot be written under its name."""
    if figure is not None:
        from shortrun.plots import check_suffix

        check_suffix(figure)


def write(table: pd.DataFrame, path: Path | None) -> None:
    """Write a table in the format of the suffix, never half a file; nothing where no file was asked for."""
    if path is None:
        return
    with atomic(path) as temporary:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            separator = "\t" if path.suffix.lower() == ".tsv" else ","
            texts(table).to_csv(temporary, index=False, sep=separator, float_format="%.9g")


def draw(path: Path | None, figure: Callable[[Any], Figure]) -> None:
    """Write a figure, made from the room `plots`, which is imported only where a file was asked for."""
    if path is not None:
        from shortrun import plots

        plots.save(figure(plots), path)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table for a JSON document, null for numbers that JSON has not."""
    return [{str(key): known(value) for key, value in row.items()} for row in table.to_dict("records")]


def known(value: Any) -> Any:
    """Return a value, None for a number that is unknown or infinite: JSON has neither."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
