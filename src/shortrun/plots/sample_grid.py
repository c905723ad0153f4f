"""Samples of images, one row a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots._figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def sample_grid(data: Dataset, *, columns: int = 10) -> Figure:
    """Return a grid of the first `columns` samples of each class, as FF23 fig. 6; empty cells where there are fewer.

    Parameters
    ----------
    data : samples whose `meta["image_shape"]` is (height, width)
    columns : samples a class

    Raises
    ------
    DataError : if the samples are not images
    """
    shape = data.meta.get("image_shape")
    if shape is None:
        raise DataError("a picture needs images, and these samples have no image_shape: choose .npz, .csv or .fasta")
    groups = [np.flatnonzero(data.labels == k)[:columns] for k in range(len(data.classes))]
    groups = groups or [np.arange(len(data))[first : first + columns] for first in range(0, len(data), columns)]
    figure = new_figure(0.55 * columns + 0.8, 0.55 * len(groups))
    axes = figure.subplots(len(groups), columns, squeeze=False)
    for row, (cells, group) in enumerate(zip(axes, groups, strict=True)):
        for column, axis in enumerate(cells):
            axis.set(xticks=[], yticks=[], frame_on=False)
            if column < len(group):
                axis.imshow(data.values[group[column]].reshape(shape), cmap="gray_r", interpolation="nearest")
        if data.classes:
            cells[0].set_ylabel(data.classes[row], rotation=0, ha="right", va="center", fontsize=9)
    return figure
