"""Gaussian units: x is a real number with a fixed variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch

from shortrun.errors import ConfigError
from shortrun.typing import Field, PerSite, Uniforms, Values, Weights
from shortrun.units._base import AtMeans, UnitType
from shortrun.units._scalar import Scalar


@dataclass(frozen=True)
class Gaussian(Scalar):
    """x | field ~ N(variance * field, variance): the energy has the term x^2 / (2 variance).

    Parameters
    ----------
    variance : float, default 1.0
        Variance of a site at zero coupling, in squared units of the data.
    start_variance : float, default 1.0
        Variance of p0, the centred normal distribution of random starts (discrete units start uniformly).

    Raises
    ------
    ConfigError
        If a variance is not positive.

    Examples
    --------
    >>> Gaussian(variance=2.0).mean(torch.ones(1, 2)).tolist()
    [[2.0, 2.0]]
    """

    variance: float = 1.0
    start_variance: float = 1.0
    kind: ClassVar[str] = "gaussian"

    def __post_init__(self):
        if self.variance <= 0 or self.start_variance <= 0:
            raise ConfigError("variance", f"positive variances expected, got {self.variance}, {self.start_variance}")

    @property
    def width(self) -> int:
        return 1

    @property
    def levels(self) -> None:
        return None

    def start(self, u: Uniforms) -> Values:
        return math.sqrt(self.start_variance) * torch.special.ndtri(u)

    def features(self, x: Values, dtype: torch.dtype = torch.float32) -> Field:
        return x.to(dtype)

    def base_energy(self, x: Values) -> Weights:
        return x.square().sum(1) / (2 * self.variance)

    def log_z(self, field: Field) -> PerSite:
        return self.variance / 2 * field.square() + 0.5 * math.log(2 * math.pi * self.variance)

    def mean(self, field: Field) -> Field:
        return self.variance * field

    def field_of_mean(self, mean: Field) -> Field:
        return mean / self.variance

    def entropy(self, mean: Field) -> PerSite:
        return 0.5 * math.log(2 * math.pi * self.variance) - mean.square() / (2 * self.variance)

    @property
    def variance_function(self) -> tuple[float, float, float]:
        return self.variance, 0.0, 0.0

    def sample(self, field: Field, u: Uniforms) -> Values:
        return self.mean(field) + math.sqrt(self.variance) * torch.special.ndtri(u)


UNITS = UnitType(Gaussian, AtMeans)
