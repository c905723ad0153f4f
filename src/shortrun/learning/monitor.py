"""What a training says of itself while it goes on."""

from __future__ import annotations

from typing import TypeAlias

import torch

from shortrun.engine import machine
from shortrun.learning.rows import Rows
from shortrun.models import RBM, rows_at_once
from shortrun.typing import Theta

POWER_ITERATIONS = 100
Record: TypeAlias = dict[str, float | int]


def accuracy(model: RBM, theta: Theta, rows: Rows) -> float:
    """Return the fraction of labelled rows whose exact most probable label is their own, some rows at a time."""
    label = model.spec.label
    assert label is not None
    ready = machine(model, theta)
    right = [
        ready.label_log_probabilities(state).argmax(1) == state[label].squeeze(1)
        for state in rows.blocks(rows_at_once(model, len(rows)))
    ]
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


def norms(model: RBM, theta: Theta) -> Record:
    """Return the Frobenius norm and the largest singular value of W, label rows included."""
    weight = model.view(theta).weight
    return {"weight_norm": weight.norm().item(), "top_singular_value": top_singular_value(weight)}
