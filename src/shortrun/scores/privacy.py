"""Privacy loss: are generated samples nearer to the training set than to unseen data? Ideal 0, positive leaks."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from shortrun.scores._base import Estimate, Pair, Quantity, cut
from shortrun.scores._errors import bootstrap
from shortrun.scores._families import Contributions, TrainingScores
from shortrun.scores.adversarial import aats, own_shares


def measure(pair: Pair) -> dict[str, Contributions]:
    """Return AATS(held-out, generated) - AATS(training set, generated), all of one size (BDFRS24, after Yale 2020)."""
    train, generated, unseen = cut(pair.reference, pair.generated, pair.unseen)
    ties = "fraction" if pair.convention == "default" else "other"
    sides = []
    for real in (train, unseen):
        of_real, of_made = own_shares(real, generated, ties)
        sides += [(of_real, real.labels), (of_made, generated.labels)]
    return {"privacy-loss": Contributions(tuple(sides), partial(loss, pair.seed))}


def loss(seed: int, *shares: np.ndarray) -> Estimate:
    """Return the loss of the shares with the training set and with unseen data, of real and of generated samples."""
    seen, new = shares[:2], shares[2:]
    value = aats(*(share.mean() for share in new)) - aats(*(share.mean() for share in seen))
    errors = [partial(bootstrap, aats, *both, seed + i) for i, both in enumerate((seen, new))]
    return Estimate(float(value), lambda: math.hypot(*(error() for error in errors)))


SCORES = TrainingScores(
    quantities=(
        Quantity(
            "privacy-loss",
            ideal=0.0,
            direction="none",
            held_out=True,
            group="memorisation",
            meaning="Near 0: training samples are no easier to identify than unseen ones; above: they leak.",
        ),
    ),
    measure=measure,
)
