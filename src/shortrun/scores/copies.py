"""Duplicates and copies: the shares of samples that are repeated, or in the training set. Lower is better."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._errors import linear
from shortrun.scores._families import SampleScores


def keys(data: Dataset) -> list[bytes]:
    """Return each sample as bytes, which are equal if samples are."""
    return [row.tobytes() for row in np.ascontiguousarray(data.values)]


def copied(reference: Dataset, generated: Dataset) -> np.ndarray:
    """Return 1 for each generated sample that is in the reference, else 0."""
    known = set(keys(reference))
    return np.array([key in known for key in keys(generated)], float)


def repeated(generated: Dataset) -> np.ndarray:
    """Return 1 - 1/c for each sample that occurs c times; the mean is 1 - (different samples) / (samples)."""
    rows = keys(generated)
    counts = Counter(rows)
    return np.array([1 - 1 / counts[row] for row in rows])


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the share of generated samples that are in the reference, and 1 - (different samples) / (samples)."""
    found = {"copies": copied(pair.reference, pair.generated), "duplicates": repeated(pair.generated)}
    return {name: Estimate(float(it.mean()), partial(linear, (it, len(it)))) for name, it in found.items()}


def floors(pair: Pair) -> dict[str, float]:
    """Return the share of reference samples that occur more than once, and the duplicates of its second half."""
    shared = repeated(pair.reference) > 0
    return {"copies": float(shared.mean()), "duplicates": float(repeated(pair.halves().generated).mean())}


SCORES = SampleScores(
    quantities=(
        Quantity(
            "copies",
            ideal=0.0,
            direction="lower",
            group="memorisation",
            meaning="0: no generated sample equals a real one; 1: all are copies.",
        ),
        Quantity(
            "duplicates",
            ideal=0.0,
            direction="lower",
            meaning="0: all generated samples differ; near 1: a few samples are repeated many times.",
        ),
    ),
    measure=measure,
    floors=floors,
)
