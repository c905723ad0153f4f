"""Mean-field equations of an RBM to third order in the weights, and their solutions from many starts at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM
from shortrun.models.rbm import Parameters
from shortrun.typing import Theta
from shortrun.units._scalar import Scalar

FACTORIALS = (1, 2, 6)


@dataclass(frozen=True, eq=False)
class Plefka:
    """The expansion at fixed means of one machine's free energy, and the fields that its stationarity asks for.

    Gamma(m) = - S(m) - a m^v - b m^h - sum_n (1/n!) sum_{i mu} kappa_n[X_{i mu}] kappa_n[h_mu],

    where X_{i mu} is the weight that site i puts on hidden unit mu and kappa_n the cumulants at fixed means.
    """

    model: RBM
    theta: Theta
    order: int

    @cached_property
    def blocks(self) -> Parameters:
        return self.model.view(self.theta)

    @cached_property
    def powers(self) -> list[list[Tensor]]:
        """W, W^2, ... of each observed layer."""
        return [[self.blocks.weight[rows] ** n for n in range(1, self.order + 1)] for rows in self.model.slices]

    @property
    def hidden_units(self) -> Scalar:
        return self.model.spec.hidden.units

    def sums(self, observed):
        """sum_i kappa_n[X_{i mu}] / n!"""
        parts = [
            layer.units.weighted_cumulants(observed[:, rows], powers)
            for layer, rows, powers in zip(self.model.spec.observed, self.model.slices, self.powers, strict=True)
        ]
        return [sum(of_layers[1:], of_layers[0]) / f for of_layers, f in zip(zip(*parts), FACTORIALS)]

    def hidden_field(self, sums, hidden):
        field = self.blocks.hidden_bias + sums[0]
        for s, slope in list(zip(sums, self.hidden_units.slopes(hidden, self.order)))[1:]:
            field = field + s * slope
        return field

    def factors(self, hidden):
        return [k / f for k, f in zip(self.hidden_units.cumulants(hidden, self.order), FACTORIALS)]

    def observed_field(self, observed, factors):
        parts = [
            layer.units.weighted_slopes(observed[:, rows], powers, factors)
            for layer, rows, powers in zip(self.model.spec.observed, self.model.slices, self.powers, strict=True)
        ]
        return self.blocks.bias + torch.cat(parts, 1)

    def observed_mean(self, field):
        return torch.cat([l.units.mean(field[:, r]) for l, r in zip(self.model.spec.observed, self.model.slices)], 1)

    def gamma(self, observed, hidden):
        s = sum(l.units.entropy(observed[:, r]).sum(1) for l, r in zip(self.model.spec.observed, self.model.slices))
        s = s + self.hidden_units.entropy(hidden).sum(1)
        inter = sum((a * b).sum(1) for a, b in zip(self.sums(observed), self.hidden_units.cumulants(hidden, self.order)))
        return -s - observed @ self.blocks.bias - hidden @ self.blocks.hidden_bias - inter
