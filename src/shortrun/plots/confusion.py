"""Which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Predictions
from shortrun.plots.figure import WIDTH, new_figure, styled
from shortrun.scores.prediction import confusion as shares_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMBERED = 20  # number of classes up to which each cell shows its value


@styled
def confusion(predictions: Predictions) -> Figure:
    """Return the confusion matrix, each row (true class) normalised to 1, as FF23 fig. 5.

    Rows of classes without samples are empty.

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
    >>> predictions = Predictions(
    ...     names=np.array(["x", "y"]),
    ...     labels=np.array([0, 1]),
    ...     classes=("a", "b"),
    ...     probabilities=np.array([[0.9, 0.1], [0.6, 0.4]], np.float32),
    ... )
    >>> confusion(predictions).axes[0].get_title()
    'accuracy 0.500'
    """
    shares, classes = shares_of(predictions, normalised=True), predictions.classes
    size = min(WIDTH, 2.2 + 0.42 * len(classes))
    figure = new_figure(size, size)
    axis = figure.subplots()
    axis.imshow(np.ma.masked_invalid(shares), cmap="Blues", vmin=0, vmax=1)
    long = max(map(len, classes)) > 3
    small = 9 if len(classes) <= 12 else 7 if len(classes) <= 26 else 5
    axis.set_xticks(range(len(classes)), classes, rotation=90 if long else 0, fontsize=small)
    axis.set_yticks(range(len(classes)), classes, fontsize=small)
    axis.set(xlabel="predicted class", ylabel="true class", title=f"accuracy {predictions.accuracy:.3f}")
    axis.spines[:].set_visible(True)
    if len(classes) <= NUMBERED:
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.005:
                colour = "white" if share > 0.5 else "black"
                axis.text(column, row, f"{share:.2f}", ha="center", va="center", color=colour, fontsize=small - 2)
    return figure
