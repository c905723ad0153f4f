"""Pitch classes of music, real and generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.plots.figure import new_figure, styled
from shortrun.plots.sides import COLOURS, check_alike
from shortrun.scores.music import MUSIC, TONES, tones

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@styled
def pitch_classes(real: Dataset, generated: Dataset) -> Figure:
    """Return the shares of the twelve pitch classes, a panel for each class of samples.

    Parameters
    ----------
    real, generated : Dataset
        Music of equal length.

    Raises
    ------
    DataError
        If the samples are not music, or differ in their length.

    Examples
    --------
    >>> from shortrun.data.core.kind import MusicKind
    >>> from shortrun.data.music.encoding import KEYS
    >>> rolls = np.eye(2, 2 * KEYS, dtype=np.uint8)
    >>> data = Dataset.from_arrays(rolls).with_kind(music=MusicKind(2, "beat/4", 1))
    >>> pitch_classes(data, data).axes[0].get_ylabel()
    'share'
    """
    check_alike(real, generated, MUSIC)
    panels = [k for k in range(len(real.classes)) if (real.labels == k).any() and (generated.labels == k).any()]
    panels = panels if real.classes == generated.classes else []
    figure = new_figure(4.8, 1.7 * max(len(panels), 1) + 0.4)
    axes = figure.subplots(max(len(panels), 1), 1, squeeze=False, sharex=True)[:, 0]
    for axis, k in zip(axes, panels or [None], strict=True):
        for place, (name, side) in enumerate({"real": real, "generated": generated}.items()):
            samples = side if k is None else side.select(side.labels == k)
            counts = tones(samples).sum(0)
            axis.bar(
                np.arange(TONES) + 0.4 * place - 0.2,
                counts / max(counts.sum(), 1),
                0.4,
                color=COLOURS[name],
                label=name,
            )
        axis.set(ylabel="share", title=None if k is None else real.classes[k])
        axes[-1].set_xticks(range(TONES), NAMES)
    axes[0].legend()
    return figure
