"""Label fidelity: do generated samples look like the label they were asked for? Ideal the floor, higher is better."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float64, Int64

from shortrun.data import Dataset
from shortrun.scores._base import ALL, Pair, Quantity
from shortrun.scores._families import ClassRows, ClassScores, Domain, Row
from shortrun.scores._features import features

ROWS = 5000  # largest number of real samples to learn from
STEPS = 100  # of L-BFGS
FOLDS = 3

Classifier = Callable[[Dataset], Int64[np.ndarray, " N"]]


def has_classes(data: Dataset) -> bool:
    """Return whether samples of two or more classes are labelled."""
    return bool(np.count_nonzero(data.class_counts) > 1)


CLASSES = Domain("real samples of two classes or more", has_classes)


def recogniser(data: Dataset) -> Classifier:
    """Return a logistic regression that has learned the labels of data: a function from samples to codes of classes.

    It learns from the features (numbers in units of their standard deviations) of at most ROWS random samples, with
    penalty |w|^2 / 0.2, in at most STEPS steps.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    known = data.select(np.random.default_rng(0).permutation(np.flatnonzero(data.labelled))[:ROWS])
    if len(found := np.unique(known.labels)) < 2:
        return lambda samples: np.full(len(samples), found[0] if len(found) else -1)
    rows = features(known)
    mean, scale = standard(rows) if data.continuous else (np.float32(0), np.float32(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # STEPS is meant as a bound
        model = LogisticRegression(C=0.1, max_iter=STEPS).fit((rows - mean) / scale, known.labels)
    return lambda samples: model.predict((features(samples) - mean) / scale)


def standard(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each feature, 1 for those that do not vary."""
    width = rows.std(0)
    return rows.mean(0), np.where(width > 0, width, 1)


def measure(pair: Pair) -> ClassRows:
    """Return the share of generated samples that a classifier assigns to the label they were asked for, and its floor.

    The classifier is trained on real samples; the floor is its accuracy on real samples that it has not seen: the held-
    out ones. Without those there are three classifiers, each trained on two thirds of the reference: the floor is their
    accuracy on the other third, and the score the mean of the three. The floor of all samples weights the classes as
    they were generated.
    """
    made = pair.generated.select(pair.generated.labelled)
    recognised, of_made = np.zeros(len(made)), made.labels
    right, of_real = [], []
    judges = [*trained(pair)]
    for classifier, unseen in judges:
        recognised += (classifier(made) == of_made) / len(judges)
        right.append(classifier(unseen) == unseen.labels)
        of_real.append(unseen.labels)
    floor = rates(np.concatenate(right), np.concatenate(of_real), len(made.classes))[of_made]
    parts = {made.classes[k]: of_made == k for k in np.unique(of_made)} | {ALL: slice(None)}
    return {name: {"label-fidelity": row(recognised[part], floor[part])} for name, part in parts.items()}


def trained(pair: Pair) -> Iterator[tuple[Classifier, Dataset]]:
    """Yield classifiers, and the labelled real samples that each has not seen."""
    reference = pair.reference.select(pair.reference.labelled)
    if pair.held_out is not None and pair.held_out.labelled.any():
        yield recogniser(reference), pair.held_out.select(pair.held_out.labelled)
        return
    fold = folds(reference.labels)
    for i in range(FOLDS):
        yield recogniser(reference.select(fold != i)), reference.select(fold == i)


def folds(labels: Int64[np.ndarray, " N"]) -> Int64[np.ndarray, " N"]:
    """Return one of FOLDS numbers for each sample, evenly within each class."""
    order, fold = np.argsort(labels, kind="stable"), np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % FOLDS
    return fold


def rates(right: np.ndarray, labels: np.ndarray, classes: int) -> Float64[np.ndarray, " K"]:
    """Return the share of correct ones in each class, nan for empty classes."""
    count = np.bincount(labels, minlength=classes)
    return np.bincount(labels, right, classes) / np.where(count, count, np.nan)


def row(recognised: np.ndarray, floor: np.ndarray) -> Row:
    """Return the share of recognised samples, its standard error, and the mean floor of those whose class has one."""
    known = floor[np.isfinite(floor)]
    error = np.std(recognised) / np.sqrt(len(recognised))
    return float(recognised.mean()), float(error), float(known.mean()) if len(known) else np.nan


SCORES = ClassScores(
    quantities=(
        Quantity(
            "label-fidelity",
            ideal=None,
            direction="higher",
            group="labels",
            meaning="At the floor: samples look like the label asked for, as real ones do; lower: mixed up.",
        ),
    ),
    measure=measure,
    domain=CLASSES,
)
