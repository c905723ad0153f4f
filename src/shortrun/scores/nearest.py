"""Nearest-neighbour distances: does the generator repeat its training set? Compare with unseen data."""

from __future__ import annotations

from functools import partial

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Estimate, Pair, Quantity, cut
from shortrun.scores._errors import linear
from shortrun.scores._neighbours import nearest_between, points

quantities = (
    Quantity("nearest-train", ideal=None, direction="none"),
    Quantity("nearest-held-out", ideal=None, direction="none", held_out=True),
    Quantity("memorisation", ideal=0.5, direction="none", held_out=True),
)


def nearest_distance(real: Dataset, generated: Dataset) -> np.ndarray:
    """Return the (N,) distance of each generated sample to its nearest real one.

    The share of sites that differ, or for continuous data the root mean squared difference of a site.
    """
    x, y = points(real, generated)
    share = nearest_between(x, y)[1].distance / real.sites
    return np.sqrt(share) if real.continuous else share


def nearer_to_train(train: Dataset, held_out: Dataset, generated: Dataset) -> np.ndarray:
    """Return 1 for generated samples nearer to the training set than to unseen data, 1/2 for ties, else 0."""
    seen, unseen = (nearest_distance(real, generated) for real in cut(train, held_out))
    return np.heaviside(unseen - seen, 0.5)


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return mean distances to training set and to unseen data, and the share of samples nearer to the former.

    The last compares equally many real samples on both sides: 1/2 for a generator that has learned a law, 1 for one
    that has learned its samples by heart (the "DCR share" of synthetic tables).
    """
    found = {"nearest-train": nearest_distance(pair.reference, pair.generated)}
    if pair.held_out is not None:
        found["nearest-held-out"] = nearest_distance(pair.held_out, pair.generated)
        found["memorisation"] = nearer_to_train(pair.reference, pair.held_out, pair.generated)
    return {name: Estimate(float(it.mean()), partial(linear, (it, len(it)))) for name, it in found.items()}
