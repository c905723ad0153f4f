"""The part of an RBM that one of several processes has: some of its visible sites, the label and all hidden units.

It is an RBM itself, with parameters of its own: the weights of its sites. Those of the label and the hidden biases are
the same in all processes. What is a sum over sites goes through `RBM.sum_of_sites` and `RBM.sum_of_chunks`, which add
what the others have.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import torch
from torch import Tensor

from shortrun.models.rbm import RBM, sites_of_chunk
from shortrun.models.spec import LABEL, Layer
from shortrun.models.sums import Adds


@dataclass(frozen=True)
class RBMPart(RBM):
    """Some of the sites of an RBM.

    Parameters
    ----------
    whole : RBM
        The machine of all processes.
    group : Adds or None
        They; None for one alone.
    """

    whole: RBM = field(kw_only=True)
    group: Adds | None = field(kw_only=True, compare=False, repr=False)

    @classmethod
    def of(cls, whole: RBM, rank: int, count: int, group: Adds | None) -> RBMPart:
        """Return the part of one of some processes: of each visible layer as many sites as others, give or take some.

        Examples
        --------
        >>> from shortrun.models import Layer, Spec
        >>> from shortrun.units import Bernoulli
        >>> whole = RBM(Spec((Layer("visible", 1000, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
        >>> [RBMPart.of(whole, rank, 2, group=None).spec.observed[0].sites for rank in (0, 1)]
        [640, 360]
        """
        layers = []
        for layer, sites in zip(whole.spec.observed, sites_of(whole, rank, count), strict=True):
            holds = None if layer.holds is None else layer.holds[sites]
            layers.append(replace(layer, sites=sites.stop - sites.start, holds=holds, first=sites.start))
        spec = replace(whole.spec, layers=(*layers, whole.spec.hidden))
        part = cls(spec, whole=whole, group=group)
        return part if whole.profile is None else part.with_profile(part.taken(whole.profile))

    def with_profile(self, profile: Tensor | None) -> RBMPart:
        """Return the same with this profile of its own sites."""
        return replace(self, profile=profile)

    def undivided(self) -> RBM:
        return self.whole

    def adds(self, i: int) -> Adds | None:
        return None if i == self.spec.label else self.group

    def places(self) -> tuple[slice, ...]:
        layers = zip(self.whole.slices, self.spec.observed, strict=True)
        firsts = ((rows.start + layer.first * layer.units.width, layer.width) for rows, layer in layers)
        return tuple(slice(first, first + width) for first, width in firsts)

    @property
    def sites(self) -> tuple[slice, ...]:
        """Which sites of each observed layer of the whole machine it has."""
        return tuple(slice(layer.first, layer.first + layer.sites) for layer in self.spec.observed)

    def taken(self, features: Tensor) -> Tensor:
        """Return its columns of a table (n, F) of the whole machine."""
        return torch.cat([features[:, rows] for rows in self.places()], 1)


def sites_of(whole: RBM, rank: int, count: int) -> list[slice]:
    """Return which sites of each observed layer one of some processes has: whole chunks, and always the label."""
    return [slice(0, 1) if layer.name == LABEL else shares(layer, count)[rank] for layer in whole.spec.observed]


def shares(layer: Layer, count: int) -> list[slice]:
    """Return which sites of a layer each of some processes has: whole chunks, the first ones one more where they must.

    Examples
    --------
    >>> from shortrun.units import Potts
    >>> [part.stop for part in shares(Layer("visible", 150, Potts(21)), 2)]
    [128, 150]
    """
    unit = sites_of_chunk(layer)
    chunks = -(-layer.sites // unit)
    edges = [min(-(-rank * chunks // count) * unit, layer.sites) for rank in range(count + 1)]
    return [slice(first, last) for first, last in pairwise(edges)]


def most_processes(whole: RBM) -> int:
    """Return how many processes can share the sites, so that each has some of every visible layer."""
    return min(-(-layer.sites // sites_of_chunk(layer)) for layer in whole.spec.visible)
