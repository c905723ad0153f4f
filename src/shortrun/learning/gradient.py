"""What is added to a difference of moments before a step: penalties, and a rate of its own for the label."""

from __future__ import annotations

import torch

from shortrun.models import Model
from shortrun.typing import Theta


def penalise_(model: Model, direction: Theta, theta: Theta, l1: float, l2: float, label_l2: float) -> None:
    """Subtract l1 sign(W) + l2 W from the weights' direction, after centring so that no bias feels it.

    The label's weights have a penalty of their own, label_l2 D.
    """
    for (out, of_label), (at, _) in zip(model.weights(direction), model.weights(theta), strict=True):
        strength = label_l2 if of_label else l2
        if strength:
            out.sub_(at, alpha=strength)
        if l1 and not of_label:
            out.sub_(torch.sign(at), alpha=l1)


def rescale_label_(model: Model, direction: Theta, factor: float) -> None:
    """Multiply the label's part of the direction, weights and biases: its rate is `factor` times that of the rest."""
    if factor != 1:
        for part in model.label_parts(direction):
            part *= factor
