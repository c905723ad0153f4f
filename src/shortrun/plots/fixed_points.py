"""Mean-field fixed points over the data that come to them, on the principal components of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from shortrun.data import Dataset
from shortrun.data.core.labels import UNKNOWN
from shortrun.plots._figure import DATA, MARK, WIDTH, new_figure, palette, styled
from shortrun.plots._figure import UNKNOWN as UNLABELLED
from shortrun.plots.pca import scattered
from shortrun.scores import project

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NUMBERED = 15  # fixed points whose number is written beside them
LARGEST, SMALLEST = 500.0, 25.0  # areas of circles, in square points


@styled
def fixed_points(
    real: Dataset,
    profiles: Float[np.ndarray, "D F"],
    basin: Int[np.ndarray, " D"],
    majority: Int[np.ndarray, " D"],
    *,
    title: str = "",
) -> Figure:
    """Return fixed points on the first two principal components of samples, as DRS23.

    Dots are samples, coloured by label; circles are fixed points, with areas in proportion to their basins (but not
    below a smallest one), the colour of the most frequent label in the basin, and numbers from the largest basin on.

    Parameters
    ----------
    real : Dataset
        The samples.
    profiles : Float[ndarray, "D F"]
        Mean features as `Dataset` features: of two values that of the second, more one-hot.
    basin : Int[ndarray, " D"]
        Starts that came to each.
    majority : Int[ndarray, " D"]
        Code of a class, -1 for none.

    Raises
    ------
    DataError
        If there are too few samples.
    """
    found = project(real, real)
    places = profiles @ found.directions / np.sqrt(profiles.shape[1])
    figure = new_figure(WIDTH, 5.6)
    axis = figure.add_subplot()
    told = scattered(axis, real, found.real, "real", real.classes)
    colours = np.array([*palette(len(real.classes)), UNLABELLED if real.classes else MARK])
    axis.scatter(*places.T, s=areas(basin), c=colours[majority], edgecolors="black", linewidths=1.2, zorder=4)
    for number, (place, size) in enumerate(zip(places[:NUMBERED], areas(basin), strict=False), 1):
        away = np.sqrt(size / np.pi) * 0.7 + 2  # from the centre to just outside the circle, up and to the right
        axis.annotate(str(number), place, xytext=(away, away), textcoords="offset points", fontsize=8, zorder=5)
    axis.locator_params(nbins=6)
    axis.set_xlabel(f"PC1 ({found.shares[0]:.0%} of the variance)")
    axis.set_ylabel(f"PC2 ({found.shares[1]:.0%})")
    axis.set_title(title)
    figure.legend(
        handles=handles(real, majority),
        title=f"dots: {told} samples; circles: {len(basin):,} fixed points, areas as their basins",
        loc="outside lower center",
        ncols=4 if max(map(len, real.classes), default=0) > 8 else 6,
        handletextpad=0.2,
        columnspacing=1.0,
    )
    return figure


def areas(basin: Int[np.ndarray, " D"]) -> Float[np.ndarray, " D"]:
    """Return the areas of circles."""
    return np.maximum(SMALLEST, LARGEST * basin / max(basin.max(initial=1), 1))


def handles(real: Dataset, majority: Int[np.ndarray, " D"]) -> list[Any]:
    """Return what the legend explains: samples, fixed points, and the colours of labels that occur."""
    from matplotlib.lines import Line2D

    dots: dict[str, Any] = {"linestyle": "", "marker": "o"}
    plain, filled = (UNLABELLED, "white") if real.classes else (DATA, MARK)
    sides = [
        Line2D([], [], **dots, markersize=6, color=plain, alpha=0.5, markeredgewidth=0, label="sample"),
        Line2D([], [], **dots, markersize=8, color=filled, markeredgecolor="black", label="fixed point"),
    ]
    shown = {*np.unique(real.labels).tolist(), *majority.tolist()} - {UNKNOWN}
    named = [
        (name, colour)
        for k, (name, colour) in enumerate(zip(real.classes, palette(len(real.classes)), strict=True))
        if k in shown
    ]
    return sides + [Line2D([], [], linestyle="", marker="s", markersize=6, color=c, label=name) for name, c in named]
