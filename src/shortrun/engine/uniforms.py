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
    first_site: int = 0,
) -> Float32[Tensor, "C S"]:
    """The same bits as `uniform_reference`, by the fastest way that there is on the device."""
    out = torch.empty(chains, sites, device=device)
    if launch.available(device) and not first_site:
        launch.uniform(out, launch.Words.at(seed, update, place, first_chain))
    elif out.is_cpu and isinstance(update, int):
        if not native.available():
            return uniform_numpy(seed, update, place, first_chain, chains, sites, first_site)
        native.uniform(out, seed=seed, update=update, place=place, first_chain=first_chain, first_site=first_site)
    else:
        out = uniform_reference(seed, update, place, first_chain, chains, sites, device, first_site)
    return out
