"""The letters of every shape and the types of every hand-over, defined once.

C chains, N samples, S sites, q colours, F = S * width summed over the observed layers, H hidden units,
P parameters, T ages, K classes.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias, runtime_checkable

from jaxtyping import Float, Num
from torch import Tensor

Theta: TypeAlias = Float[Tensor, " P"]
Field: TypeAlias = Float[Tensor, "C F"]
Values: TypeAlias = Num[Tensor, "C S"]
PerSite: TypeAlias = Float[Tensor, "C S"]
Uniforms: TypeAlias = PerSite
Weights: TypeAlias = Float[Tensor, " C"]
State: TypeAlias = tuple[Tensor, ...]


@runtime_checkable
class UniformSource(Protocol):
    """Where a step gets its uniforms from: a pure function of the layer and the shape."""

    def uniform(self, layer: int, chains: int, sites: int) -> Uniforms: ...
