"""`shortrun fold`: whether generated proteins fold, by their mean pLDDT."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output
from shortrun.cli._verb import Given, verb
from shortrun.cli.score import number
from shortrun.errors import FormatError
from shortrun.phrases import counted
from shortrun.settings import OUTPUT, Reading, TableWriting
from shortrun.settings.scoring import FoldSettings

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.data import Dataset

EVERY = 10.0  # seconds between lines of progress
HEADER = ("class", "real", "generated", "difference", "at equal length", "KS", "p")


@verb(settings=FoldSettings, reading=Reading, tables=TableWriting)
def fold(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Generated proteins.", show_default=False)],
    reading: Given,
    settings: FoldSettings,
    out: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="CSV of results; what it holds is not computed again.",
            rich_help_panel=OUTPUT,
        ),
    ],
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="REAL", help="Real proteins to fold too; options of reading are theirs."),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Fold generated proteins and give the mean pLDDT of each, beside that of real ones.

    Examples
    --------
    # Mean pLDDT of generated proteins; what the table holds is not folded again
    shortrun fold new.fasta -o folded.csv
    # Beside real ones
    shortrun fold new.fasta --compare family.fasta -o folded.csv
    # With a model that is here already
    shortrun fold new.fasta --model esmfold/ -o folded.csv
    """
    if out.suffix.lower() != ".csv":
        raise FormatError(out, None, f"results are written as .csv, got '{out.suffix or out.name}'")

    from shortrun import folding, workflows

    _options.use_threads(threads)
    real, generated = samples(file, compare, reading)
    table = workflows.fold(generated, out, real=real, progress=progress(), settings=settings)
    compared = None if real is None else folding.compare(table)
    if json:
        _output.emit(document(table, compared, out))
    else:
        show(table, compared, out)
    for line in remarks(table, out):
        _output.say(f"note: {line}", aside=True)


def samples(file: str, compare: str | None, reading: Mapping[str, Any]) -> tuple[Dataset | None, Dataset]:
    """Return real samples, None without any, and generated ones, read as those were."""
    from shortrun.data import read

    if compare is None:
        return None, read(file, **reading)
    real = read(compare, **reading)
    return real, read(file, like=real)


def progress() -> Callable[[int, int], None]:
    """Return what is called after each batch: it says every ten seconds, and at the end, how far the folding is."""
    start = said = time.monotonic()

    def tell(done: int, all_: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= EVERY or done == all_:
            said = now
            left = (now - start) * (all_ / done - 1)
            _output.say(f"folded {done:,} of {all_:,} sequences  about {left:.0f} s left", aside=True)

    return tell


def show(table: pd.DataFrame, compared: pd.DataFrame | None, out: Path) -> None:
    """Print the comparison, or the mean, and where the results are."""
    if compared is not None:
        _output.rows(HEADER, [cells(row) for row in compared.to_dict(orient="records")])
    mean = f"mean pLDDT {number(float(table['plddt'].mean()))}; " if compared is None else ""
    _output.say(f"{mean}{counted(len(table), 'sample')} in {out}")


def cells(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return a row of the comparison as text."""
    return (
        str(row["class"]),
        f"{row['mean_real']:.2f} ({row['real']:,})",
        f"{row['mean_generated']:.2f} ({row['generated']:,})",
        with_error(row["difference"], row["error"]),
        with_error(row["at_equal_length"], row["error_at_equal_length"]),
        number(row["ks"]),
        number(row["p"]),
    )


def with_error(value: float, error: float) -> str:
    """Return a difference with its standard error, a dash for none."""
    return "-" if value != value else f"{value:+.2f} +- {error:.2f}"


def document(table: pd.DataFrame, compared: pd.DataFrame | None, out: Path) -> dict[str, Any]:
    """Return the JSON form; what is not defined is null."""
    rows = [] if compared is None else compared.to_dict(orient="records")
    means = defined(table.groupby("source")["plddt"].mean().to_dict())
    return {"output": str(out), "samples": len(table), "plddt": means, "comparison": [defined(row) for row in rows]}


def defined(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return values with None for what is not defined."""
    return {str(name): None if value != value else value for name, value in values.items()}


def remarks(table: pd.DataFrame, out: Path) -> list[str]:
    """Return what to know of results: samples without residues, and others in the file."""
    import pandas as pd

    empty, kept = int((table["length"] == 0).sum()), len(pd.read_csv(out)) - len(table)
    told = [f"{counted(empty, 'sample')} of gaps alone: no pLDDT"] if empty else []
    others = f"{out} also holds {counted(kept, 'row')} of other samples, which a figure of it shows too"
    return told + ([others] if kept > 0 else [])
