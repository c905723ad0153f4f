"""Cumulants of the weight that a site of several colours puts on a hidden unit, summed over sites.

With f = sum_c m^c W^c, s = sum_c m^c (W^c)^2 and t = sum_c m^c (W^c)^3 of a site, its cumulants are f, s - f^2 and
t - 3 s f + 2 f^3 (theory 8.6, 8.7). f and s differ for every row, site and hidden unit: they are made site by site for
as many rows as stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jaxtyping import Float
from torch import Tensor

from shortrun.typing import Field

ELEMENTS = 2**18  # of a table (rows, H) of one site: 1 MB in float32

Powers = Sequence[Float[Tensor, "F H"]]


def weighted_cumulants(mean: Field, powers: Powers, colours: int) -> list[Float[Tensor, "C H"]]:
    """Return the sums over sites of as many cumulants as there are powers of W."""
    totals = [mean @ power for power in powers]
    for rows, site in pieces(mean, powers, colours):
        f, *rest = (mean[rows, site] @ power[site] for power in powers[:-1])
        totals[1][rows].addcmul_(f, f, value=-1)
        for s in rest:
            totals[2][rows].add_(f * (2 * f.square() - 3 * s))
    return totals


def weighted_slopes(mean: Field, powers: Powers, factors: Sequence[Float[Tensor, "C H"]], colours: int) -> Field:
    """Return sum_n sum_mu c_n,mu d kappa_n / d m^c: W, W^2 - 2 f W and W^3 - 3 (W^2 f + s W) + 6 f^2 W."""
    total = sum(
        (factor @ power.T for factor, power in zip(factors[1:], powers[1:], strict=True)), factors[0] @ powers[0].T
    )
    for rows, site in pieces(mean, powers, colours):
        f, *rest = (mean[rows, site] @ power[site] for power in powers[:-1])
        on_weight = -2 * factors[1][rows] * f
        for s in rest:
            on_weight.add_(factors[2][rows] * (6 * f.square() - 3 * s))
            total[rows, site].addmm_(factors[2][rows] * f, powers[1][site].T, alpha=-3)
        total[rows, site].addmm_(on_weight, powers[0][site].T)
    return total


def pieces(mean: Field, powers: Powers, colours: int) -> Iterator[tuple[slice, slice]]:
    """Yield rows and the columns of one site; none at first order, which needs no f."""
    at_once = max(1, ELEMENTS // powers[0].shape[1])
    for first in range(0, len(mean) if len(powers) > 1 else 0, at_once):
        for site in range(0, mean.shape[1], colours):
            yield slice(first, first + at_once), slice(site, site + colours)
