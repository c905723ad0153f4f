"""How often predictions are correct, compared with their probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.data import Predictions
from shortrun.plots.figure import GENERATED, UNKNOWN, new_figure, styled
from shortrun.scores.prediction import reliability as bins_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def reliability(predictions: Predictions) -> Figure:
    """Return the reliability diagram: accuracy against predicted probability, and the number of samples in each bin.

    The probability is that of the predicted class. Bars are binomial standard errors; a calibrated machine lies on the
    diagonal.

    Parameters
    ----------
    predictions : Predictions
        Predictions, some of samples with known labels.

    Raises
    ------
    DataError
        If no label is known.

    Examples
    --------
    >>> import numpy as np
    >>> predictions = Predictions(
    ...     names=np.array(["x", "y"]),
    ...     labels=np.array([0, 1]),
    ...     classes=("a", "b"),
    ...     probabilities=np.array([[0.9, 0.1], [0.6, 0.4]], np.float32),
    ... )
    >>> [axis.get_ylabel() for axis in reliability(predictions).axes]
    ['accuracy', 'samples']
    """
    table = bins_of(predictions)
    figure = new_figure(4.6, 5.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=UNKNOWN, linestyle="--", linewidth=1, label="calibrated")
    full = table.loc[table["samples"] > 0]
    upper.errorbar(
        full["confidence"], full["accuracy"], full["error"], color=GENERATED, marker="o", capsize=2, label="predicted"
    )
    upper.set(xlim=(0, 1), ylim=(0, 1.05), ylabel="accuracy")
    upper.legend(loc="upper left")
    middles = (table["lower"] + table["upper"]) / 2
    lower.bar(middles, table["samples"], 0.9 / len(table), color=GENERATED)
    lower.set(xlabel="probability of the predicted class", ylabel="samples", yscale="log", ylim=(0.6, None))
    return figure
