"""What all figures share: size, fonts, colours, axes, writing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from shortrun.errors import FormatError, MissingExtraError
from shortrun.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
WIDTH = 6.0  # inches: 900 pixels at 150 a inch, the column of a report; readable on a phone too
DPI = 150

DATA, GENERATED, UNKNOWN = "black", "#7A4EAB", "#9A9A9A"  # real samples, generated ones, without a label
MARK = "#C0392B"  # of what a figure points at: k, a_max
# the first seven are Okabe and Ito's, each other one farthest from those before it for normal and dichromat eyes
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#4B1E00", "#000087", "#69F0E1",
    "#873C4B", "#0000FF", "#5A87FF", "#003CB4", "#4B004B", "#5AD296", "#B43C00", "#4B3C78", "#78D2FF", "#691E3C",
    "#964B87", "#0F69F0", "#782D00", "#96F0A5", "#FF4B69", "#69C3C3", "#C3D25A", "#965A5A", "#E100C3", "#0087D2",
)  # fmt: skip
STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.6,
    "text.usetex": False,
    "svg.fonttype": "path",  # looks the same everywhere
    "svg.hashsalt": "shortrun",  # and is the same file each time
}

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Give a function that makes a figure the fonts and lines of all figures, whatever the user's settings are."""

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> R:
        with style():
            return draw(*args, **options)

    return drawn


def style() -> Any:
    """Return a context with the settings of all figures.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import style as styles
    except ImportError:
        raise MissingExtraError("matplotlib", "plots") from None
    return styles.context(["default", STYLE])


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, without a window behind it.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plots") from None
    return Figure(figsize=(width, height), layout="constrained")


def palette(count: int) -> list[str]:
    """Return a colour for each class, told apart by colour-blind readers too; after 30 they come again."""
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def time_axis(axis: Axes, label: str) -> None:
    """Make x logarithmic with plain whole numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_xscale("log")
    axis.set_xlabel(label)
    low, high = axis.get_xlim()
    few = high / max(low, 1e-12) < 30
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=8))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axis.xaxis.set_minor_formatter(NullFormatter())


def short(number: float) -> str:
    """Return a number of updates or sweeps in few letters: 1, 10, 300, 1k, 20k, 1M."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{letter}"
    return f"{number:g}"


def score_axis(axis: Axes, label: str, values: Iterable[float]) -> None:
    """Make y hold the values of a score: logarithmic where none is negative, with zeros at the lower edge."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_ylabel(label)
    finite = [value for value in values if math.isfinite(value)]
    positive = [value for value in finite if value > 0]
    if not positive or min(finite) < 0:
        return
    low, high = min(positive) / 1.4, max(positive) * 1.4
    axis.set_yscale("log", nonpositive="clip")
    axis.set_ylim(low, high)
    few = high / low < 100
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=6))
    if few:
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def mark_k(axis: Axes, k: int) -> None:
    """Draw a line at the sweeps of the training; none where they are not known (0)."""
    if k > 0:
        axis.axvline(k, color=MARK, linestyle="--", linewidth=1.2, label=f"k = {k}", zorder=1)


def check_suffix(path: Path | str) -> None:
    """Raise FormatError unless a figure can be written under that name."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise FormatError(path, None, f"figures are written as {', '.join(SUFFIXES)}, got '{path.suffix}'")


def save(figure: Figure, path: Path | str) -> None:
    """Write a figure in the format of the suffix (.png, .svg, .pdf), never half a file, the same bytes each time.

    Raises
    ------
    FormatError
        If the suffix is another.
    StoreError
        If it cannot be written.
    """
    path = Path(path)
    check_suffix(path)
    kind = path.suffix[1:].lower()
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    with atomic(path) as temporary, style():
        figure.savefig(temporary, format=kind, dpi=DPI, metadata=undated)
