"""`shortrun phases`: the phase diagram of low-rank weights in noise, and the path of a machine through it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortrun.cli import _options, _output, _reading, _tables
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError
from shortrun.phrases import counted
from shortrun.settings import OUTPUT, Reading, TableWriting
from shortrun.settings.regimes import DiagramSettings, PhasesSettings

if TYPE_CHECKING:
    import pandas as pd

    from shortrun.data import Dataset
    from shortrun.regimes import Prediction
    from shortrun.store import Trajectory

SHORT = {"paramagnet": "para", "ferromagnet": "ferro", "spin glass": "glass"}  # that a row fits a terminal
PREDICTED = ("age", "age_of_all", "growth", "start")
PRINTED = 2  # modes in the printed table

say_aside = partial(_output.say, aside=True)


@verb(settings=PhasesSettings, diagram=DiagramSettings, reading=Reading, tables=TableWriting)
def phases(
    settings: PhasesSettings,
    diagram: DiagramSettings,
    reading: Given,
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="Folder of a trained run.", show_default=False)
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]", help="Its training data, to predict its first transition.", show_default=False
        ),
    ] = None,
    threads: _options.Threads = None,
    out: _tables.TableFile = None,
    figure: _tables.FigureFile = None,
    cascade: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Figure of the modes against age.", rich_help_panel=OUTPUT)
    ] = None,
    json: _options.Json = False,
) -> None:
    """Draw the phase diagram of RBMs, and the path of a trained one through it: noise, signals, transitions.

    Examples
    --------
    # The phase diagram
    shortrun phases --figure diagram.png
    # With the path of a run
    shortrun phases run --figure diagram.png
    # Its first transition predicted from the data, and the modes against age
    shortrun phases run train.npz --cascade cascade.png
    """
    _tables.check(out, figure)
    _tables.check_figure(cascade)
    if figure is None:
        diagram.refuse(("axes",), "a figure to draw: --figure FILE")
    if run is None:
        refuse_without_run([*settings.given, *(["--cascade"] if cascade else []), *reading])
        return draw(diagram, out, figure, json)
    if diagram.kappa is not None:
        raise ConfigError("--kappa", "that of the run is taken; leave one of the two out")

    from shortrun import workflows
    from shortrun.regimes import boundaries
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    predicted = None if data is None else prediction(trained, _reading.further_data(trained, data, reading))
    table = workflows.phases(trained, settings=settings, progress=say_progress)
    show_path(run, table, predicted, json)
    warn(table)
    _tables.write(table, out)
    _tables.draw(
        figure, lambda plots: plots.phase_diagram(boundaries(float(table["kappa"].iloc[0])), table, axes=diagram.axes)
    )
    curve = (predicted.curve, predicted.age) if predicted else ()
    _tables.draw(cascade, lambda plots: plots.cascade(table, *curve))
    say_files(json, table=out, figure=figure, cascade=cascade)


def prediction(run: Trajectory, data: Dataset) -> Prediction | None:
    """Return when its data let a run leave its single state; None, and why, where that cannot be predicted."""
    from shortrun import workflows

    try:
        return workflows.first_transition(run, data)
    except ConfigError as error:
        say_aside(f"note: no prediction: {error.expected}")
        return None


def say_progress(done: int, every: int) -> None:
    """Say aside how many ages are done, now and then."""
    if done % 10 == 0:
        say_aside(f"age {done} of {every}")


def refuse_without_run(given: Iterable[str]) -> None:
    """Raise ConfigError for an option that asks something of a run."""
    for name in given:
        raise ConfigError(name, "a RUN expected with it")


def draw(diagram: DiagramSettings, out: Path | None, figure: Path | None, json: bool) -> None:
    """Print and draw the boundaries for a ratio of sizes."""
    from shortrun.regimes import boundaries

    kappa = diagram.kappa or 1.0
    table = boundaries(kappa)
    if json:
        _output.emit({"kappa": kappa, "boundaries": _tables.records(table)})
    else:
        show_boundaries(table)
    _tables.write(table, out)
    _tables.draw(figure, lambda plots: plots.phase_diagram(table, axes=diagram.axes))
    say_files(json, table=out, figure=figure)


def show_boundaries(table: pd.DataFrame) -> None:
    """Print the two boundaries that are curves, and say what the straight ones are."""
    wide = table.loc[table["boundary"].isin(["SG/F", "AT"])].pivot(index="sigma", columns="boundary", values="w")
    lines = [
        (f"{sigma:.3f}", f"{row['SG/F']:.4f}", "" if math.isnan(row["AT"]) else f"{row['AT']:.4f}")
        for sigma, row in wide.iterrows()
    ]
    _output.rows(("sigma", "w: glass to ferromagnet", "w: stable from (AT)"), lines)
    _output.say("paramagnet to ferromagnet at w_1 = 1 (sigma < 1), to spin glass at sigma = 1 (w_1 < 1)")


def show_path(run: Path, table: pd.DataFrame, predicted: Prediction | None, json: bool) -> None:
    """Print where the run was at each age, its transitions and the prediction."""
    from shortrun.regimes import transitions

    found = {name: [None if math.isnan(age) else age for age in transitions(table, name)] for name in ("w", "s")}
    if json:
        numbers = predicted and {name: getattr(predicted, name) for name in PREDICTED}
        document = {"run": str(run), "kappa": float(table["kappa"].iloc[0]), "transitions": found, "predicted": numbers}
        return _output.emit(document | {"ages": _tables.records(table)})
    show_table(table)
    for name, what in (("w", "signal w"), ("s", "local s")):
        ages = ", ".join("-" if age is None else f"{age:.0f}" for age in found[name])
        _output.say(f"{what} of modes 1, 2, ... crosses 1 at age {ages}")
    if predicted is not None:
        _output.say(
            f"linear regime of learning: s of the leading mode comes to 1 at age {predicted.age:.0f}, of all modes at "
            f"{predicted.age_of_all:.0f} (growth {predicted.growth:.4g} an update from age {predicted.start})"
        )


def show_table(table: pd.DataFrame) -> None:
    """Print a row an age."""
    columns = [f"{name}_{i + 1}" for name in ("w", "s", "within") for i in range(PRINTED)]
    columns = [column for column in columns if column in table.columns]
    lines = [
        (
            str(row["age"]),
            f"{row['sigma']:.2g}",
            str(row["outliers"]),
            SHORT[row["phase"]] + ("" if row["stable"] else " (RSB)"),
            *("-" if row[column] != row[column] else f"{row[column]:.2g}" for column in columns),
        )
        for row in table.to_dict("records")
    ]
    _output.rows(("age", "sigma", "K", "phase", *columns), lines)


def warn(table: pd.DataFrame) -> None:
    """Say at which ages something was not found."""
    lost = table.loc[table["fixed"].isna()]
    if len(lost):
        ages = ", ".join(map(str, lost["age"][:10]))
        say_aside(
            f"warning: no mean-field fixed point found near the middle at {counted(len(lost), 'age')} ({ages}), "
            f"residual up to {lost['residual'].max():.2g}; s is that of the middle nevertheless"
        )
    for age in table.loc[~table["settled"], "age"]:
        say_aside(f"warning: age {age}: the number of outliers did not settle")


def say_files(json: bool, **files: Path | None) -> None:
    """Say which files were written."""
    for what, path in files.items():
        if path is not None:
            _output.say(f"{what} in {path}", aside=json)
