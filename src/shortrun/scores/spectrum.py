"""Spectrum error: are the singular values of the samples those of the data? Ideal 0, lower is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Float64

from shortrun.data import Dataset
from shortrun.scores._base import Convention, Estimate, Pair, Quantity
from shortrun.scores._errors import ROWS, linear
from shortrun.scores._families import SampleScores
from shortrun.scores._features import Samples, blocks, covariance, means
from shortrun.scores._products import inner_products

EXACT = 1500  # number of values up to which the error comes from all eigenvectors
STARTS = 250  # samples that it is estimated from above this number, by
STEPS = 16  # steps of Lanczos

Table = Float64[np.ndarray, "K K"]
Vector = Float64[np.ndarray, " K"]
Function = Callable[[np.ndarray], np.ndarray]


def spectrum_error(reference: Samples, generated: Samples, convention: Convention = "default") -> float:
    """Return the mean over k of (s_k of reference - s_k of generated)^2, s_1 > s_2 > ... (FF23 eq. 6).

    By default, and in the F&F code ("fef"), s are the singular values of the centred (N, F) features over sqrt(N); as
    printed ("paper") those of the features as they are. The mean is over min(N, F) values; FU24 eq. 17 divides by N.
    """
    one, other = (squares(gram(side, convention)) for side in (reference, generated))
    return mean_square(one, other)


def mean_square(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean squared difference of the largest singular values, given their squares in ascending order."""
    count = min(len(one), len(other))
    return float(np.square(np.sqrt(one[-count:]) - np.sqrt(other[-count:])).mean())


def gram(samples: Samples, convention: Convention) -> Table:
    """Return X^T X or, if there are fewer samples than features, X X^T, of the (N, F) table X in a convention."""
    count, centred = len(samples), convention != "paper"
    if count < width(samples):
        return inner_products(samples, centred) / (count if centred else 1)
    mean, scatter = means(samples), covariance(samples) * (max(count - 1, 1) / count)
    return scatter if centred else count * (scatter + np.outer(mean, mean))


def width(samples: Samples) -> int:
    """Return the number of features."""
    return next(iter(blocks(samples))).shape[1]


def squares(table: Table) -> Vector:
    """Return the squared singular values: the eigenvalues of a Gram matrix, in ascending order.

    Torch takes half the time of numpy, and far less if another program runs.
    """
    return np.maximum(torch.linalg.eigvalsh(torch.from_numpy(table)).numpy(), 0)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigenvalues of a Gram matrix, and what the influences of the first samples on them need.

    Parameters
    ----------
    values : Vector
        In ascending order.
    samples : int
        N, the number of all samples.
    wide : bool
        Whether the matrix is X X^T.
    weights : ndarray, optional
        (R, K) squared products of the first samples with the eigenvectors, for up to EXACT values.
    table, starts : ndarray, optional
        The matrix and (R, K) first samples, for more.
    """

    values: Vector
    samples: int
    wide: bool
    weights: np.ndarray | None = None
    table: np.ndarray | None = None
    starts: np.ndarray | None = None

    @classmethod
    def of(cls, samples: Dataset, convention: Convention) -> Spectrum:
        """Return the spectrum of samples."""
        table, count, centred = gram(samples, convention), len(samples), convention != "paper"
        exact, wide = len(table) <= EXACT, count < width(samples)
        rows = min(count, ROWS if exact else STARTS)
        starts = np.eye(rows, count) if wide else first(samples, rows, centred) / (np.sqrt(count) if centred else 1)
        if not exact:
            return cls(squares(table), count, wide, table=table, starts=starts)
        values, vectors = (part.numpy() for part in torch.linalg.eigh(torch.from_numpy(table)))
        weights = np.square(vectors[:rows] if wide else starts @ vectors)
        return cls(np.maximum(values, 0), count, wide, weights)

    def influences(self, other: Vector) -> np.ndarray:
        """Return N sum_k f_k (v_k . x)^2 of the first samples x, f_k = (s_k - t_k) / s_k over the number of k.

        x is a row of X and v_k an eigenvector of X^T X: the sum is x^T f(X^T X) x, of X X^T = G an entry of G f(G).
        """
        s, t = np.sqrt(self.values), np.sqrt(other)
        f = np.divide(s - t, s, out=np.zeros_like(s), where=s > 1e-9 * s[-1]) / len(s)
        f = f * self.values if self.wide else f
        if self.weights is not None:
            return self.samples * (self.weights @ f)
        assert self.table is not None
        assert self.starts is not None
        return self.samples * quadrature(self.table, self.starts, partial(np.interp, xp=self.values, fp=f))


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the spectrum error of equally many samples."""
    real, made = pair.equal
    small = min(len(real), width(real)) <= EXACT  # a large table is not kept from one pair to the next
    spectra = (
        pair.of_real(Spectrum.of, pair.convention) if small else Spectrum.of(real, pair.convention),
        Spectrum.of(made, pair.convention),
    )
    value = mean_square(*(each.values for each in spectra))
    return {"spectrum": Estimate(value, partial(spread, *spectra))}


def floors(pair: Pair) -> dict[str, float]:
    """Return the spectrum error of the halves of the reference: without eigenvectors, since a floor has no error."""
    return {"spectrum": spectrum_error(*pair.halves().equal, pair.convention)}


def spread(one: Spectrum, other: Spectrum) -> float:
    """Return the standard error: a sample moves s_k by (v_k . x)^2 / (2 s_k), to first order."""
    return linear(
        (one.influences(other.values), one.samples),
        (other.influences(one.values), other.samples),
    )


def first(samples: Samples, rows: int, centred: bool) -> Float64[np.ndarray, "_ F"]:
    """Return the features of the first samples, minus the means over all."""
    part = next(iter(blocks(samples)))[:rows].astype(np.float64)
    return part - means(samples) if centred else part


def quadrature(table: Table, starts: Float64[np.ndarray, "R K"], f: Function) -> Float64[np.ndarray, " R"]:
    """Return x^T f(table) x of each start x, for functions f close to a polynomial of degree 2 STEPS - 1.

    Lanczos steps from x, for all starts at once in float32, give the nodes and weights of a Gauss quadrature (G. Golub
    and G. Meurant, Matrices, Moments and Quadrature, 2010, ch. 6), without eigenvectors of the table.
    """
    norm, small = np.linalg.norm(starts, axis=1), np.finfo(np.float32).tiny
    matrix, now = table.astype(np.float32), unit(starts.T).astype(np.float32)
    before, beta = np.zeros_like(now), np.zeros(len(starts), np.float32)
    steps = np.zeros((len(starts), STEPS, STEPS))
    for i in range(STEPS):
        after = matrix @ now - beta * before
        steps[:, i, i] = alpha = (after * now).sum(0)
        after -= alpha * now
        beta = np.linalg.norm(after, axis=0)
        before, now = now, after / np.maximum(beta, small)
        if i + 1 < STEPS:
            steps[:, i, i + 1] = steps[:, i + 1, i] = beta
    nodes, vectors = np.linalg.eigh(steps)
    return norm**2 * (np.square(vectors[:, 0]) * f(nodes)).sum(1)


def unit(columns: Float[np.ndarray, "K R"]) -> Float[np.ndarray, "K R"]:
    """Return columns scaled to length 1; zero columns as they are."""
    norm = np.linalg.norm(columns, axis=0)
    return columns / np.where(norm > 0, norm, 1)


SCORES = SampleScores(
    quantities=(
        Quantity(
            "spectrum",
            ideal=0.0,
            direction="lower",
            meaning="0: samples vary as much along the directions of the data; higher: some are missing or added.",
        ),
    ),
    measure=measure,
    floors=floors,
)
