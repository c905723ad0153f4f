"""What figures of real beside generated samples share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots._figure import DATA, GENERATED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"real": DATA, "generated": GENERATED}
MOST_BINS = 40


def check_alike(real: Dataset, generated: Dataset, fits: bool, needs: str) -> None:
    """Raise DataError unless the real samples are of a kind that the figure is for, and the generated ones are alike.

    Parameters
    ----------
    fits, needs : whether they are, and what the figure needs
    """
    if not fits:
        raise DataError(f"this figure needs {needs}")
    if (real.sites, real.alphabet) != (generated.sites, generated.alphabet):
        raise DataError(f"samples of one kind expected: {real.sites} and {generated.sites} sites, or other letters")


def thinned(data: Dataset, count: int) -> Dataset:
    """Return at most so many samples, spread evenly over all: files are often sorted by class."""
    return data.select(np.linspace(0, len(data) - 1, min(count, len(data))).astype(int))


def histograms(axis: Axes, sides: Mapping[str, np.ndarray], edges: np.ndarray | None = None) -> None:
    """Draw the distributions of numbers of both sides on common bins, as densities, with a legend.

    Raises
    ------
    DataError : if a side has none
    """
    if not all(map(len, sides.values())):
        raise DataError(
            f"no {' and no '.join(side for side, values in sides.items() if not len(values))} samples to draw"
        )
    if edges is None:
        everything = np.concatenate([*sides.values()])
        fewest = min(sides.values(), key=len)
        count = len(np.histogram_bin_edges(fewest, "auto")) - 1
        edges = np.linspace(everything.min(), everything.max(), min(max(count, 1), MOST_BINS) + 1)
    for side, values in sides.items():
        look = {"density": True, "color": COLOURS[side]}
        axis.hist(values, edges, histtype="stepfilled", alpha=0.25, **look)
        axis.hist(values, edges, histtype="step", linewidth=1.4, label=f"{side} ({len(values):,})", **look)
    axis.set(ylabel="density")
    axis.legend()
