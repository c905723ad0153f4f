"""Figures as parts of a page: inside it, the same bytes each time, small."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shortrun.plots.figure import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BYTES = 150_000  # of a drawing; larger ones, of many points, become pixels
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
        What it shows, for who does not see it.
    source : str, optional
        Its bytes, as a data: address.
    wide : bool, default False
        Whether it needs the width of the page.
    """

    title: str
    caption: str
    alt: str
    source: str = field(repr=False)
    wide: bool = False


def picture(figure: Figure, title: str, caption: str, alt: str = "", *, pixels: bool = False) -> Picture:
    """Return a figure as part of a page: lines as SVG, dense ones and `pixels` as PNG."""
    drawing = b"" if pixels else svg(figure)
    dense = pixels or len(drawing) > MOST_BYTES
    source = address("png", png(figure)) if dense else address("svg+xml", drawing)
    return Picture(title, caption, alt or f"{title}. {caption}", source, wide=bool(figure.get_figwidth() > 6))


def svg(figure: Figure) -> bytes:
    """Return the bytes of a drawing, without the date and without addresses of what made it."""
    file = io.BytesIO()
    with style():
        figure.savefig(file, format="svg", metadata=UNDATED)
    return file.getvalue()


def png(figure: Figure) -> bytes:
    """Return the bytes of pixels."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def address(kind: str, content: bytes) -> str:
    """Return bytes as an address that needs no network."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
