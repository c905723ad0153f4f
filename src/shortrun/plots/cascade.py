"""How the modes of a machine reach their transitions, one after another, during training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.errors import DataError
from shortrun.plots.figure import MARK, WIDTH, new_figure, score_axis, styled, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = {
    "w": "signals $w_\\alpha$",
    "s": "$s_\\alpha$, fields known",
    "within": "$\\chi_\\alpha$ within a chain",
}
DECADES = 4  # drawn below the largest value


@styled
def cascade(table: pd.DataFrame, predicted: pd.DataFrame | None = None, age: float | None = None) -> Figure:
    """Return the modes of a machine against age, darkest for the first: signals, local criterion, susceptibility.

    A mode reaches its transition where it crosses the horizontal line at 1; there the chain fluctuates most along it.
    The dashed curve is the linear regime of learning, with the age at which it predicts the first transition.

    Parameters
    ----------
    table : pd.DataFrame
        Columns age, w_1, ..., s_1, ..., and within_1, ... if measured (`workflows.phases`).
    predicted : pd.DataFrame, optional
        Columns age and s of the linear regime (`workflows.first_transition`).
    age : float, optional
        Age at which the linear regime crosses 1.

    Raises
    ------
    DataError
        If columns are missing.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [1, 10, 100], "w_1": [0.1, 0.5, 2.0], "s_1": [0.1, 0.6, 3.0]})
    >>> len(cascade(table).axes)
    2
    """
    if not {"age", "w_1", "s_1"}.issubset(table.columns):
        raise DataError(f"columns age, w_1, s_1 expected, got {', '.join(map(str, table.columns))}")
    names = [name for name in ROWS if f"{name}_1" in table.columns]
    figure = new_figure(WIDTH, 2.1 * len(names) + 0.5)
    axes = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    table = table.loc[table["age"] > 0].sort_values("age")
    for axis, name in zip(axes, names, strict=True):
        draw_modes(axis, table, name)
        if age is not None:
            axis.axvline(age, color=MARK, linestyle=":", linewidth=1.2)
    if predicted is not None:
        label = "linear regime" if age is None else f"linear regime, 1 at age {age:.0f}"
        (line,) = axes[names.index("s")].plot(predicted["age"], predicted["s"], color=MARK, linestyle="--", label=label)
        axes[names.index("s")].legend(handles=[line], loc="lower right", fontsize=8)
    axes[0].legend(loc="lower right", ncols=5, title="mode", fontsize=8, alignment="left", columnspacing=1)
    time_axis(axes[-1], "age (updates)")
    return figure


def draw_modes(axis: Axes, table: pd.DataFrame, name: str) -> None:
    """Draw a line for each mode, and the threshold."""
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
