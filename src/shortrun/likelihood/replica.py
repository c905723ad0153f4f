"""A machine at fixed parameters for Monte Carlo methods: sweeps, and free energies with the same weights."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import torch
from torch import Tensor

from shortrun import engine
from shortrun.dynamics import Noise, start_hidden
from shortrun.engine import PlainMachine
from shortrun.models import RBM, Clamp, Layer
from shortrun.typing import State, Theta, Weights
from shortrun.units import Potts


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
        (P,).
    exact : bool, default False
        Whether to use the exact weights, without the fast machine.
    """

    def __init__(self, model: RBM, theta: Theta, *, exact: bool = False):
        self.model = RBM(replace(model.spec, hidden_rule="sample"))
        self.theta = theta
        machine = PlainMachine(self.model, theta) if exact else engine.machine(self.model, theta)
        assert isinstance(machine, PlainMachine)  # every machine of an RBM is one
        self.machine = machine
        self._bias = self.model.view(theta).bias.double()

    def sweep(self, state: State, noise: Noise, clamp: Clamp, sweeps: int = 1) -> State:
        """Return the observed layers after some block-Gibbs sweeps."""
        hidden = start_hidden(self.model, noise, len(state[0]))
        return self.machine.run((*state, *hidden), noise, steps=sweeps, clamp=clamp)[: len(state)]

    def free_energy(self, state: State) -> Weights:
        """Return F(x) of the machine that `sweep` runs, (C,) float64."""
        energy = -self.machine.hidden_log_z(state)
        for layer, rows, x in zip(self.model.spec.observed, self.model.slices, state, strict=True):
            energy = energy + layer.units.base_energy(x) - visible_term(layer, x, self._bias[rows])
        return energy


def visible_term(layer: Layer, x: Tensor, bias: Tensor) -> Weights:
    """Return a x of a layer, (C,) float64: colours are gathered, not multiplied."""
    if not isinstance(layer.units, Potts):
        return layer.units.features(x, torch.float64) @ bias
    fields = bias.view(layer.sites, layer.units.colours)
    return fields[torch.arange(layer.sites), x.long()].sum(1)
