"""A ladder of machines from independent sites to a trained machine, close enough for swaps of states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from shortrun.dynamics import Noise
from shortrun.likelihood.ais import independent
from shortrun.likelihood.replica import Replica
from shortrun.likelihood.tempering import acceptance, at, work
from shortrun.models import RBM, Clamp
from shortrun.typing import State, Theta

TARGET = 0.3  # mean acceptance rate of swaps (BDFRS24)
SWEEPS = 30  # of the chains at a rung before they move on to the next
DEEPEST = 6  # largest number of halvings of a gap
MEAN_FIELD = 50  # iterations


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
    ages: Sequence[int],
    theta_at: Callable[[int], Theta],
    begin: State,
    noise: Noise,
    *,
    target: float = TARGET,
    sweeps: int = SWEEPS,
    clamp: Clamp | None = None,
) -> list[Rung]:
    """Return rungs from independent sites to the last of `ages`, with chains that climbed from each to the next.

    Where two stored ages are so far apart that the acceptance rate of swaps would be below `target`, machines on the
    straight line between them are inserted. Chains are not resampled on the way, since that loses modes if the weights
    of modes swing from age to age.

    Parameters
    ----------
    reference : Theta
        Parameters without couplings: `bottom` of the youngest age, or zeros for a ladder of temperatures.
    begin : State
        Observed layers of the chains; values fixed by `clamp` are kept.
    target : float, default TARGET
        Lowest mean acceptance rate between neighbours.
    sweeps : int, default SWEEPS
        Sweeps of the chains at each rung.
    """
    clamp = clamp or Clamp()
    lowest = Replica(model, reference)
    rungs = [Rung(0.0, lowest, lowest.sweep(begin, noise, clamp))]
    for age in ages:
        rungs += _up_to(rungs[-1], float(age), theta_at(age), at(noise, len(rungs)), target, sweeps, clamp, DEEPEST)
    return rungs


def _up_to(
    last: Rung, age: float, theta: Theta, noise: Noise, target: float, sweeps: int, clamp: Clamp, deepest: int
) -> list[Rung]:
    """Return the rungs after `last` up to a machine."""
    new = Replica(last.replica.model, theta)
    state = new.sweep(last.state, noise, clamp, sweeps)
    if deepest == 0 or accepts(last, Rung(age, new, state)) >= target:
        return [Rung(age, new, state)]
    middle = (last.age + age) / 2, torch.lerp(last.replica.theta, theta, 0.5)
    half = 1024 * 4**deepest  # digits in base 4, so that no two rungs share their noise
    lower = _up_to(last, *middle, at(noise, half), target, sweeps, clamp, deepest - 1)
    return lower + _up_to(lower[-1], age, theta, at(noise, 2 * half), target, sweeps, clamp, deepest - 1)


def annealed_up(
    rungs: Sequence[Rung], begin: State, noise: Noise, *, sweeps: int = SWEEPS, clamp: Clamp | None = None
) -> list[State]:
    """Return new chains at every rung, each climbed from the one below."""
    states, state = [], begin
    for n, rung in enumerate(rungs):
        state = rung.replica.sweep(state, at(noise, n), clamp or Clamp(), sweeps)
        states.append(state)
    return states


def thinned(rungs: Sequence[Rung], target: float = TARGET, keep: Sequence[float] = ()) -> list[Rung]:
    """Return the fewest rungs: downwards from the last, always the youngest that swaps often enough (theory 9.1).

    Parameters
    ----------
    target : float, default TARGET
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


def accepts(young: Rung, old: Rung) -> float:
    """Return the mean acceptance rate of swaps between the chains of two rungs."""
    return acceptance(*work(young.replica, old.replica, young.state, old.state)).mean().item()
