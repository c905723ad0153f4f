"""Pages whose figures are sketches, for tests of what is told around them: fine drawings take most of a page's time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shortrun.report import pictures


def sketch(figure):
    """Draw a figure once, coarsely, without layout and ticks: what cannot be drawn fails, at a fraction of the time."""
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.xaxis.set_visible(False)
        axes.yaxis.set_visible(False)
    figure.set_dpi(20)
    figure.canvas.draw()
    return b"<svg/>"


@contextmanager
def sketched_pages() -> Iterator[None]:
    """Sketch the figures of all pages made meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("svg", "png"):
            patch.setattr(pictures, kind, sketch)
        patch.setattr(pictures, "shown", lambda figure: figure)  # looks at each tick
        yield
