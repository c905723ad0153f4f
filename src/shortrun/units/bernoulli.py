"""Bernoulli units: x in {0, 1}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn.functional import softplus

from shortrun.typing import Field, PerSite, Uniforms, Values
from shortrun.units._base import AtMeans, UnitType
from shortrun.units._scalar import Scalar


@dataclass(frozen=True)
class Bernoulli(Scalar):
    """p(x = 1 | field) = sigmoid(field); values are uint8 codes 0 and 1 (theory: FF23 eq. 1-2).

    Examples
    --------
    >>> Bernoulli().mean(torch.zeros(1, 2)).tolist()
    [[0.5, 0.5]]
    """

    kind: ClassVar[str] = "bernoulli"

    @property
    def width(self) -> int:
        return 1

    @property
    def levels(self) -> int:
        return 2

    def start(self, u: Uniforms) -> Values:
        return (u < 0.5).to(torch.uint8)

    def features(self, x: Values, dtype: torch.dtype = torch.float32) -> Field:
        return x.to(dtype)

    def base_energy(self, x: Values) -> float:
        return 0.0

    def log_z(self, field: Field) -> PerSite:
        return softplus(field)

    def mean(self, field: Field) -> Field:
        return torch.sigmoid(field)

    def field_of_mean(self, mean: Field) -> Field:
        return torch.logit(mean)

    def entropy(self, mean: Field) -> PerSite:
        return torch.special.entr(mean) + torch.special.entr(1 - mean)

    @property
    def variance_function(self) -> tuple[float, float, float]:
        return 0.0, 1.0, -1.0

    def sample(self, field: Field, u: Uniforms) -> Values:
        return (u < torch.sigmoid(field)).to(torch.uint8)


UNITS = UnitType(Bernoulli, AtMeans)
