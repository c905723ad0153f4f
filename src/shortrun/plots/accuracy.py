"""Accuracy of predicted labels against age, and against the sweeps of the label chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from shortrun.errors import DataError
from shortrun.plots._figure import WIDTH, new_figure, palette, short, styled, time_axis
from shortrun.scores import ALL, Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {"accuracy": ("age", "age (updates)"), "chain-accuracy": ("steps", "label sweeps")}


@styled
def accuracy(runs: Sequence[Curves]) -> Figure:
    """Return accuracy against age with a_max marked, and against label sweeps where they were measured (FF23 fig. 3B).

    Parameters
    ----------
    runs : Sequence[Curves]
        Curves of runs, a colour each.

    Raises
    ------
    DataError
        If no run has accuracies: those of machines with labels do.
    """
    panels = [name for name in PANELS if any(len(rows_of(run, name)) for run in runs)]
    if not panels:
        raise DataError("the curves have no accuracy: only machines with labels do")
    figure = new_figure(WIDTH, 2.9 + 0.2 * len(runs))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, name in zip(axes, panels, strict=True):
        column, label = PANELS[name]
        for run, colour in zip(runs, palette(len(runs)), strict=True):
            rows = rows_of(run, name)
            drawn(axis, rows, column, colour, run.name)
            if name == "accuracy" and len(rows):
                marked(axis, rows, colour, runs.index(run))
        axis.set_ylim(0, 1.05)
        time_axis(axis, label)
    axes[0].set_ylabel("accuracy")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=min(len(runs), 3))
    return figure


def rows_of(run: Curves, name: str) -> pd.DataFrame:
    """Return the accuracies of all classes together, in order."""
    rows = run.table.loc[(run.table["score"] == name) & (run.table["class"] == ALL)].dropna(subset=["value"])
    column = PANELS[name][0]
    return rows.loc[rows[column] > 0].sort_values(column)


def drawn(axis: Axes, rows: pd.DataFrame, column: str, colour: str, label: str) -> None:
    """Draw accuracies with the band of their standard errors."""
    x, y = rows[column].to_numpy(float), rows["value"].to_numpy(float)
    errors = rows["error"].fillna(0).to_numpy(float)
    axis.plot(x, y, color=colour, label=label, marker="." if len(x) < 3 else "")
    axis.fill_between(x, y - errors, y + errors, color=colour, alpha=0.2, linewidth=0)


def marked(axis: Axes, rows: pd.DataFrame, colour: str, place: int) -> None:
    """Mark the largest accuracy with a dot, and say in a box how large it is and at which age."""
    best = rows.loc[rows["value"].idxmax()]
    axis.plot([best["age"]], [best["value"]], marker="o", color=colour, markeredgecolor="black", linestyle="", zorder=5)
    axis.annotate(
        f"{best['value']:.3f} at {short(float(best['age']))}",
        (0.97, 0.05 + 0.13 * place),
        xycoords="axes fraction",
        ha="right",
        fontsize=9,
        bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": colour},
    )
