"""Sequence logos of real and generated sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from shortrun.data import Dataset
from shortrun.data.core.alphabet import DNA, RNA
from shortrun.plots.figure import WIDTH, new_figure, styled
from shortrun.scores import alike, information, most_different_sites

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PER_ROW = 40  # sites side by side
SITES = 120  # largest number of sites
SMALLEST = 0.03  # height of the smallest legible letter, as a share of the panel
CHEMISTRY = {"DE": "#D55E00", "KRH": "#0072B2", "STNQGCY": "#009E73", "AVLIPMFW": "black"}  # of amino acids
BASES = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "TU": "#D55E00"}


@styled
def sequence_logos(real: Dataset, generated: Dataset) -> Figure:
    """Return sequence logos of real sequences above those of generated ones, in rows of 40 sites.

    The height of a letter is its information in bits (`scores.information`). Of more than 120 sites the figure shows
    the 120 whose letter frequencies differ most, in their order.

    Parameters
    ----------
    real, generated : Dataset
        Aligned sequences of one alphabet.

    Raises
    ------
    DataError
        If they are not.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> from shortrun.data import Dataset
    >>> rna = Dataset.from_arrays([[0, 1, 2], [1, 1, 3]], alphabet="ACGU")
    >>> [axis.get_ylabel() for axis in sequence_logos(rna, rna).axes]
    ['real', 'generated']
    """
    generated = alike(real, generated)
    sites = most_different_sites(real, generated, SITES)
    heights = {"real": information(real)[sites], "generated": information(generated)[sites]}
    highest = max(1e-6, *(float(bits.sum(1).max()) for bits in heights.values()))
    assert real.alphabet is not None
    blocks = [range(first, min(first + PER_ROW, len(sites))) for first in range(0, len(sites), PER_ROW)]
    figure = new_figure(WIDTH, 1.75 * len(blocks) + 0.3)
    axes = figure.subplots(2 * len(blocks), 1, squeeze=False)[:, 0]
    colours = colours_of(real)
    for i, block in enumerate(blocks):
        for axis, (name, bits) in zip(axes[2 * i : 2 * i + 2], heights.items(), strict=True):
            draw_logo(axis, np.where(bits >= SMALLEST * highest, bits, 0.0)[block], real.alphabet.letters, colours)
            axis.spines.bottom.set_bounds(-0.5, len(block) - 0.5)
            axis.set(xlim=(-0.5, min(PER_ROW, len(sites)) - 0.5), ylim=(0, highest * 1.02), ylabel=name, xticks=[])
        number_sites(axes[2 * i + 1], sites[block] + 1)
    chosen = f"the {SITES} sites of {real.sites} that differ most; " if len(sites) < real.sites else ""
    figure.suptitle(f"{chosen}height: information (bits)", fontsize=10)
    return figure


def draw_logo(axis: Axes, heights: Float[np.ndarray, "L q"], letters: str, colours: dict[str, str]) -> None:
    """Draw one row of a logo: at each site the letters above zero, the largest on top, and those below upside down."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    order = np.argsort(heights, axis=1, kind="stable")
    stacked = np.abs(np.take_along_axis(heights, order, axis=1))
    feet = np.empty_like(heights)
    np.put_along_axis(feet, order, stacked.cumsum(1) - stacked + heights.clip(max=0).sum(1, keepdims=True), axis=1)
    for letter, height, foot in zip(letters, heights.T, feet.T, strict=True):
        places = np.flatnonzero(height)
        if not len(places):
            continue
        outline = outline_of(letter)
        x, y = outline.vertices[None].repeat(len(places), 0).transpose(2, 0, 1)
        up = (height[places] > 0)[:, None]
        x, y = x + places[:, None], foot[places, None] + np.abs(height[places, None]) * np.where(up, y, 1 - y)
        path = Path(np.stack([x, y], axis=2).reshape(-1, 2), np.tile(outline.codes, len(places)))
        axis.add_patch(PathPatch(path, facecolor=colours[letter], edgecolor="none", linewidth=0, zorder=0))
    axis.axhline(0, color="black", linewidth=0.5, zorder=-1)


def outline_of(letter: str) -> Any:
    """Return the path of a letter in a box of height 1 and width 1 around x = 0; narrow ones are stretched as E is."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    font = FontProperties(family="sans", weight="bold")
    path, widest = (TextPath((0, 0), each, size=1, prop=font) for each in (letter, "E"))
    box = path.get_extents()
    width = 1 / max(box.width, widest.get_extents().width)
    return path.transformed(Affine2D().translate(-box.x0 - box.width / 2, -box.y0).scale(width, 1 / box.height))


def number_sites(axis: Axes, sites: np.ndarray) -> None:
    """Write the numbers of the first site, of every fifth one, and of sites that do not follow the one before."""
    every = len(sites) < 2 or int(sites[-1] - sites[0]) != len(sites) - 1
    places = [i for i, site in enumerate(sites) if every or i == 0 or site % 5 == 0]
    axis.set_xticks(places, [str(sites[i]) for i in places], rotation=90 if every else 0, fontsize=9 if every else 11)


def colours_of(data: Dataset) -> dict[str, str]:
    """Return a colour for each letter: that of its base, or of the chemistry of its amino acid."""
    return colours_of_letters(data.alphabet.letters) if data.alphabet else {}


def colours_of_letters(letters: str) -> dict[str, str]:
    """Return a colour for each letter of an alphabet."""
    groups = BASES if letters in (DNA.letters, RNA.letters) else CHEMISTRY
    known = {letter: colour for same, colour in groups.items() for letter in same}
    return {letter: known.get(letter, "#555555") for letter in letters}
