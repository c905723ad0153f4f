"""From a difference of moments to the direction of a step: centring and penalties."""

from __future__ import annotations

import torch
from torch import Tensor

from shortrun.models import RBM
from shortrun.typing import Theta


def centred(model: RBM, direction: Theta, means: tuple[Tensor, Tensor]) -> Theta:
    """Return the gradient of the centred machine, written in the parameters of the plain one.

    With x0 = <x>_data and h0 = <h>_data of the minibatch, over all observed layers and the label alike:

    dW' = dW - x0 dh^T - dx h0^T,   da' = dx - dW' h0,   db' = dh - dW'^T x0.

    The updated law does not change when a binary site is recoded 0 <-> 1 (theory 2.3 to 2.6; the label term in db' is
    the one that published codes leave out).
    """
    centred_direction = direction.clone()
    out, (observed, hidden) = model.view(centred_direction), means
    out.weight.addr_(observed, out.hidden_bias, alpha=-1).addr_(out.bias, hidden, alpha=-1)
    out.bias.addmv_(out.weight, hidden, alpha=-1)
    out.hidden_bias.addmv_(out.weight.T, observed, alpha=-1)
    return centred_direction


def penalise_(model: RBM, direction: Theta, theta: Theta, l1: float, l2: float, label_l2: float) -> None:
    """Subtract l1 sign(W) + l2 W from the weights' direction, after centring so that no bias feels it.

    The label's weights have a penalty of their own, label_l2 D.
    """
    out, at = model.view(direction).weight, model.view(theta).weight
    for i, rows in enumerate(model.slices):
        strength = label_l2 if i == model.spec.label else l2
        if strength:
            out[rows].sub_(at[rows], alpha=strength)
        if l1 and i != model.spec.label:
            out[rows].sub_(torch.sign(at[rows]), alpha=l1)


def rescale_label_(model: RBM, direction: Theta, factor: float) -> None:
    """Multiply the label's part of the direction, weights and biases: its rate is `factor` times that of the rest."""
    label = model.spec.label
    if label is not None and factor != 1:
        out, rows = model.view(direction), model.slices[label]
        out.weight[rows] *= factor
        out.bias[rows] *= factor
