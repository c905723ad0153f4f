"""Second moment E2: are pairs of sites correlated as in the data? Ideal 0, lower is better."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from shortrun.scores._features import Samples, blocks


def second_moment(reference: Samples, generated: Samples) -> float:
    """Return the mean over pairs i < j of (C_ij of generated - C_ij of reference)^2, C the sample covariance.

    Twice FU24 eq. 16 as printed, whose 1 / (N (N - 1)) makes it half a mean. A perfect generator has a value above 0
    from the finite number of samples: compare with the score of two halves of the data.

    Parameters
    ----------
    reference, generated : data sets, of which a block of rows at a time becomes features, or (N, F) features; memory
        is that of two (F, F) tables
    """
    difference = covariance(generated)
    difference -= covariance(reference)
    above = (np.square(row[i + 1 :]).sum() for i, row in enumerate(difference))
    return float(sum(above) / (len(difference) * (len(difference) - 1) / 2))


def covariance(samples: Samples) -> Float64[np.ndarray, "F F"]:
    """Return the sample covariance of the features, summed block by block."""
    count = sum(len(part) for part in blocks(samples))
    mean = np.sum([part.sum(0, dtype=np.float64) for part in blocks(samples)], axis=0) / count
    total = np.zeros((len(mean), len(mean)))
    for part in blocks(samples):
        centred = part - mean
        total += centred.T @ centred
    return total / (count - 1)
