"""What figures of real beside generated samples share."""

from __future__ import annotations

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots._figure import DATA, GENERATED

COLOURS = {"real": DATA, "generated": GENERATED}


def check_alike(real: Dataset, generated: Dataset, fits: bool, needs: str) -> None:
    """Raise DataError unless the real samples are of a kind that the figure is for, and the generated ones are alike.

    Parameters
    ----------
    fits, needs : bool or str
        Whether they are, and what the figure needs.
    """
    if not fits:
        raise DataError(f"this figure needs {needs}")
    if (real.sites, real.alphabet) != (generated.sites, generated.alphabet):
        raise DataError(f"samples of one kind expected: {real.sites} and {generated.sites} sites, or other letters")


def thinned(data: Dataset, count: int) -> Dataset:
    """Return at most so many samples, spread evenly over all: files are often sorted by class."""
    return data.select(np.linspace(0, len(data) - 1, min(count, len(data))).astype(int))
