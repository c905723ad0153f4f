"""One number for each sample, real and generated: ratio and difference of means, distance of distributions."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.scores._base import UNDEFINED, Estimate
from shortrun.scores._errors import linear

Real = Float64[np.ndarray, " _"]
Generated = Float64[np.ndarray, " _"]


def spread(*sides: np.ndarray) -> float:
    """Return the standard error of a value from the influences of the samples, one array for each side."""
    return linear(*((influence, len(influence)) for influence in sides))


def ratio(real: Real, generated: Generated) -> Estimate:
    """Return the mean of generated over the mean of real; undefined if the latter is 0."""
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
    """Return the largest difference of the two cumulative distributions, with its error at the place of the maximum."""
    if not len(real) or not len(generated):
        return UNDEFINED
    places = np.unique(np.concatenate([real, generated]))
    shares = [np.searchsorted(np.sort(side), places, "right") / len(side) for side in (real, generated)]
    difference = np.abs(shares[0] - shares[1])
    below = [(side <= places[difference.argmax()]).astype(float) for side in (real, generated)]
    return Estimate(float(difference.max()), partial(spread, *below))


def share(part: Float64[np.ndarray, " N"], total: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
    """Return contributions of the samples to sum(part) / sum(total): their mean is the ratio, their spread its error.

    They are s + (part - s total) / mean(total), the linear limit of the ratio s of two means; nan if the total is 0.
    """
    mean = total.mean()
    if not mean > 0:
        return np.full(len(total), np.nan)
    ratio_of_means = part.mean() / mean
    return ratio_of_means + (part - ratio_of_means * total) / mean
