"""What a training reports while it runs."""

from __future__ import annotations

import torch
from torch import Tensor

from shortrun.dynamics import Noise, label_probabilities
from shortrun.engine import machine
from shortrun.learning.modes import size_of
from shortrun.learning.rows import Rows
from shortrun.models import RBM, Model, rows_at_once
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


def top_singular_value(gram: Tensor) -> float:
    """Return the largest singular value of W, of which W^T W is given, by power iteration, to about four digits."""
    vector = gram.new_ones(len(gram)) / len(gram) ** 0.5
    value = 0.0
    for _ in range(POWER_ITERATIONS):
        image = gram @ vector
        size = image.norm()
        if size == 0:
            return 0.0
        vector, last, value = image / size, value, size.sqrt().item()
        if abs(value - last) < 1e-5 * value:
            break
    return value


def gram(model: Model, theta: Theta) -> Tensor:
    """Return W^T W of the main weights, (H, H) float64; of an RBM the same bits however processes share its sites."""
    weight = model.main_weights(theta)
    found = torch.zeros(weight.shape[1], weight.shape[1], dtype=torch.float64, device=theta.device)
    if not isinstance(model, RBM):
        return found + weight.T @ weight

    def product(chunk: slice) -> Tensor:
        return weight[chunk].T @ weight[chunk]

    for i in range(len(model.spec.observed)):
        found += model.sum_of_chunks(i, product, found, lambda rows: [size_of(weight[rows])] * 2)
    return found


def norms(model: Model, theta: Theta) -> Record:
    """Return the Frobenius norm and the largest singular value of the main weights."""
    found = gram(model, theta)
    return {"weight_norm": found.trace().sqrt().item(), "top_singular_value": top_singular_value(found)}
