"""Samples of a run in equilibrium, by the ladder of its machines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch

from shortrun import equilibrium
from shortrun.equilibrium import Held, Tempered, ladder
from shortrun.errors import ConfigError
from shortrun.settings import StreamSettings
from shortrun.store import Trajectory
from shortrun.workflows._runs import Machines, age_of, rbm_of

SHORT = "short"  # the run's own recipe, no equilibrium
SWEEPS = 500  # of every replica
MOST_AGES = 200  # that a ladder is chosen from
CHOOSING = 100  # chains that choose it


def default_steps(run: Trajectory, sampler: str) -> int:
    """Return the number of sweeps that a sampler takes by default."""
    return run.recipe["steps"] if sampler == SHORT else SWEEPS


def machines_up_to(run: Trajectory, last: int, keep: Sequence[int] = ()) -> Machines:
    """Return the machines that a ladder is chosen from."""
    below = [age for age in run.ages if age <= last]
    return Machines(run, sorted({*below[:: math.ceil(len(below) / MOST_AGES)], *keep, last}))


def in_equilibrium(
    run: Trajectory, held: Held, count: int, settings: StreamSettings, *, rounds: int, at_once: int
) -> Iterator[Tempered]:
    """Yield what `count` chains left at every machine of a ladder, `at_once` of them at a time; the last has samples.

    Raises
    ------
    ConfigError
        For fewer than 2 rounds, or a chaotic network.
    """
    if rounds < 2:
        raise ConfigError("steps", f"at least 2 expected by {settings.sampler}, got {rounds}")
    model, last = rbm_of(run, "equilibrium"), age_of(run, settings.age)
    sampler = "pt" if settings.sampler == "pt" else "ptt"
    machines = Machines(run, (last,)) if sampler == "pt" else machines_up_to(run, last)
    rows = torch.linspace(0, count - 1, min(count, CHOOSING)).long()
    options = settings.model_dump(include={"acceptance", "seed"})
    rungs = ladder(model, machines, rows=rows, held=held, sampler=sampler, **options)
    return equilibrium.in_equilibrium(rungs, held, count, rounds=rounds, at_once=at_once, seed=settings.seed)
