"""Third moment: are triples of sites correlated as in the data? Ideal 0 (1 for Pearson)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._errors import ROWS, linear
from shortrun.scores._families import SampleScores
from shortrun.scores._features import blocks, features, means, sites_of
from shortrun.settings import check_seed

TRIPLES = 2000
TOGETHER = 50  # triples whose products are made at once


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
        z = centred(part, mean)
        for some in parts(triples):
            i, j, k = triples[some].T
            total[some] += (z[i] * z[j] * z[k]).sum(1)
    return total / len(samples)


def influences(samples: Dataset, triples: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return the influence of each of the first samples on a sum of slopes times moments, that on the means included.

    It is the sum of slope (z_i z_j z_k - z_i <z_j z_k> - z_j <z_i z_k> - z_k <z_i z_j>), but for a constant.
    """
    z = centred(features(samples.head(ROWS)), means(samples))
    found, of_means = np.zeros(z.shape[1]), np.zeros(len(z))
    for some in parts(triples):
        (i, j, k), slope = triples[some].T, slopes[some]
        pair = z[j] * z[k]
        found += slope @ (z[i] * pair)
        for one, product in ((i, pair), (j, z[i] * z[k]), (k, z[i] * z[j])):
            np.add.at(of_means, one, slope * product.mean(1))
    return found - of_means @ z


def centred(rows: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the (F, N) features of samples minus means: those of one feature lie together, as triples ask for them."""
    return np.ascontiguousarray((rows - mean).T)


def parts(triples: np.ndarray) -> Iterator[slice]:
    """Yield a few triples at a time, whose products stay in the processor's cache."""
    for start in range(0, len(triples), TOGETHER):
        yield slice(start, start + TOGETHER)


def spread(pair: Pair, triples: np.ndarray, slopes: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the standard error of a function of both (T,) moments, given its derivatives."""
    sides = zip(pair.equal, slopes, strict=True)
    return linear(*((influences(side, triples, slope), len(side)) for side, slope in sides))


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
