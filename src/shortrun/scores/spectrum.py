"""Spectrum error: are the singular values of the samples those of the data? Ideal 0, lower is better."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Float64

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


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the spectrum error of equally many samples."""
    tables = [gram(side, pair.convention) for side in pair.equal]
    values = [squares(table) for table in tables]
    return {"spectrum": Estimate(mean_square(*values), partial(spread, pair, tables, values))}


def spread(pair: Pair, tables: list[Table], values: list[Vector]) -> float:
    """Return the standard error: a sample moves s_k by (v_k . x)^2 / (2 s_k), to first order."""
    parts = zip(pair.equal, tables, values, values[::-1], strict=True)
    return linear(*((influences(*part, pair.convention), len(part[0])) for part in parts))


def influences(samples: Samples, table: Table, own: Vector, other: Vector, convention: Convention) -> np.ndarray:
    """Return N sum_k f_k (v_k . x)^2 of the first samples x (rows of X), f_k = (s_k - t_k) / s_k over the number of k.

    v_k is an eigenvector of X^T X, and the sum is x^T f(X^T X) x; of X X^T = G it is an entry of G f(G).
    """
    count, exact = len(samples), len(own) <= EXACT
    s, t = np.sqrt(own), np.sqrt(other)
    f = np.divide(s - t, s, out=np.zeros_like(s), where=s > 1e-9 * s[-1]) / len(s)
    rows, centred = min(count, ROWS if exact else STARTS), convention != "paper"
    if count < width(samples):
        starts, f = np.eye(rows, count), f * own
    else:
        starts = first(samples, rows, centred) / (np.sqrt(count) if centred else 1)
    return count * (forms(table, starts, f) if exact else quadrature(table, starts, partial(np.interp, xp=own, fp=f)))


def first(samples: Samples, rows: int, centred: bool) -> Float64[np.ndarray, "_ F"]:
    """Return the features of the first samples, minus the means over all."""
    part = next(iter(blocks(samples)))[:rows].astype(np.float64)
    return part - means(samples) if centred else part


def forms(table: Table, starts: Float64[np.ndarray, "R K"], f: Vector) -> Float64[np.ndarray, " R"]:
    """Return x^T f(table) x of each start x, given f of the eigenvalues in ascending order."""
    vectors = torch.linalg.eigh(torch.from_numpy(table))[1].numpy()
    return np.square(starts @ vectors) @ f


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
)
