"""Stability of mean-field fixed points: how strongly their fluctuations amplify each other."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.landscape.expansion import units_of
from shortrun.models import RBM
from shortrun.typing import Theta


def stability(
    model: RBM, theta: Theta, observed: Float[Tensor, "D F"], hidden: Float[Tensor, "D H"]
) -> Float[Tensor, " D"]:
    """Return the largest singular value s of C_v^{1/2} W C_h^{1/2} at each fixed point, (D,).

    C_v and C_h are the covariances of the sites at the fixed point's means (variances m (1 - m) of Bernoulli units,
    diag(m) - m m^T of a Potts site). A deviation along the leading direction is multiplied by s^2 in an iteration of
    naive mean field, which is stable for s < 1 and splits at s = 1 (theory: 7.14 for Bernoulli units, here for all).
    """
    weight = model.view(theta).weight
    found = [_largest(model, weight, v, h) for v, h in zip(observed, hidden, strict=True)]
    return torch.stack(found) if found else theta.new_zeros(0)


def _largest(
    model: RBM, weight: Float[Tensor, "F H"], observed: Float[Tensor, " F"], hidden: Float[Tensor, " H"]
) -> Tensor:
    """Return the root of the largest eigenvalue of C_h^{1/2} W^T C_v W C_h^{1/2}, (H, H)."""
    spread = torch.cat(
        [
            units_of(layer).covariance(observed[rows].expand(weight.shape[1], -1), weight[rows].T)
            for layer, rows in zip(model.spec.observed, model.slices, strict=True)
        ],
        1,
    )
    root = (
        units_of(model.spec.hidden)
        .covariance(hidden.unsqueeze(0), torch.ones_like(hidden).unsqueeze(0))
        .clamp(min=0)
        .sqrt()
    )
    return torch.linalg.eigvalsh(root.T * (spread @ weight) * root)[-1].clamp(min=0).sqrt()
