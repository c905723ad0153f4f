"""Labels in an update: how a row without one takes part, and noise in the rows whose labels are learnt."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor

from shortrun.dynamics import Noise, Run, start
from shortrun.engine import Machine, label_posterior
from shortrun.errors import DataError
from shortrun.models import LABEL, Clamp
from shortrun.typing import State, Term, Weights
from shortrun.units import Potts


def draw(machine: Machine, state: State, missing: Tensor, noise: Noise) -> State:
    """Replace the labels of the `missing` rows by draws from the exact p(label | x): the E-step by sampling."""
    label, rows = _label_of(machine), missing.nonzero().squeeze(1)
    field = _posterior_of(machine)(tuple(x[rows] for x in state))
    uniforms = noise.uniform(label, len(missing), 1)[rows]
    return _with_label(state, label, rows, Potts(field.shape[1]).sample(field, uniforms))


def swapped(machine: Machine, state: State, run: Run, noise: Noise) -> State:
    """Return the rows with some visible sites of the next row: minibatches are shuffled, so any row is as good."""
    held, apart = run.held_layers(machine.model), noise.at(run.steps + 1)  # the sweeps take the steps before
    mixed = tuple(
        torch.where(apart.uniform(i, len(x), x.shape[1], layer.first) < run.swapped, x.roll(-1, 0), x)
        if layer.name in held
        else x
        for i, (layer, x) in enumerate(zip(machine.model.spec.observed, state, strict=True))
    )
    machine.keep(mixed)
    return mixed


def impute(machine: Machine, state: State, missing: Tensor, noise: Noise, steps: int) -> State:
    """Replace the labels of the `missing` rows by the end of a k-step label chain from p0 (the 2023 code's rule)."""
    model, label, rows = machine.model, _label_of(machine), missing.nonzero().squeeze(1)
    held = [layer.name for layer in model.spec.observed if layer.name != LABEL]
    given = {layer.name: x for layer, x in zip(model.spec.observed, state, strict=False) if layer.name in held}
    chains = start(model, noise, len(missing), given)
    end = machine.run(chains, noise, steps=steps, clamp=Clamp(tuple(held)))
    return _with_label(state, label, rows, end[label][rows])


def expand(machine: Machine, state: State, weights: Weights, missing: Tensor) -> Term:
    """Replace each `missing` row by K rows, one a class, weighted by the exact p(label | x).

    A weighted mean over the result is the exact marginal over the missing labels, of every statistic.
    """
    label, rows = _label_of(machine), missing.nonzero().squeeze(1)
    unknown = tuple(x[rows] for x in state)
    posterior = _posterior_of(machine)(unknown).exp()
    classes = posterior.shape[1]
    copies = [x.repeat_interleave(classes, 0) for x in unknown]
    copies[label] = torch.arange(classes, dtype=torch.uint8, device=missing.device).repeat(len(rows)).unsqueeze(1)
    known = ~missing
    full = tuple(torch.cat([x[known], copy]) for x, copy in zip(state, copies, strict=True))
    return full, torch.cat([weights[known], (weights[rows].unsqueeze(1) * posterior).flatten()])


def _label_of(machine: Machine) -> int:
    label = machine.model.spec.label
    assert label is not None
    return label


def _posterior_of(machine: Machine) -> Callable[[State], Tensor]:
    posterior = label_posterior(machine)
    if posterior is None:
        raise DataError("samples without a label: this model cannot learn from them, label them or leave them out")
    return posterior


def _with_label(state: State, label: int, rows: Int[Tensor, " M"], values: Tensor) -> State:
    labels = state[label].clone()
    labels[rows] = values
    return (*state[:label], labels, *state[label + 1 :])
