"""The uniforms of `shortrun.philox`, made by the fastest kernel at hand."""

from __future__ import annotations

import torch
from jaxtyping import Float32
from torch import Tensor

from shortrun.engine import launch, native
from shortrun.philox import uniform_reference


def uniform(
    seed: int,
    update: int | Tensor,
    place: int,
    first_chain: int,
    chains: int,
    sites: int,
    device: torch.device | str = "cpu",
) -> Float32[Tensor, "C S"]:
    """The same bits as `uniform_reference`, from the C kernel or on a GPU the Triton kernel, where they are."""
    out = torch.empty(chains, sites, device=device)
    if launch.available(device):
        launch.uniform(out, launch.Words.at(seed, update, place, first_chain))
    elif out.is_cpu and native.available() and isinstance(update, int):
        native.uniform(out, seed=seed, update=update, place=place, first_chain=first_chain)
    else:
        out = uniform_reference(seed, update, place, first_chain, chains, sites, device)
    return out
