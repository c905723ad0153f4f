"""Mean-field fixed points and the data in their basins, on the principal components of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from shortrun.data import Dataset
from shortrun.data.core.labels import UNKNOWN
from shortrun.plots.figure import DATA, MARK, WIDTH, new_figure, palette, shown, styled
from shortrun.plots.figure import UNKNOWN as UNLABELLED
from shortrun.plots.pca import scatter_samples
from shortrun.scores import project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERED = 15  # fixed points that have a number
LARGEST, SMALLEST = 500.0, 25.0  # areas of circles, in square points
LETTER = 8  # size of numbers, in points
AROUND, RINGS = 16, 4  # places that are tried for a number: directions, distances


@styled
def fixed_points(
    real: Dataset,
    profiles: Float[np.ndarray, "D F"],
    basin: Int[np.ndarray, " D"],
    majority: Int[np.ndarray, " D"],
    *,
    title: str = "",
) -> Figure:
    """Return fixed points on the first two principal components of samples, as in DRS23.

    Dots are samples, coloured by label. Circles are fixed points: areas are proportional to basins (above a minimum),
    colours are those of the most frequent label in the basin, and numbers start at the largest basin.

    Parameters
    ----------
    real : Dataset
        Samples.
    profiles : Float[ndarray, "D F"]
        Mean features, like the features of a `Dataset`: of two values that of the second, of more one-hot.
    basin : Int[ndarray, " D"]
        Number of starts that converged to each fixed point.
    majority : Int[ndarray, " D"]
        Code of the most frequent class in each basin, -1 for none.
    title : str, default ""
        Title of the figure.

    Raises
    ------
    DataError
        If there are too few samples.

    Examples
    --------
    >>> from shortrun.data import read
    >>> from shortrun.scores import features
    >>> data = read("digits").head(50)
    >>> figure = fixed_points(data, features(data)[:2], np.array([3, 1]), np.array([0, 1]))
    >>> figure.axes[0].get_ylabel()[:3]
    'PC2'
    """
    found = project(real, real)
    places = found.place(profiles)
    figure = new_figure(WIDTH, 5.6)
    axis = figure.add_subplot()
    count = scatter_samples(axis, real, found.real, "real", real.classes)
    colours = np.array([*palette(len(real.classes)), UNLABELLED if real.classes else MARK])
    axis.scatter(*places.T, s=areas(basin), c=colours[majority], edgecolors="black", linewidths=1.2, zorder=4)
    axis.locator_params(nbins=6)
    axis.set_xlabel(f"PC1 ({found.shares[0]:.0%} of the variance)")
    axis.set_ylabel(f"PC2 ({found.shares[1]:.0%})")
    axis.set_title(title)
    figure.legend(
        handles=legend_handles(real, majority),
        title=f"dots: {count} samples; circles: {len(basin):,} fixed points, areas proportional to basins",
        loc="outside lower center",
        ncols=4 if max(map(len, real.classes), default=0) > 8 else 6,
        handletextpad=0.2,
        columnspacing=1.0,
    )
    number_circles(figure, axis, places[:NUMBERED], areas(basin)[:NUMBERED])
    return figure


def number_circles(figure: Figure, axis: Axes, places: np.ndarray, sizes: np.ndarray) -> None:
    """Write numbers beside circles, each where it covers no other number and least of the circles."""
    shown(figure).draw_without_rendering()  # the layout decides where places are
    centres = axis.transData.transform(places) * 72 / figure.dpi
    radii, taken = np.sqrt(sizes / np.pi), np.empty((0, 2))
    for number, (place, centre, radius) in enumerate(zip(places, centres, radii, strict=True), 1):
        turns = np.arange(AROUND) * 2 * np.pi / AROUND + np.pi / 4  # up and to the right first
        rings = [radius + LETTER * (0.8 + ring) for ring in range(RINGS)]
        offsets = np.concatenate([r * np.stack([np.cos(turns), np.sin(turns)], 1) for r in rings])
        apart = np.abs((centre + offsets)[:, None] - taken).reshape(len(offsets), len(taken), 2)
        hidden = (apart < [1.3 * LETTER, LETTER]).all(2).sum(1)
        reach = np.linalg.norm((centre + offsets)[:, None] - centres, axis=2) - radii
        covers = (reach < LETTER / 2).sum(1)
        offset = offsets[np.lexsort((np.arange(len(offsets)), covers, hidden))[0]]
        taken = np.vstack([taken, centre + offset])
        far = np.linalg.norm(offset) > radius + 1.5 * LETTER
        axis.annotate(
            str(number),
            place,
            xytext=tuple(offset),
            textcoords="offset points",
            fontsize=LETTER,
            ha="center",
            va="center",
            zorder=5,
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "shrinkA": 3, "shrinkB": 0} if far else None,
        )


def areas(basin: Int[np.ndarray, " D"]) -> Float[np.ndarray, " D"]:
    """Return the areas of the circles."""
    return np.maximum(SMALLEST, LARGEST * basin / max(basin.max(initial=1), 1))


def legend_handles(real: Dataset, majority: Int[np.ndarray, " D"]) -> list[Any]:
    """Return the entries of the legend: samples, fixed points, and the labels that occur."""
    from matplotlib.lines import Line2D

    dots: dict[str, Any] = {"linestyle": "", "marker": "o"}
    plain, filled = (UNLABELLED, "white") if real.classes else (DATA, MARK)
    sides = [
        Line2D([], [], **dots, markersize=6, color=plain, alpha=0.5, markeredgewidth=0, label="sample"),
        Line2D([], [], **dots, markersize=8, color=filled, markeredgecolor="black", label="fixed point"),
    ]
    occurring = {*np.unique(real.labels).tolist(), *majority.tolist()} - {UNKNOWN}
    named = [
        (name, colour)
        for k, (name, colour) in enumerate(zip(real.classes, palette(len(real.classes)), strict=True))
        if k in occurring
    ]
    return sides + [Line2D([], [], linestyle="", marker="s", markersize=6, color=c, label=name) for name, c in named]
