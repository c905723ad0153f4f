"""Cumulants of the weight that a site of several colours puts on a hidden unit, summed over sites.

With f = sum_c m^c W^c, s = sum_c m^c (W^c)^2 and t = sum_c m^c (W^c)^3 of a site, its cumulants are f, s - f^2 and
t - 3 s f + 2 f^3 (theory 8.6, 8.7). f and s differ for every row, site and hidden unit: they are made for as many rows
and sites at once as stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.typing import Field

ELEMENTS = 2**18  # of a table (sites, rows, H): 1 MB in float32

Powers = Sequence[Float[Tensor, "F H"]]


class Piece(NamedTuple):
    """Some rows and sites: which rows and columns of means they are, and f, or f and s, of each site."""

    rows: slice
    columns: slice
    moments: list[Float[Tensor, "s r H"]]


def weighted_cumulants(mean: Field, powers: Powers, colours: int) -> list[Float[Tensor, "C H"]]:
    """Return the sums over sites of as many cumulants as there are powers of W."""
    totals = [mean @ power for power in powers]
    for rows, _, moments in pieces(mean, powers, colours):
        for f, *rest in zip(*moments, strict=True):  # of one site
            totals[1][rows].addcmul_(f, f, value=-1)
            for s in rest:
                totals[2][rows].addcmul_(f, torch.addcmul(s, f, f, value=-2 / 3), value=-3)
    return totals


def weighted_slopes(mean: Field, powers: Powers, factors: Sequence[Float[Tensor, "C H"]], colours: int) -> Field:
    """Return sum_n sum_mu c_n,mu d kappa_n / d m^c: W, W^2 - 2 f W and W^3 - 3 (W^2 f + s W) + 6 f^2 W."""
    total = factors[-1] @ powers[-1].T
    for rows, columns, (f, *rest) in pieces(mean, powers, colours):
        first, second, *third = (factor[rows] for factor in factors)
        on_weights = [torch.addcmul(first, second, f, value=-2)]
        for s, c in zip(rest, third, strict=True):
            on_weights[0].addcmul_(c, torch.addcmul(s, f, f, value=-2), value=-3)
            on_weights.append(torch.addcmul(second, c, f, value=-3))
        out = by_site(total[rows, columns], colours)
        for each, power in zip(on_weights, powers, strict=False):
            out += torch.bmm(each, power[columns].unflatten(0, (-1, colours)).transpose(1, 2))
    return total


def pieces(mean: Field, powers: Powers, colours: int) -> Iterator[Piece]:
    """Yield all rows and sites; none at first order, which needs no f."""
    hidden = powers[0].shape[1]
    rows_at_once = max(1, ELEMENTS // hidden)
    for first in range(0, len(mean) if len(powers) > 1 else 0, rows_at_once):
        part = mean[first : first + rows_at_once]
        at_once = colours * max(1, ELEMENTS // (hidden * len(part)))
        for column in range(0, mean.shape[1], at_once):
            columns = slice(column, column + at_once)
            sites = by_site(part[:, columns], colours)
            moments = [torch.bmm(sites, power[columns].unflatten(0, (-1, colours))) for power in powers[:-1]]
            yield Piece(slice(first, first + len(part)), columns, moments)


def by_site(table: Field, colours: int) -> Float[Tensor, "s r q"]:
    """Return a view of a table of features with sites first."""
    return table.unflatten(1, (-1, colours)).transpose(0, 1)
