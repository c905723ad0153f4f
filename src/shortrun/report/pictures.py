"""Figures inside a page: reproducible and small."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from shortrun.plots.figure import shown, style
from shortrun.plots.movie import encoded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shortrun.plots import Movie

MOST_BYTES = 150_000  # largest drawing; larger ones, of many points, become images
DPI = 110
UNDATED = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True)
class Picture:
    """A figure on the page.

    Parameters
    ----------
    title : str
        Heading.
    caption : str
        What it shows and what to look for.
    alt : str
        Description for readers who do not see the figure.
    source : str
        Its bytes as a data: address.
    wide : bool, default False
        Whether it needs the full width of the page.
    still : str, default ""
        Address of what stands for a moving picture on paper, and where motion is unwelcome.
    """

    title: str
    caption: str
    alt: str
    source: str = field(repr=False)
    wide: bool = False
    still: str = field(default="", repr=False)


def moving_picture(movie: Movie, title: str, caption: str) -> Picture:
    """Return a moving picture as part of a page, with a still one."""
    at_rest = picture(movie.at_rest(), title, caption)
    return replace(at_rest, source=address("gif", encoded(movie, "gif")), still=at_rest.source)


def picture(figure: Figure, title: str, caption: str, alt: str = "", *, pixels: bool = False) -> Picture:
    """Return a figure as part of a page: SVG, or PNG if it is dense or `pixels` is set."""
    arrange(shown(figure))
    drawing = b"" if pixels or has_pixels(figure) else svg(figure)
    dense = not drawing or len(drawing) > MOST_BYTES
    source = address("png", png(figure)) if dense else address("svg+xml", drawing)
    return Picture(title, caption, alt or f"{title}. {caption}", source, wide=bool(figure.get_figwidth() > 6))


def arrange(figure: Figure) -> None:
    """Give axes and legends their places for good: writing a figure would draw it once more for that, unseen."""
    engine = figure.get_layout_engine()
    with style():
        if engine is not None:
            engine.execute(figure)
        figure.set_layout_engine(None)


def has_pixels(figure: Figure) -> bool:
    """Return whether dots of a figure are pixels in any format, as many are; bars of colours always are, and small."""
    from matplotlib.collections import PathCollection

    return any(each.get_rasterized() for axes in figure.axes for each in axes.findobj(PathCollection))


def raster(values: np.ndarray, limits: tuple[float, float]) -> str:
    """Return an array (height, width) as a grey image, a pixel an entry, high values black."""
    from PIL import Image

    low, high = limits
    grey = 255 * (1 - np.clip((values - low) / max(high - low, 1e-9), 0, 1))
    file = io.BytesIO()
    Image.fromarray(grey.round().astype(np.uint8)).save(file, "png", optimize=True)
    return address("png", file.getvalue())


def svg(figure: Figure) -> bytes:
    """Return a drawing as bytes, without date and without addresses of the software."""
    file = io.BytesIO()
    with style():
        figure.savefig(file, format="svg", metadata=UNDATED)
    return file.getvalue()


def png(figure: Figure) -> bytes:
    """Return an image as bytes."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def address(kind: str, content: bytes) -> str:
    """Return bytes as an address that needs no network."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
