"""Adversarial accuracy: can a nearest-neighbour test tell generated samples from real ones? Ideal 1/2 each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

ROWS_AT_ONCE = 1000


class AdversarialAccuracy(NamedTuple):
    """P_DD (P_GG): the share of data (generated) samples whose nearest other sample is data (generated).

    P_DD near 1 says that real samples lie far from generated ones (poor generation), near 0 that they are copied; P_GG
    near 1 that generated samples crowd together, near 0 that each has real neighbours only.
    """

    p_dd: float
    p_gg: float

    @property
    def error(self) -> float:
        """((P_DD - 1/2)^2 + (P_GG - 1/2)^2) / 2, ideal 0 (FF23 eq. 8)."""
        return ((self.p_dd - 0.5) ** 2 + (self.p_gg - 0.5) ** 2) / 2


def adversarial_accuracy(data: Float[np.ndarray, "N F"], generated: Float[np.ndarray, "N F"]) -> AdversarialAccuracy:
    """Return P_DD and P_GG of two sets of the same number of samples, by squared Euclidean distance.

    Neighbours that tie count as fractions: without that, short discrete data look worse than they are. Memory grows
    with N, not with N^2. The order of the ranking is that of the Hamming distance for binary and one-hot features.
    """
    both = np.concatenate([data, generated]).astype(np.float32)
    is_data = np.arange(len(both)) < len(data)
    square = np.square(both).sum(1)
    share_data = np.empty(len(both))
    for first in range(0, len(both), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        distance = square[rows, None] + square - 2 * both[rows] @ both.T
        np.fill_diagonal(distance[:, first:], np.inf)
        nearest = distance == distance.min(1, keepdims=True)
        share_data[rows] = nearest[:, is_data].sum(1) / nearest.sum(1)
    return AdversarialAccuracy(float(share_data[is_data].mean()), float(1 - share_data[~is_data].mean()))
