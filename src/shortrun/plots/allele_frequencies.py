"""Allele frequencies of generated against real samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.data import Dataset
from shortrun.plots.figure import new_figure, styled
from shortrun.plots.sides import COLOURS, check_alike
from shortrun.scores.genotypes import GENOTYPES, frequencies, frequency_pearson

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def allele_frequencies(real: Dataset, generated: Dataset) -> Figure:
    """Return a scatter plot of allele frequencies, generated against real, one dot for each site.

    Parameters
    ----------
    real, generated : Dataset
        Genotypes of the same sites.

    Raises
    ------
    DataError
        If the samples are not genotypes, or differ in their sites.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.data import Dataset
    >>> random = np.random.default_rng(0)
    >>> data = Dataset.from_arrays(random.integers(0, 3, (20, 5)), alphabet="012")
    >>> allele_frequencies(data, data).axes[0].get_title()
    'r = 1.0000, 5 sites'
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
