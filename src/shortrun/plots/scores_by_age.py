"""Scores against sampling time for several ages, runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shortrun.errors import DataError
from shortrun.plots.figure import WIDTH, mark_k, new_figure, score_axis, short, styled, time_axis
from shortrun.plots.scores_by_class import ROW, SWEEPS, draw_line, score_names, timed_rows
from shortrun.scores import ALL, Curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

YOUNG_TO_OLD = ("#B2182B", "#EF8A62", "#9E9AC8", "#67A9CF", "#2166AC")


@styled
def scores_by_age(runs: Sequence[Curves], scores: Sequence[str] | None = None) -> Figure:
    """Return scores (means over classes) against sampling time, a column for each run, as FF23 fig. 7.

    A line is an age, labelled with its number of updates, from red (young) to blue (old); vertical lines are the k of a
    run.

    Parameters
    ----------
    runs : Sequence[Curves]
        Curves, such as those of PCD-100 and F&F-10.
    scores : Sequence[str], optional
        Names, a row each; by default all except accuracies.

    Raises
    ------
    ConfigError
        If a name is unknown.
    DataError
        If there are no curves.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("aai", "all", 100, steps, 1 / steps, 0.01) for steps in (1, 10, 100)]
    >>> table = pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"])
    >>> curves = Curves("run", "ff", 10, table)
    >>> scores_by_age([curves]).axes[0].get_ylabel()
    'aai'
    """
    if not runs:
        raise DataError("curves of at least one run expected")
    names = score_names(runs, scores)
    figure = new_figure(WIDTH * max(1, len(runs) / 2), ROW * len(names) + 1.3)
    axes = figure.subplots(len(names), len(runs), sharex="col", sharey="row", squeeze=False)
    for column, run in zip(axes.T, runs, strict=True):
        table = timed_rows(run)
        ages = sorted(table.loc[table["class"] == ALL, "age"].unique())
        for axis, name in zip(column, names, strict=True):
            for age, colour in zip(ages, gradient(len(ages)), strict=True):
                chosen = (table["score"] == name) & (table["class"] == ALL) & (table["age"] == age)
                draw_line(axis, table.loc[chosen], colour, short(float(age)))
            mark_k(axis, run.k)
            time_axis(axis, SWEEPS if axis is column[-1] else "")
        column[0].set_title(run.name)
        column[-1].legend(
            title="updates", loc="upper center", bbox_to_anchor=(0.5, -0.32), ncols=4, columnspacing=0.9, handlelength=1
        )
    for row, name in zip(axes, names, strict=True):
        every = [
            table.loc[(table["score"] == name) & (table["class"] == ALL), "value"] for table in map(timed_rows, runs)
        ]
        for axis in row:
            score_axis(axis, name if axis is row[0] else "", np.concatenate(every))
    return figure


def gradient(count: int) -> list[str]:
    """Return colours from red (young) to blue (old)."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    scale = LinearSegmentedColormap.from_list("ages", YOUNG_TO_OLD)
    return [to_hex(scale(position)) for position in (np.linspace(0, 1, count) if count > 1 else [1.0])]
