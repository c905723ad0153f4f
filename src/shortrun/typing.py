"""The letters of every shape and the types of every hand-over, defined once.

C chains, N samples, S sites, q colours, F = S * width summed over the observed layers, H hidden units,
P parameters, T ages, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import torch
from jaxtyping import Float, Num
from torch import Tensor

Theta: TypeAlias = Float[Tensor, " P"]
Field: TypeAlias = Float[Tensor, "C F"]
Values: TypeAlias = Num[Tensor, "C S"]
PerSite: TypeAlias = Float[Tensor, "C S"]
Uniforms: TypeAlias = PerSite
Weights: TypeAlias = Float[Tensor, " C"]
State: TypeAlias = tuple[Tensor, ...]
Term: TypeAlias = tuple[State, Float[Tensor, " _"]]  # some chains and their weights; not as many as in other terms
Observer: TypeAlias = Callable[[int, State], None]


@runtime_checkable
class NoisePlace(Protocol):
    """A place in the noise (`dynamics.noise.Noise`), as models and engines see it.

    A plain step asks it for uniforms; a kernel that makes them in registers asks for the counter words instead.
    """

    @property
    def seed(self) -> int: ...
    @property
    def update(self) -> int: ...
    @property
    def clock(self) -> Tensor | None: ...
    @property
    def first_chain(self) -> int: ...
    @property
    def device(self) -> torch.device: ...
    def at(self, step: int) -> NoisePlace: ...
    def from_chain(self, first: int) -> NoisePlace: ...
    def of_update(self, update: int) -> NoisePlace: ...
    def on_clock(self, clock: Tensor) -> NoisePlace: ...
    def place(self, layer: int) -> int: ...
    def uniform(self, layer: int, chains: int, sites: int, first_site: int = 0) -> Uniforms: ...
