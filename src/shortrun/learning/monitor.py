"""What a training reports while it runs."""

from __future__ import annotations

import torch

from shortrun.dynamics import Noise, label_probabilities
from shortrun.engine import machine
from shortrun.learning.rows import Rows
from shortrun.models import Model, rows_at_once
from shortrun.records import Record
from shortrun.typing import Theta

POWER_ITERATIONS = 100


def accuracy(model: Model, theta: Theta, rows: Rows, steps: int, noise: Noise) -> float:
    """Return the fraction of labelled rows whose most probable label is their own, some rows at a time.

    By the exact posterior of an RBM; by the end of a run of `steps` steps of a chaotic network.
    """
    label = model.spec.label
    assert label is not None
    size = rows_at_once(model, len(rows))
    ready, right = machine(model, theta), []
    for i, values in enumerate(rows.blocks(size)):
        state = model.to_state(values, theta.dtype)
        probabilities = label_probabilities(ready, state, noise.from_chain(i * size), steps)
        right.append(probabilities.argmax(1) == values[label].squeeze(1))
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
    """Return the Frobenius norm and the largest singular value of the main weights."""
    weight = model.main_weights(theta)
    return {"weight_norm": weight.norm().item(), "top_singular_value": top_singular_value(weight)}
