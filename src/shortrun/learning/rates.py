"""How large a step may be, and how it shrinks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from shortrun.learning.modes import MODES, Modes, of_visible, size_of, strongest_modes
from shortrun.models import LABEL, RBM, Model
from shortrun.settings.training import OptimiserSettings
from shortrun.typing import State, Theta

Schedule = Literal["warmup", "constant", "inverse", "cosine"]
WARM_UP = 100  # updates over which the rate rises before it falls
RISEN_AT = 150  # updates over which "warmup" rises,
FIRST = 0.25  # from this share of the rate
HALVED_AT = 1000  # updates after which the inverse schedule has fallen to a half
ROWS = 2000  # that the modes of the data are estimated from


@dataclass(frozen=True, eq=False)
class Damping:
    """Lets strong modes of the data learn as slowly as one of variance c, so that a rate suits the weak ones too.

    The visible rows of the centred gradient are multiplied by P = 1 - sum_a (1 - c / lambda_a) u_a u_a^T over the modes
    with lambda_a > c. In the linear regime mode a grows by rate lambda_a / 4 an update (theory 2.7): without P the
    strongest mode bounds the rate, and the weak ones that make samples real wait for it.

    Parameters
    ----------
    vectors : Tensor
        (F, R) the modes that are damped.
    shares : Tensor
        (R,) 1 - c / lambda.
    """

    vectors: Tensor
    shares: Tensor

    @classmethod
    def of(cls, modes: Modes, largest: float) -> Damping | None:
        """Return the damping of modes above a variance; None if there are none."""
        strong = modes.values > largest
        if not largest or not strong.any():
            return None
        return cls(modes.vectors[:, strong].contiguous(), 1 - largest / modes.values[strong])

    def __call__(self, model: RBM, direction: Theta, means: tuple[Tensor, ...]) -> None:
        """Damp a direction that is not centred yet in place; `means` are the centring offsets, 0 if it will not be."""
        out, (observed, hidden) = model.view(direction), means
        biases = torch.stack([observed, out.bias], 1)

        def product(_: int, chunk: slice) -> Tensor:
            vectors = self.vectors[chunk].T
            return torch.cat([vectors @ out.weight[chunk], vectors @ biases[chunk]], 1)

        def sizes(rows: slice) -> tuple[float, float]:
            return size_of(self.vectors[rows]), max(size_of(out.weight[rows]), size_of(biases[rows]))

        like = out.weight.new_empty(len(self.shares), out.weight.shape[1] + 2)
        found = of_visible(model, product, like, sizes)
        along = found[:, :-2].contiguous().addr_(found[:, -2], out.hidden_bias, alpha=-1)
        along.addr_(found[:, -1], hidden, alpha=-1).mul_(self.shares.unsqueeze(1))
        for i, layer in enumerate(model.spec.observed):
            for chunk in model.chunks(i) if layer.name != LABEL else ():
                out.weight[chunk].addmm_(self.vectors[chunk], along, alpha=-1)


def damping_and_rate(model: Model, state: State, options: OptimiserSettings) -> tuple[Damping | None, float]:
    """Return how the strong modes of some rows of the data are damped, and the rate that suits the others."""
    largest, damping, strongest = options.damped_above, None, 0.0
    if isinstance(model, RBM) and (largest or options.rate == "auto"):
        modes = strongest_modes(model, state, MODES if largest else 1)
        damping = Damping.of(modes, largest)
        strongest = min(modes.values[0].item(), largest or math.inf)
    return damping, model.automatic_rate(strongest, largest) if options.rate == "auto" else options.rate


def rate_at(schedule: Schedule, rate: float, update: int, updates: int) -> float:
    """Return the rate of an update (from 1).

    "constant" is `rate` throughout. The others rise to it at first, so that the first modes do not overshoot when they
    leave the linear regime: "warmup" from a quarter of it during 150 updates, to stay there; the others from 0 during
    100. Then "inverse" falls as 1 / (1 + update / 1000), however long the training is, and "cosine" along half a cosine
    to nearly 0 at the last update. Only a training by "cosine" is not the beginning of a longer one.
    """
    if schedule == "constant":
        return rate
    if schedule == "warmup":
        return rate * min(1.0, FIRST + (1 - FIRST) * update / RISEN_AT)
    risen = rate * min(1.0, update / WARM_UP)
    if schedule == "inverse":
        return risen / (1 + update / HALVED_AT)
    return risen * 0.5 * (1 + math.cos(math.pi * (update - 1) / updates))
