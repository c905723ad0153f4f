"""The transition matrix of tiny machines: its spectrum, and the exact distribution after k sweeps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float64
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM, Layer
from shortrun.typing import State, Theta

STATES = 2**12  # largest number of states of the observed layers
HIDDEN_STATES = 2**16
ENTRIES = 2**26  # largest number of elements of a table


@dataclass(frozen=True, eq=False)
class TransitionMatrix:
    """A sweep of a tiny machine as a matrix over the states of its observed layers.

    Parameters
    ----------
    states : State
        The n configurations, one tensor per layer.
    matrix : Float64[Tensor, "n n"]
        (n, n), T(x' | x) = sum_h p(h | x) p(x' | h) in row x and column x'.
    law : Float64[Tensor, " n"]
        (n,) the stationary distribution p(x), which is that of the machine.
    eigenvalues : Float64[Tensor, " n"]
        (n,) of T, decreasing from 1; real and non-negative, since T is a product of two conditional expectations.
    """

    states: State
    matrix: Float64[Tensor, "n n"]
    law: Float64[Tensor, " n"]
    eigenvalues: Float64[Tensor, " n"]

    @property
    def relaxation_time(self) -> float:
        """Tau = -1 / ln lambda_2, in sweeps."""
        return -1 / math.log(float(self.eigenvalues[1]))

    @cached_property
    def uniform(self) -> Float64[Tensor, " n"]:
        """p0 of a random start: the uniform distribution."""
        return torch.full_like(self.law, 1 / len(self.law))

    def after(self, steps: int, start: Float64[Tensor, " n"] | None = None) -> Float64[Tensor, " n"]:
        """Return p_k = p0 T^k; p0 is uniform by default."""
        start = self.uniform if start is None else start
        return start @ torch.linalg.matrix_power(self.matrix, steps)

    def autocorrelation(self, observable: Float64[Tensor, " n"], lags: int) -> Float64[Tensor, " L"]:
        """Return the exact rho(t), t = 0 to `lags`, of an observable's values at the states."""
        deviation = observable - self.law @ observable
        moved, rho = deviation, []
        for _ in range(lags + 1):
            rho.append(self.law @ (deviation * moved))
            moved = self.matrix @ moved
        return torch.stack(rho) / rho[0]


def transition_matrix(model: RBM, theta: Theta) -> TransitionMatrix:
    """Return the transition matrix of a sweep over the observed layers (a label among them), in double precision.

    T(x' | x) = sum_h p(h | x) p(x' | h). With B(x, h) = sqrt(p(x)) p(h | x) / sqrt(p(h)), T is similar to B B^T: its
    eigenvalues are the squared singular values of B.

    Raises
    ------
    ConfigError
        For units that are not discrete, the hidden rule "mean" (not a Gibbs sampler), or too many states.
    """
    check(model)
    theta = theta.detach().cpu().double()
    states, hidden = configurations(model.spec.observed), configurations((model.spec.hidden,))
    energy = -model.free_energy(theta, states)
    law = torch.softmax(energy, 0)
    up = conditional(model, theta, states, hidden[0])
    down = up.T * law
    of_hidden = down.sum(1)
    down /= of_hidden.unsqueeze(1).clamp_min(1e-300)
    singular = torch.linalg.svdvals((law.sqrt().unsqueeze(1) * up) / of_hidden.sqrt().clamp_min(1e-150))
    eigenvalues = torch.zeros_like(law)
    eigenvalues[: len(singular)] = singular.square().clamp_max(1.0)
    return TransitionMatrix(states, up @ down, law, eigenvalues)


def conditional(model: RBM, theta: Theta, states: State, hidden: Tensor) -> Float64[Tensor, "n m"]:
    """Return p(h | x) for every configuration of both sides."""
    units, field = model.spec.hidden.units, model.hidden_field(theta, states)
    logarithms = field @ units.features(hidden, theta.dtype).T - units.base_energy(hidden)
    return torch.exp(logarithms - units.log_z(field).sum(1, keepdim=True))


def check(model: RBM) -> None:
    """Check that a machine is small and discrete before tables are computed.

    Raises
    ------
    ConfigError
        If it is not; the message gives the numbers.
    """
    if any(layer.units.levels is None for layer in model.spec.layers):
        raise ConfigError("units", "a transition matrix needs discrete units, and these have infinitely many states")
    if model.spec.hidden_rule != "sample":
        raise ConfigError("hidden_rule", "'sample' expected: with hidden means a sweep is no Gibbs sampler")
    observed, hidden = count(model.spec.observed), count((model.spec.hidden,))
    if observed > STATES or hidden > HIDDEN_STATES or observed * hidden > ENTRIES:
        raise ConfigError(
            "states",
            f"at most {STATES:,} states of the observed layers, {HIDDEN_STATES:,} of the hidden one and {ENTRIES:,} "
            f"pairs of them expected, got {observed:,} and {hidden:,}",
        )


def count(layers: Sequence[Layer]) -> int:
    """Return the number of configurations of discrete layers."""
    return math.prod((layer.units.levels or 0) ** layer.sites for layer in layers)


def configurations(layers: Sequence[Layer]) -> State:
    """Return every joint configuration of discrete layers, the last site changing fastest, one tensor per layer."""
    levels = [layer.units.levels or 0 for layer in layers for _ in range(layer.sites)]
    grid = torch.cartesian_prod(*[torch.arange(q, dtype=torch.uint8) for q in levels]).view(-1, len(levels))
    return tuple(part.contiguous() for part in grid.split([layer.sites for layer in layers], 1))
