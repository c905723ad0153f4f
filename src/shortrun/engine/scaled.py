"""Machines between independent sites and a machine, W_s = s W: its tables serve all of them, with another step.

Annealing then costs sweeps and free energies, not the tables of a new machine at each temperature, and a state that two
of these machines see is summed once. Their free energies multiply 1 + e^x, in the kernel that scores labels, and take
one logarithm for many hidden units.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Container, Sequence
from ctypes import c_void_p

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from shortrun.engine import native
from shortrun.engine.cpu import Binary
from shortrun.engine.lookup import LANES, POSTERIOR, LookupMachine
from shortrun.engine.plain import bias_term
from shortrun.engine.structures import MOST_LAYERS, CPosterior
from shortrun.models import RBM, Clamp
from shortrun.typing import NoisePlace, Observer, State, Theta, Weights

FACTORS = 64  # hidden units whose max(x, 0) a kernel adds in float32; blocks of them are added in float64


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
        self.sums = WeakTensorKeyDictionary()  # of layers, as long as these live

    def at(self, s: float) -> ScaledMachine:
        """Return the machine with parameters (1 - s) reference + s theta."""
        return ScaledMachine(self, s)

    def sums_of(self, state: State) -> list[Float[Tensor, "H R"]]:
        """Return what each observed layer adds to the hidden fields, in steps."""
        for i, (x, tables) in enumerate(zip(state, self.whole.tables, strict=True)):
            if x not in self.sums:
                self.sums[x] = self.whole._summed(i, x, tables.up)
        return [self.sums[x] for x in state]


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
        it = self.machine
        return hidden_log_z(self.line.sums_of(state), it.hidden_bias, it.step, it.hidden)[: len(state[0])]

    def free_energy(self, state: State) -> Weights:
        energy = -self.hidden_log_z(state)
        for layer, rows, x in zip(self.model.spec.observed, self.model.slices, state, strict=True):
            energy += layer.units.base_energy(x) - bias_term(layer, x, self.bias[rows].double())
        return energy


def hidden_log_z(
    sums: Sequence[Float[Tensor, "H R"]], bias: Float[Tensor, " H"], step: float, units: Binary
) -> Weights:
    """Return the sum over hidden units of ln z at the fields x = bias + step (sum of sums), (R,) float64.

    ln z is ln(1 + e^x) of a Bernoulli unit and ln(1 + e^2x) - x of an Ising spin.
    """
    hidden, chains = sums[0].shape
    places, row = [x.data_ptr() for x in sums], 4 * chains  # bytes
    one, parts = torch.ones(FACTORS), torch.empty(-(-hidden // FACTORS), 3, chains)
    ask = CPosterior(count=len(sums), chains=chains, padded=chains, classes=1, step=step, gain=units.gain)
    ask.factor = one.data_ptr()
    for n, first in enumerate(range(0, hidden, FACTORS)):
        ask.sums = (c_void_p * MOST_LAYERS)(*(place + first * row for place in places))
        ask.hidden, ask.bias = min(FACTORS, hidden - first), bias.data_ptr() + 4 * first
        ask.mantissa, ask.exponent, ask.common = (parts.data_ptr() + (3 * n + part) * row for part in range(3))
        native.lookup(POSTERIOR, ask, chains // LANES)
    parts[:, 0].log_()
    parts[:, 1].mul_(math.log(2))
    found = parts.flatten(0, 1).sum(0, dtype=torch.float64)
    if units.gain == 2:
        for x in sums:
            found -= step * x.sum(0, dtype=torch.float64)
        found -= bias.sum(dtype=torch.float64)
    return found
