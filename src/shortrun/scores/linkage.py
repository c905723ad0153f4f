"""Linkage disequilibrium: are alleles correlated along a chromosome as in the data? Ideal 0, lower is better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float32, Float64

from shortrun.data import Dataset
from shortrun.data.genotypes.variants import variants_of
from shortrun.scores._base import UNDEFINED, Estimate, Pair, Quantity
from shortrun.scores._families import SampleScores
from shortrun.scores._genotypes import GENOTYPES, frequencies, minor
from shortrun.scores._numbers import spread

RARE = 0.05  # sites with rarer alleles are not compared
BINS = 20
SIDE = 512  # sites in a block of pairs

Block = tuple[slice, slice, np.ndarray]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of sites of one chromosome, in bins of distance.

    Parameters
    ----------
    sites : ndarray
        (K,) sites of the data set, by chromosome and position.
    chromosome, position : ndarray
        (K,) chromosome and position of each, in base pairs, or as the number of the site if positions are unknown.
    edges : ndarray
        (B + 1,) edges of the bins, equally spaced in the logarithm of the distance.
    """

    sites: np.ndarray
    chromosome: np.ndarray
    position: np.ndarray
    edges: np.ndarray

    @classmethod
    def of(cls, data: Dataset, bins: int = BINS) -> Pairs:
        """Return the pairs of sites with a minor-allele frequency of at least 5 %."""
        sites = np.flatnonzero(minor(frequencies(data)) >= RARE)
        variants = variants_of(data)
        names, chromosome = np.unique([variants[site].chromosome for site in sites], return_inverse=True)
        position = np.array([variants[site].position for site in sites], np.int64)
        order = np.lexsort((position, chromosome))
        sites, chromosome, position = (each[order] for each in (sites, chromosome, position))
        steps = np.diff(position)[np.diff(chromosome) == 0]
        spans = [np.ptp(position[chromosome == each]) for each in range(len(names))]
        least, most = max(1, min(steps, default=1)), max(1, *spans, 1)
        return cls(sites, chromosome, position, np.geomspace(least, most + 1, bins + 1))

    @property
    def bins(self) -> int:
        """Number of bins, some of which may be empty."""
        return len(self.edges) - 1

    def blocks(self) -> Iterator[Block]:
        """Yield two sets of sites and the (A, B) distances of their pairs; nan for pairs that do not count."""
        for start in range(0, len(self.sites), SIDE):
            rows = slice(start, start + SIDE)
            end = int(np.searchsorted(self.chromosome, self.chromosome[rows][-1], "right"))
            for other in range(start, end, SIDE):
                columns = slice(other, min(other + SIDE, end))
                yield rows, columns, self.distances(rows, columns)

    def distances(self, rows: slice, columns: slice) -> np.ndarray:
        """Return the distances of sites, at least 1; nan between chromosomes and for i >= j."""
        apart = np.maximum(self.position[columns] - self.position[rows, None], 1).astype(float)
        place = np.arange(len(self.sites))
        counted = (self.chromosome[rows, None] == self.chromosome[columns]) & (place[rows, None] < place[columns])
        return np.where(counted, apart, np.nan)

    def bin_of(self, distances: np.ndarray) -> np.ndarray:
        """Return the bin of each distance, `bins` for nan."""
        found = np.searchsorted(self.edges, distances, "right") - 1
        return np.where(np.isnan(distances), self.bins, found.clip(0, self.bins - 1))

    def sums(self, places: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        """Return the (B,) sums of values in each bin, given the bin of each; without values their numbers."""
        return np.bincount(places.ravel(), None if values is None else values.ravel(), self.bins + 1)[:-1]


def linkage_decay(
    data: Dataset, *, like: Dataset | None = None, bins: int = BINS
) -> tuple[Float64[np.ndarray, " B"], Float64[np.ndarray, " B"]]:
    """Return the decay of linkage disequilibrium: mean distance and mean r^2 of the pairs of sites in each bin.

    r^2 is the squared correlation of two sites of one chromosome, over haplotypes (W. G. Hill, A. Robertson, Theor.
    Appl. Genet. 38, 226, 1968) or over dosages (A. R. Rogers, C. Huff, Genetics 182, 839, 2009); it is 0 if a site does
    not vary. N samples without linkage have about 1 / N.

    Parameters
    ----------
    data : Dataset
        Haplotypes or dosages.
    like : Dataset, optional
        Data set whose sites and bins to use, by default its own: sites with a minor-allele frequency of at least 5 %.
    bins : int, default BINS
        Number of bins, equally spaced in the logarithm of the distance; empty ones are left out.

    Returns
    -------
    distances, r2 : ndarray
        Distances in base pairs (in sites if positions are unknown); both empty if no two sites are on one chromosome.

    Examples
    --------
    >>> from shortrun.data.core.alphabet import DOSAGE
    >>> data = Dataset.from_arrays([[0, 0, 2], [1, 1, 0], [2, 2, 1]], alphabet=DOSAGE)
    >>> distances, r2 = linkage_decay(data, bins=2)
    >>> distances.tolist(), r2.round(3).tolist()
    ([1.0, 2.0], [0.625, 0.25])
    """
    pairs = Pairs.of(data if like is None else like, bins)
    distance, r2, count = curve(pairs, data)
    there = count > 0
    return distance[there], r2[there]


def curve(pairs: Pairs, data: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean distance, mean r^2 and number of the pairs in each of the (B,) bins; 0 in empty ones."""
    z = standard(data, pairs.sites)
    distance, r2, count = np.zeros((3, pairs.bins))
    for rows, columns, apart in pairs.blocks():
        places = pairs.bin_of(apart)
        distance += pairs.sums(places, apart)
        r2 += pairs.sums(places, correlations(z, rows, columns) ** 2)
        count += pairs.sums(places)
    return distance / np.maximum(count, 1), r2 / np.maximum(count, 1), count


def standard(data: Dataset, sites: np.ndarray) -> Float32[np.ndarray, "N K"]:
    """Return alleles minus their mean over their standard deviation; 0 at sites that do not vary."""
    x = data.values[:, sites].astype(np.float32)
    x -= x.mean(0, dtype=np.float64)
    width = x.std(0, dtype=np.float64)
    return np.divide(x, width, out=np.zeros_like(x), where=width > 0, casting="same_kind")


def correlations(z: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """Return the (A, B) correlations of two sets of sites."""
    return z[:, rows].T @ z[:, columns] / len(z)


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return how far the decay of linkage is from that of equally many real samples, and the ratio of neighbours."""
    pairs, sides = Pairs.of(pair.reference), pair.equal
    return {"linkage": decay_error(pairs, sides), "neighbour-linkage": neighbours(pairs, sides)}


def unbiased(r2: Float64[np.ndarray, " _"], count: int) -> Float64[np.ndarray, " _"]:
    """Return r^2 without what chance adds to it: 1 / (N - 1) if N samples have no linkage, nothing if r^2 = 1."""
    return r2 - (1 - r2) / max(count - 2, 1)


def slope(count: int) -> float:
    """Return the slope of `unbiased`."""
    return 1 + 1 / max(count - 2, 1)


def decay_error(pairs: Pairs, sides: tuple[Dataset, Dataset]) -> Estimate:
    """Return sum_b |r2_b of generated - r2_b of real| / sum_b r2_b of real over bins b of distance.

    1 for samples without linkage. Of the reference and of as many generated samples.
    """
    curves = [curve(pairs, side) for side in sides]
    count, samples = curves[0][2], len(sides[0])
    there = count > 0
    real, made = (np.where(there, unbiased(r2, samples), 0) for _, r2, _ in curves)
    scale = float(real.sum())
    if not scale > 0:
        return UNDEFINED
    value = float(np.abs(made - real).sum()) / scale
    sign = np.sign(made - real) * there
    slopes = -(sign + value) / scale, sign / scale
    weights = [each * slope(samples) / np.maximum(count, 1) for each in slopes]
    return Estimate(value, partial(error, pairs, sides, weights))


def neighbours(pairs: Pairs, sides: tuple[Dataset, Dataset]) -> Estimate:
    """Return the mean r^2 of adjacent sites of one chromosome, of generated over real; 0 without linkage."""
    ((r2_real, of_real), (r2_made, of_made)) = (adjacent(pairs, side) for side in sides)
    if not r2_real > 0:
        return UNDEFINED
    value = r2_made / r2_real
    return Estimate(value, partial(spread, value * of_real / r2_real, of_made / r2_real))


def adjacent(pairs: Pairs, data: Dataset) -> tuple[float, np.ndarray]:
    """Return the unbiased mean r^2 of neighbouring sites of one chromosome, and the influence of each sample on it."""
    first = np.flatnonzero(np.diff(pairs.chromosome) == 0)
    if not len(first):
        return np.nan, np.zeros(len(data))
    z = standard(data, pairs.sites)
    one, other = z[:, first], z[:, first + 1]
    r = (one * other).mean(0, dtype=np.float64)
    influence = 2 * (one * other) @ r - (one**2 + other**2) @ r**2
    return float(unbiased(r**2, len(data)).mean()), slope(len(data)) * influence / len(first)


def error(pairs: Pairs, sides: tuple[Dataset, Dataset], weights: list[np.ndarray]) -> float:
    """Return the standard error of a function of both curves; weights are its slopes, for each pair of a bin."""
    return spread(*(influence(pairs, side, weight) for side, weight in zip(sides, weights, strict=True)))


def influence(pairs: Pairs, data: Dataset, weights: np.ndarray) -> np.ndarray:
    """Return the influence of each sample on the sum over pairs of weight r^2.

    With z the standardised alleles, it is 2 r z_i z_j - r^2 (z_i^2 + z_j^2) for a pair (i, j).
    """
    z, found = standard(data, pairs.sites), np.zeros(len(data))
    weights = np.append(weights, 0)
    for rows, columns, apart in pairs.blocks():
        r = correlations(z, rows, columns)
        weighted = (weights[pairs.bin_of(apart)] * r).astype(np.float32)
        one, other, squares = z[:, rows], z[:, columns], weighted * r
        found += 2 * ((one @ weighted) * other).sum(1, dtype=np.float64)
        found -= one**2 @ squares.sum(1) + other**2 @ squares.sum(0)
    return found


SCORES = SampleScores(
    quantities=(
        Quantity(
            "linkage",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=1.0,
            meaning="0: linkage decays with distance as in the data; 0.1: it is off by a tenth; 1: no linkage.",
        ),
        Quantity(
            "neighbour-linkage",
            ideal=1.0,
            direction="none",
            group="domain",
            chance=0.0,
            meaning="Near 1: adjacent sites are as linked as in the data; below: too weakly; above: too strongly.",
        ),
    ),
    measure=measure,
    domain=GENOTYPES,
)
