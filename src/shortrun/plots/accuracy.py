"""Accuracy of predicted labels against age, and against the sweeps of the label chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from shortrun.errors import DataError
from shortrun.plots.figure import WIDTH, new_figure, palette, short, styled, time_axis
from shortrun.scores import ALL, Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = {"accuracy": ("age", "age (updates)"), "chain-accuracy": ("steps", "label sweeps")}


@styled
def accuracy(runs: Sequence[Curves]) -> Figure:
    """Return accuracy against age, with the best age marked, and against label sweeps if measured (FF23 fig. 3B).

    Parameters
    ----------
    runs : Sequence[Curves]
        Curves of the runs, one colour each.

    Raises
    ------
    DataError
        If no run has accuracies, which need labels.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("accuracy", "all", age, 10, 1 - 1 / age, 0.01) for age in (2, 10, 100)]
    >>> table = pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"])
    >>> figure = accuracy([Curves("run", "ff", 10, table)])
    >>> figure.axes[0].get_ylabel()
    'accuracy'
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
            draw_line(axis, rows, column, colour, run.name)
        time_axis(axis, label)
    axes[0].set_ylabel("accuracy")
    lowest = min(axis.dataLim.y0 for axis in axes)
    axes[0].set_ylim(max(0.0, lowest - 0.1 * (1 - lowest)), 1 + 0.05 * (1 - lowest))  # shared by all
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=min(len(runs), 3))
    if "accuracy" in panels:
        mark_best(axes[0], [rows_of(run, "accuracy") for run in runs])
    return figure


def rows_of(run: Curves, name: str) -> pd.DataFrame:
    """Return the accuracies over all classes, sorted by age or sweeps."""
    rows = run.table.loc[(run.table["score"] == name) & (run.table["class"] == ALL)].dropna(subset=["value"])
    column = PANELS[name][0]
    return rows.loc[rows[column] > 0].sort_values(column)


def draw_line(axis: Axes, rows: pd.DataFrame, column: str, colour: str, label: str) -> None:
    """Draw accuracies with a band of one standard error."""
    x, y = rows[column].to_numpy(float), rows["value"].to_numpy(float)
    errors = rows["error"].fillna(0).to_numpy(float)
    axis.plot(x, y, color=colour, label=label, marker="." if len(x) < 3 else "")
    axis.fill_between(x, y - errors, y + errors, color=colour, alpha=0.2, linewidth=0)


def mark_best(axis: Axes, tables: Sequence[pd.DataFrame]) -> None:
    """Mark the largest accuracy of each run with a dot, and write its value and age into a box where no line is."""
    for rows, colour in zip(tables, palette(len(tables)), strict=True):
        if len(rows):
            best = rows.loc[rows["value"].idxmax()]
            told = f"best {best['value']:.3f} at age {short(float(best['age']))}"
            axis.plot(best["age"], best["value"], "o", color=colour, markeredgecolor="black", zorder=5, label=told)
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    axis.legend(handles=dots, loc="best", frameon=True, handletextpad=0.2)
