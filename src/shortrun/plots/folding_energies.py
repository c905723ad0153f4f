"""Folding energies of RNA, real and generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.data import Dataset
from shortrun.plots.figure import styled
from shortrun.plots.histograms import histograms
from shortrun.plots.sides import check_alike, thinned
from shortrun.scores.rna import RNA
from shortrun.scores.rna_folding import FOLDED
from shortrun.scores.rna_folding import folding_energies as energies

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def folding_energies(real: Dataset, generated: Dataset, *, count: int = FOLDED) -> Figure:
    """Return histograms of the minimum free energy per nucleotide of real and generated RNA (ViennaRNA).

    Parameters
    ----------
    real, generated : Dataset
        RNA of the same sites.
    count : int, default FOLDED
        Largest number of sequences to fold on each side; one of 100 nucleotides takes 7 ms.

    Raises
    ------
    DataError
        If the samples are not RNA, or differ in their sites.
    MissingExtraError
        If ViennaRNA is not installed.

    Examples
    --------
    >>> from shortrun.data import Dataset
    >>> rna = Dataset.from_arrays([[0, 0, 2, 2, 3, 3], [1, 2, 2, 3, 3, 2]], alphabet="ACGU")
    >>> folding_energies(rna, rna).axes[0].get_xlabel()
    'minimum free energy, kcal/mol per nucleotide'
    """
    check_alike(real, generated, RNA)
    sides = {"real": real, "generated": generated}
    found = {name: energies(thinned(side, count)) for name, side in sides.items()}
    return histograms(found, "minimum free energy, kcal/mol per nucleotide")
