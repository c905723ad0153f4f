"""What a training says of itself while it goes on."""

from __future__ import annotations

from typing import TypeAlias

import torch

from shortrun.engine import machine
from shortrun.models import RBM
from shortrun.typing import State, Theta

POWER_ITERATIONS = 100
Record: TypeAlias = dict[str, float | int]


def accuracy(model: RBM, theta: Theta, state: State, labels: torch.Tensor) -> float:
    """Return the fraction of rows whose exact most probable label is the given one."""
    predicted = machine(model, theta).label_log_probabilities(state).argmax(1)
    return (predicted == labels).float().mean().item()


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
