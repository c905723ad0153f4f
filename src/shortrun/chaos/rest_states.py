"""Where a network comes to rest: late states of many starts, which of them have stopped, and at how many points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int
from torch import Tensor

from shortrun.chaos.starts import start_chains
from shortrun.dynamics import Noise, Stream
from shortrun.engine.chaotic import ChaoticMachine
from shortrun.errors import ConfigError
from shortrun.models import ChaoticNetwork, Clamp
from shortrun.typing import State, Theta

AT_REST = 1e-8  # tau |dx/dt| / sqrt(N) of a fixed point, at most; the limit of double precision is near 1e-15
SAME = 1e-3  # |tanh x - tanh y| / sqrt(N) up to which two states count as one


@dataclass(frozen=True)
class RestStates:
    """Late states of many starts, and the distinct fixed points among them, the most frequent first.

    Parameters
    ----------
    states : State
        Potentials of the D fixed points, one tensor (D, N) per layer.
    counts : Int[ndarray, " D"]
        Number of starts that ended at each.
    which : Int[ndarray, " C"]
        The fixed point of each start, -1 where it has not stopped.
    residual : Float64[ndarray, " C"]
        Tau |dx/dt| / sqrt(N) of each start at its end.
    time : Float64[ndarray, " C"]
        Time of each start, in tau, at which it was found at rest or given up.
    late : State
        Potentials of all starts at their ends, one tensor (C, N) per layer.
    """

    states: State
    counts: Int[np.ndarray, " D"]
    which: Int[np.ndarray, " C"]
    residual: Float64[np.ndarray, " C"]
    time: Float64[np.ndarray, " C"]
    late: State

    @property
    def converged(self) -> Bool[np.ndarray, " C"]:
        """Which starts came to rest."""
        return self.which >= 0


def rest_states(
    model: ChaoticNetwork,
    theta: Theta,
    *,
    chains: int = 200,
    first: float = 100.0,
    last: float = 1000.0,
    held: Mapping[str, Tensor] | None = None,
    seed: int = 0,
) -> RestStates:
    """Return the fixed points that many random starts reach.

    Parameters
    ----------
    model : ChaoticNetwork
        The network.
    theta : Theta
        Its parameters; zeros for the untrained network.
    chains : int, default 200
        Number of random starts.
    first, last : float, optional
        Time in tau after which the starts are first checked, and at which those that still move are given up: 10 and
        100 times T = 10 tau by default. In between they are checked every `first` tau.
    held : Mapping[str, Tensor], optional
        Potentials (chains, N) of fixed layers, for instance a label.
    seed : int, default 0
        Seed of the starts, those of generated samples.

    Raises
    ------
    ConfigError
        Unless 0 < first <= last.

    Examples
    --------
    >>> import torch
    >>> from shortrun.chaos import rest_states
    >>> from shortrun.models import ChaoticNetwork, NetworkSpec, RateLayer
    >>> quiet = ChaoticNetwork(NetworkSpec(layers=(RateLayer("visible", 50),), gain=0.1))
    >>> rest_states(quiet, torch.zeros(quiet.size()), chains=4, first=50, last=100).counts.tolist()
    [4]
    """
    if not 0 < first <= last:
        raise ConfigError("time", f"0 < first <= last expected, got {first:g} and {last:g}")
    machine, state, clamp = start_chains(model, theta, chains, held, seed)
    moving = np.arange(chains)
    left, time = np.full(chains, np.inf), np.zeros(chains)
    while len(moving) and time.max() + first <= last * (1 + 1e-9):
        part = _later(machine, tuple(x[moving] for x in state), clamp, round(first / model.spec.time_step))
        for x, new in zip(state, part, strict=True):
            x[moving] = new
        left[moving], time[moving] = speed(machine, part, clamp).cpu().numpy(), time.max() + first
        moving = np.flatnonzero(left > AT_REST)
    which, heads = _sorted(*_grouped(_rates(machine, state, clamp), left <= AT_REST))
    states = tuple(x[torch.from_numpy(heads)] for x in state)
    return RestStates(states, np.bincount(which[which >= 0], minlength=len(heads)), which, left, time, state)


def speed(machine: ChaoticMachine, state: State, clamp: Clamp) -> Float[Tensor, " C"]:
    """Return tau |dx/dt| / sqrt(N) of each chain, over the N moving units."""
    after = _later(machine, state, clamp, 1)
    moved = [
        b - a for a, b, layer in zip(state, after, machine.model.spec.layers, strict=True) if not _held(layer, clamp)
    ]
    return torch.cat(moved, 1).square().mean(1).sqrt() / machine.model.spec.time_step


def _held(layer, clamp: Clamp) -> bool:
    return layer.name in clamp.layers


def _later(machine: ChaoticMachine, state: State, clamp: Clamp, steps: int) -> State:
    return machine.run(state, Noise(0, Stream.GENERATE), steps=steps, clamp=clamp)


def _rates(machine: ChaoticMachine, state: State, clamp: Clamp) -> Float[Tensor, "C U"]:
    layers = machine.model.spec.layers
    return torch.tanh(torch.cat([x for x, it in zip(state, layers, strict=True) if not _held(it, clamp)], 1))


def _grouped(rates: Tensor, stopped: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the head of each row at rest, -1 for the others, and the rows that are heads.

    A head is a row that is far from all heads before it, so that two fixed points are at least SAME apart.
    """
    which, heads = np.full(len(rates), -1), []
    open_ = torch.from_numpy(stopped.copy())
    while open_.any():
        head = int(open_.nonzero()[0])
        near = open_ & ((rates - rates[head]).square().mean(1).sqrt() <= SAME).cpu()
        which[near.numpy()] = len(heads)
        heads.append(head)
        open_ &= ~near
    return which, np.array(heads, dtype=int)


def _sorted(which: np.ndarray, heads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same with the heads in decreasing order of their numbers of rows."""
    order = np.argsort(-np.bincount(which[which >= 0], minlength=len(heads)), kind="stable")
    place = np.empty(len(order) + 1, int)
    place[order], place[-1] = np.arange(len(order)), -1
    return place[which], heads[order]
