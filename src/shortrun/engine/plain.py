"""The plain machine: every step by the model's own formulas, on any device, for any units; the others must equal it."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.engine.runs import run_sweeps
from shortrun.models import RBM, Clamp, Layer
from shortrun.typing import NoisePlace, Observer, State, Term, Theta, Weights
from shortrun.units import Potts


class Shared(NamedTuple):
    """The values of a layer in one term or several, with the sums of their hidden means and weights."""

    values: Tensor
    moments: Tensor
    weights: Tensor


class PlainMachine:
    """An RBM at fixed parameters, run in torch."""

    name: str = "plain"

    def __init__(self, model: RBM, theta: Theta):
        self.model, self.theta = model, theta
        self.kept: tuple[Tensor, ...] = ()

    @property
    def reason(self) -> str:
        return f"the model's own formulas in torch, on {self.theta.device.type}"

    @classmethod
    def attempt(cls, model: RBM, theta: Theta) -> PlainMachine | str:
        """Return the machine, or in words why there is none."""
        return cls.refusal(model, theta) or cls(model, theta)

    @classmethod
    def refusal(cls, model: RBM, theta: Theta) -> str:  # noqa: ARG003 - faster engines look at both
        """Return why this engine does not run the model, "" where it does."""
        return ""

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
        return run_sweeps(self.sweep(state, clamp), state, noise, steps, observe, times)

    def sweep(self, state: State, clamp: Clamp) -> Callable[[State, NoisePlace], State]:
        """Return one sweep of a run from `state` under `clamp`; the state that it returns may live in buffers."""
        return lambda now, noise: self.model.step(self.theta, now, noise, clamp)

    def label_distribution(self, state: State) -> Float[Tensor, "C K"]:
        return self.model.label_distribution(self.theta, state)

    # ------------------------------------------------------------------------------------------ learning

    def keep(self, state: State) -> None:
        self.kept += tuple(x for x in state if not self.is_kept(x))

    def is_kept(self, x: Tensor) -> bool:
        """Whether a layer was declared to stay as it is."""
        return any(x is y for y in self.kept)

    def settle(self, observed: State, hidden: State, steps: int) -> State:
        return observed

    def statistics(self, terms: Sequence[Term]) -> Theta:
        return sum((self.model.statistics(self.theta, *term) for term in terms), torch.zeros_like(self.theta))

    def shared(self, layer: int, terms: Sequence[Term], means: Sequence[Tensor]) -> list[Shared]:
        """Return the values of a layer in some terms, kept ones once for all terms that have them.

        A clamped layer is the same in the data and in the run that held it: one product instead of two.
        """
        found: list[Shared] = []
        for (state, weights), mean in zip(terms, means, strict=True):
            x = state[layer]
            place = next((i for i, part in enumerate(found) if part.values is x and self.is_kept(x)), None)
            if place is None:
                found.append(Shared(x, mean, weights))
            else:
                found[place] = Shared(x, found[place].moments + mean, found[place].weights + weights)
        return found

    def means(self, state: State, weights: Weights) -> tuple[Tensor, Tensor]:
        observed = self.model.features(state, self.theta.dtype).T @ weights
        field = self.model.hidden_field(self.theta, state)
        return observed, self.model.spec.hidden.units.mean(field).T @ weights

    # ------------------------------------------------------------------------------------------ sums over states

    def hidden_log_z(self, state: State) -> Weights:
        field = self.model.hidden_field(self.theta, state)
        return self.model.spec.hidden.units.log_z(field).sum(1, dtype=torch.float64)

    def free_energy(self, state: State) -> Weights:
        energy, bias = -self.hidden_log_z(state), self.model.view(self.theta).bias.double()
        for layer, rows, x in zip(self.model.spec.observed, self.model.slices, state, strict=False):
            energy = energy + layer.units.base_energy(x) - bias_term(layer, x, bias[rows])
        return energy

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        return self.model.label_log_probabilities(self.theta, state)


def bias_term(layer: Layer, x: Tensor, bias: Tensor) -> Weights:
    """Return a x of a layer, (C,) float64: colours are gathered, not multiplied out."""
    if not isinstance(layer.units, Potts):
        return (layer.units.features(x, torch.float64) * bias).sum(1)  # of a row the same, whatever others there are
    first = torch.arange(0, len(bias), layer.units.colours, dtype=torch.int32, device=x.device)
    return bias.index_select(0, (first + x).flatten()).view(x.shape).sum(1)
