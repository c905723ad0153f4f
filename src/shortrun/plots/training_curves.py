"""Monitored values during training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from shortrun.errors import DataError
from shortrun.plots.figure import WIDTH, new_figure, palette, score_axis, styled, time_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = {
    "residuals": ("residual_",),
    "weights": ("weight_norm", "top_singular_value"),
    "samples": ("p_dd", "p_gg", "nearer"),
    "labels": ("accuracy", "recognised"),
}
SHARES = ("samples", "labels")  # panels whose values are from 0 to 1
NAMES = {
    "top_singular_value": "largest singular value",
    "weight_norm": "norm",
    "p_dd": "P_DD",
    "p_gg": "P_GG",
    "p_dd_train": "P_DD, training",
    "p_gg_train": "P_GG, training",
}


@styled
def training_curves(log: pd.DataFrame) -> Figure:
    """Return what a training logged against the number of updates: residuals, norms, samples and labels, a panel each.

    Residuals measure the distance of the free chains from the data; they settle where noise and learning rate balance.
    Samples are as good as held-out ones where P_DD and P_GG are 1/2 (a line), and copies where `nearer` is more.

    Parameters
    ----------
    log : pd.DataFrame
        Monitored values, a row for each logged update (`Trajectory.log_table`).

    Raises
    ------
    DataError
        If nothing was logged.

    Examples
    --------
    >>> log = pd.DataFrame({"update": [1, 10, 100], "residual_generate": [0.5, 0.1, 0.05], "weight_norm": [1, 2, 3]})
    >>> [axis.get_ylabel() for axis in training_curves(log).axes]
    ['residuals', 'weights']
    """
    if "update" not in log:
        raise DataError("nothing was logged: a log with a column 'update' expected")
    found = {title: columns for title in PANELS if (columns := columns_of(log, title))}
    if not found:
        raise DataError("the log has no residuals, norms, shares or accuracy")
    figure = new_figure(WIDTH, 1.9 * len(found) + 0.3)
    axes = figure.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (title, columns) in zip(axes, found.items(), strict=True):
        for name, colour in zip(columns, palette(len(columns)), strict=True):
            rows = log[["update", name]].dropna()
            label = NAMES.get(name, name.removeprefix("residual_").replace("_", " "))
            axis.plot(rows["update"], rows[name].astype(float), color=colour, label=label)
        if title in SHARES:
            axis.set(ylabel=title, ylim=(0, 1.05))
            if title == "samples":
                axis.axhline(0.5, color="0.5", linewidth=0.8, zorder=0)
        else:
            score_axis(axis, title, log[columns].to_numpy(float).ravel())
        if len(columns) > 1:
            axis.legend(loc="best", ncols=2)
        time_axis(axis, "updates" if axis is axes[-1] else "")
    figure.align_ylabels(axes)
    return figure


def columns_of(log: pd.DataFrame, title: str) -> list[str]:
    """Return the columns of a panel that have a number."""
    wanted = [name for name in log.columns if name.startswith(PANELS[title])]
    return [name for name in wanted if len(log[name].dropna())]
