"""`shortrun learning-flow`: which modes of a data set a machine can learn, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shortrun.cli import _options, _output, _tables
from shortrun.cli._verb import Given, verb
from shortrun.settings import Reading, TableWriting
from shortrun.settings.regimes import LearningFlowSettings

if TYPE_CHECKING:
    from shortrun.regimes import LearningFlow


@verb(settings=LearningFlowSettings, reading=Reading, tables=TableWriting)
def learning_flow(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A file or the name of a data set.", show_default=False)],
    settings: LearningFlowSettings,
    reading: Given,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    json: _options.Json = False,
) -> None:
    """Solve how a machine of Gaussian units learns the modes of a data set: growth, order, where they end.

    Examples
    --------
    # How Gaussian units would learn the modes of the data
    shortrun learning-flow family.fasta
    # Ten modes, as a figure
    shortrun learning-flow family.fasta --modes 10 --figure flow.png
    # As a table
    shortrun learning-flow digits -o flow.csv
    """
    _tables.check(out, figure)

    from shortrun import workflows
    from shortrun.data import read

    found = workflows.learning_flow(read(data, **reading), settings=settings)
    if json:
        _output.emit({"data": data, "modes": _tables.records(found.modes), "path": _tables.records(found.path)})
    else:
        show(found)
    _tables.write(found.path, out)
    rates, ends = (found.modes[name].to_numpy() for name in ("growth", "fixed_point"))
    _tables.draw(figure, lambda plots: plots.learning_curves(found.times, found.values, rates, ends, found.starts))


def show(found: LearningFlow) -> None:
    """Print a row a mode."""
    last = found.values[-1]
    lines = [
        (str(row["mode"]), *(f"{row[name]:.4g}" for name in ("variance", "growth", "fixed_point")), f"{value:.4g}")
        for row, value in zip(found.modes.to_dict("records"), last, strict=True)
    ]
    _output.rows(("mode", "variance", "growth", "fixed point", f"w at time {found.times[-1]:.3g}"), lines)
