"""Susceptibilities of a machine along its modes, largest where a mode is about to split.

With s the features at mean 0 and variance 1 of zero fields and m = N_v^{-1/2} u . s along a left singular vector u of
the weights, chi = N_v Var(m): 1 without couplings, about 1 / (1 - w^2) before the transition of that mode. Beyond it a
chain stays on one side, so that chi is split into the variance within each chain and the variance between chains.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from shortrun.dynamics import Noise, Stream, run, start
from shortrun.models import RBM
from shortrun.models.ising_form import standardised
from shortrun.settings.regimes import PhasesSettings
from shortrun.typing import State, Theta


class Susceptibility(NamedTuple):
    """Of each mode, (K,); `total` is `within` + `between`, the two parts of the total variance."""

    total: Float64[np.ndarray, " K"]
    within: Float64[np.ndarray, " K"]
    between: Float64[np.ndarray, " K"]


def susceptibility(model: RBM, theta: Theta, vectors: Float[Tensor, "F K"], settings: PhasesSettings) -> Susceptibility:
    """Return N_v times the variance of the projections of samples on modes.

    Parameters
    ----------
    model : RBM
        The machine.
    theta : Theta
        Its parameters.
    vectors : Float[Tensor, "F K"]
        (F, K) left singular vectors of `ising_weights`.
    settings : PhasesSettings
        Chains from random starts, sweeps to average over (steps), sweeps before (burn), and the seed of the noise.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.regimes import susceptibility
    >>> from shortrun.settings.regimes import PhasesSettings
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 4, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> found = susceptibility(model, torch.zeros(model.size()), torch.eye(4)[:, :1], PhasesSettings())
    >>> bool(0.95 < found.total[0] < 1.05)
    True
    """
    chains, steps, burn = settings.chains, settings.steps, settings.burn
    noise = Noise(settings.seed, Stream.GENERATE, device=theta.device)
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
