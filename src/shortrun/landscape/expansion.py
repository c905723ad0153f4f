"""The free energy of an RBM at fixed means, to third order in the weights, and the fields that make it stationary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM, Layer
from shortrun.typing import Field, Theta
from shortrun.units._base import AtMeans
from shortrun.units._scalar import Scalar

ORDERS = (1, 2, 3)
FACTORIALS = (1, 2, 6)

Hidden = Float[Tensor, "N H"]


@dataclass(frozen=True, eq=False)
class Expansion:
    """The Plefka expansion of one machine, truncated at some order.

    Gamma(m) = - S(m) - a m_v - b m_h - sum_n (1/n!) sum_{i mu} kappa_n[X_{i mu}] kappa_n[h_mu],

    with S the entropies of the sites at their means, X_{i mu} the weight that site i contributes to hidden unit mu, and
    kappa_n the cumulants at these means. A bipartite graph has no triangles, so that up to third order only single
    edges contribute. Order 1 is naive mean field, order 2 the equations of Thouless, Anderson and Palmer (theory:
    GTK15 and DS to second order, 8.1 for all units and orders).

    Parameters
    ----------
    model, theta : RBM or Theta
        The machine.
    order : int
        1, 2 or 3.

    Raises
    ------
    ConfigError
        For another order, and for units without known cumulants (for example hidden units of several features).
    """

    model: RBM
    theta: Theta
    order: int

    def __post_init__(self):
        if self.order not in ORDERS:
            raise ConfigError("order", f"1, 2 or 3 expected, got {self.order}")
        if not isinstance(self.model.spec.hidden.units, Scalar):
            raise unknown(self.model.spec.hidden)

    @cached_property
    def layers(self) -> list[tuple[AtMeans, slice, list[Float[Tensor, "_ H"]]]]:
        """The units of each observed layer, their features, and the powers of their weights, element by element."""
        weight = self.model.view(self.theta).weight
        powers = [weight**n for n in ORDERS[: self.order]]
        return [
            (units_of(layer), rows, [power[rows] for power in powers])
            for layer, rows in zip(self.model.spec.observed, self.model.slices, strict=True)
        ]

    @property
    def hidden(self) -> Scalar:
        """The type of the hidden units."""
        return self.model.spec.hidden.units  # pyright: ignore[reportReturnType]

    def sums(self, observed: Field) -> list[Hidden]:
        """Return sum_i kappa_n[X_{i mu}] / n! at these means: the input of hidden units from observed layers."""
        parts = [units.weighted_cumulants(observed[:, rows], powers) for units, rows, powers in self.layers]
        return [reduce(torch.add, terms) / f for terms, f in zip(zip(*parts, strict=True), FACTORIALS, strict=False)]

    def hidden_mean(self, sums: Sequence[Hidden], hidden: Hidden) -> Hidden:
        """Return E[h] in the field b + sum_n kappa_n'[h] sum_i kappa_n[X] / n! (theory 8.3, 8.5, 8.6)."""
        field = self.model.view(self.theta).hidden_bias + sums[0]
        for slope, total in list(zip(self.hidden.slopes(hidden, self.order), sums, strict=True))[1:]:
            field = torch.addcmul(field, slope, total)
        return self.model.spec.hidden.units.mean(field)

    def observed_mean(self, observed: Field, hidden: Hidden) -> Field:
        """Return E[x] in the field a + sum_n sum_mu kappa_n[h] / n! d kappa_n[X] / d m (theory 8.4, 8.5, 8.7)."""
        bias = self.model.view(self.theta).bias
        factors = [k / f for k, f in zip(self.hidden.cumulants(hidden, self.order), FACTORIALS, strict=False)]
        parts = [
            units.mean(bias[rows] + units.weighted_slopes(observed[:, rows], powers, factors))
            for units, rows, powers in self.layers
        ]
        return torch.cat(parts, 1)

    def gamma(self, observed: Field, hidden: Hidden) -> Float[Tensor, " N"]:
        """Return Gamma at these means, (N,)."""
        _, bias, hidden_bias = self.model.view(self.theta)
        entropy = [units.entropy(observed[:, rows]).sum(1) for units, rows, _ in self.layers]
        entropy.append(units_of(self.model.spec.hidden).entropy(hidden).sum(1))
        cumulants = self.hidden.cumulants(hidden, self.order)
        edges = [(k * s).sum(1) for k, s in zip(cumulants, self.sums(observed), strict=True)]
        return -reduce(torch.add, entropy + edges) - observed @ bias - hidden @ hidden_bias


def units_of(layer: Layer) -> AtMeans:
    """Return the units of a layer as units whose cumulants at given means are known.

    Raises
    ------
    ConfigError
        If they are not.
    """
    if not isinstance(layer.units, AtMeans):
        raise unknown(layer)
    return layer.units


def unknown(layer: Layer) -> ConfigError:
    """Return the error for units without mean-field equations."""
    return ConfigError("units", f"mean fields of {layer.units.kind} units are not known in layer '{layer.name}'")
