"""Standard errors of scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DRAWS = 200
ROWS = 1000  # that the spread of contributions is estimated from


def bootstrap(
    statistic: Callable[[np.ndarray, np.ndarray], float | np.ndarray], one: np.ndarray, other: np.ndarray, seed: int
) -> float:
    """Return the standard deviation of a function of two means when the rows behind each are drawn again.

    Parameters
    ----------
    statistic : Callable[[ndarray, ndarray], float | ndarray]
        Of the means of `one` and of `other`, (B,) or (B, k) each, returns (B,).
    one, other : ndarray
        (N,) or (N, k) contributions of the samples on either side.
    seed : int
        Of the draws (B. Efron, Ann. Stat. 7, 1, 1979).
    """
    random = np.random.default_rng([seed, 99])
    return float(np.std(statistic(means_drawn(one, random), means_drawn(other, random)), ddof=1))


def means_drawn(contributions: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the means of DRAWS samples of the rows, with replacement."""
    count = len(contributions)
    weights = [np.bincount(random.integers(0, count, count), minlength=count) for _ in range(DRAWS)]
    return np.stack(weights) @ contributions / count


def linear(*sides: tuple[np.ndarray, int]) -> float:
    """Return the standard error of a smooth function of means: sqrt(sum over sides of Var(influence) / N).

    The limit of the bootstrap for many draws (the infinitesimal jackknife), for scores that are too large to draw
    again. Each side is the influence of some of its samples, of how many there are.
    """
    return float(np.sqrt(sum(np.var(influence, ddof=1) / count for influence, count in sides)))
