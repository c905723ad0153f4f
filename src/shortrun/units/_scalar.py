"""Units of one feature: their cumulants at a given mean, from how the variance follows the mean."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.typing import Field


class Scalar:
    """A site whose one feature has the variance V(m) = v0 + v1 m + v2 m^2 at mean m, whatever its field.

    Cumulants then follow one from the other, kappa_{n+1} = V d kappa_n / dm. Bernoulli, Ising and Gaussian units are
    all of this kind (theory: Morris 1982, natural exponential families with quadratic variance functions).
    """

    @property
    def variance_function(self) -> tuple[float, float, float]:
        """(v0, v1, v2)."""
        raise NotImplementedError

    def cumulants(self, mean: Field, order: int) -> list[Field]:
        """Return the first cumulants of the feature, up to the third: m, V, V V'."""
        v0, v1, v2 = self.variance_function
        variance = torch.addcmul(mean * v1 + v0, mean, mean, value=v2)
        return [mean, variance, variance * (v1 + 2 * v2 * mean)][:order]

    def slopes(self, mean: Field, order: int) -> list[Field]:
        """Return the derivatives of these cumulants by the mean: 1, V', V'^2 + V V''."""
        v0, v1, v2 = self.variance_function
        slope = v1 + 2 * v2 * mean
        # V'^2 + V V'' of a quadratic V is 3/2 V'^2 plus a constant.
        return [torch.ones_like(mean), slope, 1.5 * slope.square() + (2 * v2 * v0 - v1 * v1 / 2)][:order]

    def covariance(self, mean: Field, x: Field) -> Field:
        """Return V(m) x."""
        return self.cumulants(mean, 2)[1] * x

    def weighted_cumulants(self, mean: Field, powers: Sequence[Float[Tensor, "F H"]]) -> list[Float[Tensor, "C H"]]:
        """Return sum_i kappa_n[x_i] W_{i mu}^n; products of matrices at every order."""
        return [k @ power for k, power in zip(self.cumulants(mean, len(powers)), powers, strict=True)]

    def weighted_slopes(
        self, mean: Field, powers: Sequence[Float[Tensor, "F H"]], factors: Sequence[Float[Tensor, "C H"]]
    ) -> Field:
        """Return sum_n kappa_n'(m_i) sum_mu c_n,mu W_{i mu}^n."""
        total = factors[0] @ powers[0].T
        for slope, factor, power in list(zip(self.slopes(mean, len(powers)), factors, powers, strict=True))[1:]:
            total.addcmul_(slope, factor @ power.T)
        return total
