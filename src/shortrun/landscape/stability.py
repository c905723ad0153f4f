"""Stability of mean-field fixed points: how strongly their fluctuations amplify each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.landscape.expansion import units_of
from shortrun.models import RBM
from shortrun.typing import Theta

ROWS = 128  # fixed points at once, each of which has as many vectors in memory as steps are taken
CHECKED = 8  # steps from one look at the residual to the next
PRECISION = 64  # epsilons of the number type: the residual where it ends, relative to the eigenvalue

Product: TypeAlias = Callable[[Float[Tensor, "D H"]], Float[Tensor, "D H"]]


def stability(
    model: RBM, theta: Theta, observed: Float[Tensor, "D F"], hidden: Float[Tensor, "D H"]
) -> Float[Tensor, " D"]:
    """Return the largest singular value s of C_v^{1/2} W C_h^{1/2} at each fixed point, (D,).

    C_v and C_h are the covariances of the sites at the fixed point's means (variances m (1 - m) of Bernoulli units,
    diag(m) - m m^T of a Potts site). A deviation along the leading direction is multiplied by s^2 in an iteration of
    naive mean field, which is stable for s < 1 and splits at s = 1 (theory: 7.14 for Bernoulli units, here for all).

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    observed, hidden : Float[Tensor, "D F"] or Float[Tensor, "D H"]
        Mean features at the fixed points.

    Returns
    -------
    Float[Tensor, " D"]
        A number for each fixed point.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape import stability
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 4, Ising()), Layer("hidden", 4, Ising()))))
    >>> theta = torch.cat([torch.full((16,), 0.1), torch.zeros(8)])  # a singular value of 0.4
    >>> stability(model, theta, torch.zeros(1, 4), torch.zeros(1, 4)).sub(0.4).abs().item() < 1e-6
    True
    """
    vector = torch.randn(hidden.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(hidden)
    parts = zip(observed.split(ROWS), hidden.split(ROWS), strict=True)
    found = [_largest(_amplification(model, theta, v, h), vector.expand_as(h)) for v, h in parts]
    return torch.cat(found).clamp(min=0).sqrt()


def _amplification(model: RBM, theta: Theta, observed: Float[Tensor, "D F"], hidden: Float[Tensor, "D H"]) -> Product:
    """Return the product of C_h^{1/2} W^T C_v W C_h^{1/2}, of each fixed point, with a vector of its own."""
    weight, ones = model.view(theta).weight, torch.ones_like(hidden)
    root = units_of(model.spec.hidden).covariance(hidden, ones).clamp(min=0).sqrt()

    def product(x: Float[Tensor, "D H"]) -> Float[Tensor, "D H"]:
        sent = (root * x) @ weight.T
        spread = [
            units_of(layer).covariance(observed[:, rows], sent[:, rows])
            for layer, rows in zip(model.spec.observed, model.slices, strict=True)
        ]
        return root * (torch.cat(spread, 1) @ weight)

    return product


def _largest(product: Product, begin: Float[Tensor, "D H"]) -> Float[Tensor, " D"]:
    """Return the largest eigenvalue of each symmetric matrix, none of them negative: Lanczos, reorthogonalised.

    It goes on until the residual of the leading vector is at rounding, which the error of its eigenvalue is far below.
    """
    precision, tiny = PRECISION * torch.finfo(begin.dtype).eps, torch.finfo(begin.dtype).tiny
    new, most = begin / begin.norm(dim=1, keepdim=True), begin.shape[1]
    basis, projected = begin.new_zeros(len(begin), 0, most), begin.new_zeros(len(begin), 0, 0)
    while True:
        basis, moved = torch.cat([basis, new.unsqueeze(1)], 1), product(new)
        size = basis.shape[1]
        projected = torch.nn.functional.pad(projected, (0, 1, 0, 1))
        for _ in range(2):
            along = basis @ moved.unsqueeze(2)
            projected[:, :, -1] += along[:, :, 0]
            moved = moved - (along.transpose(1, 2) @ basis)[:, 0]
        off = moved.norm(dim=1, keepdim=True)
        if size % CHECKED == 0 or size == most:
            values, vectors = torch.linalg.eigh(projected, UPLO="U")
            residual = off[:, 0] * vectors[:, -1, -1].abs()
            if size == most or (residual <= precision * values[:, -1]).all():
                return values[:, -1]
        ended = off <= precision * projected.abs().amax((1, 2)).unsqueeze(1)  # what is left are roundings
        new = torch.where(ended, 0, moved / off.clamp(min=tiny))
