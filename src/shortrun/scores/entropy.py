"""Entropy error: do generated samples compress as well as the data? Ideal 0, lower is better."""

from __future__ import annotations

import gzip
from functools import partial

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._base import Convention, Estimate, Pair, Quantity
from shortrun.scores._errors import bootstrap
from shortrun.scores._families import SampleScores

PARTS = 20  # parts whose sizes determine the error


def compressed(rows: np.ndarray, convention: Convention = "default") -> int:
    """Return the size in bytes of samples after gzip.

    By default one byte for each site, sample after sample, level 6; the published codes use 4 bytes and level 9.
    """
    if rows.dtype == np.uint8 and convention != "default":
        rows = rows.astype("<i4")
    return len(gzip.compress(rows.tobytes(), compresslevel=6 if convention == "default" else 9, mtime=0))


def entropy_error(reference: Dataset, generated: Dataset, convention: Convention = "default") -> float:
    """Return (S_generated / S_reference - 1)^2, S the compressed size (FF23 eq. 7); without the square in the F&F code.

    The size depends on the order and the number of samples: use equally many of both, in random order.
    """
    ratio = compressed(generated.values, convention) / compressed(reference.values, convention)
    return float(deviation(ratio, convention))


def deviation(ratio: float | np.ndarray, convention: Convention) -> float | np.ndarray:
    """Return the score of a ratio of sizes in a convention."""
    return ratio - 1 if convention == "fef" else (ratio - 1) ** 2


def size(data: Dataset, convention: Convention) -> int:
    """Return the compressed size of samples."""
    return compressed(data.values, convention)


def spread(pair: Pair, real: int, made: int) -> float:
    """Return the standard error, from the sizes of separately compressed parts of the samples, given those of all."""
    data = real * pair.of_real(relative_parts, pair.convention)
    generated = made * relative_parts(pair.equal[1], pair.convention)
    return bootstrap(lambda d, g: deviation(g / d, pair.convention), data, generated, pair.seed)


def relative_parts(data: Dataset, convention: Convention) -> np.ndarray:
    """Return the compressed sizes of PARTS equal parts over their mean."""
    rows = max(1, len(data) // PARTS)
    starts = range(0, len(data) - rows + 1, rows)
    sizes = np.array([compressed(data.values[start : start + rows], convention) for start in starts])
    return sizes / sizes.mean()


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the entropy error of equally many samples in random order."""
    real, made = pair.of_real(size, pair.convention), size(pair.equal[1], pair.convention)
    return {"entropy": Estimate(float(deviation(made / real, pair.convention)), partial(spread, pair, real, made))}


SCORES = SampleScores(
    quantities=(
        Quantity(
            "entropy",
            ideal=0.0,
            direction="lower",
            meaning="0: generated samples compress as well as real ones (gzip); higher: more or less variety.",
        ),
    ),
    measure=measure,
)
