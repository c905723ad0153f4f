"""Mean-field equations of an RBM to third order in the weights, and their solutions from many starts at once."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

from shortrun.models import RBM
from shortrun.typing import Theta


class MeanFields(NamedTuple):
    """Where the mean-field iteration of each row ended."""

    observed: Float[Tensor, "N F"]
    hidden: Float[Tensor, "N H"]
    converged: Bool[Tensor, " N"]
    residual: Float[Tensor, " N"]
    iterations: int


def solve(
    model: RBM,
    theta: Theta,
    observed: Float[Tensor, "N F"],
    hidden: Float[Tensor, "N H"] | None = None,
    *,
    order: int = 2,
    tolerance: float = 1e-4,
    max_iterations: int = 3000,
    damping: float = 0.0,
) -> MeanFields:
    """Return the fixed points of the mean-field equations that rows of mean features come to."""
    raise NotImplementedError


def gamma(
    model: RBM,
    theta: Theta,
    observed: Float[Tensor, "N F"],
    hidden: Float[Tensor, "N H"],
    *,
    order: int = 2,
) -> Float[Tensor, " N"]:
    """Return the free energy at fixed means."""
    raise NotImplementedError
