"""What all figures share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shortrun.errors import MissingExtraError
from shortrun.files import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, without a window behind it.

    Raises
    ------
    MissingExtraError : if matplotlib is not installed
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plots") from None
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: Path | str) -> None:
    """Write a figure in the format of the suffix (.png, .svg, .pdf), never half a file."""
    path = Path(path)
    with atomic(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=150)
