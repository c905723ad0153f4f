"""Spectrum error: are the singular values of the samples those of the data? Ideal 0, lower is better."""

from __future__ import annotations

from functools import partial

import numpy as np

from shortrun.scores._base import Convention, Estimate, Pair, Quantity
from shortrun.scores._errors import linear
from shortrun.scores._features import Samples, blocks

quantities = (Quantity("spectrum", ideal=0.0, direction="lower"),)


def spectrum_error(reference: Samples, generated: Samples, convention: Convention = "default") -> float:
    """Return the mean over k of (s_k of reference - s_k of generated)^2, s_1 > s_2 > ... (FF23 eq. 6).

    By default, and in the F&F code ("fef"), s are the singular values of the centred (N, F) features over sqrt(N); as
    printed ("paper") those of the features as they are. The mean is over min(N, F) values; FU24 eq. 17 divides by N.
    """
    one, other = (singular_values(table(side, convention)) for side in (reference, generated))
    count = min(len(one), len(other))
    return float(np.square(one[:count] - other[:count]).mean())


def table(samples: Samples, convention: Convention) -> np.ndarray:
    """Return the (N, F) table whose singular values count."""
    rows = np.concatenate([*blocks(samples)]).astype(np.float64)
    return rows if convention == "paper" else (rows - rows.mean(0)) / np.sqrt(len(rows))


def singular_values(rows: np.ndarray) -> np.ndarray:
    """Return the min(N, F) singular values, the largest first, from the smaller of the two products."""
    return np.sqrt(np.maximum(np.linalg.eigvalsh(gram(rows))[::-1], 0))


def gram(rows: np.ndarray) -> np.ndarray:
    """Return the smaller of X^T X and X X^T."""
    return rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows


def contributions(rows: np.ndarray) -> np.ndarray:
    """Return N (v_k . x_n)^2, (N, K), whose means over samples are the s_k^2, to first order under any weights."""
    values, vectors = np.linalg.eigh(gram(rows))
    scores = vectors * np.sqrt(np.maximum(values, 0)) if len(rows) < rows.shape[1] else rows @ vectors
    return len(rows) * np.square(scores[:, ::-1])


def spread(reference: Samples, generated: Samples, convention: Convention) -> float:
    """Return the standard error: a sample moves s_k by its contribution to s_k^2 over 2 s_k."""
    sides = [contributions(table(side, convention)) for side in (reference, generated)]
    one, other = (np.sqrt(side.mean(0)) for side in sides)
    slopes = (
        np.divide(one - other, s, out=np.zeros_like(s), where=np.abs(s) > 1e-9 * np.abs(s[0])) / len(s)
        for s in (one, -other)
    )
    return linear(*((side @ slope, len(side)) for side, slope in zip(sides, slopes, strict=True)))


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the spectrum error of equally many samples."""
    value = spectrum_error(*pair.equal, pair.convention)
    return {"spectrum": Estimate(value, partial(spread, *pair.equal, pair.convention))}
