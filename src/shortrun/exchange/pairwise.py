"""Fields and couplings of pairs, as programs for Boltzmann machines without hidden units keep them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Pairwise:
    """A pairwise machine: p(x) ~ exp(sum_i h_i(x_i) + sum_{i<j} J_ij(x_i, x_j)).

    Parameters
    ----------
    fields : ndarray
        (S, q) h.
    couplings : ndarray
        (S, S, q, q) J, symmetric under i, a <-> j, b, zero where i = j.
    letters : str
        The q letters in code order.
    positions : ndarray
        (S,) of the sites in the data, from 1.
    """

    fields: np.ndarray
    couplings: np.ndarray
    letters: str
    positions: np.ndarray

    @classmethod
    def of_rows(cls, fields: np.ndarray, pairs: np.ndarray, letters: str, positions: np.ndarray) -> Pairwise:
        """Return the machine of rows of colours: fields (S q,) and pairs (S q, S q)."""
        sites, colours = len(positions), len(letters)
        couplings = pairs.reshape(sites, colours, sites, colours).transpose(0, 2, 1, 3).copy()
        couplings[np.arange(sites), np.arange(sites)] = 0
        return cls(fields.reshape(sites, colours), couplings, letters, positions)
