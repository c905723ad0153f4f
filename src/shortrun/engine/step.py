"""The step of the parameters along a gradient: centring, penalties, the optimiser's rule, the gauge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from shortrun.engine import fused_step
from shortrun.models import RBM, Model
from shortrun.settings.training import OptimiserSettings
from shortrun.typing import Theta


@runtime_checkable
class Optimiser(Protocol):
    """A rule of ascent; `moments` are all it remembers, so that a restart file can hold them."""

    moments: tuple[Theta, ...]
    is_plain: ClassVar[bool]  # whether a step is theta + rate * direction, which kernels know

    def step_(self, theta: Theta, direction: Theta, rate: float, update: int | Tensor) -> None:
        """Move theta in place; `update` counts from 1, and may be a float64 tensor () on the device of theta."""
        ...


@dataclass(frozen=True)
class Step:
    """Moves parameters along gradients: in one pass over the weights where a kernel can, else part by part.

    Parameters
    ----------
    model : Model
        Whose parameters move.
    settings : OptimiserSettings
        Centring, penalties, the label's own rate.
    """

    model: Model
    settings: OptimiserSettings

    def __call__(
        self,
        theta: Theta,
        direction: Theta,
        means: tuple[Tensor, ...],
        optimiser: Optimiser,
        rate: float,
        update: int | Tensor,
    ) -> None:
        """Move theta in place.

        Parameters
        ----------
        theta, direction : Theta
            (P,) the parameters, and data minus model before centring.
        means : tuple[Tensor, ...]
            Means over the data: the centring offsets.
        optimiser : Optimiser
            How far theta moves along the direction.
        rate : float
            Learning rate of this step.
        update : int or Tensor
            Number of this update, from 1.
        """
        if isinstance(self.model, RBM) and not fused_step.refusal(theta, optimiser.is_plain, self.settings):
            fused_step.fused_step_(self.model, theta, direction, means, rate, self.settings)
        else:
            self._by_parts(theta, direction, means, optimiser, rate, update)

    def _by_parts(
        self,
        theta: Theta,
        direction: Theta,
        means: tuple[Tensor, ...],
        optimiser: Optimiser,
        rate: float,
        update: int | Tensor,
    ) -> None:
        if self.settings.centred:
            direction = self._centred(direction, means)
        penalise_(self.model, direction, theta, self.settings)
        rescale_label_(self.model, direction, self.settings.label_rate)
        optimiser.step_(theta, direction, rate, update)
        self.model.project_(theta)

    def _centred(self, direction: Theta, means: tuple[Tensor, ...]) -> Theta:
        if isinstance(self.model, RBM) and not fused_step.centring_refusal(direction):
            return fused_step.centred(self.model, direction, means)
        return self.model.centred(direction, means)


def penalise_(model: Model, direction: Theta, theta: Theta, settings: OptimiserSettings) -> None:
    """Subtract l1 sign(W) + l2 W from the weights' direction, after centring so that no bias feels it.

    The label's weights have a penalty of their own, label_l2 D.
    """
    for (out, of_label), (at, _) in zip(model.weights(direction), model.weights(theta), strict=True):
        strength = settings.label_l2 if of_label else settings.l2
        if strength:
            out.sub_(at, alpha=strength)
        if settings.l1 and not of_label:
            out.sub_(torch.sign(at), alpha=settings.l1)


def rescale_label_(model: Model, direction: Theta, factor: float) -> None:
    """Multiply the label's part of the direction, weights and biases: its rate is `factor` times that of the rest."""
    if factor != 1:
        for part in model.label_parts(direction):
            part *= factor
