"""Effects of mutations on the free energy of a sequence under a machine."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from shortrun.landscape.sites import Sites
from shortrun.models import RBM
from shortrun.typing import State, Theta, Weights

ELEMENTS = 2**23  # of the fields of mutants computed at once


def mutation_scores(sites: Sites, wildtype: Int[Tensor, " S"]) -> Float[Tensor, " R"]:
    """Return F(wild type) - F(mutant) for every colour of every site of the data: higher is fitter, 0 is the wild type.

    The hidden fields of a mutant are those of the wild type plus the difference of two rows of weights. A label among
    the sites is summed over: F = -ln sum_l exp(-F(l)).

    Parameters
    ----------
    wildtype : Int[Tensor, " S"]
        The codes at the sites of the data.
    """
    own, starts = sites.rows, sites.starts[: len(sites.places)]
    present = starts + wildtype
    fields = sites.hidden_bias + sites.weight[present].sum(0)
    before = present[sites.owner[:own]]
    steps = sites.weight[:own] - sites.weight[before]
    size = max(1, ELEMENTS // (fields.numel() * max(1, len(sites.weight) - own)))
    after = torch.cat([log_weight(sites, fields + part) for part in steps.split(size)])
    return sites.bias[:own] - sites.bias[before] + after - log_weight(sites, fields.unsqueeze(0))


def log_weight(sites: Sites, fields: Float[Tensor, "n H"]) -> Float[Tensor, " n"]:
    """Return sum_mu ln z(field), with a label site the log-sum-exp over its classes, weighted by their biases."""
    own = sites.rows
    if own == len(sites.weight):
        return sites.hidden.log_z(fields).sum(1)
    every = (fields.unsqueeze(1) + sites.weight[own:]).flatten(0, 1)
    by_class = sites.hidden.log_z(every).sum(1).view(len(fields), -1)
    return torch.logsumexp(by_class + sites.bias[own:], 1)


def marginal_free_energy(model: RBM, theta: Theta, state: State, *, label: int | None = None) -> Weights:
    """Return F(x) = -ln sum_{l, h} exp(-E(x, l, h)) of states, or of one class.

    Parameters
    ----------
    state : State
        The observed layers; the value of the label layer is not used.
    label : int, optional
        The class; summed over by default.
    """
    if label is None:
        return model.marginal_free_energy(theta, state)
    held = (torch.full_like(x, label) if i == model.spec.label else x for i, x in enumerate(state))
    return model.free_energy(theta, tuple(held))
