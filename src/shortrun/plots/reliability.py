"""Whether predicted probabilities are right as often as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Predictions
from shortrun.errors import DataError
from shortrun.plots._figure import GENERATED, UNKNOWN, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 10


@styled
def reliability(predictions: Predictions) -> Figure:
    """Return the reliability diagram: accuracy against predicted probability, and how many samples are where.

    The probability is that of the predicted class, in ten bins; bars are binomial standard errors, the diagonal is a
    calibrated machine.

    Parameters
    ----------
    predictions : some with known labels

    Raises
    ------
    DataError : if no label is known
    """
    confidence, right, counts, edges = binned(predictions)
    figure = new_figure(4.6, 5.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=UNKNOWN, linestyle="--", linewidth=1, label="calibrated")
    errors = np.sqrt(right * (1 - right) / counts)
    upper.errorbar(confidence, right, errors, color=GENERATED, marker="o", capsize=2, label="predicted")
    upper.set(xlim=(0, 1), ylim=(0, 1.05), ylabel="accuracy")
    upper.legend(loc="upper left")
    lower.bar((edges[:-1] + edges[1:]) / 2, np.histogram(chosen(predictions)[0], edges)[0], 0.09, color=GENERATED)
    lower.set(xlabel="probability of the predicted class", ylabel="samples", yscale="log", ylim=(0.6, None))
    return figure


def chosen(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Return probability and correctness of the predicted class, of samples with a known label."""
    known = predictions.labels >= 0
    if not known.any():
        raise DataError("no label is known: a reliability diagram needs some")
    return predictions.probabilities.max(1)[known], (predictions.predicted == predictions.labels)[known]


def binned(predictions: Predictions) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return mean probability, accuracy and count of each bin that has samples, and the edges of all bins."""
    confidence, right = chosen(predictions)
    edges = np.linspace(0, 1, BINS + 1)
    bins = np.clip(np.digitize(confidence, edges) - 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    has = counts > 0
    mean, share = (np.bincount(bins, it, BINS)[has] / counts[has] for it in (confidence, right))
    return mean, share, counts[has], edges
