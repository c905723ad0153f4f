"""One block-Gibbs sweep on a CPU: products, then field -> probability -> draw in one pass, the noise in registers.

For what tables (lookup.py) cannot hold: hidden means in place of draws, and weights too large for 16 bits. The field of
clamped layers is a constant of the run and is computed once; buffers are allocated once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from shortrun.engine import native
from shortrun.engine.plain import PlainMachine
from shortrun.models import RBM, Clamp
from shortrun.typing import NoisePlace, State, Theta
from shortrun.units import Bernoulli, Ising, Potts, Units


class Binary(NamedTuple):
    """How a kernel sees two-valued units: code 1 iff u < sigmoid(gain * field), the features are `low` and 1."""

    gain: float
    low: float


BINARY = {Bernoulli(): Binary(1.0, 0.0), Ising(): Binary(2.0, -1.0)}


def is_known(units: Units) -> bool:
    """Whether kernels draw observed units of this type."""
    return units in BINARY or isinstance(units, Potts)


class FreeLayer:
    """An observed layer that moves: its rows of W and the buffers that hold its field, then its features, and codes."""

    def __init__(self, model: RBM, theta: Theta, index: int, chains: int, sites: Tensor | None):
        weight, bias, _ = model.view(theta)
        rows = model.slices[index]
        self.index, self.layer, self.fixed_sites = index, model.spec.observed[index], sites
        self.weight, self.bias = weight[rows], bias[rows]
        self.features = torch.empty(chains, self.layer.width)
        self.codes = torch.empty(chains, self.layer.sites, dtype=torch.uint8)

    def load(self, values: Tensor) -> None:
        """Take a state that this stepper did not make."""
        self.codes.copy_(values)
        if self.layer.units in BINARY:
            self.features.copy_(self.layer.units.features(values))

    def add_field(self, before: Tensor, out: Tensor) -> Tensor:
        """Add this layer's part of the hidden field to `before`; a gather of rows where states are colours."""
        if isinstance(self.layer.units, Potts):
            native.gather_potts(self.codes, self.layer.units.colours, self.weight, out, before)
            return out
        return torch.addmm(before, self.features, self.weight, out=out)

    def draw(self, passed: Tensor, noise: NoisePlace) -> Tensor:
        """Draw the layer given what the hidden layer passes on; returns its codes."""
        old = self.codes.clone() if self.fixed_sites is not None else None
        torch.addmm(self.bias, passed, self.weight.T, out=self.features)
        _draw(self.layer.units, self.features, self.codes, noise, self.index)
        if old is not None and self.fixed_sites is not None:
            self.load(torch.where(self.fixed_sites, old, self.codes))
        return self.codes


def _draw(units: Units, field: Tensor, codes: Tensor, noise: NoisePlace, layer: int) -> None:
    seed, update, place, chain = noise.seed, noise.update, noise.place(layer), noise.first_chain
    if isinstance(units, Potts):
        native.draw_potts(field, None, units.colours, codes, seed=seed, update=update, place=place, first_chain=chain)
    else:
        gain, low = BINARY[units]
        native.draw_binary(
            field, None, field, codes, gain=gain, low=low, seed=seed, update=update, place=place, first_chain=chain
        )


class CpuMachine(PlainMachine):
    """A model at fixed parameters, stepped by the C kernels; the states that an observer sees live in buffers."""

    name: str = "cpu"

    @property
    def reason(self) -> str:
        return f"products in torch, draws by the C kernels ({native.path()})"

    @classmethod
    def refusal(cls, model: RBM, theta: Theta) -> str:
        """Return why the kernels cannot run the model, "" where they can: units, device and precision."""
        if not native.available():
            return native.path().removeprefix("torch: ")
        if theta.device.type != "cpu" or theta.dtype != torch.float32:
            return f"the kernels take float32 on the CPU, theta is {str(theta.dtype)[6:]} on {theta.device.type}"
        unknown = [layer.units.kind for layer in model.spec.observed if not is_known(layer.units)]
        if model.spec.hidden.units not in BINARY:
            unknown.append(f"hidden {model.spec.hidden.units.kind}")
        return f"the kernels know no {unknown[0]} units" if unknown else ""

    def sweep(self, state: State, clamp: Clamp) -> Stepper:
        return Stepper(self.model, self.theta, state, clamp)


class Stepper:
    """One step of a run that keeps theta and the clamp; the states it returns live in its buffers."""

    def __init__(self, model: RBM, theta: Theta, state: State, clamp: Clamp):
        chains = len(state[0])
        weight, _, hidden_bias = model.view(theta)
        self.model = model
        self.constant = hidden_bias.expand(chains, -1).contiguous()
        self.free: list[FreeLayer] = []
        for i, (layer, rows) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
            if layer.name in clamp.layers:
                self.constant = torch.addmm(self.constant, layer.units.features(state[i]), weight[rows])
            else:
                self.free.append(FreeLayer(model, theta, i, chains, clamp.sites.get(layer.name)))
        self.hidden = torch.empty(chains, model.spec.hidden.sites)
        self.hidden_codes = torch.empty(chains, model.spec.hidden.sites, dtype=torch.uint8)

    def __call__(self, state: State, noise: NoisePlace) -> State:
        """Return the next state."""
        field = self.constant
        for free in self.free:
            if state[free.index] is not free.codes:
                free.load(state[free.index])
            field = free.add_field(field, self.hidden)
        moved = self._move_hidden(field, noise)
        new = list(state)
        new[-1] = moved
        for free in self.free:
            new[free.index] = free.draw(self.hidden, noise)
        return tuple(new)

    def _move_hidden(self, field: Tensor, noise: NoisePlace) -> Tensor:
        units = self.model.spec.hidden.units
        if field is self.constant:  # nothing moves but the hidden layer
            self.hidden.copy_(field)
        if self.model.spec.hidden_rule == "mean":
            native.mean_binary(self.hidden, None, self.hidden, gain=BINARY[units].gain, low=BINARY[units].low)
            return self.hidden
        _draw(units, self.hidden, self.hidden_codes, noise, len(self.model.spec.observed))
        return self.hidden_codes
