"""Third moment: are triples of sites correlated as in the data? Ideal 0 (1 for Pearson)."""

from __future__ import annotations

from functools import partial

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._errors import ROWS, linear
from shortrun.scores._families import SampleScores
from shortrun.scores._features import blocks, features, means, sites_of
from shortrun.settings import check_seed

TRIPLES = 2000


def sampled_triples(sites: np.ndarray, seed: int, count: int = TRIPLES) -> np.ndarray:
    """Return (T, 3) distinct triples of features of three different sites, drawn uniformly; at most `count`."""
    drawn = np.sort(np.random.default_rng([check_seed(seed), 3]).integers(0, len(sites), (4 * count, 3)), axis=1)
    distinct = (np.diff(sites[drawn], axis=1) > 0).all(1)
    different, first = np.unique(drawn[distinct], axis=0, return_index=True)
    return different[np.argsort(first)][:count]


def third_moments(samples: Dataset, triples: np.ndarray) -> np.ndarray:
    """Return the (T,) mean of z_i z_j z_k over samples, z the features minus their means."""
    mean, total = means(samples), np.zeros(len(triples))
    for part in blocks(samples):
        total += products(part - mean, triples).sum(0)
    return total / len(samples)


def products(z: np.ndarray, triples: np.ndarray) -> np.ndarray:
    """Return the (N, T) products of three features."""
    i, j, k = triples.T
    return z[:, i] * z[:, j] * z[:, k]


def influences(samples: Dataset, triples: np.ndarray) -> np.ndarray:
    """Return the (N, T) influence of each of the first samples on each moment, including that on the means."""
    z = features(samples.head(ROWS)) - means(samples)
    found = products(z, triples)
    for i, j, k in (triples.T[order] for order in ([0, 1, 2], [1, 2, 0], [2, 0, 1])):
        found -= z[:, i] * (z[:, j] * z[:, k]).mean(0)
    return found


def spread(pair: Pair, triples: np.ndarray, slopes: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the standard error of a function of both (T,) moments, given its derivatives."""
    sides = zip(pair.equal, slopes, strict=True)
    return linear(*((influences(side, triples) @ slope, len(side)) for side, slope in sides))


def pearson(x: np.ndarray, y: np.ndarray) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """Return the correlation coefficient and its derivatives; nan if one side does not vary."""
    x, y = x - x.mean(), y - y.mean()
    xx, yy = x @ x, y @ y
    if not (len(x) and xx > 0 and yy > 0):
        return np.nan, (np.full_like(x, np.nan), np.full_like(y, np.nan))
    r, scale = x @ y / np.sqrt(xx * yy), np.sqrt(xx * yy)
    return float(r), (y / scale - r * x / xx, x / scale - r * y / yy)


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the mean squared difference of connected third moments on random triples, and their correlation."""
    triples = sampled_triples(sites_of(pair.reference), pair.seed)
    x, y = (third_moments(side, triples) for side in pair.equal)
    error = float(np.square(y - x).mean()) if len(triples) else np.nan
    slope = 2 * (y - x) / max(len(triples), 1)
    r, slopes = pearson(x, y) if len(triples) else (np.nan, (x, y))
    return {
        "third-moment": Estimate(error, partial(spread, pair, triples, (-slope, slope))),
        "third-pearson": Estimate(r, partial(spread, pair, triples, slopes)),
    }


SCORES = SampleScores(
    quantities=(
        Quantity(
            "third-moment",
            ideal=0.0,
            direction="lower",
            meaning="0: triples of sites are correlated as in the data; higher: three-site effects are not learned.",
        ),
        Quantity(
            "third-pearson",
            ideal=1.0,
            direction="higher",
            chance=0.0,
            meaning="Near 1: the same triples of sites are correlated as in the data; 0: other triples are.",
        ),
    ),
    measure=measure,
)
