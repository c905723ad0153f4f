"""The figures that functions of this room return; needs matplotlib at import."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

from shortrun.plots.figure import DPI, shown, style


class Drawn(Figure):
    """A figure that notebooks show, once, without `%matplotlib inline` and without pyplot."""

    def _repr_png_(self) -> bytes:
        image = io.BytesIO()
        with style():
            shown(self).savefig(image, format="png", dpi=DPI)
        return image.getvalue()
