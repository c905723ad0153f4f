"""The largest Lyapunov exponent: how fast two nearby trajectories of a network separate or converge.

Benettin, Galgani, Giorgilli, Strelcyn, Meccanica 15, 9 (1980).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from shortrun.chaos.starts import start_chains
from shortrun.dynamics import Noise, Stream
from shortrun.engine.chaotic import ChaoticMachine
from shortrun.errors import ConfigError
from shortrun.models import LABEL, ChaoticNetwork, Clamp
from shortrun.typing import State, Theta

SMALLEST = 1e-300  # factor of a step for a separation that vanishes, in place of 0


@dataclass(frozen=True)
class LyapunovExponent:
    """The largest Lyapunov exponent of a network in units of 1 / tau.

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
        """Lambda tau of each chain: they differ where chains are on different attractors."""
        return self.growth.mean(0)

    @property
    def error_chains(self) -> float:
        """Standard error of the mean over chains of one network; the spread over random couplings is larger."""
        return _standard_error(self.growth.mean(0))

    @property
    def error_windows(self) -> float:
        """Standard error of the mean over windows of time: shows a drift after too short a transient."""
        return _standard_error(self.growth.mean(1))

    @property
    def error(self) -> float:
        """The larger of the two errors."""
        return float(np.nanmax([self.error_chains, self.error_windows]))


def _standard_error(values: np.ndarray) -> float:
    """Return the standard error of a mean of independent values, NaN for a single one."""
    return float(np.std(values, ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def lyapunov_exponent(
    model: ChaoticNetwork,
    theta: Theta,
    *,
    chains: int = 20,
    time: float = 200.0,
    transient: float = 100.0,
    windows: int = 10,
    held: Mapping[str, Tensor] | None = None,
    seed: int = 0,
) -> LyapunovExponent:
    """Return the largest Lyapunov exponent of the Euler map of a network, times tau.

    lambda tau = < ln |dx(t + dt)| / |dx(t)| > tau / dt. The separation dx is infinitesimal: the linearised step carries
    it along each chain, dx <- (1 - dt/tau) dx + dt/tau K (1 - tanh^2 x) dx, and it is rescaled to length 1 after each.
    Positive: chaos; zero: a limit cycle or torus; negative: fixed points.

    Parameters
    ----------
    model : ChaoticNetwork
        The network.
    theta : Theta
        Its parameters; zeros for the untrained network.
    chains : int, default 20
        Number of random starts, all followed at once.
    time : float, default 200.0
        Time to average over, in tau.
    transient : float, default 100.0
        Time before the average, in tau.
    windows : int, default 10
        Number of windows of time for the error.
    held : Mapping[str, Tensor], optional
        Potentials (chains, N) of fixed layers, for instance a label.
    seed : int, default 0
        Seed of the starts, which are those of generated samples, and of the first separations.

    Raises
    ------
    ConfigError
        For fewer than one chain or window, or a time without a step in every window.

    Examples
    --------
    >>> import torch
    >>> from shortrun.chaos import lyapunov_exponent
    >>> from shortrun.models import ChaoticNetwork, NetworkSpec, RateLayer
    >>> quiet = ChaoticNetwork(NetworkSpec(layers=(RateLayer("visible", 50),), gain=0.1))
    >>> lyapunov_exponent(quiet, torch.zeros(quiet.size()), chains=2, time=20, transient=20).value < 0
    True
    """
    dt = model.spec.time_step
    within = round(time / dt / max(windows, 1))
    if chains < 1 or windows < 1 or within < 1 or transient < 0:
        raise ConfigError("time", f"chains, windows and a step of {dt:g} tau in each of these expected")
    machine, state, clamp = start_chains(model, theta, chains, held, seed)
    pair = _Tangent(machine, state, clamp, Noise(seed, Stream.GENERATE, step=1, device=theta.device))
    for _ in range(round(transient / dt)):
        pair.step()
    growth = [torch.stack([pair.step() for _ in range(within)]).mean(0) for _ in range(windows)]
    return LyapunovExponent((torch.stack(growth) / dt).cpu().numpy())


class _Tangent:
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


def untrained(model: ChaoticNetwork, gain: float) -> tuple[ChaoticNetwork, Theta]:
    """Return the network without trained couplings and fields at another gain, with its parameters."""
    return ChaoticNetwork(replace(model.spec, gain=gain)), torch.zeros(model.size())


def labels_in_turn(model: ChaoticNetwork, chains: int) -> dict[str, Tensor]:
    """Return the label layer of chains that hold one class after another, none where there is no label."""
    label = model.spec.label
    if label is None:
        return {}
    codes = torch.arange(chains) % model.spec.layers[label].sites
    return {LABEL: model.held((*[torch.empty(chains, 0)] * label, codes.unsqueeze(1)))[label]}
