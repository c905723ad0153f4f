"""RNA: do bases that pair in the consensus structure pair in generated sequences? Ideal 1."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.data.sequences.encoding import GAP
from shortrun.data.sequences.gaps import annotation, pairs
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._families import Domain, SampleScores
from shortrun.scores._numbers import ratio, share

CANONICAL = ("AU", "UA", "CG", "GC", "GU", "UG")


def has_structure(data: Dataset) -> bool:
    """Return whether samples are RNA (or DNA) with a known consensus structure."""
    return is_rna(data) and bool(structure(data))


FOLDED_RNA = Domain("RNA with a consensus structure (SS_cons, as in Stockholm files)", has_structure)


def is_rna(data: Dataset) -> bool:
    """Return whether samples consist of A, C, G, and U or T, with or without gaps."""
    return data.alphabet is not None and set(data.alphabet.letters) - {GAP} in (set("ACGU"), set("ACGT"))


RNA = Domain("RNA sequences", is_rna)


def structure(data: Dataset) -> list[tuple[int, int]]:
    """Return the sites that pair in the consensus structure."""
    return pairs(annotation(data).get("SS_cons", ""))


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the share of consensus pairs that are canonical: that of generated samples over that of real ones."""
    places = structure(pair.reference)
    real, made = (canonical_pairs(side, places) for side in pair.equal)
    defined = np.isfinite(real).all() and np.isfinite(made).all()
    return {"canonical-pairs": ratio(real, made) if defined else UNDEFINED}


def canonical_pairs(data: Dataset, places: list[tuple[int, int]]) -> Float64[np.ndarray, " N"]:
    """Return contributions of the sequences to the share of consensus pairs that are canonical, which is their mean.

    Canonical are AU, CG (Watson-Crick) and GU, in either order, out of all pairs with at least one base: a base
    opposite a gap is not canonical, and a pair of two gaps does not count.
    """
    one, other = data.values[:, [i for i, _ in places]], data.values[:, [j for _, j in places]]
    table, gap = canonical(data), -1 if GAP not in letters(data) else letters(data).index(GAP)
    return share(table[one, other].sum(1).astype(float), ((one != gap) | (other != gap)).sum(1).astype(float))


def letters(data: Dataset) -> str:
    """Return the letters of samples, U for T."""
    assert data.alphabet is not None
    return data.alphabet.letters.replace("T", "U")


def canonical(data: Dataset) -> np.ndarray:
    """Return the (q, q) table of which codes pair."""
    return np.array([[one + other in CANONICAL for other in letters(data)] for one in letters(data)])


SCORES = SampleScores(
    quantities=(
        Quantity(
            "canonical-pairs",
            ideal=1.0,
            direction="none",
            group="domain",
            meaning="Near 1: bases of the consensus structure pair as often as in the data; lower: the fold is lost.",
        ),
    ),
    measure=measure,
    domain=FOLDED_RNA,
)
