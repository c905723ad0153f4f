"""Second moment E2: are pairs of sites correlated as in the data? Ideal 0, lower is better."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def second_moment(reference: Float[np.ndarray, "M F"], generated: Float[np.ndarray, "N F"]) -> float:
    """Return the mean over pairs i < j of (C_ij of generated - C_ij of reference)^2, C the sample covariance.

    Twice FU24 eq. 16 as printed, whose 1 / (N (N - 1)) makes it half a mean. A perfect generator has a value above 0
    from the finite number of samples: compare with the score of two halves of the data.
    """
    difference = np.cov(generated, rowvar=False) - np.cov(reference, rowvar=False)
    return float(np.square(difference[np.triu_indices(len(difference), 1)]).mean())
