"""Chains among the modes of the data: their samples on its principal components, time by time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots.figure import GENERATED, WIDTH, new_figure, palette, styled
from shortrun.plots.movie import Movie
from shortrun.plots.pca import draw_density, legend_handles, scatter_samples
from shortrun.plots.samples_movie import check_frames, told
from shortrun.scores import Projection, features, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 5  # times of the figure
TRAIL = 5  # frames that a chain leaves a trail of
PALE = 0.18  # opacity of real samples beneath chains


@styled
def pca_in_time(real: Dataset, frames: Mapping[int, Dataset]) -> Figure:
    """Return samples after several sweeps on the principal components of real ones, a panel each, as FF24 fig. 3.

    Above each panel are the densities along the first component: real samples a black outline, generated ones filled.

    Parameters
    ----------
    real : Dataset
        Real samples.
    frames : Mapping[int, Dataset]
        Generated samples by their number of sweeps, 0 for the initial noise.

    Raises
    ------
    DataError
        If there are no frames, samples of different kinds, or too few real ones.

    Examples
    --------
    >>> from shortrun.data import read
    >>> data = read("digits").head(100)
    >>> [axis.get_title() for axis in pca_in_time(data, {0: data, 10: data}).axes[:2]]
    ['start', 'after 10 sweeps']
    """
    found, places = placed(real, frames)
    width = max(WIDTH, 2.2 * len(frames))
    figure = new_figure(width, 0.3 + 1.25 * width / max(len(frames), 2))
    grid = figure.subplots(2, len(frames), sharex=True, sharey="row", squeeze=False, height_ratios=(1, 4))
    for above, dots, time, at in zip(*grid, frames, places, strict=True):
        scatter_samples(dots, real, found.real, "real", real.classes)
        scatter_samples(dots, frames[time], at, "generated", real.classes)
        draw_density(above, found.real[:, 0], at[:, 0], "vertical")
        above.set_title(told(time))
        dots.set_xlabel("PC1")
        dots.locator_params(nbins=4)
    grid[1, 0].set_ylabel("PC2")
    add_legend(figure, real)
    return figure


@styled
def chains_in_time(real: Dataset, frames: Mapping[int, Dataset]) -> Movie:
    """Return chains as they move on the principal components of real samples, and cross between modes, or do not.

    Large dots are real samples; each small one is a chain, with the trail of its last places. Colours are labels.

    Parameters
    ----------
    real : Dataset
        Real samples.
    frames : Mapping[int, Dataset]
        The same chains by their number of sweeps, 0 for the initial noise.

    Raises
    ------
    DataError
        If there are no frames, samples of different kinds, or too few real ones.

    Examples
    --------
    >>> from shortrun.data import read
    >>> data = read("digits").head(100)
    >>> chains_in_time(data, {0: data, 10: data}).titles
    ('start', 'after 10 sweeps')
    """
    check_frames([*frames.values()], [*frames])
    found, places = placed(real, frames)
    axis = new_figure(WIDTH, 5.2).subplots()
    scatter_samples(axis, real, found.real, "real", real.classes)
    axis.collections[0].set_alpha(PALE)
    move = draw_chains(axis, np.stack(places), next(iter(frames.values())), real.classes)
    axis.set_xlabel(f"PC1 ({found.shares[0]:.0%} of the variance)")
    axis.set_ylabel(f"PC2 ({found.shares[1]:.0%})")
    add_legend(axis.figure, real)
    times = [*frames]
    chosen = sorted({times[round(place)] for place in np.linspace(0, len(times) - 1, PANELS)})
    still = pca_in_time(real, {time: frames[time] for time in chosen})
    return Movie(axis, move, tuple(map(told, times)), still)


def placed(real: Dataset, frames: Mapping[int, Dataset]) -> tuple[Projection, list[Float[np.ndarray, "N 2"]]]:
    """Return the projection of real samples, and where the others are in it.

    Raises
    ------
    DataError
        If there are none.
    """
    if not frames:
        raise DataError("samples after at least one number of sweeps expected")
    found = project(real, next(iter(frames.values())))
    return found, [found.place(features(each)) for each in frames.values()]


def draw_chains(axis: Axes, places: Float[np.ndarray, "T N 2"], chains: Dataset, classes: Sequence[str]) -> Any:
    """Draw chains with their trails, and return a function that moves them to a frame."""
    from matplotlib.collections import LineCollection

    labels = chains.recode(tuple(classes)).labels if classes and chains.classes else np.full(len(chains), -1)
    colours = np.array([*palette(len(classes)), GENERATED])[labels]
    trails = LineCollection([], colors=colours, linewidths=0.9, alpha=0.8, zorder=3)
    axis.add_collection(trails)
    dots = axis.scatter(*places[0].T, s=22, c=colours, edgecolors="black", linewidths=0.7, zorder=4)
    axis.update_datalim(places.reshape(-1, 2))
    axis.autoscale_view()
    axis.locator_params(nbins=6)

    def move(place: int) -> None:
        dots.set_offsets(places[place])
        trails.set_segments([*places[max(0, place - TRAIL) : place + 1].transpose(1, 0, 2)])

    return move


def add_legend(figure: Any, real: Dataset) -> None:
    """Write below a figure, for which it grows, what its dots are."""
    handles = legend_handles(real.classes)
    longest, width = max(map(len, real.classes), default=0), figure.get_figwidth()
    columns = int(width / WIDTH * (4 if longest > 8 else 6))
    figure.set_figheight(figure.get_figheight() + 0.2 * (math.ceil(len(handles) / columns) - 1))
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=columns,
        handletextpad=0.2,
        columnspacing=1.0,
    )
