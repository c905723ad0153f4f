"""Relaxation times during training, and the autocorrelation functions behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from shortrun.errors import DataError
from shortrun.plots.arguments import check_columns
from shortrun.plots.figure import MARK, WIDTH, new_figure, palette, score_axis, short, styled, time_axis
from shortrun.plots.scores_by_age import gradient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("age", "observable", "estimator", "value", "resolved")
FUNCTIONS = ("age", "observable", "lag", "rho", "error")
STARTS = {"overlap": "overlap {}", "two-start": "two starts: {}"}


@styled
def mixing(table: pd.DataFrame, k: int = 0) -> Figure:
    """Return relaxation times against age: tau_int of each observable, and below it the time to forget the start.

    Triangles are lower bounds, from chains that were too short. The horizontal line is k, the sweeps of the chains in
    training: machines above it were trained out of equilibrium.

    Parameters
    ----------
    table : pd.DataFrame
        Columns age, observable, estimator, value, resolved (`workflows.mixing`).
    k : int, default 0
        Number of sweeps in training; 0 draws no line.

    Raises
    ------
    DataError
        If columns or times are missing.

    Examples
    --------
    >>> row = {"age": 10, "observable": "energy", "estimator": "tau-int", "value": 3.0, "resolved": True}
    >>> mixing(pd.DataFrame([row, row | {"age": 100, "value": 30.0}]), k=10).axes[0].get_ylabel()
    'tau_int (sweeps)'
    """
    check_columns(table, COLUMNS)
    upper = dict(lines_of(table, "tau-int"))
    lower = dict(line for how in STARTS for line in lines_of(table, how))
    panels = [(upper, "tau_int (sweeps)"), (lower, "start forgotten (sweeps)")]
    panels = [(lines, label) for lines, label in panels if lines]
    if not panels:
        raise DataError("no times of autocorrelations, overlaps or two starts to draw")
    figure = new_figure(WIDTH, 2.7 * len(panels) + 0.2)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (lines, label) in zip(axes, panels, strict=True):
        draw_times(axis, lines, k)
        score_axis(axis, label, [*(x for rows in lines.values() for x in rows["value"]), *([k] if k else [])])
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
        time_axis(axis, "age (updates)" if axis is axes[-1] else "")
    figure.align_ylabels(axes)
    return figure


def lines_of(table: pd.DataFrame, estimator: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the rows of each observable of an estimator."""
    chosen = table.loc[table["estimator"] == estimator]
    for observable in chosen["observable"].drop_duplicates():
        yield STARTS.get(estimator, "{}").format(observable), chosen.loc[chosen["observable"] == observable]


def draw_times(axis: Axes, lines: dict[str, pd.DataFrame], k: int) -> None:
    """Draw times against age: circles where they are resolved, triangles where they are lower bounds."""
    for (name, rows), colour in zip(lines.items(), palette(len(lines)), strict=True):
        rows = rows.sort_values("age")
        axis.plot(rows["age"], rows["value"], color=colour, linewidth=1, alpha=0.7)
        for resolved, marker in ((True, "o"), (False, "^")):
            chosen = rows.loc[rows["resolved"] == resolved]
            # labelled even without such a point, since the legend shows circles only
            label = name if resolved else None
            axis.plot(chosen["age"], chosen["value"], marker, color=colour, markersize=4, label=label)
    if k:
        axis.axhline(k, color=MARK, linestyle="--", linewidth=1.2, label=f"k = {k}", zorder=1)


@styled
def autocorrelations(functions: pd.DataFrame) -> Figure:
    """Return rho(t) against the lag t, a panel for each observable and a line for each age.

    Colours run from red (young) to blue (old).

    Parameters
    ----------
    functions : pd.DataFrame
        Columns age, observable, lag, rho, error (`workflows.mixing`); bands are one standard error.

    Raises
    ------
    DataError
        If columns are missing.

    Examples
    --------
    >>> rows = [(10, "energy", lag, 0.5**lag, 0.01) for lag in range(1, 9)]
    >>> functions = pd.DataFrame(rows, columns=["age", "observable", "lag", "rho", "error"])
    >>> autocorrelations(functions).axes[0].get_title()
    'energy'
    """
    check_columns(functions, FUNCTIONS)
    names = [*functions["observable"].drop_duplicates()]
    ages = sorted(functions["age"].unique())
    columns = min(2, len(names))
    figure = new_figure(WIDTH, 2.3 * -(-len(names) // columns) + 0.5)
    axes = figure.subplots(-(-len(names) // columns), columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axis, name in zip(axes, names, strict=False):
        for age, colour in zip(ages, gradient(len(ages)), strict=True):
            rows = functions.loc[(functions["observable"] == name) & (functions["age"] == age) & (functions["lag"] > 0)]
            axis.plot(rows["lag"], rows["rho"], color=colour, linewidth=1.2, label=short(float(age)))
            axis.fill_between(
                rows["lag"], rows["rho"] - rows["error"], rows["rho"] + rows["error"], color=colour, alpha=0.2
            )
        axis.set_title(name)
        axis.set_ylim(-0.1, 1.05)
        time_axis(axis, "lag t (sweeps)")
    for axis in axes[len(names) :]:
        axis.set_visible(False)
    for axis in axes[::columns]:
        axis.set_ylabel("rho(t)")
    figure.legend(*axes[0].get_legend_handles_labels(), title="age", loc="outside right center", fontsize=8)
    return figure
