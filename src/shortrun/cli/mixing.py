"""`shortrun mixing`: how many sweeps until the chains of a run forget their start, at every age."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _evaluating, _options, _output, _tables
from shortrun.cli._verb import Given, verb
from shortrun.ranks import follows
from shortrun.settings import DATA, OUTPUT, Reading, TableWriting
from shortrun.settings.regimes import MixingSettings

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.data import Dataset
    from shortrun.regimes import Mixing
    from shortrun.store import Trajectory

say_aside = partial(_output.say, aside=True)

SHORT = "warning: {} of {} at {} only a bound, longer than the run shows; more --sweeps resolve it"
UNITS = "in sweeps, the longest of several observables; > and < are bounds, of runs too short; chains from {}; k = {}"


@verb(settings=MixingSettings, reading=Reading, tables=TableWriting)
def mixing(
    run: _options.RunFolder,
    settings: MixingSettings,
    reading: Given,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Real samples to start chains from; by default those of the training, where they still are.",
            rich_help_panel=DATA,
        ),
    ] = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    functions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Figure of the autocorrelations at each age.", rich_help_panel=OUTPUT),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Measure relaxation and mixing times against age: autocorrelations, overlaps, two starts, jumps.

    Examples
    --------
    # How many sweeps a chain needs to forget its start
    shortrun mixing run
    # At three ages, with a figure
    shortrun mixing run --ages 1,100,1000 --figure mixing.png
    # From data that have moved
    shortrun mixing run --data train.npz -o mixing.csv
    """
    _tables.check(out, figure)
    _tables.check_figure(functions)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    found = workflows.mixing(trained, samples(trained, data, reading), settings=settings, progress=say_aside)
    if follows():
        return
    _tables.write(found.table, out)
    _tables.draw(figure, lambda plots: plots.mixing(found.table, found.k))
    _tables.draw(functions, lambda plots: plots.autocorrelations(found.functions))
    if json:
        _output.emit({"run": str(run), "k": found.k, "start": found.start, "times": _tables.records(found.table)})
    else:
        show(found)
    for line in bounds(found.table):
        say_aside(line)


def bounds(table: pd.DataFrame) -> Iterator[str]:
    """Yield which quantities are only bounds, of which observables, at which ages."""
    unresolved = table.loc[~table["resolved"].astype(bool)]
    for estimator, rows in unresolved.groupby("estimator", sort=False):
        ages, observables = (", ".join(map(str, rows[name].unique())) for name in ("age", "observable"))
        yield SHORT.format(estimator, observables, f"age {ages} is")


def samples(run: Trajectory, path: str | None, reading: Given) -> Dataset | None:
    """Return real samples for a run and say what they are; None, and what is left out, where there are none."""
    data, lines = _evaluating.training_samples(run, path, reading)
    for line in lines:
        say_aside(line.replace("--train", "--data"))
    if data is None:
        say_aside("without data: chains from noise only, no test of two starts, no jumps")
    return data


def show(found: Mixing) -> None:
    """Print an age a line: the slowest observable, the tests of the start, the jumps."""
    lines = [line(age, rows, found.k) for age, rows in found.table.groupby("age")]
    _output.rows(("age", "slowest", "tau_int", "tau_exp", "overlap", "two starts", "jumps", "k / tau_int"), lines)
    _output.say(UNITS.format(found.start, found.k))


def line(age: Any, rows: pd.DataFrame, k: int) -> tuple[str, ...]:
    """Return the cells of an age."""
    slowest = worst(rows, "tau-int") or {}
    numbers = (number(worst(rows, how)) for how in ("tau-int", "tau-exp", "overlap", "two-start", "jumps"))
    ratio = f"{'' if slowest['resolved'] else '< '}{k / slowest['value']:.3g}"
    return f"{age}", str(slowest["observable"]), *numbers, ratio


def worst(rows: pd.DataFrame, estimator: str) -> dict[str, Any] | None:
    """Return the row of an estimator with the largest value, those that are not resolved before others."""
    chosen = rows.loc[rows["estimator"] == estimator].sort_values(["resolved", "value"], ascending=[True, False])
    return chosen.iloc[0].to_dict() if len(chosen) else None


def number(row: dict[str, Any] | None) -> str:
    """Return a value with its error, or as the bound that it is."""
    if row is None or row["value"] != row["value"]:
        return "-"
    if not row["resolved"]:
        return f"{'<' if row['estimator'] == 'jumps' else '>'} {row['value']:.3g}"
    return f"{row['value']:.3g} ± {row['error']:.2g}"
