"""Samples of any kind as rows of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.plots.figure import new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def sample_rows(data: Dataset, rows: Sequence[int], sites: int) -> Figure:
    """Return an image of some samples: a row for each sample, a column for each site, grey by code or value.

    Parameters
    ----------
    data : Dataset
        Samples; their classes are written on the left.
    rows : Sequence[int]
        Which samples, sorted by class.
    sites : int
        Number of sites to draw, from the first on.

    Examples
    --------
    >>> from shortrun.data import read
    >>> sample_rows(read("digits"), rows=range(10), sites=64).axes[0].get_xlabel()
    'site'
    """
    figure = new_figure(6.5, 0.09 * len(rows) + 0.5)
    axis = figure.subplots()
    axis.imshow(data.values[np.asarray(rows)][:, :sites], cmap="gray_r", aspect="auto", interpolation="nearest")
    axis.set(xlabel="site", yticks=[])
    if data.classes:
        labels = data.labels[np.asarray(rows)]
        first = [i for i in range(len(labels)) if i == 0 or labels[i] != labels[i - 1]]
        middles = [(a + b - 1) / 2 for a, b in zip(first, [*first[1:], len(labels)], strict=True)]
        axis.set_yticks(middles, [data.classes[labels[i]] if labels[i] >= 0 else "unknown" for i in first])
        axis.hlines(np.array(first[1:]) - 0.5, -0.5, min(sites, data.sites) - 0.5, color="#D55E00", linewidth=0.8)
        axis.tick_params(axis="y", length=0, labelsize=8)
    return figure
