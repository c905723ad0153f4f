"""The ladder of machines of a run, for partition functions and samples in equilibrium."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from shortrun.dynamics import Noise, Stream, start
from shortrun.errors import ConfigError, nearest
from shortrun.likelihood import Rung, Tempered, annealed_up, bottom, climbed, temper, thinned
from shortrun.models import RBM, Clamp
from shortrun.store import Trajectory
from shortrun.typing import State, Theta
from shortrun.workflows._runs import rbm_of, theta_of

SHORT = "short"  # the run's own recipe, no equilibrium
SAMPLERS = (SHORT, "ptt", "pt")
SWEEPS = 500  # of every replica
MOST_AGES = 200  # that a ladder is chosen from
CHOOSING = 100  # chains that choose it
CHOICE, CLIMB = 2**31, 3 * 2**30  # where their noise, and that of the chains that come after, begins

Kept = Mapping[str, tuple[Tensor, Tensor]]


class Held(NamedTuple):
    """What chains hold: the (C, S) values of whole layers, and masks and (T, S) values of sites, taken in turn."""

    layers: Mapping[str, Tensor]
    sites: Kept

    @property
    def clamp(self) -> Clamp:
        """The same without values."""
        return Clamp(tuple(self.layers), {name: mask for name, (mask, _) in self.sites.items()})

    def start(self, model: RBM, noise: Noise, rows: Tensor) -> State:
        """Return the observed layers of chains from noise with what they hold."""
        given = {name: values[rows] for name, values in self.layers.items()}
        state = start(model, noise, len(rows), given)
        return tuple(
            torch.where(self.sites[layer.name][0], _in_turn(self.sites[layer.name][1], rows), x)
            if layer.name in self.sites
            else x
            for layer, x in zip(model.spec.observed, state, strict=False)
        )


FREE = Held({}, {})


def _in_turn(values: Tensor, rows: Tensor) -> Tensor:
    return values[rows % len(values)]


def default_steps(run: Trajectory, sampler: str) -> int:
    """Return the sweeps that a sampler takes by default.

    Raises
    ------
    ConfigError
        If there is no such sampler.
    """
    if sampler not in SAMPLERS:
        known = ", ".join(SAMPLERS)
        raise ConfigError("sampler", f"one of {known} expected, got '{sampler}'", nearest(sampler, SAMPLERS))
    return run.recipe["steps"] if sampler == SHORT else SWEEPS


def ladder(
    run: Trajectory,
    *,
    sampler: str = "ptt",
    age: int | None = None,
    keep: Sequence[int] = (),
    acceptance: float,
    chains: int,
    held: Held = FREE,
    rows: Tensor | None = None,
    seed: int = 0,
) -> list[Rung]:
    """Return the machines between independent sites and an age of a run, with chains at each.

    Parameters
    ----------
    sampler : str, default "ptt"
        "ptt" for the ages of the run, "pt" for temperatures of the last of them.
    age : int, optional
        The last one; by default the last that was kept.
    keep : Sequence[int], default ()
        Ages that must be among them.
    acceptance : float
        Lowest mean acceptance of swaps, as chains that come up once measure it.
    held, rows : Held or Tensor, optional
        What chains hold, and which chains of it these are.

    Raises
    ------
    ConfigError
        For an acceptance outside 0..1, a chaotic network, an unknown sampler.
    """
    if not 0 < acceptance < 1:
        raise ConfigError("acceptance", f"a number between 0 and 1 expected, got {acceptance:g}")
    model = rbm_of(run, "equilibrium")
    last = run.ages[-1] if age is None else age
    rows = torch.arange(chains) if rows is None else rows
    begin = held.start(model, Noise(seed, Stream.GENERATE, update=CHOICE), rows)
    ages = ages_up_to(run, last, keep) if sampler == "ptt" else (last,)
    rungs = climbed(
        model,
        reference(run, model, ages[0], sampler),
        ages,
        lambda each: theta_of(run, each),
        begin,
        Noise(seed, Stream.GENERATE, update=CHOICE),
        target=acceptance,
        clamp=held.clamp,
    )
    return thinned(rungs, acceptance, keep)


def reference(run: Trajectory, model: RBM, youngest: int, sampler: str) -> Theta:
    """Return the machine of independent sites at the bottom: near the youngest age, or of infinite temperature."""
    theta = theta_of(run, youngest)
    return bottom(model, theta) if sampler == "ptt" else torch.zeros_like(theta)


def ages_up_to(run: Trajectory, last: int, keep: Sequence[int]) -> tuple[int, ...]:
    """Return the ages that a ladder is chosen from."""
    below = [age for age in run.ages if age <= last]
    return tuple(sorted({*below[:: math.ceil(len(below) / MOST_AGES)], *keep, last}))


class Drawn(NamedTuple):
    """Some samples in equilibrium, and how the chains that gave them moved."""

    state: State
    tempered: Tempered


def in_equilibrium(
    run: Trajectory,
    *,
    sampler: str,
    age: int | None,
    count: int,
    rounds: int,
    acceptance: float,
    held: Held,
    at_once: int,
    seed: int = 0,
) -> Iterator[Drawn]:
    """Yield samples of a machine by replica exchange, one of each of `count` chains, `at_once` at a time.

    Raises
    ------
    ConfigError
        For fewer than 2 rounds, and as `ladder`.
    """
    if rounds < 2:
        raise ConfigError("steps", f"at least 2 expected by {sampler}, got {rounds}")
    rows = torch.linspace(0, count - 1, min(count, CHOOSING)).long()
    rungs = ladder(
        run, sampler=sampler, age=age, acceptance=acceptance, chains=len(rows), held=held, rows=rows, seed=seed
    )
    for first in range(0, count, at_once):
        rows = torch.arange(first, min(first + at_once, count))
        noise = Noise(seed, Stream.GENERATE, update=CLIMB, first_chain=first)
        begin = held.start(rungs[0].replica.model, noise, rows)
        states = annealed_up(rungs, begin, noise, clamp=held.clamp)
        place = Noise(seed, Stream.GENERATE, first_chain=first)
        tempered = temper([rung.replica for rung in rungs], states, place, rounds=rounds, clamp=held.clamp)
        yield Drawn(tempered.states[-1], tempered)


class Moves:
    """How the chains of an equilibrium sampler moved, some of them at a time."""

    def __init__(self):
        self.parts: list[Tempered] = []

    def add(self, tempered: Tempered) -> None:
        """Take some chains, without their states."""
        nothing = torch.empty(0, 0, 0)
        self.parts.append(tempered._replace(states=(), forward=nothing, backward=nothing))

    def found(self) -> dict[str, float]:
        """Return the numbers: replicas, acceptance, chains that were crossed, journeys a chain; none without chains."""
        if not self.parts:
            return {}
        acceptance = torch.stack([part.acceptance for part in self.parts]).mean(0)
        upward, trips = (torch.cat([getattr(it, name) for it in self.parts]) for name in ("upward", "round_trips"))
        return {
            "replicas": len(acceptance) + 1,
            "lowest_acceptance": acceptance.min().item(),
            "mean_acceptance": acceptance.mean().item(),
            "crossed_chains": (upward > 0).double().mean().item(),
            "crossings": upward.double().mean().item(),
            "round_trips": trips.double().mean().item(),
        }

    def told(self, run: Trajectory) -> list[str]:
        """Return lines for a person: what moved, and what is to be doubted."""
        it = self.found()
        if not it:
            return []
        accepted = f"swaps accepted {it['mean_acceptance']:.0%} (lowest {it['lowest_acceptance']:.0%})"
        came = f"{it['crossings']:.2g} states a chain came from independent sites to the top"
        lines = [f"note: {it['replicas']} replicas, {accepted}; {came}"]
        if it["crossed_chains"] < 1:
            lines.append(
                f"warning: in {1 - it['crossed_chains']:.0%} of the chains none did: they may not be in equilibrium; "
                "more --steps"
            )
        if run.recipe["start"] == "random":
            k = run.recipe["steps"]
            lines.append(f"note: this machine was trained to be good after {k} sweeps from noise, not in equilibrium")
        return lines
