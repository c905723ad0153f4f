"""Annotations of the leaves of a tree as colours: classes and further columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from shortrun.plots.figure import UNKNOWN, palette

LOW, HIGH = (0.91, 0.93, 0.96), (0.0, 0.447, 0.698)  # ends of the scale: light, and the first colour of the palette
MOST_CATEGORIES = 30  # with colours of their own; the rarer ones are "other"
OTHER = "other"
REST = "#4D4D4D"  # of "other": grey, and unlike "unknown"


@dataclass(frozen=True)
class Strip:
    """A column of annotations beside the leaves.

    Parameters
    ----------
    name : str
        Name of the column.
    values : ndarray
        (N,) value of each leaf: texts, "" where unknown, or numbers, nan where unknown.
    order : tuple[str, ...], default ()
        Order of the categories, which determines their colours; by default the most frequent ones come first.

    Examples
    --------
    >>> strip = Strip("kind", np.array(["a", "b", "a", ""]))
    >>> strip.categories, strip.codes().tolist()
    (['a', 'b'], [0, 1, 0, -1])
    """

    name: str
    values: np.ndarray
    order: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers."""
        return self.values.dtype.kind == "f"

    @property
    def categories(self) -> list[str]:
        """The values of a column of texts, in order; if there are very many, the rarest are "other"."""
        known, counts = np.unique(self.values[self.values != ""], return_counts=True)
        ranked = [*self.order] or known[np.argsort(-counts, kind="stable")].tolist()
        return ranked if len(ranked) <= MOST_CATEGORIES else [*ranked[: MOST_CATEGORIES - 1], OTHER]

    def shades(self) -> list[str]:
        """Return the colour of each category; that of "other" is grey."""
        return [
            REST if name == OTHER and len(self.categories) == MOST_CATEGORIES else colour
            for name, colour in zip(self.categories, palette(len(self.categories)), strict=True)
        ]

    def codes(self) -> Int[np.ndarray, " N"]:
        """Return the code of the category of each leaf, -1 where unknown."""
        code = {name: i for i, name in enumerate(self.categories)}
        rest = code.get(OTHER, -1)
        return np.array([code.get(value, rest if value else -1) for value in self.values.tolist()], int)

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest number."""
        known = self.values[np.isfinite(self.values)]
        return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)

    def colours(self) -> list[str]:
        """Return the colour of each leaf as #rrggbb."""
        if not self.numeric:
            known = [*self.shades(), UNKNOWN]
            return [known[code] for code in self.codes()]
        low, high = self.limits
        shares = (self.values - low) / ((high - low) or 1.0)
        return [hexadecimal(share) if np.isfinite(share) else UNKNOWN for share in shares]

    def legend(self) -> list[tuple[str, str]]:
        """Return names and colours of the categories, or of the ends of a scale."""
        if self.numeric:
            low, high = self.limits
            return [(f"{low:.4g}", hexadecimal(0.0)), (f"{high:.4g}", hexadecimal(1.0))]
        unknown = [("unknown", UNKNOWN)] if (self.values == "").any() else []
        return [*zip(self.categories, self.shades(), strict=True), *unknown]


def hexadecimal(share: float) -> str:
    """Return the colour at a position between 0 and 1 of the scale of numbers."""
    mixed = [a + (b - a) * share for a, b in zip(LOW, HIGH, strict=True)]
    return "#" + "".join(f"{round(255 * part):02X}" for part in mixed)


def of_classes(name: str, labels: Int[np.ndarray, " N"], classes: Sequence[str]) -> Strip:
    """Return the strip of class labels (-1 where unknown), with the colours of classes in all figures."""
    return Strip(name, np.array([*classes, ""], dtype=object)[labels].astype(str), tuple(classes))
