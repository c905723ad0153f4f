"""Missing labels: how an unlabelled row takes part in an update."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shortrun.dynamics import Noise, start
from shortrun.engine import Machine
from shortrun.models import LABEL, RBM, Clamp
from shortrun.typing import State, Weights


def draw(model: RBM, machine: Machine, state: State, missing: Tensor, noise: Noise) -> State:
    """Replace the labels of the `missing` rows by draws from the exact p(label | x): the E-step by sampling."""
    label = model.spec.label
    assert label is not None
    rows = missing.nonzero().squeeze(1)
    field = machine.label_log_probabilities(tuple(x[rows] for x in state))
    uniforms = noise.uniform(label, len(missing), 1)[rows]
    return _with_label(state, label, rows, model.spec.observed[label].units.sample(field, uniforms))


def impute(model: RBM, machine: Machine, state: State, missing: Tensor, noise: Noise, steps: int) -> State:
    """Replace the labels of the `missing` rows by the end of a k-step label chain from p0 (the 2023 code's rule)."""
    label = model.spec.label
    assert label is not None
    rows = missing.nonzero().squeeze(1)
    held = [layer.name for layer in model.spec.observed if layer.name != LABEL]
    given = {layer.name: x for layer, x in zip(model.spec.observed, state, strict=False) if layer.name in held}
    chains = start(model, noise, len(missing), given)
    end = machine.run(chains, noise, steps=steps, clamp=Clamp(tuple(held)))
    return _with_label(state, label, rows, end[label][rows])


def expand(
    model: RBM, machine: Machine, state: State, weights: Weights, missing: Tensor
) -> tuple[State, Float[Tensor, " D"]]:
    """Replace each `missing` row by K rows, one a class, weighted by the exact p(label | x).

    A weighted mean over the result is the exact marginal over the missing labels, of every statistic.
    """
    label = model.spec.label
    assert label is not None
    rows = missing.nonzero().squeeze(1)
    unknown = tuple(x[rows] for x in state)
    posterior = machine.label_log_probabilities(unknown).exp()
    classes = posterior.shape[1]
    copies = [x.repeat_interleave(classes, 0) for x in unknown]
    copies[label] = torch.arange(classes, dtype=torch.uint8, device=missing.device).repeat(len(rows)).unsqueeze(1)
    known = ~missing
    full = tuple(torch.cat([x[known], copy]) for x, copy in zip(state, copies, strict=True))
    return full, torch.cat([weights[known], (weights[rows].unsqueeze(1) * posterior).flatten()])


def _with_label(state: State, label: int, rows: Int[Tensor, " M"], values: Tensor) -> State:
    labels = state[label].clone()
    labels[rows] = values
    return (*state[:label], labels, *state[label + 1 :])
