"""The plain machine: every step by the model's own formulas, on any device, for any units; the others must equal it."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.models import RBM, Clamp
from shortrun.typing import Noise, Observer, State, Term, Theta, Weights


class PlainMachine:
    """A model at fixed parameters, run in torch."""

    def __init__(self, model: RBM, theta: Theta):
        self.model, self.theta = model, theta

    def run(
        self,
        state: State,
        noise: Noise,
        *,
        steps: int,
        clamp: Clamp,
        observe: Observer | None = None,
        times: Container[int] | None = None,
    ) -> State:
        sweep = self.sweep(state, clamp)
        for t in range(1, steps + 1):
            state = sweep(state, noise.at(t))
            if observe is not None and (times is None or t in times):
                observe(t, state)
        return state

    def sweep(self, state: State, clamp: Clamp) -> Callable[[State, Noise], State]:
        """Return one sweep of a run from `state` under `clamp`; the state that it returns may live in buffers."""
        return lambda now, noise: self.model.step(self.theta, now, noise, clamp)

    def completed(self, observed: State, hidden: State, steps: int) -> State:
        return observed

    def statistics(self, terms: Sequence[Term]) -> Theta:
        return sum((self.model.statistics(self.theta, *term) for term in terms), torch.zeros_like(self.theta))

    def means(self, state: State, weights: Weights) -> tuple[Tensor, Tensor]:
        observed = self.model.features(state, self.theta.dtype).T @ weights
        field = self.model.hidden_field(self.theta, state)
        return observed, self.model.spec.hidden.units.mean(field).T @ weights

    def hidden_log_z(self, state: State) -> Weights:
        """Return sum_mu ln z_mu(b + x W), (C,) float64, with exactly the weights that `run` runs with.

        What is left of the free energy F(x) = base(x) - a x - this is a sum over sites.
        """
        field = self.model.hidden_field(self.theta, state)
        return self.model.spec.hidden.units.log_z(field).sum(1, dtype=torch.float64)

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        return self.model.label_log_probabilities(self.theta, state)


def by_tensor(layer: int, terms: Sequence[Term], means: Sequence[Tensor]) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return the values of a layer in some terms, each tensor once, with the sums of its hidden means and weights.

    A clamped layer is the same tensor in the data and in the run that kept it: one product instead of two.
    """
    found: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
    for (state, weights), mean in zip(terms, means, strict=True):
        x = state[layer]
        _, moments, sums = found.get(id(x), (x, 0, 0))
        found[id(x)] = (x, moments + mean, sums + weights)
    return list(found.values())
