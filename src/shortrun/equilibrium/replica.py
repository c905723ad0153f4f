"""A machine at fixed parameters for Monte Carlo methods: sweeps, and free energies with the same weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import final

from shortrun import engine
from shortrun.dynamics import Noise
from shortrun.engine import RunsWithEnergy
from shortrun.models import RBM, Clamp
from shortrun.typing import State, Theta, Weights


@final
class Replica:
    """A machine at fixed parameters.

    The fast machine of the CPU rounds weights and then runs exactly the machine of the rounded weights. The free
    energies here are of those same weights, so that every Monte Carlo identity is exact; one more step of importance
    sampling at the end of a path corrects the rounding.

    Parameters
    ----------
    model : RBM
        The model; its sweeps are Gibbs sweeps here, for any hidden rule.
    theta : Theta
        (P,) its parameters.
    exact : bool, default False
        Whether to use the exact weights, without the fast machine.
    """

    def __init__(self, model: RBM, theta: Theta, *, exact: bool = False):
        self.model = RBM(replace(model.spec, hidden_rule="sample"))
        self.machine: RunsWithEnergy
        if exact:
            self.machine = engine.machine(self.model, theta, exact=True)
        else:  # machines of a line learn nothing, but know their free energies in half the time
            self.machine = engine.line(self.model, theta, theta)(1.0)

    @classmethod
    def between(cls, model: RBM, reference: Theta, theta: Theta, places: Iterable[float]) -> Iterator[Replica]:
        """Yield the machines at some places between a reference without couplings, at 0, and theta, at 1."""
        model = RBM(replace(model.spec, hidden_rule="sample"))
        for machine in map(engine.line(model, reference, theta), places):
            found = cls.__new__(cls)
            found.model, found.machine = model, machine
            yield found

    @property
    def theta(self) -> Theta:
        """(P,) its parameters."""
        return self.machine.theta

    def sweep(self, state: State, noise: Noise, clamp: Clamp, sweeps: int = 1) -> State:
        """Return the observed layers after some block-Gibbs sweeps."""
        hidden = self.model.start_hidden(noise, len(state[0]))
        return self.machine.run((*state, *hidden), noise, steps=sweeps, clamp=clamp)[: len(state)]

    def free_energy(self, state: State) -> Weights:
        """Return F(x) of the machine that `sweep` runs, (C,) float64."""
        return self.machine.free_energy(state)
