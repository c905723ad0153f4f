"""Allele frequencies of generated against real samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.data import Dataset
from shortrun.plots._figure import new_figure, styled
from shortrun.plots._sides import COLOURS, check_alike
from shortrun.scores.genotypes import GENOTYPES, frequencies, frequency_pearson

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def allele_frequencies(real: Dataset, generated: Dataset) -> Figure:
    """Return a scatter of the frequency of allele 1 in generated against real samples, a dot a site.

    Raises
    ------
    DataError
        If the samples are no genotypes, or of different sites.
    """
    check_alike(real, generated, GENOTYPES)
    figure = new_figure(3.6, 3.6)
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    x, y = frequencies(real), frequencies(generated)
    axis.scatter(x, y, s=8, alpha=0.5, linewidths=0, color=COLOURS["generated"], rasterized=len(x) > 5000)
    axis.set(
        xlabel="allele frequency, real",
        ylabel="allele frequency, generated",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
        title=f"r = {frequency_pearson(real, generated).value:.4f}, {len(x):,} sites",
    )
    return figure
