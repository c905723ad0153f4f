"""Weights between units of unit variance: the Ising form of any discrete machine, and the same around any state.

A site whose features x have mean m and covariance C at a state couples to the hidden units by C^{1/2} W. At zero
fields C is 1/4 for Bernoulli and 1 for Ising units, and w = W / 4 of a Bernoulli machine is what x = (1 + s) / 2 makes
of it. One-hot features of q colours give the rows (W^c - mean_c W) / sqrt(q), which do not see the gauge, span q - 1
dimensions a site, and for q = 2 have the singular values of a Bernoulli site. A label is one more Potts site.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models.rbm import RBM
from shortrun.models.spec import Layer
from shortrun.typing import Field, State, Theta
from shortrun.units import Gaussian, Ising, Potts, Units

Row = Float[Tensor, " _"]


def ising_weights(model: RBM, theta: Theta) -> Float[Tensor, "F H"]:
    """Return the weights between units of unit variance at zero fields (theory 1.15; Potts sites as said above).

    Singular values do not depend on the gauge, on the order of colours, sites and units, or on how two values are
    coded.

    Raises
    ------
    ConfigError
        If a layer is Gaussian: the thresholds of Ising units are not its own.
    """
    check_discrete(model)
    observed, hidden = zero_means(model, theta)
    return weights_around(model, theta, observed, hidden)


def weights_around(model: RBM, theta: Theta, observed: Row, hidden: Row) -> Float[Tensor, "F H"]:
    """Return C_v^{1/2} W C_h^{1/2} around the means of the features of both sides (theory 7.14)."""
    return rows_around(model, theta, observed) * hidden_variance(model, hidden).sqrt()


def rows_around(model: RBM, theta: Theta, observed: Row) -> Float[Tensor, "F H"]:
    """Return C_v^{1/2} W around the means of the observed features.

    For Potts sites C^{1/2} stands for the rows sqrt(m^c) (W^c - sum_c m^c W^c), which have the same products.
    """
    layers = zip(model.spec.observed, model.slices, strict=True)
    weight = model.view(theta).weight
    return torch.cat([_scaled(layer.units, observed[at], weight[at]) for layer, at in layers])


def hidden_variance(model: RBM, hidden: Row) -> Row:
    """Return the variance of each hidden unit of a mean."""
    return _variance(model.spec.hidden.units, hidden)


def zero_means(model: RBM, theta: Theta) -> tuple[Row, Row]:
    """Return the means of the features of both sides at zero fields: 1/2, 0, 1/q."""
    zero = theta.new_zeros(1, model.shape[0])
    layers = zip(model.spec.observed, model.slices, strict=True)
    observed = torch.cat([layer.units.mean(zero[:, at]) for layer, at in layers], 1)
    return observed[0], model.spec.hidden.units.mean(theta.new_zeros(1, model.shape[1]))[0]


def standardised(model: RBM, state: State, dtype: torch.dtype) -> Field:
    """Return the observed features, (C, F), with the mean and variance that zero fields give them set to 0 and 1.

    s = 2 v - 1 of Bernoulli sites, sqrt(q) (delta - 1/q) of Potts sites; they go with the left singular vectors of
    `ising_weights`.
    """
    parts = []
    for layer, x in zip(model.spec.observed, state, strict=False):
        mean, deviation = _centre_and_scale(layer.units)
        parts.append((layer.units.features(x, dtype) - mean) / deviation)
    return torch.cat(parts, 1)


def dimensions(layer: Layer) -> int:
    """Return how many independent numbers the features of a layer are: q - 1 a Potts site, else one a site."""
    return layer.sites * (layer.units.width - 1 if layer.units.width > 1 else 1)


def sizes(model: RBM) -> tuple[int, int]:
    """Return N_v and N_h as the ensembles of weights have them."""
    return sum(dimensions(layer) for layer in model.spec.observed), dimensions(model.spec.hidden)


def check_discrete(model: RBM) -> None:
    """Check that a phase diagram of Ising units says something about a machine.

    Raises
    ------
    ConfigError
        If a layer is Gaussian.
    """
    for layer in model.spec.layers:
        if isinstance(layer.units, Gaussian):
            raise ConfigError(
                "run",
                f"discrete units expected: layer '{layer.name}' is Gaussian, and the phases are those of Ising units",
            )


def _scaled(units: Units, mean: Row, rows: Float[Tensor, "_ _"]) -> Float[Tensor, "_ _"]:
    if isinstance(units, Potts):
        by_site, share = rows.unflatten(0, (-1, units.colours)), mean.view(-1, units.colours, 1)
        centred = by_site - (share * by_site).sum(1, keepdim=True)
        return (share.sqrt() * centred).flatten(0, 1)
    return _variance(units, mean).sqrt().unsqueeze(1) * rows


def _variance(units: Units, mean: Row) -> Row:
    if isinstance(units, Gaussian):
        return torch.full_like(mean, units.variance)
    return 1 - mean.square() if isinstance(units, Ising) else mean * (1 - mean)


def _centre_and_scale(units: Units) -> tuple[float, float]:
    if isinstance(units, Potts):
        return 1 / units.colours, 1 / math.sqrt(units.colours)
    if isinstance(units, Gaussian):
        return 0.0, math.sqrt(units.variance)
    return (0.0, 1.0) if isinstance(units, Ising) else (0.5, 0.5)
