"""Effective couplings: the distribution of the observed sites as fields, pairs and triples, without hidden units.

-H(x) = J0 + sum_i J1_i(x_i) + sum_{i<j} J2_ij(x_i, x_j) + sum_{i<j<k} J3_ijk(x_i, x_j, x_k) + ...,

where each J sums to zero over the colours of each of its sites. This makes the expansion unique: J is the average of
-H over all configurations of the other sites, minus its averages over the colours of its own (DNS25). For two colours
s = +-1, J2_ij(s, s') = J2_ij s s', the Walsh-Hadamard expansion of DFNS24.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.landscape.sites import Sites
from shortrun.landscape.transform import Method, curvature, parts

RANGE, NODES = 8.0, 2.0  # of a Gaussian average: standard deviations, and nodes per unit of field and of deviation
BLOCKS = 2**22  # elements of triples computed at once

Triple = tuple[int, int, Float[Tensor, "a b R"]]


def fields(sites: Sites, method: Method = "exact") -> Float[Tensor, " R"]:
    """Return the effective fields J1_i^c = a_i^c + sum_mu E ln z(b + W_i^c + Y), minus their mean over c.

    Y is the sum of the weights of all other sites at uniformly random colours (theory: DFNS24 eq. 5 for two colours).

    Parameters
    ----------
    method : Method, default "exact"
        "exact", or "gaussian" with Y ~ N(0, sum of the other sites' variances), as published.
    """
    total = sites.bias + sites.zero_sum(gaussian_average(sites))
    if method == "exact":
        # The transform of a first difference of ln z is not integrable; its change at equal mean and variance is.
        total += plane_waves(sites, "exact") - plane_waves(sites, "gaussian")
    return total[: sites.rows]


def gaussian_average(sites: Sites) -> Float[Tensor, " E"]:
    """Return sum_mu E ln z(b + W_i^c + Y) with Gaussian Y, by the trapezoidal rule (exact to rounding here)."""
    variance = sites.means(sites.weight.square())
    others = (variance.sum(0) - variance).clamp(min=0).sqrt()[sites.owner]
    count = math.ceil(RANGE * NODES * max(1.0, float(others.max())))
    centre, total = sites.hidden_bias + sites.weight, torch.zeros_like(sites.bias)
    nodes = torch.linspace(-RANGE, RANGE, 2 * count + 1, dtype=centre.dtype)
    density = torch.softmax(-nodes.square() / 2, 0)
    for node, share in zip(nodes, density, strict=True):
        total += share * sites.hidden.log_z(centre + node * others).sum(1)
    return total


def plane_waves(sites: Sites, method: Method) -> Float[Tensor, " E"]:
    """Return sums over waves of first differences of ln z; only their change between distributions is defined."""
    total = torch.zeros_like(sites.bias)
    for found in parts(sites, method, 1):
        rest = found.waves.weight * found.product / found.chi
        total += (found.phase * rest[sites.owner]).real.sum(1)
    return total


def pairs(sites: Sites, method: Method = "exact") -> Float[Tensor, "R R"]:
    """Return the effective couplings J2 of all pairs of colours of the sites of the data, zero within a site.

    J2_ij^{cc'} = sum_mu E ln z(b + W_i^c + W_j^c' + Y), minus its row and column means, plus its mean (theory:
    DNS25; DFNS24 eq. 6 for two colours). In plane waves it is a matrix product whose rows belong to one site each.

    Parameters
    ----------
    method : Method, default "exact"
        As for `fields`.
    """
    own = slice(0, sites.rows)
    total = sites.weight.new_zeros(sites.rows, sites.rows)
    for found in parts(sites, method, 2):
        right = found.phase[own] / found.chi[sites.owner[own]]
        left = right * (found.waves.weight * found.product)
        total.addmm_(left.real, right.real.T).addmm_(left.imag, right.imag.T, alpha=-1)
    total.addmm_(sites.weight[own], sites.weight[own].T, alpha=curvature(sites.hidden))
    owner = sites.owner[own]
    return total.masked_fill_(owner.unsqueeze(1) == owner, 0)


def triples(sites: Sites, chosen: Sequence[tuple[int, int]], method: Method = "exact") -> Iterator[Triple]:
    """Yield (i, j, J3_ijk for all colours and all third sites k) for chosen pairs of sites, zero for k = i and k = j.

    J3 is the threefold difference of E ln z(b + W_i^c + W_j^c' + W_k^c'' + Y) over colours (theory: DNS25).

    Parameters
    ----------
    chosen : Sequence[tuple[int, int]]
        Pairs of different sites, from 0.
    method : Method, default "exact"
        As for `fields`.
    """
    group: list[tuple[int, int]] = []
    size = 0
    for i, j in chosen:
        block = int(sites.colours[i] * sites.colours[j]) * sites.rows
        if group and size + block > BLOCKS:
            yield from group_of_triples(sites, group, method)
            group, size = [], 0
        group.append((i, j))
        size += block
    if group:
        yield from group_of_triples(sites, group, method)


def group_of_triples(sites: Sites, chosen: Sequence[tuple[int, int]], method: Method) -> Iterator[Triple]:
    """Yield the triples of some pairs, computed together."""
    grids = [torch.cartesian_prod(*(torch.arange(sites.rows)[sites.of(site)] for site in pair)) for pair in chosen]
    first, second = torch.cat(grids).unbind(1)
    total = sites.weight.new_zeros(len(first), sites.rows)
    for found in parts(sites, method, 3):
        for part in found.split(max(1, BLOCKS // max(len(first), sites.rows))):
            third = part.phase[: sites.rows] / part.chi[sites.owner[: sites.rows]]
            both = third[first] * third[second] * (part.waves.weight * part.product)
            total.addmm_(both.real, third.real.T).addmm_(both.imag, third.imag.T, alpha=-1)
    for (i, j), block in zip(chosen, total.split([len(grid) for grid in grids]), strict=True):
        block[:, sites.of(i)] = block[:, sites.of(j)] = 0
        yield i, j, block.unflatten(0, (int(sites.colours[i]), int(sites.colours[j])))


def strengths(sites: Sites, couplings: Float[Tensor, "... R"]) -> Float[Tensor, "... S"]:
    """Return the Frobenius norm over the colours of the last axis, one number per site of the data."""
    squares = couplings.square()
    total = squares.new_zeros(*squares.shape[:-1], len(sites.places))
    return total.index_add_(-1, sites.owner[: sites.rows], squares).sqrt()


def pair_strengths(sites: Sites, couplings: Float[Tensor, "R R"]) -> Float[Tensor, "S S"]:
    """Return the Frobenius norm of the q x q block of each pair of sites of the data."""
    return strengths(sites, strengths(sites, couplings).T)
