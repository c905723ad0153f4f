"""`shortrun mutations`: how much each single mutation costs, or how sequences compare, in free energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shortrun.cli import _machine_couplings, _options, _output, _reading, _tables
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError
from shortrun.settings import DATA, MutationsSettings, Reading

if TYPE_CHECKING:
    import pandas as pd

ON_SCREEN = 20


@verb(settings=MutationsSettings, reading=Reading)
def mutations(
    run: _options.RunFolder,
    wildtype: Annotated[
        str, typer.Argument(metavar="WILDTYPE", help="One sequence of the alignment; or several, to score them all.")
    ],
    settings: MutationsSettings,
    reading: Given,
    sequences: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Sequences to score relative to the wild type.", rich_help_panel=DATA),
    ] = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Score all single mutants of a sequence by F(wild type) - F(mutant); higher is fitter."""
    _tables.check(out, figure)
    if figure is not None and sequences is not None:
        raise ConfigError("--figure", "single mutants can be drawn, a list of sequences cannot")

    from shortrun import plots, workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    first = _reading.further_data(trained, wildtype, reading)
    second = None if sequences is None else _reading.further_data(trained, sequences, reading)
    if figure is not None and len(first) != 1:
        raise ConfigError("--figure", f"single mutants of one sequence can be drawn, {wildtype} has {len(first):,}")
    table = workflows.mutations(trained, first, second, settings=settings)
    _machine_couplings.warn(trained)
    if out is not None:
        _tables.write(table, out)
    if figure is not None:
        plots.save(plots.mutations(table), figure)
    if json:
        _output.emit({"run": str(run), "wildtype": wildtype, "scores": _tables.records(table)})
    else:
        show(table)
        _output.say(outcome(table, second is not None) + _machine_couplings.files(out, figure))


def show(table: pd.DataFrame) -> None:
    """Print the highest scores."""
    best = table.sort_values("score", ascending=False, kind="stable").head(ON_SCREEN)
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
