"""Folding energies of RNA, real and generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data import Dataset
from shortrun.plots._figure import new_figure, styled
from shortrun.plots._sides import check_alike, histograms, thinned
from shortrun.scores.rna_folding import FOLDED, NEEDS, applies
from shortrun.scores.rna_folding import folding_energies as energies

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def energies_of(data: Dataset, count: int) -> np.ndarray:
    """Return the energies of some samples, spread evenly over all; those without nucleotides are left out."""
    found = energies(thinned(data, count))
    return found[np.isfinite(found)]


@styled
def folding_energies(real: Dataset, generated: Dataset, *, count: int = FOLDED) -> Figure:
    """Return histograms of the minimum free energy per nucleotide of real and generated RNA (ViennaRNA).

    Parameters
    ----------
    count : sequences to fold of each side, at most: 7 ms each for 100 nucleotides

    Raises
    ------
    DataError : if the samples are no RNA, or of different sites
    MissingExtraError : if ViennaRNA is not installed
    """
    check_alike(real, generated, applies(real), NEEDS)
    figure = new_figure(4.2, 3.0)
    axis = figure.subplots()
    histograms(axis, {"real": energies_of(real, count), "generated": energies_of(generated, count)})
    axis.set(xlabel="minimum free energy, kcal/mol per nucleotide")
    return figure
