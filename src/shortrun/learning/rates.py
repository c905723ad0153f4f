"""How large a step may be, and how it shrinks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from shortrun.models import LABEL, STREAMED, Model, rows_at_once
from shortrun.typing import State

Schedule = Literal["constant", "inverse", "cosine"]
WARM_UP = 100  # updates over which the rate rises
HALVED_AT = 1000  # updates after which the inverse schedule has fallen to a half
ROWS = 2000  # that the eigenvalue is to be estimated from
POWER_ITERATIONS = 30


def automatic_rate(model: Model, state: State) -> float:
    """Return the rate that suits these rows of the data, see `RBM.automatic_rate`."""
    return model.automatic_rate(lambda: top_eigenvalue(model, state))


def top_eigenvalue(model: Model, state: State) -> float:
    """Return the largest eigenvalue of the covariance of the visible features of some rows, to about a percent.

    The features are made anew, some rows at a time, in each power iteration: of many sites they would fill the memory.
    """
    count, size = len(state[0]), rows_at_once(model, len(state[0]), STREAMED)
    layers = [(la.units, x.split(size)) for la, x in zip(model.spec.observed, state, strict=True) if la.name != LABEL]

    def blocks() -> Iterator[Tensor]:
        for parts in zip(*(parts for _, parts in layers), strict=True):
            yield torch.cat([units.features(x) for (units, _), x in zip(layers, parts, strict=True)], 1)

    mean = sum(block.sum(0) for block in blocks()) / count
    assert isinstance(mean, Tensor)
    direction = torch.ones_like(mean)
    direction[::2] = -0.5  # in general position: no symmetry of the data should make it orthogonal to the mode
    value = 0.0
    for _ in range(POWER_ITERATIONS):
        image = torch.zeros_like(mean)
        for block in blocks():
            block -= mean
            image += block.T @ (block @ direction)
        value = image.div_(count).norm().item()
        if value == 0:
            return 0.0
        direction = image / value
    return value


def rate_at(schedule: Schedule, rate: float, update: int, updates: int) -> float:
    """Return the rate of an update (from 1).

    "constant" is `rate` throughout. The others rise to it during the first 100 updates, so that the first modes do not
    overshoot when they leave the linear regime; then "inverse" falls as 1 / (1 + update / 1000), however long the
    training is, and "cosine" along half a cosine to nearly 0 at the last update. Only a training by "cosine" is not the
    beginning of a longer one.
    """
    if schedule == "constant":
        return rate
    risen = rate * min(1.0, update / WARM_UP)
    if schedule == "inverse":
        return risen / (1 + update / HALVED_AT)
    return risen * 0.5 * (1 + math.cos(math.pi * (update - 1) / updates))
