"""The weights of hidden units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped

from shortrun.errors import DataError
from shortrun.plots.figure import WIDTH, new_figure, styled
from shortrun.plots.sample_grid import draw_mosaic, mosaic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 8


@styled
def receptive_fields(fields: Shaped[np.ndarray, "n S"], shape: tuple[int, int] | None = None) -> Figure:
    """Return the weights of hidden units, each as an image or as a row of sites.

    Negative weights are blue and positive ones red; norms, which are not negative, run from white to black.

    Parameters
    ----------
    fields : Shaped[ndarray, "n S"]
        (n, S) weights, or norms over colours (`workflows.receptive_fields`).
    shape : tuple[int, int], optional
        (height, width) of images; None for other data.

    Raises
    ------
    DataError
        If the shape does not fit.

    Examples
    --------
    >>> receptive_fields(np.eye(4), shape=(2, 2)).axes[1].get_ylabel()
    'norm of the weights'
    """
    if shape is not None and shape[0] * shape[1] != fields.shape[1]:
        raise DataError(f"{fields.shape[1]} sites are not an image of {shape[0]} x {shape[1]}")
    highest = float(np.abs(fields).max()) or 1.0
    signed = bool((fields < 0).any())
    colours, limits = ("RdBu_r", (-highest, highest)) if signed else ("Greys", (0.0, highest))
    rows = -(-len(fields) // COLUMNS) if shape else len(fields)
    figure = new_figure(WIDTH, 0.3 + (0.66 * rows * shape[0] / shape[1] if shape else 1.0 + 0.16 * rows))
    axis = figure.subplots()
    if shape is None:
        image = axis.imshow(
            fields, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto", interpolation="nearest"
        )
        axis.set(xlabel="site", ylabel="hidden unit, strongest first", yticks=[])
        axis.spines[:].set_visible(True)
    else:
        images = [[*fields[first : first + COLUMNS]] for first in range(0, len(fields), COLUMNS)]
        draw_mosaic(axis, mosaic(images, COLUMNS, shape), colours, limits)
        image = axis.images[0]
    figure.colorbar(image, ax=axis, label="weight" if signed else "norm of the weights", shrink=0.9)
    return figure
