"""`shortrun fixed-points`: where the mean fields of samples, or of random starts, come to rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._options import OUTPUT
from shortrun.errors import FormatError

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.workflows.fixed_points import FixedPointsOfRun

SHOWN = 20  # fixed points on the screen; files hold them all


@_reading.with_reading
def fixed_points(
    run: _options.RunFolder,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Samples of the run's kind.", show_default=False)],
    reading: Mapping[str, Any],
    order: Annotated[int, typer.Option(metavar="1|2|3", help="1 naive mean field, 2 TAP, 3 third order.")] = 2,
    age: _options.Age = None,
    starts: Annotated[str, typer.Option(metavar="data|random", help="Where the iteration starts.")] = "data",
    n: Annotated[
        int, typer.Option("-n", "--number", min=1, help="Most starts; of more samples a random choice.")
    ] = 1000,
    eps: Annotated[
        float, typer.Option(metavar="DISTANCE", help="A site, under which two fixed points are one.")
    ] = 0.05,
    tolerance: Annotated[
        float, typer.Option(metavar="CHANGE", help="Largest change of a mean in the last step.")
    ] = 1e-5,
    max_iterations: Annotated[int, typer.Option(min=1, help="After which a start is left unconverged.")] = 3000,
    damping: Annotated[float, typer.Option(metavar="RHO", help="Least damping; more is found where needed.")] = 0.0,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    means: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Mean features of the fixed points, as .npz.", rich_help_panel=OUTPUT),
    ] = None,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Find the mean-field fixed points of a run: how many, their basins, free energies and stability."""
    _tables.check(out, figure)
    check_means(means)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    samples = _reading.further_data(trained, data, reading)
    found = workflows.fixed_points(
        trained,
        samples,
        order=order,
        age=age,
        starts=starts,
        n=n,
        eps=eps,
        tolerance=tolerance,
        max_iterations=max_iterations,
        damping=damping,
        seed=seed,
    )
    warn(found, max_iterations)
    if out is not None:
        _tables.write(found.table(), out)
    if means is not None:
        found.save(means)
    if figure is not None:
        draw(found, samples, order, figure)
    if json:
        _output.emit(document(found, str(run), order))
    else:
        show(found)


def check_means(path: Path | None) -> None:
    """Raise FormatError unless means can be written under that name."""
    if path is not None and path.suffix.lower() != ".npz":
        raise FormatError(path, None, f"means are written as .npz, got '{path.suffix}'")


def warn(found: FixedPointsOfRun, max_iterations: int) -> None:
    """Say aside how many starts did not converge."""
    points = found.points
    if points.unconverged:
        _output.say(
            f"warning: {points.unconverged:,} of {_output.amount(len(points.which), 'start')} did not converge in "
            f"{max_iterations:,} iterations (largest change {points.start_residual.max():.2g}): they are in no basin",
            aside=True,
        )


def draw(found: FixedPointsOfRun, samples: Dataset, order: int, path: Path) -> None:
    """Write the figure."""
    from shortrun import plots

    title = f"update {found.age:,}, mean field of order {order}"
    plots.save(plots.fixed_points(samples, found.profiles(), found.points.basin, found.majority(), title=title), path)


def document(found: FixedPointsOfRun, run: str, order: int) -> dict[str, Any]:
    """Return everything for one JSON document."""
    points = found.points
    rows = _tables.records(found.table())
    for row, counts in zip(rows, found.composition.tolist(), strict=True):
        row["classes"] = {name: count for name, count in zip(found.classes, counts, strict=True) if count}
    return {
        "run": run,
        "age": found.age,
        "order": order,
        "starts": len(points.which),
        "unconverged": points.unconverged,
        "largest_residual": float(points.start_residual.max()),
        "iterations": points.iterations,
        "fixed_points": rows,
    }


def show(found: FixedPointsOfRun) -> None:
    """Print the fixed points of the largest basins."""
    lines = [
        (
            str(row["number"]),
            f"{row['basin']:,}",
            f"{row['gamma']:.3f}",
            f"{row['stability']:.3f}",
            f"{row['residual']:.1e}",
            row["class"] or "",
            "" if row["class"] is None else f"{row['share']:.0%}",
        )
        for row in found.table().head(SHOWN).to_dict("records")
    ]
    _output.rows(("number", "basin", "gamma", "stability", "residual", "class", "share"), lines)
    points = found.points
    more = f", {SHOWN} shown" if len(points) > SHOWN else ""
    _output.say(
        f"{_output.amount(len(points), 'fixed point')}{more}, {_output.amount(len(points.which), 'start')}, "
        f"{points.unconverged:,} unconverged, {_output.amount(points.iterations, 'iteration')}, update {found.age:,}"
    )
