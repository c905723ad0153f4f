"""`shortrun phases`: the phase diagram of low-rank weights in noise, and the way of a machine through it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._options import OUTPUT
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.store import Trajectory
    from shortrun.workflows.phases import Prediction

SAMPLES = "Samples"
SHORT = {"paramagnet": "para", "ferromagnet": "ferro", "spin glass": "glass"}  # that a row fits a terminal
AXES = ("sigma-w", "sk")  # those of `plots.phase_diagram`, which is not imported for a help text
PREDICTED = ("age", "age_of_all", "growth", "start")
MOST_TOLD = 2  # modes in the printed table


@_reading.with_reading
def phases(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="Folder of a trained run.", show_default=False)
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="What it learned, to predict its first transition.", show_default=False),
    ] = None,
    kappa: Annotated[
        float | None, typer.Option(metavar="RATIO", help="N_h / N_v of the diagram without a run; 1 by default.")
    ] = None,
    axes: Annotated[
        str, typer.Option(metavar="sigma-w|sk", help="Axes: sigma and w_1, or w_1/sigma and 1/sigma.")
    ] = "sigma-w",
    ages: _options.Ages = None,
    modes: Annotated[int, typer.Option(min=1, help="Modes that are told, the largest.")] = 3,
    susceptibility: Annotated[
        bool,
        typer.Option("--susceptibility", help="Draw samples to measure it at each age.", rich_help_panel=SAMPLES),
    ] = False,
    chains: Annotated[int, typer.Option(min=2, help="Chains, from random starts.", rich_help_panel=SAMPLES)] = 500,
    steps: Annotated[int, typer.Option(min=2, help="Sweeps that are looked at.", rich_help_panel=SAMPLES)] = 200,
    burn: Annotated[int, typer.Option(min=0, help="Sweeps before these.", rich_help_panel=SAMPLES)] = 200,
    reading: Mapping[str, Any] | None = None,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    cascade: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Figure of the modes against age.", rich_help_panel=OUTPUT),
    ] = None,
    json: _options.Json = False,
) -> None:
    """Draw the phase diagram of RBMs, and the way of a trained one through it: noise, signals, transitions."""
    _tables.check(out, figure)
    _tables.check(None, cascade)
    if axes not in AXES:
        raise ConfigError("--axes", f"{' or '.join(AXES)} expected, got '{axes}'")
    if run is None:
        refuse_without_run({"--susceptibility": susceptibility, "--cascade": cascade, "--ages": ages})
        return diagram(1.0 if kappa is None else kappa, axes, out, figure, json)
    if kappa is not None:
        raise ConfigError("--kappa", "that of the run is taken; leave one of the two out")

    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    predicted = None if data is None else prediction(trained, data, reading or {})
    table = workflows.phases(
        trained,
        ages=_options.ages_of(ages, trained.ages),
        modes=modes,
        susceptibility=susceptibility,
        chains=chains,
        steps=steps,
        burn=burn,
        seed=seed,
        progress=lambda done, all_: _output.say(f"age {done} of {all_}", aside=True) if done % 10 == 0 else None,
    )
    tell(run, table, predicted, json)
    warn(table)
    written(table, predicted, axes, out, figure, cascade, json)


def refuse_without_run(given: Mapping[str, Any]) -> None:
    """Raise ConfigError for an option that asks something of a run."""
    for name, value in given.items():
        if value:
            raise ConfigError(name, "a RUN expected with it")


def diagram(kappa: float, axes: str, out: Path | None, figure: Path | None, json: bool) -> None:
    """Tell the boundaries for a ratio of sizes."""
    from shortrun.phases import boundaries

    table = boundaries(kappa)
    if json:
        _output.emit({"kappa": kappa, "boundaries": _tables.records(table)})
    else:
        show_boundaries(table)
    if out is not None:
        _tables.write(table, out)
    if figure is not None:
        from shortrun import plots

        plots.save(plots.phase_diagram(table, axes=axes), figure)  # pyright: ignore[reportArgumentType]
    saved(json, table=out, figure=figure)


def show_boundaries(table: pd.DataFrame) -> None:
    """Print the two boundaries that are curves, and say what the straight ones are."""
    wide = table.loc[table["boundary"].isin(["SG/F", "AT"])].pivot(index="sigma", columns="boundary", values="w")
    lines = [
        (f"{sigma:.3f}", f"{row['SG/F']:.4f}", "" if math.isnan(row["AT"]) else f"{row['AT']:.4f}")
        for sigma, row in wide.iterrows()
    ]
    _output.rows(("sigma", "w: glass to ferromagnet", "w: stable from (AT)"), lines)
    _output.say("paramagnet to ferromagnet at w_1 = 1 (sigma < 1), to spin glass at sigma = 1 (w_1 < 1)")


def prediction(run: Trajectory, data: str, reading: Mapping[str, Any]) -> Prediction:
    """Return the first transition that the training data predict."""
    from shortrun import workflows

    return workflows.first_transition(run, _reading.further_data(run, data, reading))


def tell(run: Path, table: pd.DataFrame, predicted: Prediction | None, json: bool) -> None:
    """Print where the run was, its transitions and the prediction."""
    from shortrun.workflows.phases import transitions

    found = {name: [None if math.isnan(age) else age for age in transitions(table, name)] for name in ("w", "s")}
    if json:
        told = None if predicted is None else {name: getattr(predicted, name) for name in PREDICTED}
        document = {"run": str(run), "kappa": float(table["kappa"].iloc[0]), "transitions": found, "predicted": told}
        return _output.emit(document | {"ages": _tables.records(table)})
    show(table)
    for name, what in (("w", "signal w"), ("s", "local s")):
        ages = ", ".join("-" if age is None else f"{age:.0f}" for age in found[name])
        _output.say(f"{what} of modes 1, 2, ... crosses 1 at age {ages}")
    if predicted is not None:
        _output.say(
            f"linear regime of learning: s of the leading mode comes to 1 at age {predicted.age:.0f}, of all modes at "
            f"{predicted.age_of_all:.0f} (growth {predicted.growth:.4g} an update from age {predicted.start})"
        )


def show(table: pd.DataFrame) -> None:
    """Print a row an age."""
    told = [f"{name}_{i + 1}" for name in ("w", "s", "within") for i in range(MOST_TOLD)]
    told = [column for column in told if column in table.columns]
    lines = [
        (
            str(row["age"]),
            f"{row['sigma']:.2g}",
            str(row["outliers"]),
            SHORT[row["phase"]] + ("" if row["stable"] else " (RSB)"),
            *("-" if row[column] != row[column] else f"{row[column]:.2g}" for column in told),
        )
        for row in table.to_dict("records")
    ]
    _output.rows(("age", "sigma", "K", "phase", *told), lines)


def warn(table: pd.DataFrame) -> None:
    """Say at which ages something was not found."""
    lost = table.loc[table["fixed"].isna()]
    if len(lost):
        ages = ", ".join(map(str, lost["age"][:10]))
        _output.say(
            f"warning: no mean-field fixed point found near the middle at {_output.amount(len(lost), 'age')} ({ages}), "
            f"residual up to {lost['residual'].max():.2g}; s is that of the middle all the same",
            aside=True,
        )
    for age in table.loc[~table["settled"], "age"]:
        _output.say(f"warning: age {age}: the number of outliers did not settle", aside=True)


def written(
    table: pd.DataFrame,
    predicted: Prediction | None,
    axes: str,
    out: Path | None,
    figure: Path | None,
    cascade: Path | None,
    json: bool,
) -> None:
    """Write the table and the figures that were asked for."""
    if out is not None:
        _tables.write(table, out)
    if figure is not None or cascade is not None:
        from shortrun import plots
        from shortrun.phases import boundaries

        if figure is not None:
            lines = boundaries(float(table["kappa"].iloc[0]))
            plots.save(plots.phase_diagram(lines, table, axes=axes), figure)  # pyright: ignore[reportArgumentType]
        if cascade is not None:
            curve, age = (None, None) if predicted is None else (predicted.curve, predicted.age)
            plots.save(plots.cascade(table, curve, age), cascade)
    saved(json, table=out, figure=figure, cascade=cascade)


def saved(json: bool, **files: Path | None) -> None:
    """Say which files were written."""
    for what, path in files.items():
        if path is not None:
            _output.say(f"{what} in {path}", aside=json)
