"""Images, one row for each class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots.figure import WIDTH, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EMPTY = "#D9D9D9"  # between images, and in empty cells
CELL = 0.5  # inches
ROWS = 20  # largest number of rows without labels


@styled
def sample_grid(data: Dataset, *, columns: int = 10) -> Figure:
    """Return a grid of the first samples of each class, as FF23 fig. 6; grey cells where there are fewer.

    Of samples without labels the figure shows the first twenty rows.

    Parameters
    ----------
    data : Dataset
        Images: samples whose `kind.image.shape` is (height, width).
    columns : int, default 10
        Number of samples for each class.

    Raises
    ------
    DataError
        If the samples are not images.

    Examples
    --------
    >>> from shortrun.data import read
    >>> figure = sample_grid(read("digits").head(50), columns=5)
    >>> len(figure.axes[0].get_yticks())
    10
    """
    shape, rows = image_shape(data), grid_rows(data, columns)
    figure = new_figure(CELL * columns + 0.8, CELL * len(rows) * shape[0] / shape[1] + 0.2)
    draw_grid(figure.subplots(), data, rows, columns, shape)
    return figure


@styled
def sample_grids(grids: Mapping[str, Dataset], *, columns: int = 5) -> Figure:
    """Return grids side by side with titles, such as samples after 1, k, 10 k and 1000 k sweeps.

    Parameters
    ----------
    grids : Mapping[str, Dataset]
        Images of the same classes by title.
    columns : int, default 5
        Number of samples for each class in a grid.

    Raises
    ------
    DataError
        If there are no grids, or the samples are not images.

    Examples
    --------
    >>> from shortrun.data import read
    >>> data = read("digits").head(50)
    >>> [axis.get_title() for axis in sample_grids({"real": data, "again": data}, columns=2).axes]
    ['real', 'again']
    """
    if not grids:
        raise DataError("at least one set of samples to draw expected")
    count, most = len(grids), max(len(grid_rows(data, columns)) for data in grids.values())
    shape = image_shape(next(iter(grids.values())))
    width = (WIDTH - 0.4) / count
    figure = new_figure(WIDTH, width / columns * most * shape[0] / shape[1] + 0.5)
    axes = figure.subplots(1, count, squeeze=False)[0]
    for axis, (title, data) in zip(axes, grids.items(), strict=True):
        draw_grid(axis, data, grid_rows(data, columns), columns, image_shape(data))
        axis.set_title(title)
        if axis is not axes[0]:
            axis.set_yticks([])
    return figure


def image_shape(data: Dataset) -> tuple[int, int]:
    """Return (height, width).

    Raises
    ------
    DataError
        If the samples are not images.
    """
    shape = data.kind.image.shape
    if shape is None:
        raise DataError("a picture needs images, and these samples have no image_shape: choose .npz, .csv or .fasta")
    height, width = shape
    return int(height), int(width)


def grid_rows(data: Dataset, columns: int) -> list[np.ndarray]:
    """Return the samples of each row: those of a class, or without known labels the first ones in order."""
    if data.labelled.any():
        return [np.flatnonzero(data.labels == k)[:columns] for k in range(len(data.classes))]
    samples = np.arange(min(len(data), ROWS * columns))
    return [samples[first : first + columns] for first in range(0, len(samples), columns)]


def draw_grid(axis: Axes, data: Dataset, rows: list[np.ndarray], columns: int, shape: tuple[int, int]) -> None:
    """Draw a grid, with the names of the classes on the left."""
    images = [[data.values[sample] for sample in row] for row in rows]
    highest = (data.colours or 2) - 1 if not data.continuous else 1.0
    draw_mosaic(axis, mosaic(images, columns, shape), "gray_r", (0, highest))
    if data.labelled.any():
        axis.set_yticks((np.arange(len(rows)) + 0.5) * (shape[0] + 1), data.classes)


def draw_mosaic(axis: Axes, table: np.ndarray, colours: str, limits: tuple[float, float]) -> None:
    """Draw a mosaic without axes."""
    from matplotlib import colormaps

    colormap = colormaps[colours].with_extremes(bad=EMPTY)
    axis.imshow(np.ma.masked_invalid(table), cmap=colormap, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    axis.set(xticks=[], yticks=[], frame_on=False)
    axis.tick_params(length=0)


def mosaic(rows: list[list[np.ndarray]], columns: int, shape: tuple[int, int]) -> Shaped[np.ndarray, "X Y"]:
    """Return images side by side as one image, with nan between them and in empty cells."""
    height, width = shape[0] + 1, shape[1] + 1
    table = np.full((len(rows) * height + 1, columns * width + 1), np.nan, np.float32)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            table[i * height + 1 : (i + 1) * height, j * width + 1 : (j + 1) * width] = image.reshape(shape)
    return table
