"""Folding energies of RNA, real and generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortrun.data import Dataset
from shortrun.plots._sides import check_alike, thinned
from shortrun.plots.histograms import histograms
from shortrun.scores.rna import RNA
from shortrun.scores.rna_folding import FOLDED
from shortrun.scores.rna_folding import folding_energies as energies

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def folding_energies(real: Dataset, generated: Dataset, *, count: int = FOLDED) -> Figure:
    """Return histograms of the minimum free energy per nucleotide of real and generated RNA (ViennaRNA).

    Parameters
    ----------
    count : int, default FOLDED
        Sequences to fold of each side, at most: 7 ms each for 100 nucleotides.

    Raises
    ------
    DataError
        If the samples are no RNA, or of different sites.
    MissingExtraError
        If ViennaRNA is not installed.
    """
    check_alike(real, generated, RNA)
    sides = {"real": real, "generated": generated}
    found = {name: energies(thinned(side, count)) for name, side in sides.items()}
    return histograms(found, "minimum free energy, kcal/mol per nucleotide")
