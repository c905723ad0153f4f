"""Real and generated samples on the principal components of the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.data import Dataset
from shortrun.plots.figure import DATA, GENERATED, UNKNOWN, WIDTH, new_figure, palette, styled
from shortrun.scores import project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 2000  # dots on each side
VECTORS = 1000  # number of dots up to which a vector format draws circles
BINS = 50


@styled
def pca(real: Dataset, generated: Dataset) -> Figure:
    """Return samples on the first two principal components of the real ones, as FF23 fig. 1.

    Large dots are real samples, small dots with a black edge are generated ones, and colours are labels. The margins
    show the densities of all real (black outline) and generated samples (filled). Of more than 2,000 samples on a side
    the figure draws a random choice, and says so.

    Parameters
    ----------
    real, generated : Dataset
        Samples of one kind.

    Raises
    ------
    DataError
        If they are not of one kind, or too few.

    Examples
    --------
    >>> from shortrun.data import read
    >>> data = read("digits").head(100)
    >>> pca(data, data).axes[0].get_ylabel()[:3]
    'PC2'
    """
    found = project(real, generated)
    figure = new_figure(WIDTH, 6.2)
    grid = figure.add_gridspec(2, 2, width_ratios=(4, 1), height_ratios=(1, 4))
    dots = figure.add_subplot(grid[1, 0])
    above, right = figure.add_subplot(grid[0, 0], sharex=dots), figure.add_subplot(grid[1, 1], sharey=dots)
    named = generated.recode(real.classes) if real.classes and generated.classes else generated
    kinds = {"real": (real, found.real), "generated": (named, found.generated)}
    counts = [scatter_samples(dots, side, places, name, real.classes) for name, (side, places) in kinds.items()]
    for axis, component, way in ((above, 0, "vertical"), (right, 1, "horizontal")):
        draw_density(axis, found.real[:, component], found.generated[:, component], way)
    dots.locator_params(nbins=6)
    dots.set_xlabel(f"PC1 ({found.shares[0]:.0%} of the variance)")
    dots.set_ylabel(f"PC2 ({found.shares[1]:.0%})")
    figure.legend(
        handles=legend_handles(real.classes),
        title=f"dots: {counts[0]} real, {counts[1]} generated samples",
        loc="outside lower center",
        ncols=4 if max(map(len, real.classes), default=0) > 8 else 6,
        handletextpad=0.2,
        columnspacing=1.0,
    )
    return figure


def scatter_samples(axis: Axes, data: Dataset, places: np.ndarray, kind: str, classes: tuple[str, ...]) -> str:
    """Draw real or generated samples as dots, and return how many of how many."""
    rows = np.random.default_rng(0).permutation(len(data))[:POINTS]
    plain = [DATA if kind == "real" else GENERATED] if not classes else [UNKNOWN]
    colours = np.array([*(palette(len(classes)) if classes else []), *plain])
    looks: dict[str, Any] = {"s": 46, "alpha": 0.35, "linewidths": 0, "zorder": 2}
    if kind == "generated":
        looks = {"s": 11, "edgecolors": "black", "linewidths": 0.5, "zorder": 3}
    x, y = places[rows].T
    labels = data.labels[rows] if classes else np.full(len(rows), -1)
    axis.scatter(x, y, c=colours[labels], rasterized=len(rows) > VECTORS, label=kind, **looks)
    return f"{len(data):,}" if len(rows) == len(data) else f"{len(rows):,} of {len(data):,}"


def draw_density(axis: Axes, real: np.ndarray, generated: np.ndarray, way: Any) -> None:
    """Draw both densities along one component, in common bins."""
    bins = np.histogram_bin_edges(np.concatenate([real, generated]), BINS).tolist()
    axis.hist(generated, bins=bins, density=True, orientation=way, color=GENERATED, alpha=0.7, label="generated")
    axis.hist(real, bins=bins, density=True, orientation=way, histtype="step", color=DATA, linewidth=1.2, label="real")
    axis.tick_params(labelbottom=False, labelleft=False, left=way != "vertical", bottom=way == "vertical")
    axis.spines["left" if way == "vertical" else "bottom"].set_visible(False)


def legend_handles(classes: tuple[str, ...]) -> list[Any]:
    """Return the entries of the legend: real, generated, and the labels."""
    from matplotlib.lines import Line2D

    plain, filled = (DATA, GENERATED) if not classes else (UNKNOWN, "white")
    dots: dict[str, Any] = {"linestyle": "", "marker": "o"}
    sides = [
        Line2D([], [], **dots, markersize=8, color=plain, alpha=0.5, markeredgewidth=0, label="real"),
        Line2D([], [], **dots, markersize=4, color=filled, markeredgecolor="black", label="generated"),
    ]
    colours = zip(classes, palette(len(classes)), strict=True)
    return sides + [Line2D([], [], linestyle="", marker="s", markersize=6, color=c, label=name) for name, c in colours]
