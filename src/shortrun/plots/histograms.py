"""Distributions of one quantity in common bins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.errors import DataError
from shortrun.plots.figure import DATA, GENERATED, WIDTH, new_figure, palette, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 40


@styled
def histograms(values: Mapping[str, Any], label: str) -> Figure:
    """Return normalised histograms in common bins: the first as a black outline, the others filled.

    Integers (lengths, distances in sites) are in the middle of their bins.

    Parameters
    ----------
    values : Mapping[str, Any]
        Numbers by name, the real ones first; values that are not finite are left out.
    label : str
        Name of the quantity, with the unit.

    Raises
    ------
    DataError
        If a name has no finite value.

    Examples
    --------
    >>> histograms({"real": [1, 2, 2], "generated": [1, 1, 3]}, "length").axes[0].get_ylabel()
    'density'
    """
    finite = {name: np.asarray(it, float)[np.isfinite(np.asarray(it, float))] for name, it in values.items()}
    for name, numbers in finite.items():
        if not len(numbers):
            raise DataError(f"'{name}' has no value to draw")
    if not finite:
        raise DataError("at least one set of values to draw expected")
    edges = common_edges(np.concatenate([*finite.values()]))
    figure = new_figure(WIDTH, 3.2)
    axis = figure.subplots()
    colours = [GENERATED, *palette(len(finite))]
    for place, (name, numbers) in reversed([*enumerate(finite.items())]):
        look: dict[str, Any] = {"color": colours[max(place - 1, 0)], "alpha": 0.55}
        if place == 0:
            look = {"histtype": "step", "color": DATA, "linewidth": 1.6}
        axis.hist(numbers, edges, density=True, label=name, **look)
    axis.set(xlabel=label, ylabel="density")
    axis.legend(reverse=True)
    return figure


def common_edges(numbers: np.ndarray) -> list[float]:
    """Return the edges of common bins; integers are in the middle of theirs."""
    low, high = numbers.min(), numbers.max()
    if not np.array_equal(numbers, np.rint(numbers)):
        return np.histogram_bin_edges(numbers, BINS).tolist()
    width = max(1, int(np.ceil((high - low + 1) / BINS)))
    return np.arange(low - 0.5, high + width + 0.5, width).tolist()
