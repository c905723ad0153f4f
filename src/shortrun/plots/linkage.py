"""Decay of linkage disequilibrium, real and generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots._figure import new_figure, styled
from shortrun.plots._sides import COLOURS, check_alike, thinned
from shortrun.scores._genotypes import NEEDS, is_genotypes
from shortrun.scores.linkage import linkage_decay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = {"real": "o", "generated": "s"}


@styled
def linkage(real: Dataset, generated: Dataset) -> Figure:
    """Return the mean r^2 of pairs of sites against their distance, of as many real as generated samples.

    Dashed: 1 / N, what N samples have without linkage.

    Raises
    ------
    DataError
        If the samples are no genotypes, or of different sites, or no two sites are on one chromosome.
    """
    check_alike(real, generated, is_genotypes(real), NEEDS)
    count = min(len(real), len(generated))
    figure = new_figure(4.6, 3.2)
    axis = figure.subplots()
    for name, side in {"real": real, "generated": generated}.items():
        distances, r2 = linkage_decay(thinned(side, count), like=real)
        if not len(r2):
            raise DataError("this figure needs two sites of one chromosome with alleles of at least 5 %")
        axis.plot(distances, r2, MARKS[name] + "-", color=COLOURS[name], markersize=3.5, label=name)
    axis.axhline(1 / count, color="0.6", linewidth=0.8, linestyle="--")
    unit = "base pairs" if real.kind.genotypes.variants else "sites"
    axis.set(xscale="log", xlabel=f"distance in {unit}", ylabel="mean $r^2$", ylim=(0, None))
    axis.legend()
    return figure
