"""What figures of real and generated samples have in common."""

from __future__ import annotations

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots.figure import DATA, GENERATED
from shortrun.scores import Domain

COLOURS = {"real": DATA, "generated": GENERATED}


def check_domain(data: Dataset, domain: Domain) -> None:
    """Check that samples are of the kind that a figure is for.

    Raises
    ------
    DataError
        If they are not.
    """
    if not domain.includes(data):
        raise DataError(f"this figure needs {domain.name}")


def check_alike(real: Dataset, generated: Dataset, domain: Domain) -> None:
    """Check that real samples are of the kind that a figure is for, and generated ones of the same kind.

    Raises
    ------
    DataError
        If they are not.
    """
    check_domain(real, domain)
    if (real.sites, real.alphabet) != (generated.sites, generated.alphabet):
        raise DataError(
            f"samples of one kind expected: {real.kind.extent} and {generated.kind.extent}, or other letters"
        )


def thinned(data: Dataset, count: int) -> Dataset:
    """Return at most `count` samples, evenly spaced in the data set, since files are often sorted by class."""
    return data.select(np.linspace(0, len(data) - 1, min(count, len(data))).astype(int))
