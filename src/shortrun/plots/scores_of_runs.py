"""Scores of several runs in the same axes, against sampling time or training time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.errors import ConfigError, DataError
from shortrun.phrases import counted
from shortrun.plots.figure import WIDTH, mark_k, new_figure, palette, score_axis, styled, time_axis
from shortrun.plots.scores_by_class import SWEEPS, score_names, timed_rows
from shortrun.scores import ALL, Curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AGAINST = {"steps": SWEEPS, "age": "training time (updates)"}
PANEL = 2.1  # inches high


@styled
def scores_of_runs(runs: Sequence[Curves], scores: Sequence[str] | None = None, *, against: str = "steps") -> Figure:
    """Return scores (means over classes), a panel for each score with a line for each run (FU24 fig. 3b, 5).

    They are drawn at the last age against sampling time, or after k sweeps against training time. Bands are standard
    errors; vertical lines are the k of the runs.

    Parameters
    ----------
    runs : Sequence[Curves]
        Curves, such as those of two data sets or of three architectures.
    scores : Sequence[str], optional
        Names, a panel each; by default all except accuracies.
    against : str, default "steps"
        "steps" or "age".

    Raises
    ------
    ConfigError
        If a name or `against` is unknown.
    DataError
        If there are no curves, or none at the k of a run.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("aai", "all", 100, steps, 1 / steps, 0.01) for steps in (1, 10, 100)]
    >>> table = pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"])
    >>> curves = Curves("run", "ff", 10, table)
    >>> scores_of_runs([curves]).axes[0].get_ylabel()
    'aai'
    """
    if against not in AGAINST:
        raise ConfigError("against", f"one of {', '.join(AGAINST)} expected, got '{against}'")
    if not runs:
        raise DataError("curves of at least one run expected")
    names = score_names(runs, scores)
    tables = [chosen(run, against) for run in runs]
    figure = new_figure(WIDTH, PANEL * -(-len(names) // 2) + 0.4)
    axes = figure.subplots(-(-len(names) // 2), min(2, len(names)), squeeze=False).flat
    for axis, name in zip(axes, names, strict=False):
        drawn = [table.loc[table["score"] == name].sort_values(against) for table in tables]
        for run, rows, colour in zip(runs, drawn, palette(len(runs)), strict=True):
            times, values, errors = (rows[column].to_numpy(float) for column in (against, "value", "error"))
            axis.plot(times, values, color=colour, label=run.name, marker=".", markersize=4)
            axis.fill_between(times, values - errors, values + errors, color=colour, alpha=0.15, linewidth=0)
        for k in sorted({run.k for run in runs}) if against == "steps" else ():
            mark_k(axis, k)
        score_axis(axis, name, np.concatenate([rows["value"].to_numpy(float) for rows in drawn]))
        time_axis(axis, AGAINST[against])
    for axis in [*axes][len(names) :]:
        axis.set_axis_off()
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def chosen(run: Curves, against: str) -> pd.DataFrame:
    """Return the means over classes at the last age, or after the k sweeps of the training.

    Raises
    ------
    DataError
        If the curves were not measured there.
    """
    table = timed_rows(run)
    table = table.loc[table["class"] == ALL]
    fixed, value = ("age", table["age"].max()) if against == "steps" else ("steps", run.k)
    found = table.loc[table[fixed] == value]
    if found.empty:
        sweeps = counted(run.k, "sweep")
        raise DataError(f"the curves of {run.name} have no score at {sweeps} (--k: those of its training)")
    return found
