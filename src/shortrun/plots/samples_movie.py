"""Noise turning into samples, as a moving picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.phrases import counted
from shortrun.plots.figure import new_figure, palette, styled
from shortrun.plots.movie import Movie
from shortrun.plots.sample_grid import draw_mosaic, image_shape, mosaic

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def samples_movie(frames: Sequence[Dataset], times: Sequence[int]) -> Movie:
    """Return samples at increasing sampling times.

    Images form a grid; other data are a table of samples by sites with a colour for each letter.

    Parameters
    ----------
    frames : Sequence[Dataset]
        The same samples after each of `times` sweeps.
    times : Sequence[int]
        Numbers of sweeps, 0 for the start.

    Raises
    ------
    DataError
        If there are no frames, or their number differs from that of the times.

    Examples
    --------
    >>> data = Dataset.from_arrays([[0, 1, 1], [1, 0, 0]])
    >>> samples_movie([data, data], [0, 10]).titles
    ('start', 'after 10 sweeps')
    """
    check_frames(frames, times)
    axis = canvas(frames[0])
    image = axis.images[0]
    return Movie(axis, lambda place: image.set_data(frame_values(frames[place])), tuple(map(told, times)))


def check_frames(frames: Sequence[Dataset], times: Sequence[int]) -> None:
    """Check that there are the same samples at each time.

    Raises
    ------
    DataError
        If not.
    """
    if not frames or len(frames) != len(times) or len({it.values.shape for it in frames}) > 1:
        raise DataError(f"the same samples at each time expected, got {len(frames)} frames for {len(times)} times")


def told(time: int) -> str:
    """Return a sampling time as a title."""
    return "start" if time == 0 else f"after {counted(time, 'sweep')}"


def canvas(data: Dataset) -> Axes:
    """Return the axes of the first frame, with an image, of which only the values change."""
    if data.kind.image.shape is not None:
        height, width = image_shape(data)
        side = int(np.ceil(np.sqrt(len(data))))
        figure = new_figure(4.0, 4.0 * height / width * -(-len(data) // side) / side + 0.35)
        axis = figure.subplots()
        draw_mosaic(axis, frame_values(data), "gray_r", (0, 1 if data.colours is None else data.colours - 1))
    else:
        figure = new_figure(6.0, min(6.0, 1.1 + 0.12 * len(data)))
        axis = figure.subplots()
        colours, highest = colourmap(data)
        axis.imshow(frame_values(data), cmap=colours, vmin=0, vmax=highest, aspect="auto", interpolation="nearest")
        axis.images[0].set_extent((0.5, data.sites + 0.5, len(data) + 0.5, 0.5))  # numbered from 1
        axis.set(xlabel="site", ylabel="sample")
        axis.locator_params(integer=True)
    return axis


def colourmap(data: Dataset) -> tuple[Any, float]:
    """Return a colour for each letter (white for the gap) and the largest code; a colour scale for numbers."""
    from matplotlib.colors import ListedColormap

    if data.continuous:
        return "viridis", float(np.max(data.values)) or 1.0
    colours = data.colours or max(column.colours for column in data.columns or ())
    if colours == 2:
        return "gray_r", 1
    white = data.alphabet is not None and data.alphabet.letters[0] == "-"
    return ListedColormap(["white", *palette(colours - 1)] if white else palette(colours)), colours - 1


def frame_values(data: Dataset) -> np.ndarray:
    """Return the values of a frame: a mosaic of images, or the codes."""
    if data.kind.image.shape is None:
        return data.values
    side = int(np.ceil(np.sqrt(len(data))))
    rows = [[*data.values[first : first + side]] for first in range(0, len(data), side)]
    return np.ma.masked_invalid(mosaic(rows, side, image_shape(data)))
