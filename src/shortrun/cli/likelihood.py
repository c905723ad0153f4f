"""`shortrun likelihood`: how probable a machine finds samples, and its partition function."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError
from shortrun.ranks import follows
from shortrun.settings import DATA, LikelihoodByAgeSettings, LikelihoodSettings, Reading, TableWriting
from shortrun.settings.likelihood import AgesOfCurve

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.data import Dataset
    from shortrun.equilibrium import Likelihood
    from shortrun.store import Trajectory


@verb(settings=LikelihoodSettings, curve=AgesOfCurve, reading=Reading, tables=TableWriting)
def likelihood(
    run: _options.RunFolder,
    test: Annotated[str, typer.Argument(metavar="TEST", help="Samples, or the name of a data set.")],
    settings: Given,
    curve: Given,
    reading: Given,
    train: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Training data to put beside TEST in the curve.", rich_help_panel=DATA),
    ] = None,
    threads: _options.Threads = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    json: _options.Json = False,
) -> None:
    """Measure the log-likelihood of samples in nats: ln p(x) = - F(x) - ln Z.

    Examples
    --------
    # ln p of test samples
    shortrun likelihood run test.npz
    # By annealing, each sample in a table
    shortrun likelihood run test.npz --method ais -o each.csv
    # Against age: where test falls below train the machine learns by heart
    shortrun likelihood run test.npz --ages all --train data.npz --figure a.png
    """
    _tables.check(out, figure)
    check({**settings, **curve}, train, figure)

    from shortrun.store import Trajectory

    _options.use_threads(threads)
    how = LikelihoodByAgeSettings.of(**settings, **curve) if curve else LikelihoodSettings.of(**settings)
    trained = Trajectory.open(run)
    if isinstance(how, LikelihoodByAgeSettings):
        found = by_age(trained, how, {"test": test, "train": train}, reading)
    else:
        found = at_one_age(trained, how, test, reading)
    if follows():
        return
    save(found, out, figure)
    for line in found.warnings:
        _output.say(f"warning: {line}", aside=True)
    if json:
        _output.emit(found.document | {"output": out and str(out), "warnings": list(found.warnings)})
    elif curve:
        show_ages(found.table)
    else:
        show(found.document)


class Measured(NamedTuple):
    """A table for a file, and what to print of it."""

    table: pd.DataFrame
    document: dict[str, Any]
    warnings: tuple[str, ...]


def check(given: Mapping[str, Any], train: str | None, figure: Path | None) -> None:
    """Refuse options that do not go together.

    Raises
    ------
    ConfigError
        For those.
    """
    if "ages" in given and ("age" in given or "pseudo" in given):
        raise ConfigError("--ages", "a curve against the age goes with neither --age nor --pseudo")
    for name, value in (("--train", train), ("--figure", figure)):
        if value is not None and "ages" not in given:
            raise ConfigError(name, "it belongs to the curve against the age: add --ages all, or some of them")


def read(run: Trajectory, path: str, reading: Given) -> Dataset:
    """Return samples, read as the run's own, and say what was read."""
    part = _reading.part_of(run, path, reading)
    data = _reading.further_data(run, path, dict(reading) | ({"part": part} if part else {}))
    _output.say(_reading.summary(path, data, part), aside=True)
    return data


def at_one_age(run: Trajectory, settings: LikelihoodSettings, test: str, reading: Given) -> Measured:
    """Return the log-likelihood at one age."""
    from shortrun import workflows

    found = workflows.likelihood(run, read(run, test, reading), settings=settings)
    return Measured(found.samples, document(run, found), found.estimate.warnings)


def by_age(
    run: Trajectory, settings: LikelihoodByAgeSettings, files: Mapping[str, str | None], reading: Given
) -> Measured:
    """Return the mean log-likelihood against age."""
    from shortrun import workflows

    data = {name: read(run, path, reading) for name, path in files.items() if path is not None}
    table, warnings = workflows.likelihood_by_age(run, data, settings=settings, progress=say_age)
    return Measured(table, {"run": str(run.path), "ages": _tables.records(table)}, warnings)


def say_age(done: int, ages: int) -> None:
    """Say how far a curve is."""
    _output.say(f"age {done} of {ages}", aside=True)


def save(found: Measured, out: Path | None, figure: Path | None) -> None:
    """Write the table and the figure."""
    if out is not None:
        _tables.write(found.table, out)
    if figure is not None:
        from shortrun import plots

        plots.save(plots.likelihood_by_age(found.table), figure)


def document(run: Trajectory, found: Likelihood) -> dict[str, Any]:
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
        "chains": None if found.method == "exact" else found.settings.chains,
        "seed": found.settings.seed,
    }


def show(about: Mapping[str, Any]) -> None:
    """Print the numbers for a person."""
    size = about["effective_sample_size"]
    lines = {
        "method": about["method"],
        "ln Z": f"{about['log_z']:.4f} +- {about['error']:.2g}",
        "log-likelihood": f"{about['mean_log_likelihood']:.4f} nats a sample, {about['per_site']:.5f} a site",
    }
    if about["standard_error"] is not None:
        lines["log-likelihood"] += f" (+- {about['standard_error']:.2g} over {about['samples']:,} samples)"
    if size is not None:
        lines["effective sample size"] = f"{size:.1f} of {about['chains']} chains"
        lines["from either side"] = f"{about['lower']:.3f} to {about['upper']:.3f}"
    if about.get("mean_pseudo_log_likelihood") is not None:
        lines["pseudo-likelihood"] = f"{about['mean_pseudo_log_likelihood']:.4f} nats a sample"
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
