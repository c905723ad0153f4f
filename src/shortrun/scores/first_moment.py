"""First moment: are the means of each site those of the data? Ideal 0, lower is better."""

from __future__ import annotations

from functools import partial

import numpy as np

from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._errors import linear
from shortrun.scores._families import SampleScores
from shortrun.scores._features import Samples, blocks, means


def first_moment(reference: Samples, generated: Samples) -> float:
    """Return the mean over features of (generated mean - reference mean)^2."""
    return float(np.square(means(generated) - means(reference)).mean())


def spread(reference: Samples, generated: Samples) -> float:
    """Return the standard error: the influence of a sample is 2 / F times (x - mean) * (difference of means)."""
    slope = means(generated) - means(reference)
    moves = (
        np.concatenate([2 * (part @ slope) / len(slope) for part in blocks(side)]) for side in (reference, generated)
    )
    return linear(*((move, len(move)) for move in moves))


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the error of the first moment of equally many samples."""
    return {"first-moment": Estimate(first_moment(*pair.equal), partial(spread, *pair.equal))}


SCORES = SampleScores(
    quantities=(
        Quantity(
            "first-moment",
            ideal=0.0,
            direction="lower",
            meaning="0: the mean of each site is that of the data; higher: values are too frequent or too rare.",
        ),
    ),
    measure=measure,
)
