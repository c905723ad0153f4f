"""Direct-coupling analysis of aligned sequences, to compare the couplings of a machine with: mean field, and plm.

Both are the common ones: sequences are weighed, couplings of the Potts model are found, and pairs of sites ranked by
the average-product corrected norm in zero-sum gauge (Morcos et al. 2011; Ekeberg et al. 2013). The pseudo-likelihood is
climbed by Adam on batches that are drawn by weight, which ranks contacts well after a few passes over the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from shortrun.settings import check_seed

PSEUDO_COUNT = 0.5  # of the mean field: share of uniform letters
PENALTY = 0.01  # of the pseudo-likelihood: times the squares of fields and couplings, a sequence
BATCH, STEPS, RATE = 500, 150, 3e-3
ROWS = 4000  # sequences at once

Couplings = Float[Tensor, "R R"]
Codes = Integer[np.ndarray, "N S"]
Shares = Float[np.ndarray, " N"]


def mean_field_couplings(codes: Codes, weights: Shares, colours: int) -> Couplings:
    """Return couplings as minus the inverse of the covariance of the letters, with half of all counts uniform.

    Parameters
    ----------
    codes : Integer[ndarray, "N S"]
        Sequences.
    weights : Float[ndarray, " N"]
        How much each counts.
    colours : int
        q, the number of letters.

    Returns
    -------
    Float[Tensor, "R R"]
        Between each letter of each site and every other; those of the first letter are zero (the gauge of the lattice
        gas).

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.landscape.dca import coupling_scores, mean_field_couplings
    >>> codes = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]])
    >>> scores = coupling_scores(mean_field_couplings(codes, np.ones(4), 2), 2)
    >>> int(scores.argmax())  # sites 0 and 1 are alike
    1
    """
    single, double = frequencies(codes, weights, colours)
    covariance = double - single.outer(single)
    free = torch.arange(len(single)) % colours != 0
    found = torch.zeros_like(covariance)
    places = free.nonzero()[:, 0]
    found[places[:, None], places] = -torch.linalg.inv(covariance[places[:, None], places])
    return found


def frequencies(codes: Codes, weights: Shares, colours: int) -> tuple[Float[Tensor, " R"], Float[Tensor, "R R"]]:
    """Return how often letters, and pairs of letters, occur; half of all counts are uniform."""
    size = codes.shape[1] * colours
    single, double = torch.zeros(size, dtype=torch.float64), torch.zeros(size, size, dtype=torch.float64)
    shares = torch.from_numpy(np.asarray(weights, np.float64) / np.sum(weights))
    for first in range(0, len(codes), ROWS):
        letters = one_hot(codes[first : first + ROWS], colours)
        weighed = letters * shares[first : first + ROWS, None].float()
        single += weighed.sum(0).double()
        double += (weighed.T @ letters).double()
    single = (1 - PSEUDO_COUNT) * single + PSEUDO_COUNT / colours
    double = (1 - PSEUDO_COUNT) * double + PSEUDO_COUNT / colours**2
    within = torch.arange(size) // colours
    double[within[:, None] == within] = 0
    return single, double + torch.diag(single)


def pseudo_likelihood(codes: Codes, weights: Shares, colours: int, *, seed: int = 0) -> Couplings:
    """Return the symmetric couplings that make each letter likely, given the others of its sequence, less a penalty.

    Parameters
    ----------
    codes, weights, colours : ndarray, ndarray, int
        As for `mean_field_couplings`.
    seed : int, default 0
        Of the choice of batches.

    Returns
    -------
    Float[Tensor, "R R"]
        Couplings.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.landscape.dca import coupling_scores, pseudo_likelihood
    >>> codes = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]])
    >>> scores = coupling_scores(pseudo_likelihood(codes, np.ones(4), 2), 2)
    >>> int(scores.argmax())
    1
    """
    generator = torch.Generator().manual_seed(check_seed(seed))
    size = codes.shape[1] * colours
    site = torch.arange(size) // colours
    others = (site[:, None] != site).float()
    shares = torch.from_numpy(np.asarray(weights, np.float64))
    values = [torch.zeros(size, size), torch.zeros(size)]
    optimiser = torch.optim.Adam(values, lr=RATE)
    for step in range(1, STEPS + 1):
        rows = torch.multinomial(shares, BATCH, replacement=True, generator=generator)
        letters = one_hot(codes[rows.numpy()], colours)
        fields = letters @ values[0] + values[1]
        surplus = fields.unflatten(1, (-1, colours)).softmax(2).flatten(1) - letters
        pulled = letters.T @ surplus / BATCH
        slopes = [(pulled + pulled.T) * others, surplus.mean(0)]
        for value, slope in zip(values, slopes, strict=True):
            value.grad = slope.add_(value, alpha=2 * PENALTY)
        optimiser.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / STEPS)) / 2
        optimiser.step()
    return values[0].double()


def one_hot(codes: Codes, colours: int) -> Float[Tensor, "n R"]:
    """Return a column for each letter of each site."""
    places = torch.from_numpy(codes.astype(np.int64)) + colours * torch.arange(codes.shape[1])
    return torch.zeros(len(codes), codes.shape[1] * colours).scatter_(1, places, 1.0)


def coupling_scores(
    couplings: Couplings, colours: int, keep: Bool[np.ndarray, " q"] | None = None
) -> Float[Tensor, "S S"]:
    """Return the average-product corrected norms of couplings in zero-sum gauge, over the letters to keep (all)."""
    blocks = couplings.unflatten(1, (-1, colours)).unflatten(0, (-1, colours))
    blocks = blocks - blocks.mean(1, keepdim=True)
    blocks = blocks - blocks.mean(3, keepdim=True)
    if keep is not None:
        blocks = blocks[:, keep][:, :, :, keep]
    return average_product_corrected(blocks.square().sum((1, 3)).sqrt().fill_diagonal_(0))


def average_product_corrected(norms: Float[Tensor, "S S"]) -> Float[Tensor, "S S"]:
    """Return F_ij - F_i. F_.j / F_.., zero for i = j; a dot denotes the sum over sites."""
    total = norms.sum(1)
    return (norms - total.outer(total) / total.sum().clamp(min=1e-300)).fill_diagonal_(0)


BASELINES: Mapping[str, Callable[[Codes, Shares, int], Couplings]] = {
    "mean-field": mean_field_couplings,
    "plm": pseudo_likelihood,
}
