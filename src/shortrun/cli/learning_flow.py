"""`shortrun learning-flow`: which modes of a data set a machine can learn, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading, _tables

if TYPE_CHECKING:
    from shortrun.workflows.learning_flow import LearningFlow


@_reading.with_reading
def learning_flow(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file or the name of a data set.", show_default=False)],
    reading: Mapping[str, Any],
    modes: Annotated[int, typer.Option(help="Modes of the data, the strongest.")] = 5,
    noise: Annotated[float, typer.Option(help="Variance of a visible unit without coupling.")] = 1.0,
    first: Annotated[float, typer.Option(help="Standard deviation of the first weights.")] = 0.001,
    time: Annotated[float | None, typer.Option(help="Until when; by default until all modes have grown.")] = None,
    seed: _options.NoiseSeed = 0,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    json: _options.Json = False,
) -> None:
    """Solve how a machine of Gaussian units learns the modes of a data set: growth, order, where they end."""
    _tables.check(out, figure)

    from shortrun import workflows
    from shortrun.data import read

    found = workflows.learning_flow(read(data, **reading), modes=modes, noise=noise, first=first, time=time, seed=seed)
    if json:
        _output.emit({"data": data, "modes": _tables.records(found.modes), "path": _tables.records(found.path)})
    else:
        show(found)
    if out is not None:
        _tables.write(found.path, out)
    if figure is not None:
        from shortrun import plots

        rates, ends = (found.modes[name].to_numpy() for name in ("growth", "fixed_point"))
        plots.save(plots.learning_curves(found.times, found.values, rates, ends, found.starts), figure)


def show(found: LearningFlow) -> None:
    """Print a row a mode."""
    last = found.values[-1]
    lines = [
        (str(row["mode"]), *(f"{row[name]:.4g}" for name in ("variance", "growth", "fixed_point")), f"{value:.4g}")
        for row, value in zip(found.modes.to_dict("records"), last, strict=True)
    ]
    _output.rows(("mode", "variance", "growth", "fixed point", f"w at time {found.times[-1]:.3g}"), lines)
