"""`shortrun mutations`: how much each single mutation costs, or how sequences compare, in free energy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _landscape, _options, _output, _reading, _tables
from shortrun.cli._options import DATA
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20


@_reading.with_reading
def mutations(
    run: _options.RunFolder,
    wildtype: Annotated[
        str, typer.Argument(metavar="WILDTYPE", help="One sequence of the alignment; or several, to score them all.")
    ],
    reading: Mapping[str, Any],
    sequences: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Sequences to score relative to the wild type.", rich_help_panel=DATA),
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="CLASS", help="Hold the label at a class; summed over by default.")
    ] = None,
    age: _options.Age = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Score all single mutants of a sequence by F(wild type) - F(mutant); higher is fitter."""
    _tables.check(out, figure)
    if figure is not None and sequences is not None:
        raise ConfigError("--figure", "single mutants can be drawn, a list of sequences cannot")

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    first = _reading.further_data(trained, wildtype, reading)
    second = None if sequences is None else _reading.further_data(trained, sequences, reading)
    if figure is not None and len(first) != 1:
        raise ConfigError("--figure", f"single mutants of one sequence can be drawn, {wildtype} has {len(first):,}")
    table = workflows.mutations(trained, first, second, age=age, label=label)
    _landscape.warn(trained)
    save(table, out, figure)
    if json:
        _output.emit({"run": str(run), "wildtype": wildtype, "scores": _tables.records(table)})
    else:
        show(table)
        _output.say(outcome(table, second is not None) + _landscape.written(out, figure))


def save(table: pd.DataFrame, out: Path | None, figure: Path | None) -> None:
    """Write the table and the figure."""
    if out is not None:
        _tables.write(table, out)
    if figure is not None:
        from shortrun import plots

        plots.save(plots.mutations(table), figure)


def show(table: pd.DataFrame) -> None:
    """Print the highest scores."""
    best = table.sort_values("score", ascending=False, kind="stable").head(SHOWN)
    _output.rows(
        [str(name) for name in best.columns],
        [[f"{x:.3f}" if isinstance(x, float) else str(x) for x in row] for row in best.itertuples(index=False)],
    )


def outcome(table: pd.DataFrame, relative: bool) -> str:
    """Return one line on the scores."""
    if "mutant" not in table:
        return f"{len(table):,} sequences, score " + ("F(wild type) - F" if relative else "-F") + " in kT"
    better = int((table["score"] > 0).sum())
    return f"{len(table):,} single mutants, {better:,} of them above the wild type; score F(wild type) - F in kT"
