"""Predicted labels: how many are correct (ideal 1), and can their probabilities be trusted (calibration, ideal 0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Int64

from shortrun.data import Predictions
from shortrun.data.core.dataset import UNKNOWN
from shortrun.errors import DataError
from shortrun.scores._base import ALL, Quantity
from shortrun.scores._errors import means_drawn
from shortrun.scores._families import ClassRows, PredictionScores, Row
from shortrun.settings import check_seed

if TYPE_CHECKING:
    import pandas as pd

BINS = 15  # of the probability of the most probable label, as in the reference
DRAWS = 200  # of labels from the probabilities

Value = tuple[float, float]  # a value and its standard error


def judge(predictions: Predictions) -> ClassRows:
    """Return accuracy, that of each class, their mean, and the calibration error, with errors and floors.

    An accuracy has no floor, because nothing says how well the labels of real samples can be predicted; compare it with
    that of a logistic regression. The floor of the calibration error is `calibration_floor`.

    Raises
    ------
    DataError
        If no sample has a label.
    """
    known, rates = labelled(predictions), accuracies(predictions)
    rows = {name: {"accuracy": Row(*value, np.nan)} for name, value in rates.items()}
    rows[ALL]["balanced-accuracy"] = Row(*balanced(rates), np.nan)
    rows[ALL]["calibration-error"] = Row(*calibration_error(known), calibration_floor(known))
    return rows


def labelled(predictions: Predictions) -> Predictions:
    """Return the predictions of samples whose label is known.

    Raises
    ------
    DataError
        If there are none.
    """
    known = predictions.labels != UNKNOWN
    if not known.any():
        raise DataError("predictions can only be scored for samples with labels, and none has one")
    rows = (predictions.names[known], predictions.labels[known], predictions.probabilities[known])
    return Predictions(names=rows[0], labels=rows[1], classes=predictions.classes, probabilities=rows[2])


def accuracies(predictions: Predictions) -> dict[str, Value]:
    """Return the share of labels that are predicted correctly: of "all", then of each class that occurs (its recall).

    Errors are binomial standard errors.
    """
    known = labelled(predictions)
    right = known.predicted == known.labels
    parts = {ALL: right} | {name: right[known.labels == k] for k, name in enumerate(known.classes)}
    return {name: binomial(part) for name, part in parts.items() if len(part)}


def binomial(right: np.ndarray) -> Value:
    """Return a share and its standard error."""
    share = float(right.mean())
    return share, float(np.sqrt(share * (1 - share) / len(right)))


def balanced(rates: dict[str, Value]) -> Value:
    """Return the mean of the classes' accuracies, whatever their sizes."""
    values, errors = np.array([value for name, value in rates.items() if name != ALL]).T
    return float(values.mean()), float(np.sqrt(np.square(errors).sum()) / len(errors))


def confusion(predictions: Predictions, *, normalised: bool = False) -> Float64[np.ndarray, "K K"]:
    """Return how many samples of each class (row) are predicted as each class (column).

    Parameters
    ----------
    predictions : Predictions
        Predictions; those without a known label are left out.
    normalised : bool, default False
        Divide by the number of samples of the true class, as in FF23 fig. 5; rows of empty classes are nan.

    Raises
    ------
    DataError
        If no sample has a label.
    """
    known, count = labelled(predictions), len(predictions.classes)
    cells = np.bincount(known.labels * count + known.predicted, minlength=count**2)
    table = cells.reshape(count, count).astype(np.float64)
    if not normalised:
        return table
    total = table.sum(1, keepdims=True)
    return np.divide(table, total, out=np.full_like(table, np.nan), where=total > 0)


def confidence(predictions: Predictions) -> Float64[np.ndarray, " N"]:
    """Return the probability of each most probable label."""
    return np.clip(predictions.probabilities.max(1).astype(np.float64), 0, 1)


def bin_of(confidence: Float64[np.ndarray, " N"], bins: int) -> Int64[np.ndarray, " N"]:
    """Return the bin of each probability: bin m of M is ((m - 1) / M, m / M]."""
    return np.maximum(np.ceil(confidence * bins).astype(np.int64) - 1, 0)


def reliability(predictions: Predictions, bins: int = BINS) -> pd.DataFrame:
    """Return the reliability diagram: how often the predicted label is correct, against its probability.

    Parameters
    ----------
    predictions : Predictions
        Predictions; those without a known label are left out.
    bins : int, default BINS
        Number of equal parts of [0, 1].

    Returns
    -------
    pandas.DataFrame
        A row for each bin: lower, upper, samples, confidence (mean probability of the predicted labels), accuracy and
        its binomial standard error; nan in empty bins.

    Raises
    ------
    DataError
        If no sample has a label.
    """
    import pandas as pd

    known = labelled(predictions)
    sure, right = confidence(known), known.predicted == known.labels
    place = bin_of(sure, bins)
    samples = np.bincount(place, minlength=bins)
    filled = np.where(samples, samples, np.nan)
    accuracy = np.bincount(place, right, bins) / filled
    edges = np.linspace(0, 1, bins + 1)
    return pd.DataFrame(
        {
            "lower": edges[:-1],
            "upper": edges[1:],
            "samples": samples,
            "confidence": np.bincount(place, sure, bins) / filled,
            "accuracy": accuracy,
            "error": np.sqrt(accuracy * (1 - accuracy) / filled),
        }
    )


def calibration_error(predictions: Predictions, bins: int = BINS, seed: int = 0) -> Value:
    """Return the sum over bins of (samples / all samples) |accuracy - confidence|, and its standard error.

    It is the expected calibration error of the most probable label (C. Guo et al., ICML 2017, eq. 3) of labelled
    samples; the error comes from the bootstrap.
    """
    known = labelled(predictions)
    sure = confidence(known)
    excess = np.zeros((len(known), bins))
    excess[np.arange(len(known)), bin_of(sure, bins)] = (known.predicted == known.labels) - sure
    drawn = np.abs(means_drawn(excess, np.random.default_rng([check_seed(seed), 99]))).sum(1)
    return float(np.abs(excess.mean(0)).sum()), float(drawn.std(ddof=1))


def calibration_floor(predictions: Predictions, bins: int = BINS, seed: int = 0) -> float:
    """Return the mean calibration error if the probabilities are correct: labels are drawn from them.

    It is above 0 because the number of samples is finite, more so for uncertain predictions.
    """
    sure, random = confidence(labelled(predictions)), np.random.default_rng([check_seed(seed), 98])
    place = bin_of(sure, bins)
    excess = [np.bincount(place, (random.random(len(sure)) < sure) - sure, bins) for _ in range(DRAWS)]
    return float(np.abs(excess).sum(1).mean() / len(sure))


SCORES = PredictionScores(
    quantities=(
        Quantity(
            "accuracy",
            ideal=1.0,
            direction="higher",
            group="labels",
            meaning="1: every label is predicted correctly; compare with the share of the largest class.",
        ),
        Quantity(
            "balanced-accuracy",
            ideal=1.0,
            direction="higher",
            group="labels",
            meaning="1: every label of every class is predicted correctly; 1 / number of classes: labels are guessed.",
        ),
        Quantity(
            "calibration-error",
            ideal=0.0,
            direction="lower",
            group="labels",
            meaning="0: labels with probability 0.8 are correct in 8 cases of 10; higher: over- or underconfident.",
        ),
    ),
    measure=judge,
)
