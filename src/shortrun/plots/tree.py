"""A tree of fixed points with annotations of its leaves, rectangular, circular or growing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun.landscape import ROOT, Tree
from shortrun.landscape.tree_layout import LEAF_GAP, Depth, Layout, age_limits, children, layout, majority
from shortrun.phrases import counted
from shortrun.plots.figure import UNKNOWN, new_figure, short, styled
from shortrun.plots.movie import Movie
from shortrun.plots.tree_strips import Strip

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED = 80  # number of leaves up to which they are named
STRIP, GAP = 0.035, 0.012  # widths of a strip and of the space before it, relative to the tree
PURE = 0.9  # share of one class above which a branch has its colour
TURN = 0.96  # share of the full circle
HOLE = 0.12  # radius at the root of a circular tree, relative to the tree
LINE = 0.19  # height of a line of the legend in inches
FRAMES = 40  # of a tree that grows
NEAR = 1e-6  # of rounding

Place = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@styled
def tree(
    found: Tree,
    names: Sequence[str],
    strips: Sequence[Strip] = (),
    *,
    circular: bool = False,
    depth: Depth = "age",
    title: str = "",
) -> Figure:
    """Return a tree from the root to its leaves, with a strip of colours for each annotation of the leaves.

    Branches have the colour of a category of the first strip where 90 % of the leaves below share it. Nodes are dots
    whose areas are their shares of the leaves.

    Parameters
    ----------
    found : Tree
        Tree to draw.
    names : Sequence[str]
        Names of the leaves; up to 80 are drawn.
    strips : Sequence[Strip], default ()
        Classes and annotations, from the inside out.
    circular : bool, default False
        Draw it around a point instead of from left to right.
    depth : Depth, default "age"
        Distance from the root: the logarithm of the age, or the summed lengths of branches.
    title : str, default ""
        Title of the figure.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape.tree import Level
    >>> found = Tree(
    ...     parent=np.array([2, 2, -1]), age=np.array([100, 100, 10]), size=np.array([2, 1, 3]),
    ...     length=np.array([0.2, 0.3, 0.1]), profiles=torch.zeros(3, 4),
    ...     residual=np.zeros(3), converged=np.ones(3, bool), leaves=np.array([0, 0, 1]), leaf_length=0.1,
    ...     levels=(Level(100, 2), Level(10, 1)), stages=(), eps=0.1,
    ... )
    >>> tree(found, ["a", "b", "c"], title="a tree").axes[0].get_title()
    'a tree'
    """
    return drawn(found, names, strips, circular=circular, depth=depth, title=title)[0]


@styled
def tree_growing(found: Tree, names: Sequence[str], strips: Sequence[Strip] = ()) -> Movie:
    """Return a tree as it grows from the root, age by age: how the modes of a machine split while it learns.

    Parameters
    ----------
    found : Tree
        Tree to draw.
    names : Sequence[str]
        Names of the leaves; up to 80 are drawn.
    strips : Sequence[Strip], default ()
        Classes and annotations, from the inside out.

    Examples
    --------
    >>> import torch
    >>> from shortrun.landscape.tree import Level
    >>> found = Tree(
    ...     parent=np.array([2, 2, -1]), age=np.array([100, 100, 10]), size=np.array([2, 1, 3]),
    ...     length=np.array([0.2, 0.3, 0.1]), profiles=torch.zeros(3, 4),
    ...     residual=np.zeros(3), converged=np.ones(3, bool), leaves=np.array([0, 0, 1]), leaf_length=0.1,
    ...     levels=(Level(100, 2), Level(10, 1)), stages=(), eps=0.1,
    ... )
    >>> movie = tree_growing(found, ["a", "b", "c"])
    >>> movie.titles[0], movie.titles[-1]
    ('age 10: 1 mode', 'age 100: 2 modes')
    """
    from matplotlib.transforms import Bbox, TransformedBbox

    _, axis, growing = drawn(found, names, strips)
    low, high = age_limits(found)
    fronts = np.linspace(0, 1 - LEAF_GAP, FRAMES)
    ages = low * (high / low) ** (fronts / (1 - LEAF_GAP))
    modes = [len(np.unique(found.at(math.floor(age * (1 + NEAR))))) for age in ages]
    titles = [f"age {age:,.0f}: {counted(count, 'mode')}" for age, count in zip(ages, modes, strict=True)]

    def show(place: int) -> None:
        last = place == len(fronts) - 1
        (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
        front = Bbox([[left, bottom], [right if last else fronts[place] + NEAR, top]])
        for artist in growing:
            artist.set_clip_box(TransformedBbox(front, axis.transData))

    return Movie(axis, show, tuple(titles))


def drawn(
    found: Tree,
    names: Sequence[str],
    strips: Sequence[Strip] = (),
    *,
    circular: bool = False,
    depth: Depth = "age",
    title: str = "",
) -> tuple[Figure, Axes, list[Artist]]:
    """Draw a tree into a new figure, and return it with its axes and what grows: branches and nodes."""
    first = next((strip for strip in strips if not strip.numeric), None)
    codes = None if first is None else first.codes()
    places = layout(found, codes, depth)
    place = circular_places(len(places.order)) if circular else rectangular_places
    height = 7.0 if circular else float(np.clip(0.14 * len(places.order), 3.5, 9.0))
    figure = new_figure(9.0, height)
    grid = figure.add_gridspec(1, 2, width_ratios=(4, 1)) if strips else figure.add_gridspec(1, 1)
    axis = figure.add_subplot(grid[0, 0])
    growing = [
        draw_branches(axis, found, places, *colours_of(found, first), place),
        draw_nodes(axis, found, places, place),
    ]
    edge = draw_strips(axis, places, strips, place)
    if len(names) <= NAMED:
        write_names(axis, places, names, edge, place, circular)
    set_limits(axis, found, depth, circular, edge)
    if strips:
        draw_legends(figure.add_subplot(grid[0, 1]), strips, height)
    axis.set_title(title)
    return figure, axis, growing


def colours_of(found: Tree, strip: Strip | None) -> tuple[list[str], list[str]]:
    """Return the colours of the branches to nodes and to leaves."""
    if strip is None:
        return [UNKNOWN] * len(found), [UNKNOWN] * len(found.leaves)
    names = [*strip.shades(), UNKNOWN]
    best, share = majority(found.composition(strip.codes(), len(strip.categories)))
    return [names[code if of >= PURE else -1] for code, of in zip(best, share, strict=True)], strip.colours()


def rectangular_places(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of a rectangular tree, the first leaf on top."""
    return x, -y


def circular_places(count: int) -> Place:
    """Return the function from places of a rectangular tree to those of a circular one."""

    def placed(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angle = np.pi / 2 - 2 * np.pi * TURN * (y + 0.5) / count
        return (x + HOLE) * np.cos(angle), (x + HOLE) * np.sin(angle)

    return placed


def draw_branches(
    axis: Axes, found: Tree, places: Layout, of_nodes: list[str], of_leaves: list[str], place: Place
) -> Artist:
    """Draw a line from each node and leaf back to the depth of its parent, and one across the branches of each node."""
    from matplotlib.collections import LineCollection

    lines: list[np.ndarray] = []
    colours: list[str] = []

    def line(x: Sequence[Any], y: Sequence[Any], colour: str) -> None:
        points = 2 if y[0] == y[1] else 2 + int(180 * abs(y[1] - y[0]) / len(places.order))
        lines.append(np.stack(place(np.linspace(x[0], x[1], points), np.linspace(y[0], y[1], points)), 1))
        colours.append(colour)

    for leaf, node in enumerate(found.leaves):
        line((places.node_x[node], places.leaf_x[leaf]), (places.leaf_y[leaf],) * 2, of_leaves[leaf])
    for node, below in enumerate(children(found)):
        parent = found.parent[node]
        start = places.node_x[parent] if parent != ROOT else places.node_x[node] - 0.02
        line((start, places.node_x[node]), (places.node_y[node],) * 2, of_nodes[node])
        ends = [places.node_y[it] for it in below] or [float(places.first[node]), float(places.last[node])]
        line((places.node_x[node],) * 2, (min(ends), max(ends)), of_nodes[node])
    width = float(np.clip(150 / len(places.order), 0.25, 1.2))
    widths = [width] * len(found.leaves) + [1.1] * (2 * len(found))
    return axis.add_collection(LineCollection(lines, colors=colours, linewidths=widths, capstyle="projecting"))


def draw_nodes(axis: Axes, found: Tree, places: Layout, place: Place) -> Artist:
    """Draw the nodes, with areas that grow with the number of leaves below."""
    x, y = place(places.node_x, places.node_y)
    areas = 4 + 90 * found.size / len(found.leaves)
    if len(found) > 2 * NAMED:
        areas = np.where(found.size >= 0.01 * len(found.leaves), areas, 1)
    return axis.scatter(x, y, s=areas, c="white", edgecolors="#333333", linewidths=0.7, zorder=3)


def draw_strips(axis: Axes, places: Layout, strips: Sequence[Strip], place: Place) -> float:
    """Draw the strips outside the leaves, and return where they end."""
    from matplotlib.collections import PolyCollection

    edge = 1.0
    ends = np.linspace(0, 1, 2)
    for strip in strips:
        inner, outer = edge + GAP, edge + GAP + STRIP
        corners = []
        for y in places.leaf_y:
            low, high = np.full(2, y - 0.5), np.full(2, y + 0.5)
            across = inner + (outer - inner) * ends
            x = np.concatenate([across, across[::-1]])
            corners.append(np.stack(place(x, np.concatenate([low, high])), 1))
        axis.add_collection(PolyCollection(corners, facecolors=strip.colours(), edgecolors="face", linewidths=0.1))
        edge = outer
    return edge


def write_names(axis: Axes, places: Layout, names: Sequence[str], edge: float, place: Place, circular: bool) -> None:
    """Write the names of the leaves outside the strips."""
    size = float(np.clip(420 / len(names), 4.5, 9))
    x, y = place(np.full(len(names), edge + 2 * GAP), places.leaf_y)
    for leaf, name in enumerate(names):
        angle = float(np.degrees(np.arctan2(y[leaf], x[leaf]))) if circular else 0.0
        flipped = circular and abs(angle) > 90
        axis.text(
            x[leaf],
            y[leaf],
            name if len(name) <= 24 else name[:23] + "…",
            fontsize=size,
            rotation=angle + 180 if flipped else angle,
            rotation_mode="anchor",
            ha="right" if flipped else "left",
            va="center",
            parse_math=False,
        )


def set_limits(axis: Axes, found: Tree, depth: Depth, circular: bool, edge: float) -> None:
    """Set the limits of the axes, and label the depth."""
    beyond = edge + (0.3 if len(found.leaves) <= NAMED else 0.02)
    axis.spines[:].set_visible(False)
    axis.set_yticks([])
    axis.set_xticks([])
    if circular:
        axis.set_xlim(-beyond - HOLE, beyond + HOLE)
        axis.set_ylim(-beyond - HOLE, beyond + HOLE)
        axis.set_aspect("equal")
        return
    axis.set_xlim(-0.04, beyond)
    axis.set_ylim(-len(found.leaves), 1)
    if depth == "age":
        places, ages = ticks(found)
        axis.set_xticks(places, ages)
        axis.spines["bottom"].set(visible=True, bounds=(0, 1 - LEAF_GAP))
        axis.set_xlabel("age at which the samples below share one fixed point (updates)", loc="left")
    else:
        axis.set_xlabel("distance from the root (squared differences per site along the branches)", loc="left")


def ticks(found: Tree) -> tuple[list[float], list[str]]:
    """Return round ages and their depths."""
    low, high = age_limits(found)
    ages = [step * 10**power for power in range(-1, 9) for step in (1, 2, 5)]
    ages = [age for age in ages if low <= age <= high] or [low]
    spread = max(np.log10(high / low), 1e-9)
    return [float((1 - LEAF_GAP) * np.log10(age / low) / spread) for age in ages], [short(age) for age in ages]


def draw_legends(axis: Axes, strips: Sequence[Strip], height: float) -> None:
    """Draw a legend for each strip, one below the other."""
    from matplotlib.legend import Legend
    from matplotlib.patches import Patch

    axis.set_axis_off()
    most = max(4, int(height / LINE / len(strips)) - 3)
    top = 1.0
    for strip in strips:
        entries = strip.legend()
        drawn = entries[:most]
        if len(entries) > most:
            drawn[-1] = (f"{len(entries) - most + 1} more", UNKNOWN)
        legend = Legend(
            axis,
            [Patch(color=colour) for _, colour in drawn],
            [name.replace("$", r"\$") for name, _ in drawn],
            title=strip.name.replace("$", r"\$"),
            loc="upper left",
            bbox_to_anchor=(0.0, top),
            borderaxespad=0,
            alignment="left",
            handlelength=1,
            labelspacing=0.3,
        )
        axis.add_artist(legend)
        top -= (len(drawn) + 2) * LINE / height
