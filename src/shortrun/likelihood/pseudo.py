"""The pseudo-likelihood: the probability of each site given all others, without a partition function."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM
from shortrun.typing import State, Theta, Weights

ELEMENTS = 2**22  # of the largest table at a time


def pseudo_log_likelihood(model: RBM, theta: Theta, state: State) -> Weights:
    """Return sum_i ln p(x_i | all other sites), (C,) float64, with the label as a site (Besag 1975).

    It is exact, site by site: ln p(x_i | rest) = - ln sum_c exp[F(x) - F(x with x_i = c)], where only the hidden
    fields change, by W_i^c - W_i^{x_i}.

    Raises
    ------
    ConfigError
        For continuous units, whose conditionals have no closed form.
    """
    theta, rows = theta.double(), max(1, ELEMENTS // model.shape[1])
    parts = zip(*(x.split(rows) for x in state), strict=True)
    return torch.cat([log_conditionals(model, theta, part).sum(1) for part in parts])


def log_conditionals(model: RBM, theta: Theta, state: State) -> Float[Tensor, "C S"]:
    """Return ln p(x_i | all other sites) of every site of every observed layer."""
    if any(layer.units.levels is None for layer in model.spec.observed):
        raise ConfigError("run", "discrete observed units expected: continuous ones have no exact pseudo-likelihood")
    field = model.hidden_field(theta, state)
    own = model.spec.hidden.units.log_z(field).sum(1)
    sites = []
    for index, layer in enumerate(model.spec.observed):
        sites += [_log_conditional(model, theta, index, i, state[index][:, i], field, own) for i in range(layer.sites)]
    return torch.stack(sites, 1)


def _log_conditional(
    model: RBM, theta: Theta, index: int, site: int, x: Tensor, field: Float[Tensor, "C H"], own: Weights
) -> Weights:
    """Return ln p(x_i | rest) of one site: its other values are x + 1, x + 2, ... modulo the number of values."""
    units, weight, bias = model.spec.observed[index].units, *model.view(theta)[:2]
    first = model.slices[index].start + site * units.width
    levels = units.levels or 0
    features = units.features(torch.arange(levels, dtype=torch.uint8).unsqueeze(1), theta.dtype)
    rows, fields = features @ weight[first : first + units.width], features @ bias[first : first + units.width]
    x = x.long()
    others = [torch.zeros_like(own)]  # ln of p relative to that of x
    for shift in range(1, levels):
        other = (x + shift) % levels
        change = model.spec.hidden.units.log_z(field + (rows[other] - rows[x])).sum(1) - own
        others.append(change + fields[other] - fields[x])
    return -torch.stack(others).logsumexp(0)
