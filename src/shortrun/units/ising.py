"""Ising units: s in {-1, +1}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn.functional import softplus

from shortrun.typing import Field, PerSite, Uniforms, Values
from shortrun.units._base import AtMeans, UnitType
from shortrun.units._scalar import Scalar


@dataclass(frozen=True)
class Ising(Scalar):
    """<s | field> = tanh(field); values are uint8 codes, 0 for -1 and 1 for +1.

    Examples
    --------
    >>> Ising().mean(torch.zeros(1, 2)).tolist()
    [[0.0, 0.0]]
    """

    kind: ClassVar[str] = "ising"

    @property
    def width(self) -> int:
        return 1

    @property
    def levels(self) -> int:
        return 2

    def start(self, u: Uniforms) -> Values:
        return (u < 0.5).to(torch.uint8)

    def features(self, x: Values, dtype: torch.dtype = torch.float32) -> Field:
        return x.to(dtype).mul_(2).sub_(1)

    def base_energy(self, x: Values) -> float:
        return 0.0

    def log_z(self, field: Field) -> PerSite:
        # ln 2cosh(f) = |f| + ln(1 + e^{-2|f|}), which cannot overflow.
        return field.abs() + softplus(-2 * field.abs())

    def mean(self, field: Field) -> Field:
        return torch.tanh(field)

    def field_of_mean(self, mean: Field) -> Field:
        return torch.atanh(mean)

    def entropy(self, mean: Field) -> PerSite:
        return torch.special.entr((1 + mean) / 2) + torch.special.entr((1 - mean) / 2)

    @property
    def variance_function(self) -> tuple[float, float, float]:
        return 1.0, 0.0, -1.0

    def sample(self, field: Field, u: Uniforms) -> Values:
        return (u < torch.sigmoid(2 * field)).to(torch.uint8)


UNITS = UnitType(Ising, AtMeans)
