"""The uniforms of `shortrun.philox`, made by the fastest kernel at hand."""

from __future__ import annotations

import torch
from jaxtyping import Float32
from torch import Tensor

from shortrun.engine import launch, native
from shortrun.philox import uniform_numpy, uniform_reference


def uniform(
    seed: int,
    update: int | Tensor,
    place: int,
    first_chain: int,
    chains: int,
    sites: int,
    device: torch.device | str = "cpu",
) -> Float32[Tensor, "C S"]:
    """The same bits as `uniform_reference`, by the fastest way that there is on the device."""
    out = torch.empty(chains, sites, device=device)
    if launch.available(device):
        launch.uniform(out, launch.Words.at(seed, update, place, first_chain))
    elif out.is_cpu and isinstance(update, int):
        if not native.available():
            return uniform_numpy(seed, update, place, first_chain, chains, sites)
        native.uniform(out, seed=seed, update=update, place=place, first_chain=first_chain)
    else:
        out = uniform_reference(seed, update, place, first_chain, chains, sites, device)
    return out
