"""Folding: are RNA sequences as stable as real ones? Energies of ViennaRNA (extra `rna`), on request only."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.data.sequences.encoding import GAP
from shortrun.errors import MissingExtraError
from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._families import SampleScores
from shortrun.scores._numbers import kolmogorov_smirnov, shift
from shortrun.scores.rna import RNA

FOLDED = 1000  # largest number of sequences on each side


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return shift and distance of the distributions of folding energies, for at most 1,000 samples on each side."""
    energies = [folding_energies(side.head(FOLDED)) for side in pair.equal]
    real, made = (energy[np.isfinite(energy)] for energy in energies)
    return {
        "folding-energy-shift": shift(real, made),
        "folding-energy-distribution": kolmogorov_smirnov(real, made),
    }


def folding_energies(data: Dataset) -> Float64[np.ndarray, " N"]:
    """Return the minimum free energy of each sequence without gaps, kcal/mol per nucleotide; nan for empty sequences.

    R. Lorenz et al., ViennaRNA Package 2.0, Algorithms Mol. Biol. 6, 26 (2011), at 37 degrees Celsius.

    Raises
    ------
    MissingExtraError
        If ViennaRNA is not installed.
    """
    assert data.alphabet is not None
    return np.array([folding_energy(text.replace(GAP, "")) for text in data.alphabet.decode_rows(data.values)])


@lru_cache(maxsize=2**16)
def folding_energy(sequence: str) -> float:
    """Return the minimum free energy of a sequence per nucleotide."""
    try:
        import RNA
    except ImportError:
        raise MissingExtraError("ViennaRNA", "rna") from None
    return RNA.fold(sequence)[1] / len(sequence) if sequence else np.nan


SCORES = SampleScores(
    quantities=(
        Quantity(
            "folding-energy-shift",
            ideal=0.0,
            direction="none",
            group="domain",
            meaning="Near 0: sequences fold as stably as real ones; above: less stably, in standard deviations.",
        ),
        Quantity(
            "folding-energy-distribution",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=1.0,
            meaning="0: folding energies are distributed as in the data; 1: the distributions do not overlap.",
        ),
    ),
    measure=measure,
    domain=RNA,
    on_request=True,  # milliseconds for each sequence
)
