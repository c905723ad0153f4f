"""Contacts in a structure from couplings: pairs coupled more strongly than each of their sites is on average."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from shortrun.landscape.couplings import pair_strengths
from shortrun.landscape.sites import Sites

THRESHOLD = 7.5  # angstrom: nearer sites are in contact (DNS25)
SEPARATION = 5  # pairs of sites at most this far apart along the chain are left out (DNS25)


def contact_scores(sites: Sites, couplings: Float[Tensor, "R R"], keep: Bool[Tensor, " R"]) -> Float[Tensor, "S S"]:
    """Return average-product corrected Frobenius norms: F_ij - F_i. F_.j / F_.., and zero for i = j (theory: DNS25).

    F_ij is the norm of the q x q block of J2, F_ii = 0, and a dot denotes the sum over sites.

    Parameters
    ----------
    keep : Bool[Tensor, " R"]
        The colours to include; a gap is usually left out.
    """
    norms = pair_strengths(sites, couplings * keep * keep.unsqueeze(1))
    total = norms.sum(1)
    return (norms - total.outer(total) / total.sum().clamp(min=1e-300)).fill_diagonal_(0)


def precision(contact: Bool[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Return the share of contacts among the first 1, 2, ..., n pairs of a ranking (positive predictive value)."""
    return contact.cumsum() / np.arange(1, len(contact) + 1)


def area_under_curve(score: Float[np.ndarray, " n"], contact: Bool[np.ndarray, " n"]) -> float:
    """Return the area under the ROC curve: the probability that a contact scores above another pair (or NaN)."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(contact, score)) if 0 < contact.sum() < len(contact) else float("nan")
