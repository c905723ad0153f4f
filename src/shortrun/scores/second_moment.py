"""Second moment: are pairs of sites correlated as in the data? E2: ideal 0, lower is better; the others: ideal 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.scores._base import Convention, Estimate, Pair, Quantity
from shortrun.scores._errors import ROWS, linear
from shortrun.scores._features import Samples, blocks, features, means, sites_of

quantities = (
    Quantity("second-moment", ideal=0.0, direction="lower"),
    Quantity("pair-pearson", ideal=1.0, direction="higher"),
    Quantity("pair-slope", ideal=1.0, direction="none"),
)


def second_moment(reference: Samples, generated: Samples, *, convention: Convention = "default") -> float:
    """Return the mean over pairs i < j of (C_ij of generated - C_ij of reference)^2, C the sample covariance.

    Twice FU24 eq. 16 as printed (convention "paper"), whose 1 / (N (N - 1)) makes it half a mean; the F&F code ("fef")
    averages over all entries, the diagonal too. A perfect generator has a value above 0 from the finite number of
    samples: compare with the score of two halves of the data.

    Parameters
    ----------
    reference, generated : data sets, of which a block of rows at a time becomes features, or (N, F) features; memory
        is that of two (F, F) tables
    """
    difference = covariance(generated)
    difference -= covariance(reference)
    return mean_square(difference, convention)


def mean_square(difference: Float64[np.ndarray, "F F"], convention: Convention = "default") -> float:
    """Return the mean square above the diagonal, or what a convention calls that; nan of a single feature."""
    if len(difference) < 2:
        return np.nan
    entries = (row if convention == "fef" else row[i + 1 :] for i, row in enumerate(difference))
    return float(sum(np.square(each).sum() for each in entries)) * weight(len(difference), convention)


def weight(features: int, convention: Convention) -> float:
    """Return what a convention multiplies a sum over entries by."""
    pairs = max(features * (features - 1), 1)
    return {"default": 2 / pairs, "paper": 1 / pairs, "fef": 1 / features**2}[convention]


def covariance(samples: Samples) -> Float64[np.ndarray, "F F"]:
    """Return the sample covariance of the features, summed block by block.

    The products of features that are 0 or 1 are counts, which float32 holds exactly; others are centred first.
    """
    mean, counts = means(samples), isinstance(samples, Dataset) and not samples.continuous
    total = np.zeros((len(mean), len(mean)))
    for part in blocks(samples):
        centred = part if counts else part - mean
        total += centred.T @ centred
    if counts:
        total -= len(samples) * np.outer(mean, mean)
    total /= max(len(samples) - 1, 1)
    return total


@dataclass(frozen=True)
class Regression:
    """Straight line through (C_ij of reference, C_ij of generated), the pairs of features of different sites."""

    count: float
    mean: tuple[float, float]
    squares: tuple[float, float]
    product: float

    @property
    def slope(self) -> float:
        """Of C of the generated samples against C of the reference; nan where the latter does not vary."""
        return float(self.product / self.squares[0]) if self.squares[0] > 0 else np.nan

    @property
    def pearson(self) -> float:
        """Their correlation coefficient; nan where one of them does not vary."""
        scale = np.sqrt(self.squares[0] * self.squares[1])
        return float(self.product / scale) if scale > 0 else np.nan


def regression(reference: np.ndarray, generated: np.ndarray, sites: np.ndarray) -> Regression:
    """Return the line through the entries (i, j) of two covariances whose features belong to sites i < j."""
    beyond = np.searchsorted(sites, sites, side="right")  # features of a site stand together
    sums = np.zeros(6)
    for i, start in enumerate(beyond):
        a, b = reference[i, start:], generated[i, start:]
        sums += np.array([len(a), a.sum(), b.sum(), a @ a, b @ b, a @ b])
    count = max(sums[0], 1)
    one, other = sums[1:3] / count
    squares = sums[3] - count * one**2, sums[4] - count * other**2
    return Regression(sums[0], (one, other), squares, sums[5] - count * one * other)


@dataclass
class Pairs:
    """The covariances of two data sets, and what they say of pairs of sites."""

    reference: Dataset
    generated: Dataset
    convention: Convention

    def __post_init__(self):
        self.c_reference, self.c_generated = covariance(self.reference), covariance(self.generated)
        self.sites = sites_of(self.reference)
        self.line = regression(self.c_reference, self.c_generated, self.sites)

    def second_moment(self) -> float:
        """Return E2."""
        return mean_square(self.c_generated - self.c_reference, self.convention)

    def spread(self, slopes: tuple[np.ndarray, np.ndarray]) -> float:
        """Return the standard error of a function of both covariances, given its derivatives.

        A sample with centred features z moves the covariance by (z z^T - C) / N, so its influence is z^T (slope) z.
        """
        sides = zip((self.reference, self.generated), slopes, strict=True)
        return linear(*((quadratic(side, slope), len(side)) for side, slope in sides))

    def e2_spread(self) -> float:
        """Return the standard error of E2, whose derivative is its weight times the difference of covariances."""
        slope = self.c_generated - self.c_reference
        if self.convention != "fef":
            slope = np.triu(slope, k=1)
        slope *= 2 * weight(len(slope), self.convention)
        return self.spread((-slope, slope))

    def other_sites(self, table: np.ndarray) -> np.ndarray:
        """Return a table with zeros but for the pairs of sites i < j."""
        return np.where(self.sites[:, None] < self.sites, table, 0)

    def slope_spread(self) -> float:
        """Return the standard error of the slope."""
        (x, y), line = self.centred(), self.line
        return self.spread((self.other_sites(y - 2 * line.slope * x) / line.squares[0], x / line.squares[0]))

    def pearson_spread(self) -> float:
        """Return the standard error of the correlation coefficient."""
        (x, y), (xx, yy), r = self.centred(), self.line.squares, self.line.pearson
        scale = np.sqrt(xx * yy)
        return self.spread((y / scale - r * x / xx, x / scale - r * y / yy))

    def centred(self) -> tuple[np.ndarray, np.ndarray]:
        """Return both covariances of different sites less their means."""
        one, other = self.line.mean
        return self.other_sites(self.c_reference - one), self.other_sites(self.c_generated - other)


def quadratic(samples: Dataset, table: np.ndarray) -> np.ndarray:
    """Return z^T (table) z of the first samples, z their centred features."""
    some = samples.head(ROWS)
    z = (features(some) - means(samples)).astype(np.float32)
    return np.einsum("nf,nf->n", z @ table.astype(np.float32), z, dtype=np.float64)


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return E2, and correlation coefficient and slope of the covariances, of equally many samples."""
    pairs = Pairs(*pair.equal, pair.convention)
    defined = np.isfinite(pairs.line.pearson)
    return {
        "second-moment": Estimate(pairs.second_moment(), pairs.e2_spread),
        "pair-pearson": Estimate(pairs.line.pearson, pairs.pearson_spread if defined else lambda: np.nan),
        "pair-slope": Estimate(pairs.line.slope, pairs.slope_spread if defined else lambda: np.nan),
    }
