"""Classifier two-sample test: can a trained classifier tell generated samples from real ones? Ideal 1/2."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.data.core.parts import merged
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._families import PooledScores
from shortrun.scores._features import features
from shortrun.scores._judges import fitted, folds, standard
from shortrun.scores._numbers import spread

ROWS = 2000  # largest number of samples on either side
FOLDS = 5
FEWEST = 4 * FOLDS  # smallest number of samples on either side
KINDS = ("support vector machine", "logistic regression")


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return how well generated samples can be told from real ones, from held-out ones if there are any."""
    return {"c2st": told_apart(pair.reference if pair.held_out is None else pair.held_out, pair.generated)}


def floors(pair: Pair) -> dict[str, float]:
    """Return how well the reference can be told from the held-out samples, or one half of it from the other."""
    held_out = pair.held_out
    halves = pair.halves() if held_out is None else replace(pair, reference=held_out, generated=pair.reference)
    return {"c2st": told_apart(halves.reference, halves.generated).value}


def told_apart(real: Dataset, made: Dataset) -> Estimate:
    """Return the area under the ROC curve of a classifier that tells generated samples from real ones.

    It is the chance that a generated sample looks more generated than a real one, over pairs of the same fold, none of
    which the classifier has learned from (D. Lopez-Paz, M. Oquab, ICLR 2017, who count right answers). The kinds of
    classifier are fixed beforehand; of their areas the one farther from 1/2 counts. The error is that of E. R. DeLong
    et al., Biometrics 44, 837 (1988), times sqrt(2): what two samples tell of each other counts twice, once for either
    as the one that was learned from, and repeats instead of adding to the knowledge.
    """
    real, made = matched(real, made)
    if len(real) < FEWEST:
        return UNDEFINED
    found = {kind: shares(real, made, kind) for kind in KINDS}
    kind = max(found, key=lambda each: abs(found[each][0].mean() - 0.5))
    of_real, of_made = found[kind]
    return Estimate(float(of_made.mean()), partial(spread, 2**0.5 * of_real, 2**0.5 * of_made), f"judge: {kind}")


def matched(real: Dataset, made: Dataset) -> tuple[Dataset, Dataset]:
    """Return equally many of either, of each class where both have labels: at most ROWS, the first ones of each."""
    if not (real.labelled.any() and made.labelled.any()):
        count = min(len(real), len(made), ROWS)
        return unlabelled(real.head(count)), unlabelled(made.head(count))
    counts = np.minimum(real.class_counts, made.class_counts)
    counts = counts * min(ROWS, counts.sum()) // max(counts.sum(), 1)
    return real.select(first_of_classes(real, counts)), made.select(first_of_classes(made, counts))


def unlabelled(data: Dataset) -> Dataset:
    """Return the same samples without labels."""
    return data.with_labels([""] * len(data))


def first_of_classes(data: Dataset, counts: np.ndarray) -> np.ndarray:
    """Return the rows of the first so many samples of each class."""
    return np.concatenate([np.flatnonzero(data.labels == k)[:count] for k, count in enumerate(counts)])


def shares(real: Dataset, made: Dataset, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return of each sample the share of the other side's in its fold that it is told from the right way."""
    both = merged([real, made])
    side = np.repeat([0, 1], [len(real), len(made)])
    rows = seen(both)
    fold, found = folds(both, FOLDS, 2 * both.labels + side), np.full(len(both), 0.5)
    for i in range(FOLDS):
        unseen = fold == i
        if len(np.unique(side[~unseen])) < 2:  # a group that is all of one side
            continue
        model = fitted(kind, rows[~unseen], side[~unseen])
        found[unseen] = placed(model.decision_function(rows[unseen]).astype(float), side[unseen])
    return found[side == 0], found[side == 1]


def seen(data: Dataset) -> np.ndarray:
    """Return what a classifier sees of samples: their features, and their labels one-hot."""
    rows = features(data)
    if data.continuous:
        mean, scale = standard(rows)
        rows = (rows - mean) / scale
    labels = data.labels[:, None] == np.arange(len(data.classes))
    return np.concatenate([rows, labels.astype(np.float32)], axis=1)


def placed(value: Float64[np.ndarray, " N"], side: np.ndarray) -> Float64[np.ndarray, " N"]:
    """Return of each sample the share of the other side's that are on the right side of it, ties 1/2."""
    found = np.full(len(value), 0.5)
    real, made = np.sort(value[side == 0]), np.sort(value[side == 1])
    if len(real) and len(made):
        found[side == 1] = below(real, value[side == 1])
        found[side == 0] = 1 - below(made, value[side == 0])
    return found


def below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return for each value the share of ordered ones below it, those that are equal 1/2."""
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(ordered))


SCORES = PooledScores(
    quantities=(
        Quantity(
            "c2st",
            ideal=0.5,
            direction="none",
            chance=1.0,
            meaning="0.5: a classifier cannot tell generated samples from real ones; 1: it always can; lower: copies.",
        ),
    ),
    measure=measure,
    floors=floors,
)
