"""Copies: the share of generated samples that are in the training set. Lower is better."""

from __future__ import annotations

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Pair, Quantity
from shortrun.scores._families import Contributions, TrainingScores
from shortrun.scores.duplicates import repeated


def copied(reference: Dataset, generated: Dataset) -> np.ndarray:
    """Return 1 for each generated sample that is in the reference, else 0."""
    return np.isin(generated.row_hashes, reference.row_hashes).astype(float)


def measure(pair: Pair) -> dict[str, Contributions]:
    """Return the share of generated samples that are in the reference."""
    return {"copies": Contributions.mean(copied(pair.reference, pair.generated), pair.generated.labels)}


def floors(pair: Pair) -> dict[str, Contributions]:
    """Return the share of reference samples that occur more than once."""
    shared = (repeated(pair.reference) > 0).astype(float)
    return {"copies": Contributions.mean(shared, pair.reference.labels)}


SCORES = TrainingScores(
    quantities=(
        Quantity(
            "copies",
            ideal=0.0,
            direction="lower",
            group="memorisation",
            meaning="0: no generated sample equals a real one; 1: all are copies.",
        ),
    ),
    measure=measure,
    floors=floors,
)
