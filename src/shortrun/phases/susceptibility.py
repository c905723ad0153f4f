"""Susceptibilities of a machine along its modes, largest where a mode is about to split.

Let s be the features, standardised by their mean and variance in zero field, and m = N_v^{-1/2} u . s their projection
on a left singular vector u of the weights. Then chi = N_v Var(m) is 1 without couplings and about 1 / (1 - w^2) before
the transition of that mode. Beyond it a chain stays on one side, so that chi is split into the variance within chains
and the variance between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from shortrun.dynamics import Noise, Stream, run, start
from shortrun.errors import ConfigError
from shortrun.models import RBM
from shortrun.models.ising_form import standardised
from shortrun.typing import State, Theta


class Susceptibility(NamedTuple):
    """Of each mode, (K,); `total` is `within` + `between`, the law of total variance."""

    total: Float64[np.ndarray, " K"]
    within: Float64[np.ndarray, " K"]
    between: Float64[np.ndarray, " K"]


def susceptibility(
    model: RBM,
    theta: Theta,
    vectors: Float[Tensor, "F K"],
    *,
    chains: int = 500,
    steps: int = 200,
    burn: int = 200,
    seed: int = 0,
) -> Susceptibility:
    """Return N_v times the variance of the projections of samples on modes.

    Parameters
    ----------
    vectors : Float[Tensor, "F K"]
        (F, K) left singular vectors of `ising_weights`.
    chains : int, default 500
        Number of chains, from random starts.
    steps, burn : int, default 200
        Sweeps that are used, and sweeps before them.
    seed : int, default 0
        Seed of the noise.

    Raises
    ------
    ConfigError
        For fewer than two chains or two sweeps, or a negative number of sweeps before.
    """
    if chains < 2 or steps < 2 or burn < 0:
        raise ConfigError("susceptibility", "at least 2 chains, 2 sweeps and none before expected")
    noise = Noise(seed, Stream.GENERATE, device=theta.device)
    first = torch.zeros(chains, vectors.shape[1], dtype=torch.float64)
    second = first.clone()

    def observe(_: int, state: State) -> None:
        along = standardised(model, state, vectors.dtype) @ vectors
        first.add_(along)
        second.add_(along.square())

    times = range(burn + 1, burn + steps + 1)
    run(model, theta, start(model, noise, chains, {}), noise, steps=burn + steps, observe=observe, times=times)
    means = first / steps
    within = (second / steps - means.square()).mean(0)
    between = (means - means.mean(0)).square().mean(0)
    return Susceptibility((within + between).numpy(), within.numpy(), between.numpy())
