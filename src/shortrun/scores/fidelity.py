"""Label fidelity: do generated samples look like the label they were asked for? Ideal the floor, higher is better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.scores._base import ALL, Pair, Quantity
from shortrun.scores._families import ClassRows, ClassScores, Domain, Row
from shortrun.scores._judges import KINDS, Judge, best, crossed

ROWS = 10_000  # largest number of real samples to learn from


def has_classes(data: Dataset) -> bool:
    """Return whether samples of two or more classes are labelled."""
    return bool(np.count_nonzero(data.class_counts) > 1)


CLASSES = Domain("real samples of two classes or more", has_classes)


def recogniser(data: Dataset, *, rows: int = ROWS, among: Sequence[str] = tuple(KINDS)) -> Judge:
    """Return a classifier that has learned the labels of data: a function from samples to codes of classes.

    Parameters
    ----------
    data : Dataset
        Samples; those with labels are learned from.
    rows : int, default ROWS
        Largest number of them, drawn at random; features that are numbers are in units of their standard deviations.
    among : Sequence[str], default all
        Kinds of classifier, of `KINDS`: the best is taken (`best`), a single one as it is. A support vector machine
        learns from 2,000 samples of 784 sites, and judges as many, in half a second.

    Returns
    -------
    Judge
        The classifier, with its `name`.

    Examples
    --------
    >>> from shortrun.data import read
    >>> judge = recogniser(read("digits", part="train"), rows=500, among=["support vector machine"])
    >>> judge.name
    'support vector machine'
    >>> test = read("digits", part="test")
    >>> bool((judge(test) == test.labels).mean() > 0.9)
    True
    """
    known = data.select(np.random.default_rng(0).permutation(np.flatnonzero(data.labelled))[:rows])
    return Judge.taught(best(known, among), known)


def measure(pair: Pair) -> ClassRows:
    """Return the share of generated samples that a classifier assigns to the label they were asked for, and its floor.

    The classifier is trained on real samples and is of the kind that is right most often there. The floor is its
    accuracy on real samples that it has not seen: the held-out ones. Without those there are three classifiers, each
    trained on two thirds of the reference: the floor is their accuracy on the other third, and the score the mean of
    the three. The floor of all samples weights the classes as they were generated.
    """
    made = pair.generated.select(pair.generated.labelled)
    recognised, of_made = np.zeros(len(made)), made.labels
    right, of_real = [], []
    judges = [*trained(pair)]
    for judge, unseen in judges:
        recognised += (judge(made) == of_made) / len(judges)
        right.append(judge(unseen) == unseen.labels)
        of_real.append(unseen.labels)
    floor = rates(np.concatenate(right), np.concatenate(of_real), len(made.classes))[of_made]
    parts = {made.classes[k]: of_made == k for k in np.unique(of_made)} | {ALL: slice(None)}
    name = judges[0][0].name
    return {cls: {"label-fidelity": row(recognised[part], floor[part], name)} for cls, part in parts.items()}


def trained(pair: Pair) -> Iterator[tuple[Judge, Dataset]]:
    """Yield classifiers, and the labelled real samples that each has not seen."""
    reference = pair.reference.select(pair.reference.labelled)
    if pair.held_out is not None and pair.held_out.labelled.any():
        yield recogniser(reference), pair.held_out.select(pair.held_out.labelled)
    else:
        known = reference.head(min(len(reference), ROWS))
        yield from crossed(known, best(known))


def rates(right: np.ndarray, labels: np.ndarray, classes: int) -> Float64[np.ndarray, " K"]:
    """Return the share of correct ones in each class, nan for empty classes."""
    count = np.bincount(labels, minlength=classes)
    return np.bincount(labels, right, classes) / np.where(count, count, np.nan)


def row(recognised: np.ndarray, floor: np.ndarray, name: str) -> Row:
    """Return the share of recognised samples, its standard error, and the mean floor of those whose class has one."""
    known = floor[np.isfinite(floor)]
    mean = float(known.mean()) if len(known) else np.nan
    error = float(np.std(recognised) / np.sqrt(len(recognised)))
    return Row(float(recognised.mean()), error, mean, f"judge: {name}, right for {mean:.1%} of unseen real samples")


def guessed(reference: Dataset) -> float:
    """Return the share of labels that a random guess has right."""
    return 1 / np.count_nonzero(reference.class_counts)


SCORES = ClassScores(
    quantities=(
        Quantity(
            "label-fidelity",
            ideal=None,
            direction="higher",
            group="labels",
            chance=guessed,
            meaning="At the floor: samples look like the label asked for, as real ones do; lower: mixed up.",
        ),
    ),
    measure=measure,
    domain=CLASSES,
)
