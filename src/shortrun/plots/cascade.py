"""How one mode after another of a machine comes to its transition while it learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.errors import DataError
from shortrun.plots._figure import MARK, WIDTH, new_figure, score_axis, styled, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = {
    "w": "signals $w_\\alpha$",
    "s": "$s_\\alpha$, fields known",
    "within": "$\\chi_\\alpha$ within a chain",
}
DECADES = 4  # below the largest value that are drawn


@styled
def cascade(table: pd.DataFrame, predicted: pd.DataFrame | None = None, age: float | None = None) -> Figure:
    """Return the modes of a machine against age, dark for the first: signals, local criterion, susceptibility.

    A mode comes to its transition where it crosses the horizontal line at 1; there a chain moves most along it. The
    dashed curve is the linear regime of learning, with the age at which it predicts the first transition.

    Parameters
    ----------
    table : pd.DataFrame
        Age, w_1, ..., s_1, ..., and within_1, ... if measured (`workflows.phases`).
    predicted, age : pd.DataFrame or float, optional
        Age and s of the linear regime, and where it crosses 1 (`workflows.first_transition`).

    Raises
    ------
    DataError
        If columns are missing.
    """
    if not {"age", "w_1", "s_1"}.issubset(table.columns):
        raise DataError(f"columns age, w_1, s_1 expected, got {', '.join(map(str, table.columns))}")
    names = [name for name in ROWS if f"{name}_1" in table.columns]
    figure = new_figure(WIDTH, 2.1 * len(names) + 0.5)
    axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    table = table.loc[table["age"] > 0].sort_values("age")
    for axis, name in zip(axes, names, strict=True):
        modes(axis, table, name)
        if age is not None:
            axis.axvline(age, color=MARK, linestyle=":", linewidth=1.2)
    if predicted is not None:
        said = "linear regime" if age is None else f"linear regime, 1 at age {age:.0f}"
        (line,) = axes[names.index("s")].plot(predicted["age"], predicted["s"], color=MARK, linestyle="--", label=said)
        axes[names.index("s")].legend(handles=[line], loc="lower right", fontsize=8)
    axes[0].legend(loc="lower right", ncols=5, title="mode", fontsize=8, alignment="left", columnspacing=1)
    time_axis(axes[-1], "age (updates)")
    return figure


def modes(axis: Axes, table: pd.DataFrame, name: str) -> None:
    """Draw a line a mode, and the threshold."""
    from matplotlib import colormaps

    found = [column for column in table.columns if column.startswith(f"{name}_")]
    for i, colour in enumerate(colormaps["viridis"](np.linspace(0, 0.9, len(found)))):
        axis.plot(
            table["age"], table[found[i]], color=colour, marker=".", markersize=3, linewidth=1.2, label=f"{i + 1}"
        )
    values = table[found].to_numpy(float)
    largest = np.nanmax(values, initial=1.0)
    score_axis(axis, ROWS[name], values[values > largest * 10.0**-DECADES].tolist())
    if name != "within":
        axis.axhline(1, color="black", linewidth=0.8)
