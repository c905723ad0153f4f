"""Size, fonts, colours and axes of all figures, and how a figure is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from shortrun.errors import DataError, FormatError, MissingExtraError, printable
from shortrun.files import atomic
from shortrun.phrases import described
from shortrun.plots.arguments import usable
from shortrun.settings import checked

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

SUFFIXES = (".png", ".svg", ".pdf")
WIDTH = 6.0  # inches: 900 pixels at 150 dpi, the column of a report; readable on a phone too
DPI = 150

DATA, GENERATED, UNKNOWN = "black", "#7A4EAB", "#9A9A9A"  # real, generated, and unlabelled samples
MARK = "#C0392B"  # of what a figure points out: k, a_max
# The first seven are those of Okabe and Ito; each later one is the most distinct from all before it, for normal and
# for dichromat vision.
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
    "svg.fonttype": "path",  # the same look everywhere
    "svg.hashsalt": "shortrun",  # the same bytes each time
}

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Return a function that draws with the fonts and lines of all figures, whatever the settings of the user are.

    Wrong arguments are one clear line.
    """

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> R:
        given = usable(draw, args, options)
        with style():
            return draw(*given.args, **given.kwargs)  # pyright: ignore[reportCallIssue]

    return drawn


def style() -> Any:
    """Return a context with the settings of all figures.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    check_matplotlib()
    from matplotlib import style as styles

    return styles.context(["default", STYLE])


def check_matplotlib() -> None:
    """Check that figures can be drawn, before anything is computed for them.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("matplotlib", "plots")


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, without a window.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    check_matplotlib()
    from shortrun.plots.drawn import Drawn

    return Drawn(figsize=(width, height), layout="constrained")


def palette(count: int) -> list[str]:
    """Return a colour for each class, distinct for colour-blind readers too; after 30 they repeat.

    Examples
    --------
    >>> palette(2)
    ['#0072B2', '#E69F00']
    """
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def time_axis(axis: Axes, label: str) -> None:
    """Make the x axis logarithmic, with labels such as 300, 1k and 20k."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_xscale("log")
    axis.set_xlabel(label)
    low, high = axis.get_xlim()
    few = high / max(low, 1e-12) < 30
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=8))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axis.xaxis.set_minor_formatter(NullFormatter())


def short(number: float) -> str:
    """Return a number of updates or sweeps in few characters.

    Examples
    --------
    >>> [short(number) for number in (1, 300, 20_000, 1_000_000)]
    ['1', '300', '20k', '1M']
    """
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{letter}"
    return f"{number:g}"


def score_axis(axis: Axes, label: str, values: Iterable[float]) -> None:
    """Fit the y axis to the values of a score: logarithmic if none is negative, with zeros at the lower edge."""
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
    """Draw a vertical line at the number of sweeps in training; none if it is unknown (0)."""
    if k > 0:
        axis.axvline(k, color=MARK, linestyle="--", linewidth=1.2, label=f"k = {k}", zorder=1)


def check_suffix(path: Path | str) -> None:
    """Check that a figure can be written under this name.

    Parameters
    ----------
    path : Path or str
        File to write.

    Raises
    ------
    FormatError
        If the suffix is none of .png, .svg and .pdf.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> check_suffix("figure.svg")
    >>> check_suffix("figure.jpg")
    Traceback (most recent call last):
    shortrun.errors.FormatError: figure.jpg: figures are written as .png, .svg, .pdf, got '.jpg'
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise FormatError(path, None, f"figures are written as {', '.join(SUFFIXES)}, got '{path.suffix}'")
    check_matplotlib()


@checked
def save(figure: Figure, path: Path | str) -> None:
    """Write a figure, completely or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        What a function of this room returned.
    path : Path or str
        File with the suffix .png, .svg or .pdf, which determines the format.

    Raises
    ------
    DataError
        If it is no figure.
    FormatError
        If the suffix is another.
    StoreError
        If the file cannot be written.

    Examples
    --------
    >>> save(new_figure(1, 1), "figure.svg")
    """
    if not hasattr(figure, "savefig"):
        raise DataError(f"plots.save: figure: what a function of plots returns expected, got {described(figure)}")
    path = Path(path)
    check_suffix(path)
    kind = path.suffix[1:].lower()
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    shown(figure)
    with atomic(path) as temporary, style():
        figure.savefig(temporary, format=kind, dpi=DPI, metadata=undated)


def shown(figure: Figure) -> Figure:
    """Return a figure whose texts have no control characters, and no formulas that are none, as names may have."""
    from matplotlib.mathtext import MathTextParser
    from matplotlib.ticker import Formatter, FuncFormatter

    parse = MathTextParser("path").parse

    def tidied(format: Formatter) -> Formatter:
        return FuncFormatter(lambda value, place: plain(format(value, place), parse))

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), FuncFormatter):  # which names of ticks are, too
                axis.set_major_formatter(tidied(axis.get_major_formatter()))
    for text in texts_in(figure):
        text.set_text(plain(text.get_text(), parse))
    return figure


def texts_in(artist: Artist) -> Iterator[Text]:
    """Yield the texts of an artist and of all that it holds but for those of ticks, which come with the drawing."""
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    if isinstance(artist, Text):
        yield artist
    for child in [artist.label] if isinstance(artist, Axis) else artist.get_children():
        yield from texts_in(child)


def plain(text: str, parse: Callable[[str], Any]) -> str:
    """Return a text as a figure can show it; dollars that enclose no formula are dollars."""
    tidy = printable(str(text), keep="\n")
    if "$" not in tidy:
        return tidy
    try:
        parse(tidy)
    except ValueError:
        return tidy.replace("$", r"\$")
    return tidy
