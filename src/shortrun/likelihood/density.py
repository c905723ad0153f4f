"""Log-likelihood of samples for a known ln Z."""

from __future__ import annotations

import torch
from jaxtyping import Bool
from torch import Tensor

from shortrun.models import RBM, rows_at_once
from shortrun.typing import State, Theta, Weights


def log_likelihood(
    model: RBM, theta: Theta, state: State, log_z: float, summed: Bool[Tensor, " C"] | None = None
) -> Weights:
    """Return ln p(x) = - F(x) - ln Z of every sample, (C,) float64, in nats.

    Parameters
    ----------
    summed : Bool[Tensor, " C"], optional
        The samples whose label is summed over, ln p(v) = ln p(v, l) - ln p(l | v) for any l; none by default.
    """
    theta, rows = theta.double(), rows_at_once(model, len(state[0]))
    parts = zip(*(x.split(rows) for x in state), strict=True)
    found = torch.cat([-model.free_energy(theta, part) for part in parts]) - log_z
    if summed is None or not summed.any():
        return found
    some = tuple(x[summed] for x in state)
    return found.masked_scatter(summed, -model.marginal_free_energy(theta, some) - log_z)
