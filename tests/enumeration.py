"""Laws of tiny machines written down, and how likely samples are under them."""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import chi2

from conftest import codes


def transition(model, theta):
    """Return (visible states, T) with T[v, w] = sum_h p(h | v) p(w | h), by enumeration."""
    layer, hidden = model.spec.observed[0], model.spec.hidden
    v, h = codes(layer), codes(hidden)
    weight, bias, _ = model.view(theta)
    to_hidden = probability(hidden, model.hidden_field(theta, (v,)), h)
    passed = hidden.units.features(h, theta.dtype)
    return v, to_hidden @ probability(layer, bias + passed @ weight.T, v)


def probability(layer, field, states):
    """Return (C, states): the probability of each state of a layer given each row of fields."""
    features = layer.units.features(states, field.dtype)
    return torch.softmax(field @ features.T, 1)


def index_of(state, levels):
    powers = levels ** torch.arange(state.shape[1] - 1, -1, -1)
    return (state.long() * powers).sum(1)


def p_value(sample, exact):
    """Return the chi-square p-value of observed state numbers against exact probabilities."""
    counts = np.bincount(sample, minlength=len(exact))
    expected = exact.numpy() * len(sample)
    rare = expected < 5  # pooled, so that the chi-square law holds
    pooled = [(counts[~rare], expected[~rare]), ([counts[rare].sum()], [expected[rare].sum()])]
    statistic = sum(((o - e) ** 2 / e).sum() for o, e in ((np.array(o), np.array(e)) for o, e in pooled) if e.sum())
    return chi2.sf(statistic, (~rare).sum() - (0 if rare.any() else 1))
