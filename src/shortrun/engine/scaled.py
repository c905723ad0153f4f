"""Machines between independent sites and a machine, W_s = s W: its tables serve all of them, with another step.

Annealing then costs sweeps and free energies, not the tables of a new machine at each temperature, and a state that two
of these machines see one after the other is summed once.
"""

from __future__ import annotations

import copy
from collections.abc import Container

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.engine.cpu import sum_of_log_z
from shortrun.engine.lookup import LookupMachine
from shortrun.engine.plain import bias_term
from shortrun.models import RBM, Clamp
from shortrun.typing import NoisePlace, Observer, State, Theta, Weights


class Line:
    """The machines on the straight line from parameters without couplings to a machine.

    Parameters
    ----------
    whole : LookupMachine
        The machine at s = 1.
    reference : Theta
        The parameters at s = 0.
    """

    def __init__(self, whole: LookupMachine, reference: Theta):
        self.whole, self.reference = whole, reference
        self.state: State = ()  # seen last, and its sums
        self.sums = torch.empty(0)

    def at(self, s: float) -> ScaledMachine:
        """Return the machine with parameters (1 - s) reference + s theta."""
        return ScaledMachine(self, s)

    def sums_of(self, state: State) -> Float[Tensor, "H R"]:
        """Return what the observed layers add to the hidden fields, in steps; of the state seen last it is known."""
        if len(state) != len(self.state) or any(x is not y for x, y in zip(state, self.state, strict=True)):
            layers = enumerate(self.whole.tables)
            first, *others = (self.whole._summed(i, state[i], tables.up) for i, tables in layers)
            self.state, self.sums = state, sum(others, first)
        return self.sums


class ScaledMachine:
    """A machine of a line, which moves and knows its free energy: s times the weights that the whole one rounded."""

    def __init__(self, line: Line, s: float):
        whole, reference = line.whole, line.whole.model.view(line.reference)
        self.line, self.s = line, s
        self.bias = torch.lerp(reference.bias, whole.parameters.bias, s)
        self.machine = copy.copy(whole)
        self.machine.step = torch.tensor(s * whole.step).item()  # the float32 that kernels see
        # Biases of bits, in place of spins, have sums of weights in them, which scale as all weights do.
        self.machine.hidden_bias = torch.lerp(reference.hidden_bias, whole.hidden_bias, s)
        self.machine.tables = [
            tables._replace(bias=torch.lerp(reference.bias[rows], tables.bias, s))
            for tables, rows in zip(whole.tables, whole.model.slices, strict=True)
        ]

    @property
    def model(self) -> RBM:
        return self.machine.model

    @property
    def theta(self) -> Theta:
        return torch.lerp(self.line.reference, self.line.whole.theta, self.s)

    def run(
        self,
        state: State,
        noise: NoisePlace,
        *,
        steps: int,
        clamp: Clamp,
        observe: Observer | None = None,
        times: Container[int] | None = None,
    ) -> State:
        return self.machine.run(state, noise, steps=steps, clamp=clamp, observe=observe, times=times)

    def label_distribution(self, state: State) -> Float[Tensor, "C K"]:
        return self.model.label_distribution(self.theta, state)

    def hidden_log_z(self, state: State) -> Weights:
        field = torch.add(self.machine.hidden_bias.unsqueeze(1), self.line.sums_of(state), alpha=self.machine.step)
        return sum_of_log_z(self.model.spec.hidden.units, field)[: len(state[0])]

    def free_energy(self, state: State) -> Weights:
        energy = -self.hidden_log_z(state)
        for layer, rows, x in zip(self.model.spec.observed, self.model.slices, state, strict=True):
            energy += layer.units.base_energy(x) - bias_term(layer, x, self.bias[rows].double())
        return energy
