"""The Lyapunov function of a network with symmetric couplings (theory 12.18; Krotov, Hopfield 2021)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.engine.chaotic import ChaoticMachine
from shortrun.errors import ConfigError
from shortrun.typing import State

TOLERANCE = 1e-5  # difference of couplings in the two directions, relative to the largest


def lyapunov_function(machine: ChaoticMachine, state: State) -> Float[Tensor, " C"]:
    """Return the Lyapunov function of each chain, which never increases along tau dx/dt = -x + K tanh x + b.

    L = sum over layers x of N_x^{-1/2} (sum_i (x_i tanh x_i - ln cosh x_i) - (b_x + h_x / 2) . tanh x), where h_x is
    the input of x from its neighbours. The input from y has a factor N_y^{-1/2} in K, so that weighting layers by
    N_x^{-1/2} makes K symmetric. For two layers it is (12.18) divided by sqrt(N_v N_h).

    Raises
    ------
    ConfigError
        If the couplings of the two directions differ: the network then has no such function.
    """
    check_symmetric(machine)
    rates = [torch.tanh(x) for x in state]
    total = torch.zeros(len(state[0]), dtype=rates[0].dtype, device=rates[0].device)
    for i, (x, rate, field) in enumerate(zip(state, rates, machine.fields, strict=True)):
        felt = sum((rates[c.source] @ c.matrix for c in machine.couplings if c.target == i), torch.zeros_like(x))
        log_cosh = x.abs() + torch.log1p(torch.exp(-2 * x.abs())) - math.log(2)
        total += (x * rate - log_cosh - (field + felt / 2) * rate).sum(1) / math.sqrt(x.shape[1])
    return total


def check_symmetric(machine: ChaoticMachine) -> None:
    """Check that couplings are symmetric, except for the factors N^{-1/2}."""
    scaled = {(c.source, c.target): c.matrix * math.sqrt(len(c.matrix)) for c in machine.couplings}
    for (i, j), matrix in scaled.items():
        if (scaled[j, i].T - matrix).abs().max() > TOLERANCE * matrix.abs().max():
            names = [machine.model.spec.layers[k].name for k in (i, j)]
            raise ConfigError("couplings", f"{names[0]} and {names[1]} are coupled differently in the two directions")
