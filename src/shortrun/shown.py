"""How results look at a prompt and in a notebook: two lines, and the first rows of a table."""

from __future__ import annotations

import html
from typing import Any, ClassVar

import numpy as np

from shortrun.errors import printable

LINE = 118  # characters of a line
ROWS = 5  # of a table in a notebook


class Shown:
    """A result that is shown as two lines; in a notebook with the first rows of its table."""

    number: ClassVar[str | None] = (
        None  # how numbers of that table are written, as ".4g"; as pandas writes them by default
    )

    def __repr__(self) -> str:
        return "\n".join(cut(printable(line)) for line in self.said())

    def said(self) -> tuple[str, ...]:
        """Return the two lines: what it is, and what it holds; notes may follow, a line each."""
        held = [f"{name} {brief(value)}" for name, value in vars(self).items() if not name.startswith("_")]
        return type(self).__name__, f"  {', '.join(held)}"

    def first_rows(self) -> Any:
        """Return the first rows of its table as a frame of pandas; None where it has none."""
        table = getattr(self, "table", None)
        return None if table is None else table.head(ROWS)

    def _repr_html_(self) -> str:
        table = self.first_rows()
        how = None if self.number is None else f"{{:{self.number}}}".format
        rows = "" if table is None else table.to_html(max_cols=12, border=0, escape=True, na_rep="", float_format=how)
        return f"<div>{self.heading()}{rows}</div>"

    def heading(self) -> str:
        """Return the lines as HTML."""
        first, *others = (html.escape(printable(line)) for line in self.said())
        return "<br>".join([f"<strong>{first}</strong>", *(line.strip() for line in others)])


def framed(page: str) -> str:
    """Return HTML that shows a page in a frame of its own."""
    style = "width: 100%; height: 40em; border: 1px solid #ccc"
    return f'<iframe srcdoc="{html.escape(page)}" style="{style}"></iframe>'


def cut(line: str) -> str:
    """Return a line, cut where it is too long."""
    return line if len(line) <= LINE else f"{line[: LINE - 3]}..."


def brief(value: Any) -> str:
    """Return a value in a few characters: the size of what is large."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return " x ".join(f"{size:,}" for size in shape)
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, Shown):
        return type(value).__name__
    if isinstance(value, list | tuple | dict):
        return f"({len(value):,})"
    return str(value)
