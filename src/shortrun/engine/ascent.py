"""One step of centred gradient ascent in one pass over the weights, in place of a pass for each of its terms."""

from __future__ import annotations

from ctypes import Structure, c_float, c_int64, c_void_p

import torch
from torch import Tensor

from shortrun.engine import native
from shortrun.models import RBM
from shortrun.typing import Theta
from shortrun.units import Potts

SITES = 32  # a task: enough that the sums it leaves are small beside the weights


class _Ascent(Structure):
    _fields_ = (
        *((name, c_void_p) for name in ("weight", "direction", "mean", "shift", "hidden_mean", "hidden_shift")),
        *((name, c_void_p) for name in ("towards_bias", "towards_hidden", "gauge")),
        *((name, c_int64) for name in ("sites", "colours", "hidden", "part")),
        *((name, c_float) for name in ("rate", "l1", "l2")),
    )


def supports(theta: Theta) -> bool:
    """Whether there are kernels for parameters like these."""
    return native.available() and theta.device.type == "cpu" and theta.dtype == torch.float32


def ascend_(
    model: RBM,
    theta: Theta,
    direction: Theta,
    means: tuple[Tensor, ...],
    rate: float,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    label_l2: float = 0.0,
    label_rate: float = 1.0,
) -> None:
    """Centre, penalise, step by `rate` and project, as learning.gradient, SGD and `RBM.project_` do one by one.

    Parameters
    ----------
    direction : Theta
        (P,) data minus model, uncentred.
    means : tuple[Tensor, ...]
        Of the data, observed features (F,) and hidden units (H,): the centring offsets.
    label_rate : float, default 1.0
        Of the label's weights and biases, in units of `rate`.
    """
    weight, bias, hidden_bias = model.view(theta)
    change, shift, hidden_shift = model.view(direction)
    mean, hidden_mean = (x.contiguous() for x in means)
    hidden_step = hidden_shift.clone()
    for i, (layer, rows) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
        is_label = i == model.spec.label
        own_rate = rate * label_rate if is_label else rate
        colours = layer.units.colours if isinstance(layer.units, Potts) else 0
        tasks = -(-layer.sites // SITES)
        towards_bias = torch.empty(layer.width)
        towards_hidden, gauge = torch.empty(2, tasks, len(hidden_bias))
        tensors = (weight[rows], change[rows], mean[rows], shift[rows], hidden_mean, hidden_shift)
        pointers = (x.data_ptr() for x in (*tensors, towards_bias, towards_hidden, gauge))
        sizes = (layer.sites, colours, len(hidden_bias), SITES)
        native.ascend(_Ascent(*pointers, *sizes, own_rate, *((0.0, label_l2) if is_label else (l1, l2))))
        bias[rows] += own_rate * (shift[rows] - towards_bias)
        hidden_step -= towards_hidden.sum(0)
        if colours:
            hidden_bias += gauge.sum(0)
            fields = bias[rows].unflatten(0, (layer.sites, colours))
            fields -= fields.mean(1, keepdim=True)
    hidden_bias += rate * hidden_step
