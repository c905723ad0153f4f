"""One number a sample has, real against generated: ratio and difference of the means, distance of the distributions."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.scores._base import UNDEFINED, Estimate
from shortrun.scores._errors import linear

Real = Float64[np.ndarray, " _"]
Generated = Float64[np.ndarray, " _"]


def spread(*sides: np.ndarray) -> float:
    """Return the standard error of what samples have this influence on, one array a side."""
    return linear(*((influence, len(influence)) for influence in sides))


def ratio(real: Real, generated: Generated) -> Estimate:
    """Return mean of generated / mean of real; undefined if the latter is 0."""
    x, y = float(real.mean()), float(generated.mean())
    return Estimate(y / x, partial(spread, real * y / x**2, generated / x)) if x > 0 else UNDEFINED


def shift(real: Real, generated: Generated) -> Estimate:
    """Return (mean of generated - mean of real) / standard deviation of real; undefined if that is 0."""
    if len(real) < 2 or not len(generated):
        return UNDEFINED
    x, width = float(real.mean()), float(real.std(ddof=1))
    if not width > 1e-9 * (1 + abs(x)):
        return UNDEFINED
    value = (float(generated.mean()) - x) / width
    of_real = real / width + value * np.square((real - x) / width) / 2
    return Estimate(value, partial(spread, of_real, generated / width))


def kolmogorov_smirnov(real: Real, generated: Generated) -> Estimate:
    """Return the largest difference of the two cumulative distributions, and its error at the place of that."""
    if not len(real) or not len(generated):
        return UNDEFINED
    places = np.unique(np.concatenate([real, generated]))
    shares = [np.searchsorted(np.sort(side), places, "right") / len(side) for side in (real, generated)]
    difference = np.abs(shares[0] - shares[1])
    below = [(side <= places[difference.argmax()]).astype(float) for side in (real, generated)]
    return Estimate(float(difference.max()), partial(spread, *below))


def share(part: Float64[np.ndarray, " N"], whole: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
    """Return what each sample adds to sum(part) / sum(whole): numbers of that mean, whose spread is its error.

    s + (part - s whole) / mean(whole), the linear limit of the ratio s of two means; nan if there is no whole.
    """
    mean = whole.mean()
    if not mean > 0:
        return np.full(len(whole), np.nan)
    total = part.mean() / mean
    return total + (part - total * whole) / mean
