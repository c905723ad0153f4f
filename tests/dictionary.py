"""The dictionary between {0, 1} and {-1, +1} variables: the same distribution in other words."""

from __future__ import annotations

from dataclasses import replace

import torch

from shortrun.models import RBM, Layer
from shortrun.typing import Theta
from shortrun.units import Bernoulli, Ising, Units


def to_ising(model: RBM, theta: Theta) -> tuple[RBM, Theta]:
    """Rewrite every Bernoulli layer with x = (1 + s) / 2.

    w = W / 4, eta = a / 2 + (sum_mu W) / 4, theta = b / 2 + (sum_i W) / 4 where both sides are Bernoulli; other layers
    keep their type. Energies change by a constant only.
    """
    return _substitute(model, theta, Bernoulli(), Ising(), scale=0.5, shift=0.5)


def to_bernoulli(model: RBM, theta: Theta) -> tuple[RBM, Theta]:
    """Rewrite every Ising layer with s = 2 x - 1; undoes `to_ising`."""
    return _substitute(model, theta, Ising(), Bernoulli(), scale=2.0, shift=-1.0)


def _substitute(model: RBM, theta: Theta, old: Units, new: Units, scale: float, shift: float) -> tuple[RBM, Theta]:
    # With x = scale s + shift on the `old` layers, x W h = (scale s + shift) W (scale t + shift).
    layers = tuple(replace(layer, units=new) if layer.units == old else layer for layer in model.spec.layers)
    weight, bias, hidden_bias = model.view(theta)
    factor, offset = torch.ones_like(bias), torch.zeros_like(bias)
    for layer, rows in zip(model.spec.observed, model.slices, strict=True):
        if layer.units == old:
            factor[rows], offset[rows] = scale, shift
    h_factor, h_offset = _affine(model.spec.hidden, old, scale, shift)
    rewritten = theta.clone()
    out = model.view(rewritten)
    out.weight.copy_(factor.unsqueeze(1) * weight * h_factor)
    out.bias.copy_(factor * (bias + h_offset * weight.sum(1)))
    out.hidden_bias.copy_(h_factor * (hidden_bias + offset @ weight))
    return RBM(replace(model.spec, layers=layers)), rewritten


def _affine(layer: Layer, old: Units, scale: float, shift: float) -> tuple[float, float]:
    return (scale, shift) if layer.units == old else (1.0, 0.0)
