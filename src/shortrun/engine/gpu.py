"""One block-Gibbs sweep on a GPU: a kernel for each layer that moves, its fields and its noise in registers.

The field of clamped layers is a constant of the run and is computed once; layers are uint8 codes in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.engine import launch
from shortrun.engine.launch import LOW, Goal, Source, Words
from shortrun.engine.plain import PlainMachine
from shortrun.models import RBM, Clamp
from shortrun.typing import NoisePlace, State, Term, Theta, Weights
from shortrun.units import Potts


class GpuMachine(PlainMachine):
    """A model at fixed parameters, stepped by the Triton kernels; the states that an observer sees live in buffers.

    Parameters
    ----------
    model : RBM
        All of its units are known to the kernels.
    theta : Theta
        On a GPU, float32.
    settings : launch.KernelSettings, optional
        The precision of products and the way of fields; those in force if None (`launch.select`).
    """

    name: str = "gpu"

    def __init__(self, model: RBM, theta: Theta, settings: launch.KernelSettings | None = None):
        super().__init__(model, theta)
        self.settings = settings or launch.settings()
        weight, self.bias, self.hidden_bias = model.view(theta)
        self.weight = launch.Weights.of(weight, self.settings.precision)
        self.low = LOW[model.spec.hidden.units]

    @property
    def reason(self) -> str:
        return f"a Triton kernel for each layer that moves, products as {self.settings.precision}"

    @classmethod
    def refusal(cls, model: RBM, theta: Theta) -> str:
        """Return why the kernels cannot run the model, "" where they can: device, precision and units."""
        if not launch.available(theta.device):
            return launch.path(theta.device).removeprefix("torch: ")
        if launch.settings().precision == "torch":
            return "the precision asked for is that of torch"
        if theta.dtype != torch.float32:
            return f"the kernels take float32, theta is {str(theta.dtype)[6:]}"
        unknown = [
            la.units.kind for la in model.spec.observed if la.units not in LOW and not isinstance(la.units, Potts)
        ]
        if model.spec.hidden.units not in LOW:
            unknown.append(f"hidden {model.spec.hidden.units.kind}")
        return f"the kernels know no {unknown[0]} units" if unknown else ""

    def sweep(self, state: State, clamp: Clamp) -> Callable[[State, NoisePlace], State]:
        sweep = Sweep(self, state, clamp)
        return lambda _, noise: sweep(noise)

    def statistics(self, terms: Sequence[Term]) -> Theta:
        result = torch.empty_like(self.theta)
        out = self.model.view(result)
        weighted = [self._weighted(*term) for term in terms]
        for i, rows in enumerate(self.model.slices):
            for n, (x, mean, weights) in enumerate(self.shared(i, terms, weighted)):
                source = self.source(i, x)
                launch.moments(source, mean, out.weight[rows], self.weight.precision, add=n > 0)
                launch.first_moments(source, weights, out.bias[rows], add=n > 0)
        out.hidden_bias.copy_(torch.stack([mean.sum(0) for mean in weighted]).sum(0))
        return result

    def means(self, state: State, weights: Weights) -> tuple[Float[Tensor, " F"], Float[Tensor, " H"]]:
        observed = torch.empty_like(self.bias)
        for i, rows in enumerate(self.model.slices):
            launch.first_moments(self.source(i, state[i]), weights, observed[rows])
        return observed, self._weighted(state, weights).sum(0)

    def _weighted(self, state: State, weights: Weights) -> Tensor:
        """Return weights * E[h | x], (C, H)."""
        weighted = self.theta.new_empty(len(state[0]), self.model.spec.hidden.sites)
        layers = list(range(len(self.model.spec.observed)))
        self.to_hidden(layers, state, self.hidden_bias, weighted, Goal("mean", self.low, weights))
        return weighted

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        label = self.model.spec.label
        assert label is not None, "the model has no label layer"
        rows = self.model.slices[label]
        others = [i for i in range(len(self.model.spec.observed)) if i != label]
        base = self.theta.new_empty(len(state[0]), self.model.spec.hidden.sites)
        self.to_hidden(others, state, self.hidden_bias, base, Goal())
        scores = base.new_empty(len(base), rows.stop - rows.start)
        launch.label_scores(base, self.model.view(self.theta).weight[rows], self.bias[rows], scores, self.low)
        return torch.log_softmax(scores, 1)

    def source(self, layer: int, values: Tensor) -> Source:
        """Return the values of an observed layer as the kernels take them."""
        return Source.of(self.model.spec.observed[layer].units, values.contiguous())

    def to_hidden(self, layers: list[int], state: State, before: Tensor, out: Tensor, goal: Goal) -> None:
        """Write the goal of `before` plus the field that some observed layers put on the hidden one."""
        field = out if out.is_floating_point() else self.theta.new_empty(out.shape if len(layers) > 1 else 0)
        for i in layers[:-1]:
            self._add(i, state[i], before, field, Goal())
            before = field
        self._add(layers[-1] if layers else None, state[layers[-1]] if layers else out, before, out, goal)

    def _add(self, layer: int | None, values: Tensor, before: Tensor, out: Tensor, goal: Goal) -> None:
        if layer is None:  # nothing to add: a product of depth 0
            launch.product(Source(before, "real"), self.weight.rows(slice(0, 0)), before, out, goal)
        else:
            weight = self.weight.rows(self.model.slices[layer])
            launch.product(self.source(layer, values), weight, before, out, goal, self.settings.colours)


class Sweep:
    """One sweep of a run that keeps theta and the clamp; the states it returns live in its buffers."""

    def __init__(self, machine: GpuMachine, state: State, clamp: Clamp):
        observed, hidden, chains = machine.model.spec.observed, machine.model.spec.hidden, len(state[0])
        self.machine, self.rule = machine, machine.model.spec.hidden_rule
        self.free = [i for i, layer in enumerate(observed) if layer.name not in clamp.layers]
        self.codes = [x.clone() if i in self.free else x for i, x in enumerate(state[:-1])]
        self.held_sites = {i: _mask(clamp.sites.get(observed[i].name)) for i in self.free}
        kind = torch.float32 if self.rule == "mean" else torch.uint8
        self.hidden = state[0].new_empty(chains, hidden.sites, dtype=kind)
        clamped = [i for i in range(len(observed)) if i not in self.free]
        self.before = machine.hidden_bias
        if clamped:
            self.before = machine.theta.new_empty(chains, hidden.sites)
            machine.to_hidden(clamped, state, machine.hidden_bias, self.before, Goal())

    def __call__(self, noise: NoisePlace) -> State:
        """Return the next state."""
        machine, low = self.machine, self.machine.low
        goal = Goal("mean", low) if self.rule == "mean" else Goal("draw", low, words=Words.of(noise, len(self.codes)))
        machine.to_hidden(self.free, tuple(self.codes), self.before, self.hidden, goal)
        passed = Source.of(machine.model.spec.hidden.units, self.hidden)
        for i in self.free:
            self._draw(i, passed, noise)
        return (*self.codes, self.hidden)

    def _draw(self, i: int, passed: Source, noise: NoisePlace) -> None:
        units, rows = self.machine.model.spec.observed[i].units, self.machine.model.slices[i]
        weight, bias = self.machine.weight.rows(rows), self.machine.bias[rows]
        words, held, out = Words.of(noise, i), self.held_sites[i], self.codes[i]
        if isinstance(units, Potts):
            launch.draw_potts(passed, weight, bias, units.colours, out, words, held)
        else:
            goal = Goal("draw", LOW[units], held=held, words=words)
            launch.product(passed, weight.transposed(), bias, out, goal)


def _mask(sites: Tensor | None) -> Tensor | None:
    return None if sites is None else sites.to(torch.uint8)
