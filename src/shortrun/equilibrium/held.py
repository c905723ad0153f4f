"""What chains hold while the rest of them moves: whole layers, and sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from shortrun.dynamics import Noise, start
from shortrun.models import RBM, Clamp, RBMPart
from shortrun.typing import State


class Held(NamedTuple):
    """What chains hold.

    Parameters
    ----------
    layers : Mapping[str, Tensor]
        Layer -> (C, S) values of whole layers.
    sites : Mapping[str, tuple[Tensor, Tensor]]
        Layer -> mask (S,) and values (T, S) of sites, which chains take in turn.
    """

    layers: Mapping[str, Tensor]
    sites: Mapping[str, tuple[Tensor, Tensor]]

    @property
    def clamp(self) -> Clamp:
        """The same without values."""
        return Clamp(tuple(self.layers), {name: mask for name, (mask, _) in self.sites.items()})

    def of_sites(self, part: RBMPart) -> dict[str, tuple[Tensor, Tensor]]:
        """Return the masks and the values of those sites that a part of a machine has."""
        places = {layer.name: sites for layer, sites in zip(part.spec.observed, part.sites, strict=True)}
        return {name: (mask[places[name]], x[:, places[name]]) for name, (mask, x) in self.sites.items()}

    def start(self, model: RBM, noise: Noise, rows: Tensor) -> State:
        """Return the observed layers of chains from noise with what they hold."""
        given = {name: values[rows] for name, values in self.layers.items()}
        state = start(model, noise, len(rows), given)
        return tuple(
            torch.where(self.sites[layer.name][0], _in_turn(self.sites[layer.name][1], rows), x)
            if layer.name in self.sites
            else x
            for layer, x in zip(model.spec.observed, state, strict=False)
        )


FREE = Held({}, {})


def _in_turn(values: Tensor, rows: Tensor) -> Tensor:
    return values[rows % len(values)]
