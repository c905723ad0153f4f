"""Samples of music as piano rolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shortrun.data import Dataset
from shortrun.data.music.encoding import KEYS
from shortrun.errors import DataError
from shortrun.plots.figure import new_figure, styled
from shortrun.plots.sides import check_domain
from shortrun.scores.music import LOWEST, MUSIC, TONES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 8


@styled
def piano_roll(data: Dataset, rows: int | Sequence[int] = 16) -> Figure:
    """Return the piano rolls of some samples: time runs to the right, keys go up, and black keys are down.

    Parameters
    ----------
    data : Dataset
        Music.
    rows : int or Sequence[int], default 16
        Which samples, or how many of the first.

    Raises
    ------
    DataError
        If the samples are not music, or there is no such sample.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.data.core.kind import MusicKind
    >>> rolls = np.zeros((2, 2, KEYS), np.uint8)
    >>> data = Dataset.from_arrays(rolls.reshape(2, -1)).with_kind(music=MusicKind(2, "beat/4", 1))
    >>> len(piano_roll(data, rows=2).axes)
    2
    """
    check_domain(data, MUSIC)
    rows = range(min(rows, len(data))) if isinstance(rows, int) else rows
    if not rows or not all(0 <= row < len(data) for row in rows):
        raise DataError(f"samples 0 to {len(data) - 1} expected")
    columns = min(COLUMNS, len(rows))
    lines = -(-len(rows) // columns)
    figure = new_figure(1.1 * columns + 0.6, 2.0 * lines)
    axes = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    octaves = [key for key in range(KEYS) if (key + LOWEST) % TONES == 0]
    for axis in axes:
        axis.set(xticks=[], frame_on=False)
    for axis, row in zip(axes, rows, strict=False):
        axis.set(frame_on=True, yticks=octaves)
        axis.set_yticklabels([f"C{i + 1}" for i in range(len(octaves))], fontsize=7)
        axis.imshow(
            data.values[row].reshape(-1, KEYS).T,
            cmap="gray_r",
            vmin=0,
            vmax=1,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
        )
        label = data.classes[data.labels[row]] if data.labels[row] >= 0 else ""
        axis.set_title(label or str(data.names[row]), fontsize=7)
    return figure
