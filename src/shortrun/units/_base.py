"""What every type of unit can do: functions of its local field, no state, no tensors inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.typing import Field, PerSite, Uniforms, Values, Weights


@runtime_checkable
class Units(Protocol):
    """One type of site.

    The local density of a site is proportional to exp(field * features(x) - base_energy(x)). Fields, features and
    means have one column for each feature of each site, ready for a matrix product.
    """

    kind: ClassVar[str]

    @property
    def width(self) -> int:
        """Features a site: 1, or the number of colours."""
        ...

    @property
    def levels(self) -> int | None:
        """Values that a site can take (codes 0..levels-1), None for continuous units."""
        ...

    def start(self, u: Uniforms) -> Values:
        """Draw from p0, the fixed distribution of random starts."""
        ...

    def features(self, x: Values, dtype: torch.dtype = torch.float32) -> Field:
        """What multiplies the weights."""
        ...

    def base_energy(self, x: Values) -> Weights | float:
        """The energy of the sites that no parameter enters, summed over sites."""
        ...

    def log_z(self, field: Field) -> PerSite:
        """Ln sum_x exp(field * features(x) - base_energy(x)) of each site, shape (C, S)."""
        ...

    def mean(self, field: Field) -> Field:
        """E[features | field]."""
        ...

    def field_of_mean(self, mean: Field) -> Field:
        """The field that gives this mean (zero-sum over colours); `mean` undone."""
        ...

    def sample(self, field: Field, u: Uniforms) -> Values:
        """A draw given the field: a pure function of the uniforms, one a site."""
        ...


@runtime_checkable
class AtMeans(Units, Protocol):
    """Units that mean-field equations know: what they ask besides is functions of a site's mean features."""

    def entropy(self, mean: Field) -> PerSite:
        """The entropy of a site at this mean, less its mean base energy: ln z - field m at the field that gives it."""
        ...

    def covariance(self, mean: Field, x: Field) -> Field:
        """The covariance of each site's features at this mean, times x."""
        ...

    def weighted_cumulants(self, mean: Field, powers: Sequence[Float[Tensor, "F H"]]) -> list[Float[Tensor, "C H"]]:
        """Sums over sites i of the cumulants kappa_n[X_{i mu}], X_{i mu} = sum_f x_f W_{f mu}, at these means.

        `powers` are W, W^2, ... element by element: as many as cumulants are asked for, three at most.
        """
        ...

    def weighted_slopes(
        self, mean: Field, powers: Sequence[Float[Tensor, "F H"]], factors: Sequence[Float[Tensor, "C H"]]
    ) -> Field:
        """Sum over n and mu of factors_{n mu} d kappa_n[X_{i mu}] / d mean_i: what such sums act back with."""
        ...
