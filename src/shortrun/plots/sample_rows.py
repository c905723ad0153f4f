"""Samples as rows of a picture, of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.plots._figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def sample_rows(data: Dataset, rows: Sequence[int], sites: int) -> Figure:
    """Return a picture of some samples: a row a sample, a column a site, grey by code or value; classes on the left.

    Parameters
    ----------
    rows : Sequence[int]
        Which samples, those of a class together.
    sites : int
        Number of first sites that are drawn.
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
