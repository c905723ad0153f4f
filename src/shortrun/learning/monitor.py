"""What a training says of itself while it goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import torch

from shortrun.dynamics import Noise, label_chain
from shortrun.engine import machine
from shortrun.learning.rows import Rows
from shortrun.models import RBM, Model, rows_at_once
from shortrun.typing import Theta

POWER_ITERATIONS = 100
Record: TypeAlias = dict[str, float | int]


def accuracy(model: Model, theta: Theta, rows: Rows, steps: int, noise: Noise) -> float:
    """Return the fraction of labelled rows whose most probable label is their own, some rows at a time.

    Exact of an RBM; of a chaotic network after `steps` steps from the noise with the rows held.
    """
    label = model.spec.label
    assert label is not None
    size = rows_at_once(model, len(rows))
    ready, right = machine(model, theta), []
    for i, state in enumerate(rows.blocks(size)):
        if isinstance(model, RBM):
            law = ready.label_log_probabilities(state)
        else:
            here = replace(noise, first_chain=i * size)
            law = label_chain(model, theta, model.held(state, theta.dtype), here, (steps,))[steps]
        right.append(law.argmax(1) == state[label].squeeze(1))
    return torch.cat(right).float().mean().item()


def top_singular_value(weight: torch.Tensor) -> float:
    """Return the largest singular value of W by power iteration, to about four digits."""
    vector = weight.new_ones(weight.shape[1]) / weight.shape[1] ** 0.5
    value = 0.0
    for _ in range(POWER_ITERATIONS):
        image = weight.T @ (weight @ vector)
        size = image.norm()
        if size == 0:
            return 0.0
        vector, last, value = image / size, value, size.sqrt().item()
        if abs(value - last) < 1e-5 * value:
            break
    return value


def norms(model: Model, theta: Theta) -> Record:
    """Return the Frobenius norm and the largest singular value of W, label rows included.

    Of a chaotic network those of A between the visible layer and its neighbour.
    """
    weight = model.view(theta).weight if isinstance(model, RBM) else model.view(theta)[0][0]
    return {"weight_norm": weight.norm().item(), "top_singular_value": top_singular_value(weight)}
