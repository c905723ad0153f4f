"""Sample weights against over-represented sequences, and weighted frequencies."""

from __future__ import annotations

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.likeness import agreeing_sites, blocks_alike
from shortrun.errors import ConfigError, DataError


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
    neighbours = count_neighbours(dataset.values, agreeing_sites(identity, dataset.sites))
    return (1 / neighbours).astype(np.float32)


def count_neighbours(values: np.ndarray, agreeing: int) -> np.ndarray:
    """Return for each row of an (N, S) table how many rows, itself too, agree at so many sites."""
    neighbours = np.zeros(len(values), np.int64)
    for start, other, alike in blocks_alike(values, agreeing):
        rows, columns = slice(start, start + len(alike)), slice(other, other + alike.shape[1])
        neighbours[rows] += alike.sum(axis=1)
        later = alike[:, max(0, start + len(alike) - other) :]  # beyond the block of rows itself
        neighbours[columns][alike.shape[1] - later.shape[1] :] += later.sum(axis=0)
    return neighbours


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
