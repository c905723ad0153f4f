"""Singular values of the weights during training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shortrun.errors import DataError
from shortrun.plots.figure import WIDTH, new_figure, score_axis, styled, time_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {"W": "W: sites to hidden units", "D": "D: labels to hidden units"}
COLUMNS = {"age", "matrix", "rank", "value"}


@styled
def singular_values(table: pd.DataFrame) -> Figure:
    """Return the singular values of W and D against age on logarithmic axes, darkest for the largest.

    Parameters
    ----------
    table : pd.DataFrame
        Columns age, matrix, rank, value (`workflows.singular_values`).

    Raises
    ------
    DataError
        If columns are missing.

    Examples
    --------
    >>> row = {"age": 10, "matrix": "W", "rank": 1, "value": 0.5}
    >>> singular_values(pd.DataFrame([row, row | {"age": 100, "value": 2.0}])).axes[0].get_ylabel()
    'singular value'
    """
    from matplotlib import colormaps

    if not COLUMNS.issubset(table.columns):
        raise DataError(f"columns {', '.join(sorted(COLUMNS))} expected, got {', '.join(map(str, table.columns))}")
    matrices = [*table["matrix"].drop_duplicates()]
    figure = new_figure(WIDTH if len(matrices) > 1 else 4.2, 3.3)
    axes = figure.subplots(1, len(matrices), squeeze=False)[0]
    for axis, matrix in zip(axes, matrices, strict=True):
        rows = table.loc[(table["matrix"] == matrix) & (table["age"] > 0)]
        ranks = sorted(rows["rank"].unique())
        for rank, colour in zip(ranks, colormaps["viridis"](np.linspace(0, 0.9, len(ranks))), strict=True):
            one = rows.loc[rows["rank"] == rank].sort_values("age")
            axis.plot(one["age"], one["value"], color=colour, linewidth=1.2, label=f"{rank}")
        axis.set_title(TITLES.get(matrix, matrix))
        positive = rows["value"].max() * 1e-4  # ranks that gauge or size leave at zero are not drawn
        score_axis(axis, "singular value" if axis is axes[0] else "", rows.loc[rows["value"] > positive, "value"])
        time_axis(axis, "age (updates)")
    return figure
