"""Scores against sampling time, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.errors import ConfigError, DataError, nearest
from shortrun.plots.figure import DATA, MARK, WIDTH, mark_k, new_figure, palette, score_axis, styled, time_axis
from shortrun.scores import ALL, Curves, offered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 1.9  # inches for each score
NAMED = 8  # classes with a colour and a name
PALE = "#C4CBD4"  # those of more
SWEEPS = "sampling time (sweeps)"


@styled
def scores_by_class(curves: Curves, scores: Sequence[str] | None = None) -> Figure:
    """Return scores of the last age against sampling time, a line for each class, as FF23 fig. 3A.

    The mean over classes is black. Bands are standard errors, and the vertical line is the k of the training. More
    than eight classes are pale lines without a name, but for the one whose score is worst at the last time.

    Parameters
    ----------
    curves : Curves
        Curves of one run.
    scores : Sequence[str], optional
        Names, a row each; by default all except accuracies.

    Raises
    ------
    ConfigError
        If a name is unknown.
    DataError
        If the curves have no score against sampling time.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("aai", "all", 100, steps, 1 / steps, 0.01) for steps in (1, 10, 100)]
    >>> table = pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"])
    >>> curves = Curves("run", "ff", 10, table)
    >>> scores_by_class(curves).axes[0].get_xlabel()
    'sampling time (sweeps)'
    """
    names = score_names([curves], scores)
    table = timed_rows(curves)
    table = table.loc[table["age"] == table["age"].max()]
    classes = [name for name in table["class"].drop_duplicates() if name != ALL]
    many = len(classes) > NAMED
    colours = dict(zip(classes, palette(len(classes)), strict=True)) | {ALL: DATA}
    figure = new_figure(WIDTH, ROW * len(names) + 0.6 + 0.22 * -(-(4 if many else len(classes) + 2) // 5))
    axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for axis, name in zip(axes, names, strict=True):
        for cls in [*classes, ALL]:
            rows = table.loc[(table["score"] == name) & (table["class"] == cls)]
            if many and cls != ALL:
                axis.plot(*course(rows), color=PALE, linewidth=1.0, label="a class" if cls == classes[0] else None)
            else:
                draw_line(axis, rows, colours[cls], "mean" if cls == ALL and classes else cls, bold=cls == ALL)
        if many:
            mark_weakest(axis, table.loc[(table["score"] == name) & (table["class"] != ALL)])
        score_axis(axis, name, table.loc[table["score"] == name, "value"])
        mark_k(axis, curves.k)
        time_axis(axis, SWEEPS if axis is axes[-1] else "")
    figure.suptitle(f"{curves.name}: {curves.scheme}" if curves.scheme else curves.name, fontsize=10)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, columnspacing=1.2)
    return figure


def course(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values of a score in their order."""
    rows = rows.sort_values("steps")
    return rows["steps"].to_numpy(float), rows["value"].to_numpy(float)


def mark_weakest(axis: Axes, rows: pd.DataFrame) -> None:
    """Draw the class that is farthest from the ideal at the last time in the colour of marks, and name it."""
    last = rows.loc[rows["steps"] == rows["steps"].max()]
    if not len(last):
        return
    score = last["score"].iloc[0]
    ideal = (offered()[score][0].ideal if score in offered() else None) or 0.0
    name = last.loc[(last["value"] - ideal).abs().idxmax(), "class"]
    axis.plot(*course(rows.loc[rows["class"] == name]), color=MARK, linewidth=1.3, zorder=3, label="weakest")
    axis.set_title(f"weakest at last: {name}", loc="right", fontsize=8, color=MARK, pad=2)


def draw_line(axis: Axes, rows: pd.DataFrame, colour: str, label: str, *, bold: bool = False) -> None:
    """Draw a score with a band of one standard error."""
    rows = rows.sort_values("steps")
    times, values = rows["steps"].to_numpy(float), rows["value"].to_numpy(float)
    errors = np.nan_to_num(rows["error"].to_numpy(float))
    axis.plot(times, values, color=colour, label=label, linewidth=2.4 if bold else 1.3, zorder=4 if bold else 3)
    axis.fill_between(times, values - errors, values + errors, color=colour, alpha=0.15, linewidth=0)


def timed_rows(curves: Curves) -> pd.DataFrame:
    """Return the rows with a sampling time."""
    return curves.table.dropna(subset=["steps", "value"])


def score_names(runs: Sequence[Curves], scores: Sequence[str] | None) -> list[str]:
    """Return the scores to draw: those that were asked for, by default all except accuracies.

    Raises
    ------
    ConfigError
        If no run has a name.
    DataError
        If there is no score.
    """
    known = list(dict.fromkeys(name for run in runs for name in timed_rows(run)["score"]))
    for name in scores or ():
        if name not in known:
            expected = f"'{name}' is not in the curves, expected {', '.join(known)}"
            raise ConfigError("scores", expected, nearest(name, known))
    names = list(scores or [name for name in known if not name.endswith("accuracy")])
    if not names:
        raise DataError("the curves have no score against sampling time")
    return names
