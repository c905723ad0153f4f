"""Decay of linkage disequilibrium, real and generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.data import Dataset
from shortrun.errors import DataError
from shortrun.plots.figure import new_figure, styled
from shortrun.plots.sides import COLOURS, check_alike, thinned
from shortrun.scores import GENOTYPES, linkage_decay

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = {"real": "o", "generated": "s"}


@styled
def linkage(real: Dataset, generated: Dataset) -> Figure:
    """Return the mean r^2 of pairs of sites against their distance, of equally many real and generated samples.

    The dashed line is 1 / N, the value of N samples without linkage.

    Parameters
    ----------
    real, generated : Dataset
        Genotypes of the same sites.

    Raises
    ------
    DataError
        If the samples are not genotypes, differ in their sites, or have no two sites on one chromosome.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.data import Dataset
    >>> random = np.random.default_rng(0)
    >>> data = Dataset.from_arrays(random.integers(0, 3, (50, 8)), alphabet="012")
    >>> linkage(data, data).axes[0].get_xlabel()
    'distance in sites'
    """
    check_alike(real, generated, GENOTYPES)
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
