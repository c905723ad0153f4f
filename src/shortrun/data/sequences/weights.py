"""Sample weights against over-represented sequences, and weighted frequencies."""

from __future__ import annotations

import math

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.errors import ConfigError, DataError

BLOCK = 4096, 128  # rows compared at a time: the block of counts stays in the processor's cache
SITES = 16  # counted before looking which pairs can still be alike
FEW = 100  # pairs are looked at one by one when fewer than one in so many is left


def sequence_weights(dataset: Dataset, identity: float = 0.8) -> np.ndarray:
    r"""Return the (N,) float32 weights :math:`w_n = 1 / |\{m : \mathrm{identity}(n, m) \ge \theta\}|`.

    The identity of two samples is the share of sites at which they agree, gaps included; a sample counts
    itself. Memory is bounded whatever N is. The convention is that of Ekeberg et al., Phys. Rev. E 87,
    012707 (2013), eq. (15).

    Parameters
    ----------
    dataset : Dataset
        N samples of codes.
    identity : float, default 0.8
        The threshold :math:`\theta`, above 0 and at most 1.

    Raises
    ------
    ConfigError
        If the threshold is out of range.
    DataError
        If the data are continuous.
    """
    if not 0 < identity <= 1:
        raise ConfigError("identity", f"a number above 0 and at most 1 expected, got {identity}")
    if dataset.continuous:
        raise DataError("sequences are compared letter by letter, these data are continuous")
    agreeing = math.ceil(identity * dataset.sites - 1e-9)  # 0.55 * 100 is a little above 55
    return (1 / count_neighbours(dataset.values, agreeing)).astype(np.float32)


def count_neighbours(values: np.ndarray, agreeing: int) -> np.ndarray:
    """Return for each row of an (N, S) table how many rows, itself too, agree at so many sites."""
    sites_first = np.ascontiguousarray(values.T[telling_order(values)])
    wide, narrow = BLOCK
    neighbours = np.zeros(len(values), np.int64)
    for start in range(0, len(values), narrow):
        rows = slice(start, start + narrow)
        for other in range(start, len(values), wide):  # each pair once: the rows from `start` on
            columns = slice(other, other + wide)
            alike = close(sites_first[:, rows], sites_first[:, columns], agreeing)
            neighbours[rows] += alike.sum(axis=1)
            later = alike[:, max(0, start + narrow - other) :]  # beyond the block of rows itself
            neighbours[columns][alike.shape[1] - later.shape[1] :] += later.sum(axis=0)
    return neighbours


def telling_order(values: np.ndarray) -> np.ndarray:
    """Return the sites in the order that tells rows apart soonest: where two rows agree least often comes first."""
    some = values[:: max(1, len(values) // 1000)]
    return np.argsort([np.square(np.bincount(site) / len(some)).sum() for site in some.T], kind="stable")


def close(one: np.ndarray, other: np.ndarray, agreeing: int) -> np.ndarray:
    """Return which of the (A, B) pairs of columns of an (S, A) and an (S, B) table agree at so many sites, bool.

    Sites are counted a few at a time. Once few pairs can still get there, the other sites are looked at for those only.
    """
    sites = len(one)
    count = np.zeros((one.shape[1], other.shape[1]), np.uint8 if sites <= np.iinfo(np.uint8).max else np.uint32)
    for done in range(0, sites, SITES):
        add_agreements(count, one[done : done + SITES], other[done : done + SITES])
        rest = slice(done + SITES, None)
        possible = count >= max(0, agreeing - len(one[rest]))
        if np.count_nonzero(possible) * FEW <= possible.size:
            pairs = np.divmod(np.flatnonzero(possible), possible.shape[1])  # faster than nonzero of a table
            total = count[pairs] + (one[rest, pairs[0]] == other[rest, pairs[1]]).sum(axis=0)
            possible[pairs] = total >= agreeing
            return possible
    return count >= agreeing


def add_agreements(count: np.ndarray, one: np.ndarray, other: np.ndarray) -> None:
    """Add to an (A, B) table at how many sites columns of an (S, A) and an (S, B) table agree."""
    same = np.empty(count.shape, bool)
    for a, b in zip(one, other, strict=True):
        np.equal(a[:, None], b[None, :], out=same)
        count += same


def frequencies(dataset: Dataset, pseudo_count: float | None = None) -> np.ndarray:
    r"""Return the (S, q) weighted frequencies of the letters at each site.

    .. math:: f_i(a) = (1 - \alpha) \sum_n w_n [x_{ni} = a] / \sum_n w_n + \alpha / q

    Parameters
    ----------
    dataset : Dataset
        N samples of codes.
    pseudo_count : float, optional
        :math:`\alpha`, from 0 to 1; by default :math:`1 / M_\mathrm{eff}`, one over the sum of weights, at most 1.

    Raises
    ------
    ConfigError
        If the pseudo-count is out of range.
    DataError
        If the data are continuous, or columns of different kinds.
    """
    if dataset.colours is None:
        raise DataError(
            "frequencies are those of the letters of one alphabet, these data are continuous or of several kinds"
        )
    weights = dataset.weights.astype(np.float64)
    alpha = min(1.0, 1 / weights.sum()) if pseudo_count is None else pseudo_count
    if not 0 <= alpha <= 1:
        raise ConfigError("pseudo_count", f"a number from 0 to 1 expected, got {alpha}")
    counts = np.zeros((dataset.sites, dataset.colours))
    for start, part in scan(dataset.values):
        here = weights[start : start + len(part)]
        counts += [np.bincount(site, here, dataset.colours) for site in part.T]
    return (1 - alpha) * counts / weights.sum() + alpha / dataset.colours
