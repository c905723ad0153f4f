"""rows.safetensors: 8 bytes for each sample of a training, by which it is known again when files have moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, UInt64

from shortrun.data import Dataset
from shortrun.errors import StoreError
from shortrun.store import tensors

NAME, LEARNED, ASIDE = "rows.safetensors", "learned", "aside"


@dataclass(frozen=True, eq=False)
class KnownRows:
    """The samples of a training, by the hashes of their values.

    Parameters
    ----------
    learned : ndarray
        (N,) those that it learned from.
    aside : ndarray
        (M,) those that it kept aside.
    """

    learned: UInt64[np.ndarray, " N"]
    aside: UInt64[np.ndarray, " M"]

    @classmethod
    def of(cls, data: Dataset, held: np.ndarray | None) -> KnownRows:
        """Return the rows of samples, of which some may have been kept aside."""
        hashes = data.row_hashes
        held = np.zeros(len(data), bool) if held is None else held
        return cls(np.sort(hashes[~held]), np.sort(hashes[held]))

    def learned_from(self, data: Dataset) -> Bool[np.ndarray, " N"]:
        """Return which samples equal one that the training learned from."""
        return np.isin(data.row_hashes, self.learned)

    def kept_aside(self, data: Dataset) -> Bool[np.ndarray, " N"]:
        """Return which samples equal one that it kept aside, and none that it learned from."""
        hashes = data.row_hashes
        return np.isin(hashes, self.aside) & ~np.isin(hashes, self.learned)


def write(folder: Path, rows: KnownRows) -> None:
    """Keep the rows of a training.

    Raises
    ------
    StoreError
        If they cannot be written.
    """
    named = {name: it for name, it in ((LEARNED, rows.learned), (ASIDE, rows.aside)) if len(it)}
    tensors.write(folder / NAME, {name: torch.from_numpy(it.view(np.int64)) for name, it in named.items()}, {})


def read(folder: Path) -> KnownRows | None:
    """Return the rows of a training, None for one of an earlier version.

    Raises
    ------
    StoreError
        If they are damaged.
    """
    if not (folder / NAME).exists():
        return None
    found, metadata = tensors.read(folder / NAME)
    tensors.check_metadata(folder / NAME, metadata)
    if LEARNED not in found or any(it.dtype != torch.int64 or it.ndim != 1 for it in found.values()):
        raise StoreError(folder / NAME, f"is damaged: {LEARNED} and {ASIDE} of int64 expected")
    none = torch.empty(0, dtype=torch.int64)
    return KnownRows(*(found.get(name, none).numpy().view(np.uint64) for name in (LEARNED, ASIDE)))
