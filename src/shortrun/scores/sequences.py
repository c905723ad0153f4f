"""Aligned sequences: their distance from natural ones, their lengths and gaps."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.data.sequences.encoding import GAP, gap_code
from shortrun.data.sequences.gaps import gap_share
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._families import Domain, SampleScores
from shortrun.scores._neighbours import distances, points, slices
from shortrun.scores._numbers import kolmogorov_smirnov, shift, spread


def has_gaps(data: Dataset) -> bool:
    """Return whether samples are sequences, some of them with gaps."""
    return data.alphabet is not None and GAP in data.alphabet.letters and bool(gap_share(data).any())


GAPPED_SEQUENCES = Domain("aligned sequences with gaps", has_gaps)


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the scores of lengths and gaps for equally many samples; neighbours are those in the full reference."""
    differ = 1 - nearest_identity(pair.reference, pair.generated)
    sizes = [lengths(side) for side in pair.equal]
    return {
        "nearest-difference": Estimate(float(differ.mean()), partial(spread, differ)),
        "length-shift": shift(*sizes),
        "length-distribution": kolmogorov_smirnov(*sizes),
        "gap-profile": gap_profile(*pair.equal),
    }


def floors(pair: Pair) -> dict[str, float]:
    """Return 1 - identity of each real sequence to its nearest other, and the other scores of the halves."""
    halves = pair.halves()
    sizes = [lengths(side) for side in halves.equal]
    return {
        "nearest-difference": float(np.mean(1 - nearest_identity(pair.reference))),
        "length-shift": shift(*sizes).value,
        "length-distribution": kolmogorov_smirnov(*sizes).value,
        "gap-profile": gap_profile(*halves.equal).value,
    }


def gaps(data: Dataset) -> np.ndarray:
    """Return the (N, S) mask of gaps."""
    assert data.alphabet is not None
    return data.values == gap_code(data.alphabet)


def lengths(data: Dataset) -> Float64[np.ndarray, " N"]:
    """Return the number of residues of each sequence."""
    return (~gaps(data)).sum(1).astype(float)


def gap_profile(reference: Dataset, generated: Dataset) -> Estimate:
    """Return sum_s (g_s of generated - g_s of real)^2 / sum_s g_s of real^2, g_s the share of gaps at site s.

    It is 1 for sequences without gaps, and undefined if the real ones have none.
    """
    x, y = gap_share(reference), gap_share(generated)
    scale = float(x @ x)
    if not scale > 0:
        return UNDEFINED
    value = float(np.square(y - x).sum()) / scale
    slopes = -2 * (y - x + value * x) / scale, 2 * (y - x) / scale
    return Estimate(
        value, lambda: spread(*(gaps(side) @ slope for side, slope in zip((reference, generated), slopes, strict=True)))
    )


def nearest_identity(real: Dataset, generated: Dataset | None = None) -> Float64[np.ndarray, " N"]:
    """Return the identity of each generated sequence (by default of each real one) to its nearest (other) real one.

    Identity is the number of sites with equal residues over the number of sites at which at least one of the two has a
    residue: 1 for equal sequences; sites where both have a gap do not count.
    """
    made = real if generated is None else generated
    best = np.zeros(len(made))
    for rows in slices(len(made)):
        for columns in slices(len(real), 0 if generated is not None else rows.start):
            found = identities(made.select(rows), real.select(columns))
            if generated is None and rows == columns:
                np.fill_diagonal(found, 0)
            best[rows] = np.maximum(best[rows], found.max(1))
            if generated is None:  # of two parts of the real ones, each is the other's
                best[columns] = np.maximum(best[columns], found.max(0))
    return best


def identities(one: Dataset, other: Dataset) -> np.ndarray:
    """Return the (A, B) identities of sequences."""
    both_gaps = gaps(one).astype(np.float32) @ gaps(other).T.astype(np.float32)
    differ = distances(*points(one, other))
    return 1 - differ / np.maximum(one.sites - both_gaps, 1)


SCORES = SampleScores(
    quantities=(
        Quantity(
            "nearest-difference",
            ideal=None,
            direction="none",
            group="domain",
            meaning="At the floor: a new member of the family; 0: a copy; above: far from natural sequences.",
        ),
        Quantity(
            "length-shift",
            ideal=0.0,
            direction="none",
            group="domain",
            meaning="Near 0: as long as real sequences on average; above: longer; below: shorter (in deviations).",
        ),
        Quantity(
            "length-distribution",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=1.0,
            meaning="0: lengths are distributed as in the data; 1: the distributions do not overlap.",
        ),
        Quantity(
            "gap-profile",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=1.0,
            meaning="0: gaps are where the data have them; 1: no gaps, or gaps in quite different places.",
        ),
    ),
    measure=measure,
    floors=floors,
    domain=GAPPED_SEQUENCES,
)
