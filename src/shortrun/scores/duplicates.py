"""Duplicates: how often generated samples repeat each other. Lower is better."""

from __future__ import annotations

from functools import partial

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._errors import linear
from shortrun.scores._families import SampleScores


def repeated(data: Dataset) -> np.ndarray:
    """Return 1 - 1/c for each sample that occurs c times; the mean is 1 - (different samples) / (samples)."""
    _, which, counts = np.unique(data.row_hashes, return_inverse=True, return_counts=True)
    return 1 - 1 / counts[which]


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return 1 - (different samples) / (samples)."""
    found = repeated(pair.generated)
    return {"duplicates": Estimate(float(found.mean()), partial(linear, (found, len(found))))}


SCORES = SampleScores(
    quantities=(
        Quantity(
            "duplicates",
            ideal=0.0,
            direction="lower",
            meaning="0: all generated samples differ; near 1: a few samples are repeated many times.",
        ),
    ),
    measure=measure,
)
