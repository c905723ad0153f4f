"""A ladder of machines from independent sites to a trained machine, close enough for swaps of states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from shortrun.dynamics import Noise, Stream
from shortrun.equilibrium.ais import independent
from shortrun.equilibrium.held import FREE, Held
from shortrun.equilibrium.replica import Replica
from shortrun.equilibrium.tempering import acceptance, at, work
from shortrun.models import RBM, Clamp
from shortrun.settings.likelihood import ACCEPTANCE
from shortrun.typing import State, Theta

SWEEPS = 30  # of the chains at a rung before they move on to the next
DEEPEST = 6  # largest number of halvings of a gap
MEAN_FIELD = 50  # iterations
CHOICE = 2**31  # where the noise of the chains that choose a ladder begins


class Rung(NamedTuple):
    """A machine of a ladder with its chains, and its age (a fraction between two stored ages)."""

    age: float
    replica: Replica
    state: State


def bottom(model: RBM, theta: Theta) -> Theta:
    """Return the machine of independent sites nearest to a young one: a_i + sum_mu W_{i mu} <h_mu>, without couplings.

    <h> is the mean-field solution; for W close to 0 the two distributions are almost equal.
    """
    weight, bias, hidden_bias = model.view(theta)
    means = torch.zeros_like(hidden_bias)
    for _ in range(MEAN_FIELD):
        field = bias + weight @ means
        parts = zip(model.spec.observed, model.slices, strict=True)
        x = torch.cat([layer.units.mean(field[rows].unsqueeze(0))[0] for layer, rows in parts])
        means = (means + model.spec.hidden.units.mean((hidden_bias + x @ weight).unsqueeze(0))[0]) / 2
    reference = independent(model, theta)
    model.view(reference).bias.add_(weight @ means)
    return reference


def climbed(
    model: RBM,
    reference: Theta,
    machines: Mapping[int, Theta],
    begin: State,
    noise: Noise,
    *,
    target: float = ACCEPTANCE,
    clamp: Clamp | None = None,
) -> list[Rung]:
    """Return rungs from independent sites to the last machine, with chains that climbed from each to the next.

    Where two stored ages are so far apart that the acceptance rate of swaps would be below `target`, machines on the
    straight line between them are inserted. Chains are not resampled on the way, since that loses modes if the weights
    of modes swing from age to age.

    Parameters
    ----------
    model : RBM
        Of all these machines.
    reference : Theta
        Parameters without couplings: `bottom` of the youngest age, or zeros for a ladder of temperatures.
    machines : Mapping[int, Theta]
        Age -> parameters, the youngest first.
    begin : State
        Observed layers of the chains; values fixed by `clamp` are kept.
    noise : Noise
        Noise of the chains; each rung takes a place of its own.
    target : float, default ACCEPTANCE
        Lowest mean acceptance rate between neighbours.
    clamp : Clamp, optional
        What the chains hold.

    Returns
    -------
    list[Rung]
        From independent sites up.
    """
    clamp = clamp or Clamp()
    lowest = Replica(model, reference)
    rungs = [Rung(0.0, lowest, lowest.sweep(begin, noise, clamp))]
    for age, theta in machines.items():
        rungs += _up_to(rungs[-1], float(age), theta, at(noise, len(rungs)), target, clamp, DEEPEST)
    return rungs


def _up_to(last: Rung, age: float, theta: Theta, noise: Noise, target: float, clamp: Clamp, deepest: int) -> list[Rung]:
    """Return the rungs after `last` up to a machine."""
    new = Replica(last.replica.model, theta)
    state = new.sweep(last.state, noise, clamp, SWEEPS)
    if deepest == 0 or accepts(last, Rung(age, new, state)) >= target:
        return [Rung(age, new, state)]
    middle = (last.age + age) / 2, torch.lerp(last.replica.theta, theta, 0.5)
    half = 1024 * 4**deepest  # digits in base 4, so that no two rungs share their noise
    lower = _up_to(last, *middle, at(noise, half), target, clamp, deepest - 1)
    return lower + _up_to(lower[-1], age, theta, at(noise, 2 * half), target, clamp, deepest - 1)


def annealed_up(rungs: Sequence[Rung], begin: State, noise: Noise, *, clamp: Clamp | None = None) -> list[State]:
    """Return new chains at every rung, each climbed from the one below."""
    states, state = [], begin
    for n, rung in enumerate(rungs):
        state = rung.replica.sweep(state, at(noise, n), clamp or Clamp(), SWEEPS)
        states.append(state)
    return states


def thinned(rungs: Sequence[Rung], target: float = ACCEPTANCE, keep: Sequence[float] = ()) -> list[Rung]:
    """Return the fewest rungs: downwards from the last, always the youngest that swaps often enough (theory 9.1).

    Parameters
    ----------
    rungs : Sequence[Rung]
        From independent sites up.
    target : float, default ACCEPTANCE
        Lowest mean acceptance rate between neighbours.
    keep : Sequence[float], default ()
        Ages that are kept at any acceptance rate.
    """
    kept = [rungs[-1]]
    for place in range(len(rungs) - 2, -1, -1):
        below = rungs[place - 1] if place else None
        if below is None or rungs[place].age in keep or accepts(below, kept[-1]) < target:
            kept.append(rungs[place])
    return kept[::-1]


def ladder(
    model: RBM,
    machines: Mapping[int, Theta],
    *,
    rows: Tensor,
    held: Held = FREE,
    sampler: Literal["ptt", "pt"] = "ptt",
    keep: Sequence[int] = (),
    acceptance: float = ACCEPTANCE,
    seed: int = 0,
) -> list[Rung]:
    """Return the machines between independent sites and the oldest of some machines, with chains at each.

    Parameters
    ----------
    model : RBM
        Of all these machines.
    machines : Mapping[int, Theta]
        Age -> parameters, the youngest first: ages to choose from, or the one machine that temperatures lead to.
    rows : Tensor
        (C,) numbers of the chains that choose, among those of `held`.
    held : Held, default FREE
        What the chains hold.
    sampler : {"ptt", "pt"}, default "ptt"
        Whether the way up is one of ages, from a machine near the youngest, or of temperatures.
    keep : Sequence[int], default ()
        Ages that must be among them.
    acceptance : float, default ACCEPTANCE
        Lowest mean acceptance of swaps, as chains that come up once measure it.
    seed : int, default 0
        Seed of the noise.

    Returns
    -------
    list[Rung]
        From independent sites up.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import ladder
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 6, Bernoulli()), Layer("hidden", 4, Bernoulli()))))
    >>> machines = {1: torch.zeros(model.size()), 10: torch.full((model.size(),), 0.1)}
    >>> [rung.age for rung in ladder(model, machines, rows=torch.arange(50))]
    [0.0, 10.0]
    """
    noise = Noise(seed, Stream.GENERATE, update=CHOICE)
    youngest = next(iter(machines.values()))
    reference = bottom(model, youngest) if sampler == "ptt" else torch.zeros_like(youngest)
    begin = held.start(model, noise, rows)
    rungs = climbed(model, reference, machines, begin, noise, target=acceptance, clamp=held.clamp)
    return thinned(rungs, acceptance, keep)


def accepts(young: Rung, old: Rung) -> float:
    """Return the mean acceptance rate of swaps between the chains of two rungs."""
    return acceptance(*work(young.replica, old.replica, young.state, old.state)).mean().item()
