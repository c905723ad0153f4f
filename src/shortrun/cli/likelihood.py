"""`shortrun likelihood`: how probable a machine finds samples, and its partition function."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._options import DATA, MODEL
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.store import Trajectory
    from shortrun.workflows.likelihood import Likelihood


@_reading.with_reading
def likelihood(
    run: _options.RunFolder,
    test: Annotated[str, typer.Argument(metavar="TEST", help="Samples, or the name of a data set.")],
    reading: Mapping[str, Any],
    method: Annotated[
        str | None,
        typer.Option(
            metavar="exact|ais|trajectory",
            help="How ln Z is found; exact where possible, else along the ages, else by annealing.",
        ),
    ] = None,
    age: _options.Age = None,
    ages: Annotated[
        str | None,
        typer.Option(
            metavar="all|last|1,50,...", help="A curve against the age of the training.", rich_help_panel=MODEL
        ),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Training data to put beside TEST in the curve.", rich_help_panel=DATA),
    ] = None,
    marginal: Annotated[
        bool, typer.Option("--marginal", help="Sum over the label: ln p(v) in place of ln p(v, label).")
    ] = False,
    pseudo: Annotated[bool, typer.Option("--pseudo", help="The pseudo-likelihood of each sample too.")] = False,
    chains: Annotated[int | None, typer.Option(help="Chains of the sampling; 200 by default.")] = None,
    temperatures: Annotated[int | None, typer.Option(help="Steps of annealing; 1000 by default.")] = None,
    sweeps: Annotated[
        int | None, typer.Option(help="Sweeps of every machine of a trajectory; 1000 by default.")
    ] = None,
    acceptance: Annotated[
        float | None, typer.Option(help="Of swaps, that the machines of a trajectory are chosen for; 0.3 by default.")
    ] = None,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    json: _options.Json = False,
) -> None:
    """Measure the log-likelihood of samples in nats: ln p(x) = - F(x) - ln Z."""
    _tables.check(out, figure)
    check(age, ages, train, pseudo, figure)

    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    sizes = {"chains": chains, "temperatures": temperatures, "sweeps": sweeps, "acceptance": acceptance}
    options = {"method": method, "seed": seed} | {name: it for name, it in sizes.items() if it is not None}
    data = {"test": read(trained, test, reading)}
    if ages is not None:
        if train is not None:
            data["train"] = read(trained, train, reading)
        by_age(trained, data, ages, options, marginal, out, figure, json)
    else:
        at_one_age(trained, data["test"], age, options, marginal, pseudo, out, json)


def check(age: int | None, ages: str | None, train: str | None, pseudo: bool, figure: Path | None) -> None:
    """Refuse options that do not go together.

    Raises
    ------
    ConfigError
        For those.
    """
    if ages is not None and (age is not None or pseudo):
        raise ConfigError("ages", "a curve against the age goes with neither --age nor --pseudo")
    for name, value in (("train", train), ("figure", figure)):
        if value is not None and ages is None:
            raise ConfigError(name, "it belongs to the curve against the age: add --ages all, or some of them")


def read(run: Trajectory, path: str, reading: Mapping[str, Any]) -> Any:
    """Return samples, read as the run's own, and say what was read."""
    part = _reading.part_of(run, path, reading)
    data = _reading.further_data(run, path, dict(reading) | ({"part": part} if part else {}))
    _output.say(_reading.summary(path, data, part), aside=True)
    return data


def at_one_age(
    run: Trajectory,
    data: Any,
    age: int | None,
    options: dict[str, Any],
    marginal: bool,
    pseudo: bool,
    out: Path | None,
    json: bool,
) -> None:
    """Print the log-likelihood at one age."""
    from shortrun import workflows

    found = workflows.likelihood(run, data, age=age, marginal=marginal, pseudo=pseudo, **options)
    if out is not None:
        _tables.write(found.samples, out)
    warn(found.estimate.warnings)
    told = document(run, found, out)
    if json:
        _output.emit(told)
    else:
        show(told)


def by_age(
    run: Trajectory,
    data: Mapping[str, Any],
    ages: str,
    options: dict[str, Any],
    marginal: bool,
    out: Path | None,
    figure: Path | None,
    json: bool,
) -> None:
    """Print the mean log-likelihood against age."""
    from shortrun import plots, workflows

    table, warnings = workflows.likelihood_by_age(
        run,
        data,
        ages=_options.ages_of(ages, run.ages),
        marginal=marginal,
        progress=lambda done, all_: _output.say(f"age {done} of {all_}", aside=True),
        **options,
    )
    if out is not None:
        _tables.write(table, out)
    if figure is not None:
        plots.save(plots.likelihood_by_age(table), figure)
    warn(warnings)
    if json:
        _output.emit({"run": str(run.path), "ages": _tables.records(table), "warnings": list(warnings)})
    else:
        show_ages(table)


def warn(warnings: tuple[str, ...]) -> None:
    """Print warnings on stderr."""
    for line in warnings:
        _output.say(f"warning: {line}", aside=True)


def document(run: Trajectory, found: Likelihood, out: Path | None) -> dict[str, Any]:
    """Return the JSON form; null where a number is unknown."""
    it = found.estimate
    numbers = {
        "log_z": it.log_z,
        "error": it.error,
        "effective_sample_size": it.effective_sample_size,
        "lower": it.lower,
        "upper": it.upper,
        "mean_log_likelihood": found.mean,
        "per_site": found.mean / found.sites,
        "standard_error": found.standard_error,
    }
    if "pseudo_log_likelihood" in found.samples:
        numbers["mean_pseudo_log_likelihood"] = float(found.samples["pseudo_log_likelihood"].mean())
    return {
        "run": str(run.path),
        "age": found.age,
        "method": found.method,
        "samples": len(found.samples),
        **{name: None if math.isnan(value) else value for name, value in numbers.items()},
        "chains": None if found.method == "exact" else found.options.chains,
        "seed": found.options.seed,
        "output": out and str(out),
        "warnings": list(it.warnings),
    }


def show(told: Mapping[str, Any]) -> None:
    """Print the numbers for a person."""
    size = told["effective_sample_size"]
    lines = {
        "method": told["method"],
        "ln Z": f"{told['log_z']:.4f} +- {told['error']:.2g}",
        "log-likelihood": f"{told['mean_log_likelihood']:.4f} nats a sample, {told['per_site']:.5f} a site",
    }
    if told["standard_error"] is not None:
        lines["log-likelihood"] += f" (+- {told['standard_error']:.2g} over {told['samples']:,} samples)"
    if size is not None:
        lines["effective sample size"] = f"{size:.1f} of {told['chains']} chains"
        lines["from either side"] = f"{told['lower']:.3f} to {told['upper']:.3f}"
    if told.get("mean_pseudo_log_likelihood") is not None:
        lines["pseudo-likelihood"] = f"{told['mean_pseudo_log_likelihood']:.4f} nats a sample"
    _output.facts(lines)


def show_ages(table: pd.DataFrame) -> None:
    """Print the curve."""
    lines = [
        (
            str(row["age"]),
            row["data"],
            f"{row['mean_log_likelihood']:.3f}",
            f"{row['standard_error']:.2g}",
            f"{row['log_z']:.3f}",
            f"{row['error']:.2g}",
        )
        for row in table.to_dict("records")
    ]
    _output.rows(("age", "data", "nats a sample", "+-", "ln Z", "+-"), lines)
