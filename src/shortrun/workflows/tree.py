"""The tree of samples from the ages of a run: `tree`, and which ages it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from shortrun import landscape
from shortrun.data import Dataset
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import machine
from shortrun.errors import ConfigError, StoreError
from shortrun.landscape import EPS, Stage, Tree
from shortrun.likelihood import acceptance
from shortrun.models import RBM, Clamp, parts_of
from shortrun.store import Trajectory
from shortrun.typing import State, Theta
from shortrun.workflows._runs import check_ages, check_kind, opened, rbm_of

Kept = Callable[[int, int], None]


def tree(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    ages: Sequence[int] | None = None,
    acceptance: float | None = None,
    eps: float = EPS,
    order: int = 2,
    tolerance: float = 1e-4,
    max_iterations: int = 3000,
    damping: float = 0.0,
    chains: int = 1000,
    sweeps: int = 100,
    seed: int = 0,
    progress: Callable[[Stage], None] | None = None,
) -> Tree:
    """Return the tree of samples: their mean-field fixed points at the oldest age, which merge at younger ones.

    Labels of the samples are not looked at (theory: DRS23).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder; one trained near equilibrium, with many ages.
    data : Dataset
        Samples with the sites and the alphabet of the training data: the leaves.
    ages : Sequence[int], optional
        Of the training; all that were kept by default.
    acceptance : float, optional
        Keep only ages between which chains would be exchanged less often than this (`spaced`).
    eps : float, default EPS
        Root mean square distance a site under which two fixed points are one.
    order, tolerance, max_iterations, damping : int or float, optional
        Of the mean-field iteration.
    chains, sweeps, seed : int, optional
        Of the chains that `acceptance` needs.
    progress : Callable[[Stage], None], optional
        Called after each age.

    Raises
    ------
    ConfigError
        For a chaotic network, or settings out of range.
    DataError
        If the samples are not of the kind that the machine knows.
    StoreError
        For ages that were not kept.
    """
    run = opened(run)
    model = rbm_of(run, "mean-field fixed points")
    check_kind(run, data)
    chosen = ages_of(run, ages)
    if acceptance is not None:
        chosen = spaced(run, model, chosen, acceptance, chains=chains, sweeps=sweeps, seed=seed)
    visible = parts_of(model.spec, torch.from_numpy(np.array(data.values)))
    return landscape.tree(
        ((age, run.at(age)) for age in reversed(chosen)),
        model,
        landscape.starts_of(model, visible),
        eps=eps,
        order=order,
        tolerance=tolerance,
        max_iterations=max_iterations,
        damping=damping,
        progress=progress,
    )


def ages_of(run: Trajectory, ages: Sequence[int] | None) -> tuple[int, ...]:
    """Return the ages to look at, youngest first; all that were kept by default.

    Raises
    ------
    StoreError
        If one of them was not kept, or there is none.
    """
    if not run.ages:
        raise StoreError(run.path, "has no age yet")
    chosen = run.ages if ages is None else tuple(sorted(set(ages)))
    check_ages(run, chosen)
    return chosen


def spaced(
    run: Trajectory, model: RBM, ages: Sequence[int], target: float, *, chains: int, sweeps: int, seed: int
) -> tuple[int, ...]:
    """Return the ages, from the oldest down, between which exchanges of chains are first accepted less than `target`.

    acc = mean min(1, exp(-F_t(x_r) + F_t(x_t) + F_r(x_r) - F_r(x_t))), with F the free energies at ages r and t and
    x_r, x_t chains there: the exchange probability of parallel trajectory tempering (theory: DRS23). The oldest and
    the youngest age are always kept. The published code adds 0.1 to the target that it is given.

    Raises
    ------
    ConfigError
        If the target is not between 0 and 1.
    """
    if not 0 < target <= 1:
        raise ConfigError("acceptance", f"a probability in (0, 1] expected, got {target:g}")
    samples = dict(equilibrated(run, model, ages, chains=chains, sweeps=sweeps, seed=seed))
    kept = [ages[-1]]
    for age in reversed(ages[:-1]):
        old = kept[-1]
        if accepted(model, run.at(old), run.at(age), samples[old], samples[age]) < target:
            kept.append(age)
    return tuple(sorted({*kept, ages[0]}))


def equilibrated(
    run: Trajectory, model: RBM, ages: Sequence[int], *, chains: int, sweeps: int, seed: int
) -> Iterator[tuple[int, State]]:
    """Yield chains at each age, youngest first, each begun where those of the age before ended."""
    noise = Noise(seed, Stream.GENERATE)
    state = start(model, noise, chains, {})
    for age in ages:
        state = machine(model, run.at(age)).run(state, replace(noise, update=age), steps=sweeps, clamp=Clamp())
        state = tuple(x.clone() for x in state)
        yield age, state[:-1]


def accepted(model: RBM, theta_r: Theta, theta_t: Theta, x_r: State, x_t: State) -> float:
    """Return the share of exchanges between two ages that are accepted."""
    moved = model.free_energy(theta_t, x_t) - model.free_energy(theta_t, x_r)
    back = model.free_energy(theta_r, x_r) - model.free_energy(theta_r, x_t)
    return float(acceptance(moved, back).mean())
