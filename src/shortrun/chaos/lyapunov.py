"""The largest Lyapunov exponent: the rate at which two nearby trajectories of a network diverge or converge.

Benettin, Galgani, Giorgilli, Strelcyn, Meccanica 15, 9 (1980).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from shortrun.chaos.starts import begun
from shortrun.dynamics import Noise, Stream
from shortrun.engine.chaotic import ChaoticMachine
from shortrun.errors import ConfigError
from shortrun.models import ChaoticNetwork, Clamp
from shortrun.typing import State, Theta

SMALLEST = 1e-300  # factor of a step for a separation that vanishes, in place of 0


@dataclass(frozen=True)
class Exponent:
    """A largest Lyapunov exponent in units of 1 / tau.

    Parameters
    ----------
    growth : Float64[ndarray, "W C"]
        (windows, C) mean logarithmic growth of each chain's separation per tau, window by window.
    """

    growth: Float64[np.ndarray, "W C"]

    @property
    def value(self) -> float:
        """Lambda tau: the mean over chains and windows."""
        return float(self.growth.mean())

    @property
    def chains(self) -> Float64[np.ndarray, " C"]:
        """Lambda tau of each chain; chains differ if they are on different attractors."""
        return self.growth.mean(0)

    @property
    def error_chains(self) -> float:
        """Standard error of the mean over chains of one network; other random couplings differ by more."""
        return standard_error(self.growth.mean(0))

    @property
    def error_windows(self) -> float:
        """Standard error of the mean over windows of time, which reveals a drift (a transient that is too short)."""
        return standard_error(self.growth.mean(1))

    @property
    def error(self) -> float:
        """The larger of the two errors."""
        return float(np.nanmax([self.error_chains, self.error_windows]))


def standard_error(values: np.ndarray) -> float:
    """Return the standard error of a mean of independent values, NaN for a single one."""
    return float(np.std(values, ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def exponent(
    model: ChaoticNetwork,
    theta: Theta,
    *,
    chains: int = 20,
    time: float = 200.0,
    transient: float = 100.0,
    windows: int = 10,
    held: Mapping[str, Tensor] | None = None,
    seed: int = 0,
) -> Exponent:
    """Return the largest Lyapunov exponent of the Euler map of a network, times tau.

    lambda tau = < ln |dx(t + dt)| / |dx(t)| > tau / dt. The separation dx is infinitesimal: the linearised step carries
    it along each chain, dx <- (1 - dt/tau) dx + dt/tau K (1 - tanh^2 x) dx, and it is rescaled to length 1 after each.
    Positive: chaos; zero: a limit cycle or torus; negative: fixed points.

    Parameters
    ----------
    theta : Theta
        Zeros for the untrained network.
    chains : int, default 20
        Number of starts, which run in parallel.
    time, transient : float, optional
        Averaging time and the time before it, in tau.
    windows : int, default 10
        Number of windows of the averaging time, for the error.
    held : Mapping[str, Tensor], optional
        Potentials (chains, N) of fixed layers, for instance a label.
    seed : int, default 0
        Seed of the starts, drawn as those of generated samples, and of the first separations.

    Raises
    ------
    ConfigError
        For fewer than one chain or window, or a time without a step in every window.
    """
    dt = model.spec.time_step
    within = round(time / dt / max(windows, 1))
    if chains < 1 or windows < 1 or within < 1 or transient < 0:
        raise ConfigError("time", f"chains, windows and a step of {dt:g} tau in each of these expected")
    machine, state, clamp = begun(model, theta, chains, held, seed)
    pair = Tangent(machine, state, clamp, Noise(seed, Stream.GENERATE, step=1, device=theta.device))
    for _ in range(round(transient / dt)):
        pair.step()
    growth = [torch.stack([pair.step() for _ in range(within)]).mean(0) for _ in range(windows)]
    return Exponent((torch.stack(growth) / dt).cpu().numpy())


class Tangent:
    """Chains, each with a separation of length 1 that follows the linearised step."""

    def __init__(self, machine: ChaoticMachine, state: State, clamp: Clamp, noise: Noise):
        layers = machine.model.spec.layers
        self.pace, self.noise, self.now = machine.model.spec.time_step, noise, state
        self.sweep = machine.sweep(state, clamp)
        self.moving = [i for i, layer in enumerate(layers) if layer.name not in clamp.layers]
        self.couplings = [c for c in machine.couplings if {c.source, c.target} <= set(self.moving)]
        self.apart = {i: layers[i].units.start(noise.uniform(i, *state[i].shape)).double() for i in self.moving}
        self._normalise()

    def _normalise(self) -> Tensor:
        square = sum(x.square().sum(1) for x in self.apart.values())
        length = torch.as_tensor(square).sqrt().clamp_(min=SMALLEST)
        for x in self.apart.values():
            x /= length.unsqueeze(1)
        return length

    def step(self) -> Tensor:
        """Make one step, and return the logarithmic growth of each separation, (C,)."""
        felt = {i: x * (1 - torch.tanh(self.now[i]).square_()) for i, x in self.apart.items()}
        for x in self.apart.values():
            x *= 1 - self.pace
        for c in self.couplings:
            self.apart[c.target].addmm_(felt[c.source], c.matrix, alpha=self.pace)
        self.now = self.sweep(self.now, self.noise)
        return self._normalise().log_()
