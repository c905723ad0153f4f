"""The sites of a machine under the names that its data give them: columns from 1, and letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int
from torch import Tensor

from shortrun.landscape.sites import Sites


@dataclass(frozen=True, eq=False)
class NamedSites:
    """Sites with the columns and letters of the data.

    Parameters
    ----------
    sites : Sites
        The sites, and a label that is not held after them.
    positions : Int[ndarray, " S"]
        (S,) column in the data of each of their sites, from 1.
    letters : list[str]
        (R,) what the data write for each colour of each of their sites, row by row.
    columns : int
        Number of columns of the data, those that the training left out among them.
    """

    sites: Sites
    positions: Int[np.ndarray, " S"]
    letters: list[str]
    columns: int

    @property
    def two_valued(self) -> bool:
        """Whether all sites of the data have two values."""
        return bool((self.sites.colours[: len(self.positions)] == 2).all())

    def arrays(self, **values: Tensor) -> dict[str, np.ndarray]:
        """Return what goes into a file of arrays."""
        colours = self.sites.colours[: len(self.positions)].numpy()
        about = {"colours": colours, "positions": self.positions, "letters": np.array(self.letters)}
        return about | {name: value.numpy() for name, value in values.items()}

    def largest(self, of: Sequence[int], block: Tensor) -> tuple[float, list[str]]:
        """Return the element of the largest modulus of the block of some sites, and its letters."""
        place = np.unravel_index(int(block.abs().argmax()), block.shape)
        starts = [int(self.sites.starts[site]) for site in of]
        return float(block[place]), [self.letters[start + c] for start, c in zip(starts, place, strict=True)]

    def row(self, of: Sequence[int], block: Tensor) -> dict[str, Any]:
        """Return the row of some sites in a table."""
        row: dict[str, Any] = {key: int(self.positions[site]) for key, site in zip("ijk", of, strict=False)}
        if self.two_valued:
            return row | {"coupling": float(block.flatten()[-1])}
        value, colours = self.largest(of, block)
        named = {f"colour_{key}": colour for key, colour in zip("ijk", colours, strict=False)}
        return row | {"strength": float(block.norm())} | named | {"coupling": value}
