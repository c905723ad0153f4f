"""`shortrun fixed-points`: where the mean fields of samples, or of random starts, come to rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._verb import Given, verb
from shortrun.errors import FormatError
from shortrun.phrases import counted
from shortrun.settings import OUTPUT, FixedPointsSettings, Reading, TableWriting

if TYPE_CHECKING:
    from shortrun.landscape import Basins

ON_SCREEN = 20  # fixed points; files hold them all
COLUMNS = ("number", "basin", "gamma", "stability", "residual", "class", "share")


@verb(settings=FixedPointsSettings, reading=Reading, tables=TableWriting)
def fixed_points(
    run: _options.RunFolder,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Samples of the run's kind.", show_default=False)],
    settings: FixedPointsSettings,
    reading: Given,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    means: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Mean features of the fixed points, as .npz.", rich_help_panel=OUTPUT),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Find the mean-field fixed points of a run: how many, their basins, free energies and stability.

    Examples
    --------
    # Which modes the learned distribution has, from 1,000 samples
    shortrun fixed-points run family.fasta
    # A table and a figure
    shortrun fixed-points run family.fasta -o points.csv --figure points.png
    # From random starts, by the third order
    shortrun fixed-points run family.fasta --starts random --order 3
    """
    _tables.check(out, figure)
    if means is not None and means.suffix.lower() != ".npz":
        raise FormatError(means, None, f"means are written as .npz, got '{means.suffix}'")

    from shortrun import plots, workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    samples = _reading.further_data(trained, data, reading)
    found = workflows.fixed_points(trained, samples, settings=settings)
    warn(found, settings.max_iterations)
    if out is not None:
        _tables.write(found.table(), out)
    if means is not None:
        found.save(means)
    if figure is not None:
        title = f"update {found.age:,}, mean field of order {settings.order}"
        picture = plots.fixed_points(samples, found.profiles(), found.points.basin, found.majority(), title=title)
        plots.save(picture, figure)
    if json:
        _output.emit({"run": str(run), "order": settings.order} | document(found))
    else:
        show(found)


def warn(found: Basins, max_iterations: int) -> None:
    """Say aside how many starts did not converge."""
    points = found.points
    if points.unconverged:
        _output.say(
            f"warning: {points.unconverged:,} of {counted(len(points.which), 'start')} did not converge in "
            f"{max_iterations:,} iterations (largest change {points.start_residual.max():.2g}): they are in no basin",
            aside=True,
        )


def document(found: Basins) -> dict[str, Any]:
    """Return everything for one JSON document."""
    points = found.points
    rows = _tables.records(found.table())
    for row, counts in zip(rows, found.composition.tolist(), strict=True):
        row["classes"] = {name: count for name, count in zip(found.classes, counts, strict=True) if count}
    return {
        "age": found.age,
        "starts": len(points.which),
        "unconverged": points.unconverged,
        "largest_residual": float(points.start_residual.max()),
        "iterations": points.iterations,
        "fixed_points": rows,
    }


def show(found: Basins) -> None:
    """Print the fixed points of the largest basins."""
    _output.rows(COLUMNS, [cells(row) for row in found.table().head(ON_SCREEN).to_dict("records")])
    points = found.points
    more = f", {ON_SCREEN} shown" if len(points) > ON_SCREEN else ""
    _output.say(
        f"{counted(len(points), 'fixed point')}{more}, {counted(len(points.which), 'start')}, "
        f"{points.unconverged:,} unconverged, {counted(points.iterations, 'iteration')}, update {found.age:,}"
    )


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Return a row of the table as texts."""
    numbers = (str(row["number"]), f"{row['basin']:,}", f"{row['gamma']:.3f}", f"{row['stability']:.3f}")
    named = ("", "") if row["class"] is None else (row["class"], f"{row['share']:.0%}")
    return (*numbers, f"{row['residual']:.1e}", *named)
