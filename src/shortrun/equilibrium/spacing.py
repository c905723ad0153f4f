"""Which ages of a training are near enough for chains to be exchanged between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import machine
from shortrun.equilibrium.tempering import acceptance
from shortrun.models import RBM, Clamp
from shortrun.settings import TreeSettings
from shortrun.typing import State, Theta


def spaced(model: RBM, machines: Mapping[int, Theta], settings: TreeSettings) -> tuple[int, ...]:
    """Return the ages, from the oldest down, between which exchanges are first accepted less often than wanted.

    acc = mean min(1, exp(-F_t(x_r) + F_t(x_t) + F_r(x_r) - F_r(x_t))), with F the free energies at ages r and t and
    x_r, x_t chains there: the exchange probability of parallel trajectory tempering (theory: DRS23). The oldest and
    the youngest age are always kept. The published code adds 0.1 to the target that it is given.

    Parameters
    ----------
    model : RBM
        Of all these ages.
    machines : Mapping[int, Theta]
        Age -> parameters, the youngest first.
    settings : TreeSettings
        The wanted acceptance, and number, sweeps and seed of the chains; without an acceptance all ages are kept.

    Returns
    -------
    tuple[int, ...]
        Ages, the youngest first.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import spaced
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.settings import TreeSettings
    >>> from shortrun.units import Ising
    >>> model = RBM(Spec((Layer("visible", 2, Ising()), Layer("hidden", 2, Ising()))))
    >>> machines = {age: torch.zeros(model.size()) for age in (1, 2, 3)}  # equal, so that every exchange is accepted
    >>> spaced(model, machines, TreeSettings(acceptance=0.3, chains=10, sweeps=1))
    (1, 3)
    """
    ages = tuple(machines)
    if settings.acceptance is None:
        return ages
    samples = dict(equilibrated(model, machines, settings))
    kept = [ages[-1]]
    for age in reversed(ages[:-1]):
        old = kept[-1]
        if exchange_rate(model, machines[old], machines[age], samples[old], samples[age]) < settings.acceptance:
            kept.append(age)
    return tuple(sorted({*kept, ages[0]}))


def equilibrated(model: RBM, machines: Mapping[int, Theta], settings: TreeSettings) -> Iterator[tuple[int, State]]:
    """Yield chains at each age, each begun where those of the age before ended."""
    noise = Noise(settings.seed, Stream.GENERATE)
    state = start(model, noise, settings.chains, {})
    for age, theta in machines.items():
        state = machine(model, theta).run(state, replace(noise, update=age), steps=settings.sweeps, clamp=Clamp())
        state = tuple(x.clone() for x in state)
        yield age, state[:-1]


def exchange_rate(model: RBM, theta_r: Theta, theta_t: Theta, x_r: State, x_t: State) -> float:
    """Return the share of exchanges between two ages that are accepted."""
    moved = model.free_energy(theta_t, x_t) - model.free_energy(theta_t, x_r)
    back = model.free_energy(theta_r, x_r) - model.free_energy(theta_r, x_t)
    return float(acceptance(moved, back).mean())
