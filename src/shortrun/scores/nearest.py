"""Nearest-neighbour distances: does the generator repeat its training set? Compare with unseen data."""

from __future__ import annotations

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Pair, Quantity, cut
from shortrun.scores._families import Contributions, TrainingScores
from shortrun.scores._neighbours import least, nearest_others, points

FEW = 2000  # real samples whose nearest others are looked for, among all


def nearest_distance(real: Dataset, generated: Dataset) -> np.ndarray:
    """Return the (N,) distance of each generated sample to its nearest real one.

    It is the share of sites that differ, or for continuous data the root mean squared difference of a site.
    """
    return per_site(least(*points(real, generated)), real)


def per_site(distances: np.ndarray, real: Dataset) -> np.ndarray:
    """Return distances as shares of the sites, or root mean squares."""
    share = distances / real.sites
    return np.sqrt(share) if real.continuous else share


def nearer_to_train(train: Dataset, held_out: Dataset, generated: Dataset) -> np.ndarray:
    """Return 1 for generated samples nearer to the training set than to unseen data, 1/2 for ties, else 0."""
    return nearer(*(nearest_distance(real, generated) for real in cut(train, held_out)))


def nearer(seen: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Return 1 where the first distance is smaller, 1/2 for ties, else 0."""
    return np.heaviside(unseen - seen, 0.5)


def measure(pair: Pair) -> dict[str, Contributions]:
    """Return mean distances to training set and to unseen data, and the share of samples nearer to the former.

    The share compares equally many real samples on both sides: it is 1/2 for a generator that has learned the
    distribution, and 1 for one that has memorised those samples (the "DCR share" of synthetic tables).
    """
    found = {"nearest-train": nearest_distance(pair.reference, pair.generated)}
    if pair.held_out is not None:
        found["nearest-held-out"] = nearest_distance(pair.held_out, pair.generated)
        wholes = pair.reference, pair.held_out
        sides = zip(cut(*wholes), wholes, found.values(), strict=True)
        found["memorisation"] = nearer(
            *(
                known if len(part) == len(whole) else nearest_distance(part, pair.generated)
                for part, whole, known in sides
            )
        )
    return {name: Contributions.mean(it, pair.generated.labels) for name, it in found.items()}


def floors(pair: Pair) -> dict[str, Contributions]:
    """Return the distances of real samples to the nearest others of their set, and the share for the halves."""
    found = {"nearest-train": spacing(pair.reference)}
    if pair.held_out is not None:
        halves = pair.halves()
        nearer = nearer_to_train(halves.reference, pair.held_out, halves.generated)
        found["nearest-held-out"] = spacing(pair.held_out)
        found["memorisation"] = Contributions.mean(nearer, halves.generated.labels)
    return found


def spacing(real: Dataset) -> Contributions:
    """Return the distances of samples, some of very many, to the nearest other one."""
    (rows,) = points(real)
    some = slice(0, FEW)
    return Contributions.mean(per_site(nearest_others(rows, len(rows[some])).distance, real), real.labels[some])


SCORES = TrainingScores(
    quantities=(
        Quantity(
            "nearest-train",
            ideal=None,
            direction="none",
            group="memorisation",
            meaning="At the floor: as near to training samples as these to each other; below: copies; above: unlike.",
        ),
        Quantity(
            "nearest-held-out",
            ideal=None,
            direction="none",
            held_out=True,
            group="memorisation",
            meaning="At the floor: as near to unseen real samples as they are to each other; above: unlike them.",
        ),
        Quantity(
            "memorisation",
            ideal=0.5,
            direction="none",
            held_out=True,
            group="memorisation",
            meaning="0.5: no nearer to training than to unseen samples; 1: the training samples were memorised.",
        ),
    ),
    measure=measure,
    floors=floors,
)
