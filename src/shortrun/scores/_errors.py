"""Standard errors of scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shortrun.settings import check_seed

DRAWS = 200
ROWS = 1000  # number of samples that the variance of influences is estimated from


def bootstrap(
    statistic: Callable[[np.ndarray, np.ndarray], float | np.ndarray], one: np.ndarray, other: np.ndarray, seed: int
) -> float:
    """Return the standard deviation of a function of two means when the rows behind each are resampled.

    Parameters
    ----------
    statistic : Callable[[ndarray, ndarray], float | ndarray]
        Function of the means of `one` and of `other`, (B,) or (B, k) each, that returns (B,).
    one, other : ndarray
        (N,) or (N, k) contributions of the samples on either side.
    seed : int
        Seed of the resampling (B. Efron, Ann. Stat. 7, 1, 1979).
    """
    random = np.random.default_rng([check_seed(seed), 99])
    return float(np.std(statistic(means_drawn(one, random), means_drawn(other, random)), ddof=1))


def means_drawn(contributions: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the means of DRAWS bootstrap samples of the rows."""
    count = len(contributions)
    drawn = random.integers(0, count, (DRAWS, count))
    drawn += count * np.arange(DRAWS)[:, None]  # all draws are counted at once, each in places of its own
    return np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape) @ contributions / count


def linear(*sides: tuple[np.ndarray, int]) -> float:
    """Return the standard error of a smooth function of means: sqrt(sum over sides of Var(influence) / N).

    This is the limit of the bootstrap for many draws (the infinitesimal jackknife), for scores too large to resample.
    Each side is the influence of some of its samples, and their total number.
    """
    if any(len(influence) < 2 for influence, _ in sides):
        return float("nan")
    return float(np.sqrt(sum(np.var(influence, ddof=1) / count for influence, count in sides)))
