"""One step of centred gradient ascent in one pass over the weights, in place of a pass for each of its terms."""

from __future__ import annotations

import torch
from torch import Tensor

from shortrun.engine import native
from shortrun.engine.structures import CAscent
from shortrun.models import RBM
from shortrun.settings.training import OptimiserSettings
from shortrun.typing import Theta
from shortrun.units import Potts

SITES = 32  # a task: enough that the sums it leaves are small beside the weights


def refusal(theta: Theta, is_plain: bool, settings: OptimiserSettings) -> str:
    """Return why the kernel cannot do a step of an RBM, "" where it can; a plain one moves by rate * direction."""
    if not (is_plain and settings.centred):
        return "the kernel knows centred steps of plain gradient ascent only"
    return centring_refusal(theta)


def centring_refusal(theta: Theta) -> str:
    """Return why the kernel cannot centre a direction, "" where it can."""
    if theta.device.type != "cpu" or theta.dtype != torch.float32:
        return "the kernel takes float32 on the CPU"
    return "" if native.available() else native.path().removeprefix("torch: ")


def fused_step_(
    model: RBM, theta: Theta, direction: Theta, means: tuple[Tensor, ...], rate: float, settings: OptimiserSettings
) -> None:
    """Centre, penalise, step by `rate` and project, as `step.Step` does part by part.

    Parameters
    ----------
    model : RBM
        Whose parameters move.
    theta, direction : Theta
        (P,) the parameters, and data minus model before centring.
    means : tuple[Tensor, ...]
        Means over the data of the observed features (F,) and hidden units (H,): the centring offsets.
    rate : float
        Learning rate of this step; the rate of the label is in units of it.
    settings : OptimiserSettings
        Penalties, and the label's own rate.
    """
    weight, bias, hidden_bias = model.view(theta)
    change, shift, hidden_shift = model.view(direction)
    mean, hidden_mean = (x.contiguous() for x in means)
    hidden_step = hidden_shift.clone()
    for i, (layer, rows) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
        is_label = i == model.spec.label
        own_rate = rate * settings.label_rate if is_label else rate
        penalties = (0.0, settings.label_l2) if is_label else (settings.l1, settings.l2)
        colours = layer.units.colours if isinstance(layer.units, Potts) else 0
        tasks = -(-layer.sites // SITES)
        towards_bias = torch.empty(layer.width)
        towards_hidden, gauge = torch.empty(2, tasks, len(hidden_bias))
        tensors = (weight[rows], change[rows], mean[rows], shift[rows], hidden_mean, hidden_shift)
        pointers = (x.data_ptr() for x in (*tensors, towards_bias, towards_hidden, gauge))
        native.ascend(CAscent(*pointers, layer.sites, colours, len(hidden_bias), SITES, own_rate, *penalties))
        bias[rows] += own_rate * (shift[rows] - towards_bias)
        sums = model.sums_of_sites(i, *((towards_hidden, gauge) if colours else (towards_hidden,)))
        hidden_step -= sums[0]
        if colours:
            hidden_bias += sums[1]
            fields = bias[rows].unflatten(0, (layer.sites, colours))
            fields -= fields.mean(1, keepdim=True)
    hidden_bias += rate * hidden_step


def centred(model: RBM, direction: Theta, means: tuple[Tensor, ...]) -> Theta:
    """Return what `RBM.centred` does: a step of rate 1 from nowhere, without penalties and gauge."""
    found = torch.zeros_like(direction)
    weight, bias, hidden_bias = model.view(found)
    change, shift, hidden_shift = model.view(direction)
    mean, hidden_mean = (x.contiguous() for x in means)
    hidden_bias += hidden_shift
    for i, (layer, rows) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
        tasks, features = -(-layer.sites // SITES), layer.units.width
        towards_bias = torch.empty(layer.width)
        towards_hidden, gauge = torch.empty(2, tasks, len(hidden_bias))
        tensors = (weight[rows], change[rows], mean[rows], shift[rows], hidden_mean, hidden_shift)
        pointers = (x.data_ptr() for x in (*tensors, towards_bias, towards_hidden, gauge))
        sizes = (layer.width, 0, len(hidden_bias), SITES * features)  # no gauge: every feature is as a site
        native.ascend(CAscent(*pointers, *sizes, 1.0, 0.0, 0.0))
        bias[rows] = shift[rows] - towards_bias
        hidden_bias -= model.sum_of_sites(i, towards_hidden)
    return found
