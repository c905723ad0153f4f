"""Replica exchange: chains at a ladder of machines whose neighbours swap states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from shortrun.dynamics import Noise
from shortrun.equilibrium.replica import Replica
from shortrun.models import Clamp
from shortrun.typing import State, Weights

SWAP_LAYER = 15  # layer number of the noise of swaps, beyond the layers of any machine

Watcher = Callable[[int, Sequence[State]], None]


class Tempered(NamedTuple):
    """Result of replica exchange: J + 1 replicas of C chains, J pairs of neighbours, T rounds of each pair.

    Parameters
    ----------
    states : tuple[State, ...]
        Observed layers of every replica.
    forward, backward : Float[Tensor, "T C J"]
        Log-weights F_t(x) - F_{t+1}(x) at x of t, F_{t+1}(x) - F_t(x) at x of t + 1, before each swap.
    acceptance : Float[Tensor, " J"]
        Mean acceptance rate of swaps of each pair.
    upward : Int[Tensor, " C"]
        For each chain, how often a state from the bottom reached the top.
    round_trips : Int[Tensor, " C"]
        For each chain, how often such a state returned to the bottom.
    """

    states: tuple[State, ...]
    forward: Float[Tensor, "T C J"]
    backward: Float[Tensor, "T C J"]
    acceptance: Float[Tensor, " J"]
    upward: Int[Tensor, " C"]
    round_trips: Int[Tensor, " C"]


class Journey:
    """The last end, bottom or top, that each state of a ladder visited, and counts of journeys (C,)."""

    def __init__(self, replicas: int, chains: int):
        self.from_bottom = torch.zeros(replicas, chains, dtype=torch.bool)
        self.came_up = torch.zeros(replicas, chains, dtype=torch.bool)
        self.upward = torch.zeros(chains, dtype=torch.long)
        self.round_trips = torch.zeros(chains, dtype=torch.long)

    def swapped(self, t: int, swap: Bool[Tensor, " C"]) -> None:
        """Follow the states of t and t + 1."""
        for flags in (self.from_bottom, self.came_up):
            low, high = flags[t].clone(), flags[t + 1].clone()
            flags[t], flags[t + 1] = torch.where(swap, high, low), torch.where(swap, low, high)

    def look(self) -> None:
        """Count the states that arrived."""
        self.upward += self.from_bottom[-1]
        self.came_up[-1] |= self.from_bottom[-1]
        self.from_bottom[-1] = False
        self.round_trips += self.came_up[0]
        self.came_up[0] = False
        self.from_bottom[0] = True


def temper(
    replicas: Sequence[Replica],
    states: Sequence[State],
    noise: Noise,
    *,
    rounds: int,
    clamp: Clamp | None = None,
    exchange: bool = True,
    first: int = 0,
    watch: Watcher | None = None,
) -> Tempered:
    """Run rounds of sweeps of every replica and swaps of neighbours, alternating between even and odd pairs.

    States x of t and y of t + 1 are swapped with probability min(1, exp[F_t(x) - F_{t+1}(x) + F_{t+1}(y) - F_t(y)])
    (theory 11.1; BDFRS24), which leaves the product of the distributions p_t unchanged. Alternating even and odd
    pairs lets states travel in one direction (Okabe et al. 2001; Syed et al. 2022). Each sweep of a replica without
    couplings, at the bottom, draws independent samples.

    Parameters
    ----------
    replicas : Sequence[Replica]
        Replicas from the young or hot end to the target.
    states : Sequence[State]
        Observed layers of the same number of chains at each.
    noise : Noise
        A separate place in the noise; each round increases its update.
    rounds : int
        At least two, so that every pair has its turn.
    clamp : Clamp, optional
        Layers and sites fixed in every replica; the fixed values of a chain are the same in all replicas.
    exchange : bool, default True
        Whether states are swapped; otherwise the chains of every replica are ordinary ones.
    first : int, default 0
        Number of the first round, to continue an earlier run.
    watch : Watcher, optional
        Called after each round with its number and the states.

    Returns
    -------
    Tempered
        Where the chains are, and how they moved.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import Replica, temper
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 1, Bernoulli()))))
    >>> from shortrun.dynamics import Noise, Stream
    >>> replicas = [Replica(model, torch.zeros(model.size()))] * 2
    >>> states = [(torch.zeros(5, 2, dtype=torch.uint8),)] * 2
    >>> temper(replicas, states, Noise(0, Stream.GENERATE), rounds=4).acceptance.tolist()  # equal machines
    [1.0]
    """
    now, clamp, chains = [tuple(state) for state in states], clamp or Clamp(), len(states[0][0])
    journey = Journey(len(replicas), chains)
    works: list[list[tuple[Weights, Weights]]] = [[] for _ in replicas[1:]]
    for n in range(first, first + rounds):
        places = [at(noise, 1 + n * len(replicas) + t) for t in range(len(replicas))]
        now = [r.sweep(x, place, clamp) for r, x, place in zip(replicas, now, places, strict=True)]
        for t in range(n % 2, len(replicas) - 1, 2):
            works[t].append(work(replicas[t], replicas[t + 1], now[t], now[t + 1]))
            if exchange:
                swap = accepted(*works[t][-1], places[t])
                now[t], now[t + 1] = swapped(now[t], now[t + 1], swap)
                journey.swapped(t, swap)
        journey.look()
        if watch is not None:
            watch(n, now)
    return gathered(now, works, journey)


def at(noise: Noise, update: int) -> Noise:
    """Return the noise of a later round."""
    return replace(noise, update=noise.update + update)


def work(young: Replica, old: Replica, x: State, y: State) -> tuple[Weights, Weights]:
    """Return F_young(x) - F_old(x) at x of young, and F_old(y) - F_young(y) at y of old."""
    both = tuple(map(torch.cat, zip(x, y, strict=True)))  # a machine's tables are gone through once
    more = young.free_energy(both) - old.free_energy(both)
    return more[: len(x[0])], -more[len(x[0]) :]


def acceptance(forward: Weights, backward: Weights) -> Weights:
    """Return the probability of a swap, from the log-weights of both sides."""
    return (forward + backward).clamp(max=0).exp()


def accepted(forward: Weights, backward: Weights, noise: Noise) -> Bool[Tensor, " C"]:
    """Return which chains swap."""
    return noise.uniform(SWAP_LAYER, len(forward), 1)[:, 0] < acceptance(forward, backward)


def swapped(x: State, y: State, swap: Bool[Tensor, " C"]) -> tuple[State, State]:
    """Return both states, exchanged where `swap` is true."""
    pairs, rows = list(zip(x, y, strict=True)), swap.unsqueeze(1)
    return tuple(torch.where(rows, b, a) for a, b in pairs), tuple(torch.where(rows, a, b) for a, b in pairs)


def gathered(states: Sequence[State], works: list[list[tuple[Weights, Weights]]], journey: Journey) -> Tempered:
    """Return the result; the first turn of pairs that had one turn more than others is left out."""
    turns = min((len(pair) for pair in works), default=0)
    chains = journey.upward.shape[0]
    sides = [
        torch.stack([torch.stack([turn[side] for turn in pair[len(pair) - turns :]]) for pair in works], 2)
        if turns
        else torch.empty(0, chains, len(works), dtype=torch.float64)
        for side in (0, 1)
    ]
    mean = acceptance(sides[0].flatten(), sides[1].flatten()).view(sides[0].shape).mean((0, 1))
    return Tempered(tuple(states), sides[0], sides[1], mean, journey.upward, journey.round_trips)
