"""k steps of a model's own dynamics: where a run starts, what it holds, and how it goes on."""

from __future__ import annotations

from collections.abc import Container, Mapping

import torch
from torch import Tensor

from shortrun.dynamics.noise import Noise
from shortrun.engine import machine
from shortrun.models import RBM, Clamp, Model
from shortrun.typing import Observer, State, Theta


def start(model: Model, noise: Noise, chains: int, given: Mapping[str, Tensor]) -> State:
    """Return a state with the given layers as they are and the others drawn from p0 (step 0 of the noise).

    The hidden layer of an RBM is left at zero: every sweep begins by drawing it.
    """
    at_zero = noise.at(0)
    observed = (
        given[layer.name] if layer.name in given else layer.units.start(at_zero.uniform(i, chains, layer.sites))
        for i, layer in enumerate(model.spec.observed)
    )
    return (*observed, *start_hidden(model, noise, chains))


def start_hidden(model: Model, noise: Noise, chains: int) -> State:
    """Return the hidden layers as runs start with them."""
    if isinstance(model, RBM):
        return (torch.zeros(chains, model.spec.hidden.sites, dtype=torch.uint8, device=noise.device),)
    at_zero, first = noise.at(0), len(model.spec.observed)
    hidden = enumerate(model.spec.hidden_layers, first)
    return tuple(layer.units.start(at_zero.uniform(i, chains, layer.sites)) for i, layer in hidden)


def run(
    model: Model,
    theta: Theta,
    state: State,
    noise: Noise,
    *,
    steps: int,
    clamp: Clamp | None = None,
    observe: Observer | None = None,
    times: Container[int] | None = None,
) -> State:
    """Return the state after `steps` sweeps; `observe(t, state)` sees those of `times`, or each from 1 to `steps`.

    An observer must copy what it keeps: engines write the next state over the last.
    """
    return machine(model, theta).run(state, noise, steps=steps, clamp=clamp or Clamp(), observe=observe, times=times)
