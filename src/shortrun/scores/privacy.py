"""Privacy loss: are generated samples nearer to the training set than to unseen data? Ideal 0, positive leaks."""

from __future__ import annotations

import math
from functools import partial

from shortrun.scores._base import Estimate, Pair, Quantity, cut
from shortrun.scores._errors import bootstrap
from shortrun.scores._families import SampleScores
from shortrun.scores.adversarial import aats, own_shares


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return AATS(held-out, generated) - AATS(training set, generated), all of one size (BDFRS24, after Yale 2020)."""
    train, generated, unseen = cut(pair.reference, pair.generated, pair.unseen)
    ties = "fraction" if pair.convention == "default" else "other"
    seen, new = (own_shares(real, generated, ties) for real in (train, unseen))
    value = aats(*(share.mean() for share in new)) - aats(*(share.mean() for share in seen))
    errors = [partial(bootstrap, aats, *shares, pair.seed + i) for i, shares in enumerate((seen, new))]
    return {"privacy-loss": Estimate(float(value), lambda: math.hypot(*(error() for error in errors)))}


SCORES = SampleScores(
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
