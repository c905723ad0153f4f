"""How far to step along a direction: each optimiser is a rule for (theta, direction, rate) with its own moments."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from shortrun.engine import Optimiser
from shortrun.errors import ConfigError, nearest
from shortrun.typing import Theta


class SGD:
    """theta <- theta + rate * direction (the papers' rule)."""

    is_plain: ClassVar[bool] = True

    def __init__(self, like: Theta):
        self.moments: tuple[Theta, ...] = ()

    def step_(self, theta: Theta, direction: Theta, rate: float, update: int | Tensor) -> None:
        theta.add_(direction, alpha=rate)


class Momentum:
    """m <- 0.9 m + direction, theta <- theta + rate (1 - 0.9) m: the same pace as SGD, smoother."""

    is_plain: ClassVar[bool] = False
    DECAY = 0.9

    def __init__(self, like: Theta):
        self.moments = (torch.zeros_like(like),)

    def step_(self, theta: Theta, direction: Theta, rate: float, update: int | Tensor) -> None:
        (velocity,) = self.moments
        velocity.mul_(self.DECAY).add_(direction)
        theta.add_(velocity, alpha=rate * (1 - self.DECAY))


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) with its usual constants, as ascent."""

    is_plain: ClassVar[bool] = False
    DECAYS, EPSILON = (0.9, 0.999), 1e-8

    def __init__(self, like: Theta):
        self.moments = (torch.zeros_like(like), torch.zeros_like(like))

    def step_(self, theta: Theta, direction: Theta, rate: float, update: int | Tensor) -> None:
        (first, second), (b1, b2) = self.moments, self.DECAYS
        first.lerp_(direction, 1 - b1)
        second.mul_(b2).addcmul_(direction, direction, value=1 - b2)
        scale = second.sqrt().div_((1 - b2**update) ** 0.5).add_(self.EPSILON)
        theta.addcdiv_(first, scale.mul_(1 - b1**update), value=rate)


OPTIMISERS: dict[str, type[SGD] | type[Momentum] | type[Adam]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "adam": Adam,
}


def named(name: str, like: Theta) -> Optimiser:
    """Return a fresh optimiser for parameters like `like`.

    Raises
    ------
    ConfigError
        If the name is unknown.
    """
    if name not in OPTIMISERS:
        hint = nearest(name, OPTIMISERS)
        raise ConfigError("optimiser", f"'{name}' is unknown, expected one of {', '.join(OPTIMISERS)}", hint)
    return OPTIMISERS[name](like)
