"""Log-likelihood of training and test samples during training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from shortrun.errors import DataError
from shortrun.plots.figure import WIDTH, new_figure, palette, styled, time_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = {"age", "data", "mean_log_likelihood", "standard_error", "error"}


@styled
def likelihood_by_age(table: pd.DataFrame) -> Figure:
    """Return the mean log-likelihood against age, a line for each data set; test below train indicates overfitting.

    Bands are two standard errors of the mean over samples, bars two standard errors of ln Z, which all lines share.

    Parameters
    ----------
    table : pd.DataFrame
        Columns age, data, mean_log_likelihood, standard_error, error (`workflows.likelihood_by_age`).

    Raises
    ------
    DataError
        If columns are missing.

    Examples
    --------
    >>> row = {"age": 10, "data": "train", "mean_log_likelihood": -20.0, "standard_error": 0.1, "error": 0.2}
    >>> likelihood_by_age(pd.DataFrame([row, row | {"age": 100}])).axes[0].get_xlabel()
    'age (updates)'
    """
    if not COLUMNS.issubset(table.columns):
        raise DataError(f"columns {', '.join(sorted(COLUMNS))} expected, got {', '.join(map(str, table.columns))}")
    figure = new_figure(WIDTH, 3.4)
    axis = figure.subplots()
    names = [*table["data"].drop_duplicates()]
    for name, colour in zip(names, palette(len(names)), strict=True):
        rows = table.loc[(table["data"] == name) & (table["age"] > 0)].sort_values("age")
        age, value, error = rows["age"], rows["mean_log_likelihood"], 2 * rows["standard_error"]
        axis.errorbar(age, value, 2 * rows["error"], color=colour, marker="o", markersize=3, label=name)
        axis.fill_between(age, value - error, value + error, color=colour, alpha=0.2, linewidth=0)
    axis.set_ylabel("ln p (nats a sample)")
    axis.legend(loc="best")
    time_axis(axis, "age (updates)")
    return figure
