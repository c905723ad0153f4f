"""The weights of hidden units as sequence logos: the motifs that they look for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Integer

from shortrun.plots.figure import WIDTH, new_figure, styled
from shortrun.plots.sequence_logos import PER_ROW, SMALLEST, colours_of_letters, draw_logo, number_sites

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def motifs(
    weights: Float[np.ndarray, "n S q"],
    letters: str,
    positions: Integer[np.ndarray, " S"],
    names: Sequence[str],
) -> Figure:
    """Return a logo for each hidden unit: letters that it is for above the line, those that it is against below.

    Of more than 40 sites each logo shows the 40 with the largest weights, in their order.

    Parameters
    ----------
    weights : Float[ndarray, "n S q"]
        Of each letter at each site, in zero-sum gauge (`workflows.motifs`).
    letters : str
        The q letters.
    positions : Integer[ndarray, " S"]
        Columns of the alignment, from 1.
    names : Sequence[str]
        Of the n units.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> weights = np.array([[[1.0, -1.0], [0.5, -0.5]]])
    >>> motifs(weights, "AC", np.array([1, 2]), ["unit 7"]).axes[0].get_ylabel()
    'unit 7'
    """
    figure = new_figure(WIDTH, 1.25 * len(weights) + 0.4)
    axes = figure.subplots(len(weights), 1, squeeze=False)[:, 0]
    for axis, unit, name in zip(axes, weights, names, strict=True):
        chosen = np.sort(np.argsort(-np.square(unit).sum(1), kind="stable")[:PER_ROW])
        heights = unit[chosen]
        height = float(max(heights.clip(min=0).sum(1).max(), -heights.clip(max=0).sum(1).min(), 1e-6))
        legible = np.where(np.abs(heights) >= SMALLEST * height, heights, 0.0)
        draw_logo(axis, legible, letters, colours_of_letters(letters))
        axis.axhline(0, color="0.4", linewidth=0.6)
        axis.set(xlim=(-0.5, len(chosen) - 0.5), ylim=(-height * 1.03, height * 1.03), ylabel=name)
        number_sites(axis, positions[chosen])
    shown = f", the {PER_ROW} strongest sites of {len(positions)}" if len(positions) > PER_ROW else ""
    figure.suptitle(f"weights of the strongest hidden units{shown}", fontsize=10)
    return figure
