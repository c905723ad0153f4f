"""Energy distance: how far apart are two distributions, in all moments at once? Ideal 0, lower is better."""

from __future__ import annotations

from functools import partial

import numpy as np

from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._errors import linear
from shortrun.scores._families import SampleScores
from shortrun.scores._features import Samples
from shortrun.scores._neighbours import mean_roots, points


def energy_distance(reference: Samples, generated: Samples) -> float:
    """Return (2 E|X - Y| - E|X - X'| - E|Y - Y'|) / E|X - X'|, in units of the spread of the reference.

    |.| is the Euclidean distance (for codes the square root of the Hamming distance), including the distance 0 of a
    sample to itself. It is 0 only for equal distributions (G. Szekely and M. Rizzo, J. Stat. Plan. Inference 143, 1249,
    2013), and nan if all reference samples are equal.
    """
    return ratio(*roots(reference, generated))


def ratio(across: np.ndarray, back: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> float:
    """Return the energy distance of mean distances."""
    excess, spread = across.mean() + back.mean() - inside.mean() - outside.mean(), inside.mean()
    return float(excess / spread) if spread > 0 else np.nan


def roots(reference: Samples, generated: Samples) -> tuple[np.ndarray, ...]:
    """Return the mean distances from X to Y, from Y to X, from X to X and from Y to Y."""
    x, y = points(reference, generated)
    return *mean_roots(x, y), mean_roots(x, x)[0], mean_roots(y, y)[0]


def error(across: np.ndarray, back: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> float:
    """Return the standard error from the influence of each sample on the ratio."""
    value, spread = ratio(across, back, inside, outside), inside.mean()
    if not spread > 0:
        return np.nan
    of_x, of_y = 2 * (across - (1 + value) * inside) / spread, 2 * (back - outside) / spread
    return linear((of_x, len(of_x)), (of_y, len(of_y)))


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the energy distance of equally many samples."""
    found = roots(*pair.equal)
    return {"energy-distance": Estimate(ratio(*found), partial(error, *found))}


SCORES = SampleScores(
    quantities=(
        Quantity(
            "energy-distance",
            ideal=0.0,
            direction="lower",
            meaning="0: real and generated samples have the same distribution; higher: they are shifted or spread.",
        ),
    ),
    measure=measure,
)
