"""k steps of a model's own dynamics: where a run starts, what it holds, and how it goes on."""

from __future__ import annotations

from collections.abc import Container, Mapping

from torch import Tensor

from shortrun.dynamics.noise import Noise
from shortrun.engine import machine
from shortrun.models import LABEL, Clamp, Model
from shortrun.typing import Observer, State, Theta


def start(model: Model, noise: Noise, chains: int, given: Mapping[str, Tensor]) -> State:
    """Return a state with the given layers as they are and the others drawn from p0 (step 0 of the noise)."""
    at_zero = noise.at(0)
    origins = model.origins(at_zero, given.get(LABEL))
    observed = (
        given[layer.name]
        if layer.name in given
        else model.start_observed(i, at_zero.uniform(i, chains, layer.sites, layer.first), origins)
        for i, layer in enumerate(model.spec.observed)
    )
    return (*observed, *model.start_hidden(noise, chains))


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
