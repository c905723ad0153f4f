"""Noise is a function, not a state: the same place in a computation always gets the same uniforms.

u = philox(key = seed, counter = (site block, chain, update, place)), place = stream | layer | step. A resumed run,
another engine or another number of processes therefore draws the same numbers, and the whole state of the generator
is one seed. Source: Salmon et al. 2011, Philox4x32-10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import torch
from torch import Tensor

from shortrun.engine.uniforms import uniform
from shortrun.settings import check_seed
from shortrun.typing import Uniforms

STEP_BITS, LAYER_BITS, STREAM_BITS = 24, 4, 4
CPU = torch.device("cpu")


class Stream(IntEnum):
    """What the numbers are for; runs of a scheme take FREE, FREE + 1, ... so at most eight of them."""

    FREE = 0
    WEIGHTS = 8
    SHUFFLE = 9
    LABELS = 10
    GENERATE = 11
    PREDICT = 12
    CLAMPED = 14  # 13 was once in use
    MONITOR = 15


@dataclass(frozen=True)
class Noise:
    """A place in the noise.

    Parameters
    ----------
    seed : int
        64-bit key of the whole run.
    stream : int
        What the numbers are for, see `Stream`.
    update : int, default 0
        Number of the update, or any other slow counter.
    step : int, default 0
        Sweep within the run; 0 is its start.
    first_chain : int, default 0
        Global index of the first chain asked for, so that batches and processes share one numbering.
    device : torch.device, default CPU
        Where the uniforms are wanted.
    clock : Tensor, optional
        An int64 tensor () on that device to read the update from, in place of `update`: a captured CUDA graph repeats
        the kernels with the numbers they were launched with, and only tensors can change.
    """

    seed: int
    stream: int
    update: int = 0
    step: int = 0
    first_chain: int = 0
    device: torch.device = CPU
    clock: Tensor | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)

    def at(self, step: int) -> Noise:
        """Return the same noise at another step."""
        return replace(self, step=step)

    def from_chain(self, first: int) -> Noise:
        """Return the same noise of the chains from `first` on."""
        return replace(self, first_chain=first)

    def of_update(self, update: int) -> Noise:
        """Return the noise of an update."""
        return replace(self, update=update)

    def on_clock(self, clock: Tensor) -> Noise:
        """Return the same noise, its update read from a tensor."""
        return replace(self, clock=clock)

    def place(self, layer: int) -> int:
        """Return the counter word that packs stream, layer and step."""
        assert 0 <= layer < 1 << LAYER_BITS
        assert 0 <= self.stream < 1 << STREAM_BITS
        assert 0 <= self.step < 1 << STEP_BITS
        return (self.stream << (STEP_BITS + LAYER_BITS)) | (layer << STEP_BITS) | self.step

    def uniform(self, layer: int, chains: int, sites: int, first_site: int = 0) -> Uniforms:
        """Return (chains, sites) float32 uniforms strictly between 0 and 1; the first site is a multiple of 64."""
        update = self.update if self.clock is None else self.clock
        place = self.place(layer)
        return uniform(self.seed, update, place, self.first_chain, chains, sites, self.device, first_site)
