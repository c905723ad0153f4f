"""Euler steps of a chaotic network: products in place, no temporaries, what is held added up once."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence

import torch
from torch import Tensor

from shortrun.engine.runs import run_sweeps
from shortrun.models import ChaoticNetwork, Clamp, NetworkSpec
from shortrun.typing import NoisePlace, Observer, State, Term, Theta, Weights


class ChaoticMachine:
    """A chaotic network at fixed parameters.

    Parameters
    ----------
    model : ChaoticNetwork
        Its random couplings are made again from the seed.
    theta : Theta
        The trained couplings and fields.
    """

    name: str = "chaotic"
    reason: str = "Euler steps in torch, products in place"

    def __init__(self, model: ChaoticNetwork, theta: Theta):
        self.model, self.theta = model, theta
        self.couplings = model.couplings(theta)
        self.fields = model.view(theta)[1]

    @classmethod
    def attempt(cls, model: ChaoticNetwork, theta: Theta) -> ChaoticMachine | str:
        """Return the machine: every device and every network will do."""
        return cls(model, theta)

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
        """Return one Euler step from `state`; the state that it returns lives in buffers."""
        step = EulerStep(self, state, clamp)
        return lambda _now, _noise: step()

    def label_distribution(self, state: State) -> Tensor:
        return self.model.label_distribution(self.theta, state)

    def keep(self, state: State) -> None:
        """Do nothing: statistics of rates share no work."""

    def settle(self, observed: State, hidden: State, steps: int) -> State:
        """Return observed layers with the hidden ones `steps` later, the observed ones held.

        With one hidden layer every step is the same affine map: h(T) = r h(0) + (1 - r) (field of the observed), r =
        (1 - dt / tau)^steps, or exp(-T / tau) in continuous time (FU24 eq. 7; theory 12.6, 12.7).
        """
        if len(hidden) != 1:
            return self._settle_by_steps(observed, hidden, steps if hidden else 0)
        left = remaining(self.model.spec, steps)
        field = self.fields[-1].expand_as(hidden[0]).clone()
        for coupling in self.couplings:
            if coupling.target == len(observed):
                field.addmm_(torch.tanh(observed[coupling.source]), coupling.matrix)
        return (*observed, field.mul_(1 - left).add_(hidden[0], alpha=left))

    def _settle_by_steps(self, observed: State, hidden: State, steps: int) -> State:
        state = (*observed, *hidden)
        step = EulerStep(self, state, Clamp(tuple(layer.name for layer in self.model.spec.observed)))
        for _ in range(steps):
            state = step()
        return tuple(x.clone() for x in state)

    def statistics(self, terms: Sequence[Term]) -> Theta:
        return sum((self.model.statistics(self.theta, *term) for term in terms), torch.zeros_like(self.theta))

    def means(self, state: State, weights: Weights) -> tuple[Tensor, ...]:
        return tuple(weights @ torch.tanh(x) for x in state)


def remaining(spec: NetworkSpec, steps: int) -> float:
    """Return r, what is left of a hidden potential after some steps beside held data."""
    return math.exp(-spec.time_step * steps) if spec.settling == "exact" else (1 - spec.time_step) ** steps


class EulerStep:
    """One Euler step of the layers that move, from where they are: x <- (1 - dt/tau) x + dt/tau (tanh(y) K + b).

    Each call is a product and a sigmoid a layer, in place: tanh y = 2 sigmoid(2 y) - 1, and torch's sigmoid takes a
    tenth of the time of its tanh. The -1 and the pull of layers that are held are added up once.
    """

    def __init__(self, machine: ChaoticMachine, state: State, clamp: Clamp):
        layers = machine.model.spec.layers
        self.pace = machine.model.spec.time_step
        self.moving = [i for i, layer in enumerate(layers) if layer.name not in clamp.layers]
        self.state = [x.clone() if i in self.moving else x for i, x in enumerate(state)]
        self.active = {i: torch.sigmoid(2 * self.state[i]) for i in self.moving}
        felt = [c for c in machine.couplings if c.source in self.moving]
        self.inputs = {i: [c for c in felt if c.target == i] for i in self.moving}
        self.pull = {i: self.pace * self._pull(machine, i) for i in self.moving}
        self.kept = [(i, clamp.sites[layers[i].name], state[i]) for i in self.moving if layers[i].name in clamp.sites]

    def _pull(self, machine: ChaoticMachine, i: int) -> Tensor:
        held = (c for c in machine.couplings if c.target == i and c.source not in self.moving)
        at_rest = machine.fields[i] - sum(c.matrix.sum(0) for c in self.inputs[i])
        return sum((torch.tanh(self.state[c.source]) @ c.matrix for c in held), at_rest)

    def __call__(self) -> State:
        for i in self.moving:
            x, inputs = self.state[i], self.inputs[i]
            if not inputs:
                x.mul_(1 - self.pace)
            for n, c in enumerate(inputs):
                x.addmm_(self.active[c.source], c.matrix, beta=1.0 if n else 1 - self.pace, alpha=2 * self.pace)
            x += self.pull[i]
        for i, sites, values in self.kept:
            torch.where(sites, values, self.state[i], out=self.state[i])
        for i, active in self.active.items():
            torch.mul(self.state[i], 2, out=active).sigmoid_()
        return tuple(self.state)
