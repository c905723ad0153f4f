"""`shortrun mixing`: how long the chains of a run need to forget where they were, at every age."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _evaluating, _options, _output, _tables
from shortrun.cli._options import DATA, OUTPUT

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.data import Dataset
    from shortrun.store import Trajectory
    from shortrun.workflows.mixing import Mixing


def mixing(
    run: _options.RunFolder,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="Real samples, to start chains from; by default those that the run learned from, where they are.",
            rich_help_panel=DATA,
        ),
    ] = None,
    ages: _options.Ages = None,
    chains: Annotated[int, typer.Option(help="Chains from each start.")] = 200,
    sweeps: Annotated[int, typer.Option(help="Longest run of a chain, at each age.")] = 4096,
    modes: Annotated[int, typer.Option(help="Singular vectors of the weights that are projected on.")] = 3,
    clusters: Annotated[
        int | None, typer.Option(help="Clusters of the data for jumps; by default their classes, ten without.")
    ] = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    functions: Annotated[
        Path | None,
        typer.Option(
            "--functions", metavar="FILE", help="Figure of the autocorrelations of each age.", rich_help_panel=OUTPUT
        ),
    ] = None,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Measure relaxation and mixing times against age: autocorrelations, overlaps, two starts, jumps."""
    _tables.check(out, figure)
    _tables.check(None, functions)

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    found = workflows.mixing(
        trained,
        samples(trained, data),
        ages=_options.ages_of(ages, trained.ages),
        chains=chains,
        sweeps=sweeps,
        modes=modes,
        clusters=clusters,
        seed=seed,
        progress=lambda line: _output.say(line, aside=True),
    )
    write(found, out, figure, functions)
    if json:
        _output.emit({"run": str(run), "k": found.k, "start": found.start, "times": _tables.records(found.table)})
    else:
        show(found)
    warn(found.table)


def samples(run: Trajectory, path: str | None) -> Dataset | None:
    """Return real samples for a run, told about aside; None, and what is left out, where there are none."""
    data, told = _evaluating.training_samples(run, path)
    for line in told:
        _output.say(line.replace("--train", "--data"), aside=True)
    if data is None:
        _output.say("without data: chains from noise only, no test of two starts, no jumps", aside=True)
    return data


def write(found: Mixing, out: Path | None, figure: Path | None, functions: Path | None) -> None:
    """Write the files that were asked for."""
    if out is not None:
        _tables.write(found.table, out)
    if figure is not None or functions is not None:
        from shortrun import plots

        if figure is not None:
            plots.save(plots.mixing(found.table, found.k), figure)
        if functions is not None:
            plots.save(plots.autocorrelations(found.functions), functions)


def show(found: Mixing) -> None:
    """Print an age a line: the slowest observable, the tests of the start, the jumps."""
    lines = [line(age, rows, found.k) for age, rows in found.table.groupby("age")]
    _output.rows(("age", "slowest", "tau_int", "tau_exp", "overlap", "two starts", "jumps", "k / tau_int"), lines)
    _output.say(
        f"in sweeps, the longest of several observables; > and < are bounds, of runs too short; chains from "
        f"{found.start}; k = {found.k}"
    )


def line(age: Any, rows: pd.DataFrame, k: int) -> tuple[str, ...]:
    """Return the cells of an age."""
    slowest = worst(rows, "tau-int") or {}
    numbers = (told(worst(rows, how)) for how in ("tau-int", "tau-exp", "overlap", "two-start", "jumps"))
    ratio = f"{'' if slowest['resolved'] else '< '}{k / slowest['value']:.3g}"
    return f"{age}", str(slowest["observable"]), *numbers, ratio


def worst(rows: pd.DataFrame, estimator: str) -> dict[str, Any] | None:
    """Return the row of an estimator with the largest value, those that are not resolved before others."""
    chosen = rows.loc[rows["estimator"] == estimator].sort_values(["resolved", "value"], ascending=[True, False])
    return chosen.iloc[0].to_dict() if len(chosen) else None


def told(row: dict[str, Any] | None) -> str:
    """Return a value with its error, or as the bound that it is."""
    if row is None or row["value"] != row["value"]:
        return "-"
    if not row["resolved"]:
        return f"{'<' if row['estimator'] == 'jumps' else '>'} {row['value']:.3g}"
    return f"{row['value']:.3g} ± {row['error']:.2g}"


def warn(table: pd.DataFrame) -> None:
    """Say aside which ages were followed for too short a time."""
    ages = table.loc[~table["resolved"].astype(bool), "age"].unique()
    if len(ages):
        where = f"{_output.amount(len(ages), 'age')} ({', '.join(map(str, ages))})"
        _output.say(
            f"warning: some times of {where} are longer than the run shows: bounds only; more --sweeps resolve them",
            aside=True,
        )
