"""The phase diagram, and the path of a machine in it, drawn or walked."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from shortrun.plots.arguments import check_columns
from shortrun.plots.figure import new_figure, short, styled
from shortrun.plots.movie import Movie

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Axis = Literal["sigma-w", "sk"]
Corner: TypeAlias = tuple[float, float]
AXES: tuple[Axis, ...] = ("sigma-w", "sk")
PARAMAGNET, FERROMAGNET, GLASS = "#F4F4F4", "#DCE9F5", "#FBE9D9"
NONE = 1e-6  # in place of zero on logarithmic axes
END = math.sqrt(math.pi / 2)  # limit of w / sigma at the end of the glass for large sigma, for every kappa
LARGEST = {"sigma-w": (2.5, 3.2), "sk": (2.0, 2.0)}
LABELS = {
    "sigma-w": (r"noise $\sigma$", r"largest signal $w_1$"),
    "sk": (r"$w_1 / \sigma$", r"$1 / \sigma$"),
}
BOUNDARY = ("boundary", "sigma", "w", "x", "y")
PATH = ("age", "sigma", "w_1", "x", "y")
DOT, HERE = 18, 110  # areas of the ages, and of the one where a walk is, in square points


@styled
def phase_diagram(boundaries: pd.DataFrame, path: pd.DataFrame | None = None, *, axes: Axis = "sigma-w") -> Figure:
    r"""Return the phases of low-rank weights in noise, and the path of a machine with a dot for each age.

    Axes are the noise and the largest signal, or w_1 / sigma and 1 / sigma as in the Sherrington-Kirkpatrick model.
    With a path they are logarithmic, since the noise of a trained machine is that of its small initial weights. Ages
    without a signal above the noise are triangles at the edge.

    Parameters
    ----------
    boundaries : pd.DataFrame
        Columns boundary, sigma, w, x, y (`phases.boundaries`).
    path : pd.DataFrame, optional
        Columns age, sigma, w_1, x, y (`workflows.phases`).
    axes : str, default "sigma-w"
        "sigma-w" or "sk".

    Raises
    ------
    DataError
        If columns are missing.

    Examples
    --------
    >>> from shortrun.regimes import boundaries
    >>> phase_diagram(boundaries()).axes[0].get_xlabel()
    'noise $\\sigma$'
    """
    figure, axis = draw_diagram(boundaries, path, axes)
    if path is not None:
        draw_path(axis, path, axes)
    return figure


@styled
def phase_walk(boundaries: pd.DataFrame, path: pd.DataFrame, *, axes: Axis = "sigma-w") -> Movie:
    r"""Return the path of a machine in the phase diagram as it walks, an age a frame, its place a large dot.

    Parameters
    ----------
    boundaries : pd.DataFrame
        Columns boundary, sigma, w, x, y (`phases.boundaries`).
    path : pd.DataFrame
        Columns age, sigma, w_1, x, y and phase (`workflows.phases`).
    axes : str, default "sigma-w"
        "sigma-w" or "sk".

    Raises
    ------
    DataError
        If columns are missing.

    Examples
    --------
    >>> from shortrun.regimes import boundaries
    >>> path = {"age": [1, 10], "sigma": [0.1, 0.1], "w_1": [0.5, 2.0], "x": [5, 20], "y": [10, 10]}
    >>> path |= {"phase": ["paramagnet", "ferromagnet"]}
    >>> phase_walk(boundaries(), pd.DataFrame(path)).titles
    ('age 1: paramagnet', 'age 10: ferromagnet')
    """
    check_columns(path, (*PATH, "phase"))
    _, axis = draw_diagram(boundaries, path, axes)
    titles = [f"age {age:,}: {phase}" for age, phase in zip(path["age"], path["phase"], strict=True)]
    return Movie(axis, draw_path(axis, path, axes), tuple(titles), phase_diagram(boundaries, path, axes=axes))


def draw_diagram(boundaries: pd.DataFrame, path: pd.DataFrame | None, axes: Axis) -> tuple[Figure, Axes]:
    """Draw the phases into a new figure, with logarithmic axes and room for the path if there is one."""
    for table, needed in ((boundaries, BOUNDARY), (path, PATH)):
        if table is not None:
            check_columns(table, needed)
    figure = new_figure(5.4 if path is not None else 4.6, 4.2)
    axis = figure.subplots()
    low, high = limits(path, axes)
    draw_phases(axis, boundaries, axes)
    if path is not None:
        axis.set(xscale="log", yscale="log")
    write_names(axis, axes, low, high, logarithmic=path is not None)
    axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel=LABELS[axes][0], ylabel=LABELS[axes][1])
    return figure, axis


def limits(path: pd.DataFrame | None, axes: Axis) -> tuple[Corner, Corner]:
    """Return the lower left and the upper right corner, with space for the three phases and all dots."""
    if path is None:
        return (0.0, 0.0), LARGEST[axes]
    known = [values[np.isfinite(values) & (values > 0)] for values in columns(path, axes)]
    (left, bottom), (right, top) = ([f([*values, edge]) for values in known] for f, edge in ((min, 0.2), (max, 4.0)))
    return (left / 2, bottom / 2), (right * 2, top * 2)


def columns(path: pd.DataFrame, axes: Axis) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of the dots."""
    names = ("sigma", "w_1") if axes == "sigma-w" else ("x", "y")
    return path[names[0]].to_numpy(float), path[names[1]].to_numpy(float)


def draw_phases(axis: Axes, table: pd.DataFrame, axes: Axis) -> None:
    """Fill the phases and draw their boundaries."""
    lines = {
        name: (rows["sigma"].to_numpy(float), rows["w"].to_numpy(float)) for name, rows in table.groupby("boundary")
    }
    sigma, w = (np.append(known, end) for known, end in zip(lines["SG/F"], (1 / NONE, END / NONE), strict=True))
    para = np.array([NONE, 1, 1, NONE]), np.array([NONE**2, NONE, 1, 1])
    glass = np.array([1, 1, *sigma, sigma[-1]]), np.array([NONE, 1, *w, NONE])
    axis.set_facecolor(FERROMAGNET)
    axis.fill(*in_axes(*para, axes), color=PARAMAGNET, linewidth=0)
    axis.fill(*in_axes(*glass, axes), color=GLASS, linewidth=0)
    for between in (para[0][2:], para[1][2:]), (para[0][1:3], para[1][1:3]), (sigma, w):
        axis.plot(*in_axes(*between, axes), color="black")
    axis.plot(
        *in_axes(*lines["AT"], axes), color="black", linestyle="--", linewidth=1.1, label="AT: replica symmetry breaks"
    )


def in_axes(sigma: np.ndarray, w: np.ndarray, axes: Axis) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of points (sigma, w)."""
    return (sigma, w) if axes == "sigma-w" else (w / sigma, 1 / sigma)


def write_names(axis: Axes, axes: Axis, low: Corner, high: Corner, *, logarithmic: bool) -> None:
    """Write the name of each phase into its region."""
    if logarithmic:
        (left, bottom), (right, top) = ((math.sqrt(edge) for edge in corner) for corner in (low, high))
        places = {
            "sigma-w": ((left, bottom), (left, top), (right, bottom)),
            "sk": ((left, top), (right, 1.0), (left, bottom)),
        }
    else:
        places = {"sigma-w": ((0.5, 0.5), (0.8, 2.0), (1.7, 0.6)), "sk": ((0.6, 1.5), (1.55, 0.9), (0.5, 0.5))}
    for phase, (x, y) in zip(("paramagnet", "ferromagnet", "spin glass"), places[axes], strict=True):
        axis.text(x, y, phase, ha="center", va="center", fontsize=9)
    axis.legend(loc="lower right" if axes == "sk" and logarithmic else "upper left", fontsize=8)


def draw_path(axis: Axes, path: pd.DataFrame, axes: Axis) -> Callable[[int], None]:
    """Draw a dot for each age, coloured by age; ages without a signal are at the edge.

    Returns a function that leaves only the ages up to a place, which has a large dot.
    """
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import FuncFormatter

    x, y = columns(path, axes)
    signal = np.isfinite(path["w_1"].to_numpy(float))
    ages = path["age"].to_numpy(float).clip(min=1)
    looks: dict[str, Any] = {"norm": LogNorm(ages.min(), max(ages.max(), ages.min() + 1)), "zorder": 4}
    (line,) = axis.plot(x[signal], y[signal], color="#666666", linewidth=0.8, zorder=3)
    points = axis.scatter(x[signal], y[signal], c=ages[signal], s=DOT, edgecolor="black", linewidth=0.3, **looks)
    if axes == "sigma-w":
        edge, marker = (x[~signal], np.full((~signal).sum(), axis.get_ylim()[0] * 1.15)), "v"
    else:
        edge, marker = (np.full((~signal).sum(), axis.get_xlim()[0] * 1.15), y[~signal]), "<"
    at_edge = axis.scatter(*edge, c=ages[~signal], marker=marker, s=DOT, clip_on=False, **looks)
    bar = axis.figure.colorbar(points, ax=axis, label="age (updates)")
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))

    def show(place: int) -> None:
        order = np.arange(len(path))
        sizes = np.where(order < place, DOT, np.where(order == place, HERE, 0))
        points.set_sizes(sizes[signal])
        at_edge.set_sizes(sizes[~signal])
        line.set_data(x[signal & (order <= place)], y[signal & (order <= place)])

    return show
