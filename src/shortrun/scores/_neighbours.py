"""Distances between samples, block by block: the nearest samples, and mean distances.

Codes are packed into the bits of words, of which the kernels compare 64 sites at once. Without them, sites of more than
two colours are compared code by code, a block of pairs in the processor's cache: with 21 colours this is thirteen times
faster than products of one-hot rows. Two colours are then multiplied, as numbers are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt64

from shortrun.data import Dataset
from shortrun.engine import native
from shortrun.scores._features import Samples

SIDE = 512  # rows and columns of a block of distances
FULL = 255  # largest count of a byte


def points(*sets: Samples) -> tuple[np.ndarray, ...]:
    """Return samples as rows for `distances`: codes, packed for the kernels, or numbers minus the mean of the first."""
    first, *_ = rows = [each.values if isinstance(each, Dataset) else each for each in sets]
    if all(isinstance(each, Dataset) and not each.continuous for each in sets):
        highest = int(max(map(np.max, rows)))
        if native.available():
            return tuple(packed(row, max(1, highest.bit_length())) for row in rows)
        return tuple(row.astype(np.float32) for row in rows) if highest <= 1 else tuple(rows)
    if native.available() and all(((row == 0) | (row == 1)).all() for row in rows):
        return tuple(packed(row.astype(np.uint8), 1) for row in rows)
    if all(np.array_equal(row, np.rint(row)) for row in rows):
        return tuple(row.astype(np.float32) for row in rows)  # sums of products of small integers are exact
    return tuple(row.astype(np.float64) - first.mean(0, dtype=np.float64) for row in rows)


def packed(codes: np.ndarray, bits: int) -> UInt64[np.ndarray, "N W P"]:
    """Return the bits of codes, those of 64 sites in a word."""
    count, sites = codes.shape
    words = np.zeros((count, bits, -(-sites // 64) * 8), np.uint8)
    for bit in range(bits):
        words[:, bit, : -(-sites // 8)] = np.packbits(codes >> bit & 1, axis=1)
    return np.ascontiguousarray(words.view(np.uint64).transpose(0, 2, 1))


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the (A, B) Hamming distances of codes, else squared Euclidean ones (the same for 0 and 1)."""
    if a.dtype == np.uint64:
        return native.mismatches(a, b)
    if a.dtype == np.uint8:
        return mismatches(a.T, np.ascontiguousarray(b.T))
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1)
    return np.maximum(squares - 2 * (a @ b.T), 0)


def mismatches(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the number of sites at which the columns of an (S, A) and an (S, B) table of codes differ."""
    total, differ = np.zeros((a.shape[1], b.shape[1]), np.float32), np.empty((a.shape[1], b.shape[1]), bool)
    for start in range(0, len(a), FULL):
        count = np.zeros(total.shape, np.uint8)
        for one, other in zip(a[start : start + FULL], b[start : start + FULL], strict=True):
            np.not_equal(one[:, None], other, out=differ)
            count += differ.view(np.uint8)
        total += count
    return total


def slices(count: int, first: int = 0) -> Iterator[slice]:
    """Yield the rows first, ..., count - 1 in blocks of SIDE."""
    for start in range(first, count, SIDE):
        yield slice(start, min(start + SIDE, count))


Block = tuple[slice, slice, np.ndarray]


def between(a: np.ndarray, b: np.ndarray) -> Iterator[Block]:
    """Yield rows of a, rows of b and their distances, until all pairs are done."""
    for rows in slices(len(a)):
        for columns in slices(len(b)):
            yield rows, columns, distances(a[rows], b[columns])


def within(a: np.ndarray) -> Iterator[Block]:
    """Yield two parts of the rows of a and their distances, each pair of parts once."""
    for rows in slices(len(a)):
        for columns in slices(len(a), rows.start):
            yield rows, columns, distances(a[rows], a[columns])


@dataclass
class Nearest:
    """The distance of each of N samples to its nearest sample of a set, and the number of samples at that distance."""

    distance: np.ndarray
    ties: np.ndarray

    @classmethod
    def unknown(cls, count: int) -> Nearest:
        """Return the state before any distance is known."""
        return cls(np.full(count, np.inf), np.zeros(count))

    def update(self, rows: slice, found: np.ndarray) -> None:
        """Update with the distances of some of the samples, (rows, others)."""
        least = found.min(1)
        ties, before = (found == least[:, None]).sum(1), self.distance[rows]
        self.ties[rows] = np.where(least <= before, ties, 0) + np.where(before <= least, self.ties[rows], 0)
        self.distance[rows] = np.minimum(least, before)


def least(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the distance of each sample in b to the nearest in a."""
    found = np.full(len(b), np.inf)
    for _, columns, distance in between(a, b):
        found[columns] = np.minimum(found[columns], distance.min(0))
    return found


def nearest_between(a: np.ndarray, b: np.ndarray) -> tuple[Nearest, Nearest]:
    """Return the nearest sample in b of each sample in a, and the nearest in a of each in b."""
    of_a, of_b = Nearest.unknown(len(a)), Nearest.unknown(len(b))
    for rows, columns, found in between(a, b):
        of_a.update(rows, found)
        of_b.update(columns, found.T)
    return of_a, of_b


def nearest_within(a: np.ndarray) -> Nearest:
    """Return the nearest other sample of each sample in a."""
    of_a = Nearest.unknown(len(a))
    update_all(a, of_a)
    return of_a


def nearest_apart(a: np.ndarray, b: np.ndarray, groups: np.ndarray) -> tuple[Nearest, Nearest]:
    """Return the nearest other sample in a, and the nearest in b, of each sample in a that is not of its own group.

    Groups, a number for each row, are of equally many samples in a and b: both sets offer as many candidates.
    """
    own, other = Nearest.unknown(len(a)), Nearest.unknown(len(a))
    for found, rows in ((own, a), (other, b)):
        for one, another, distances in between(a, rows):
            found.update(one, np.where(groups[one, None] == groups[another], np.inf, distances))
    return own, other


def nearest_others(a: np.ndarray, count: int) -> Nearest:
    """Return the nearest other sample of each of the first `count` samples in a."""
    if count == len(a):
        return nearest_within(a)
    found = Nearest.unknown(count)
    for rows, columns, distance in between(a[:count], a):
        if rows.start == columns.start:
            np.fill_diagonal(distance, np.inf)
        found.update(rows, distance)
    return found


def update_all(a: np.ndarray, of_a: Nearest | Balls) -> None:
    """Update each sample of a with its distances to all others."""
    for rows, columns, found in within(a):
        if rows == columns:
            np.fill_diagonal(found, np.inf)
        else:
            of_a.update(columns, found.T)
        of_a.update(rows, found)


@dataclass
class Balls:
    """Balls around N samples: each reaches to the k-th nearest other sample, and contains k of them.

    Parameters
    ----------
    nearest : ndarray
        (N, k) distances of the k nearest others, unsorted except that the largest is the last.
    ties : ndarray
        (N,) number of others at the largest of these distances, also beyond the k.
    """

    nearest: np.ndarray
    ties: np.ndarray

    @classmethod
    def around(cls, a: np.ndarray, k: int) -> Balls:
        """Return the balls around samples that contain the k nearest others, of which there must be at least k."""
        of_a = cls(np.full((len(a), k), np.inf), np.zeros(len(a)))
        update_all(a, of_a)
        return of_a

    @property
    def radius(self) -> np.ndarray:
        """(N,) distance of the k-th nearest."""
        return self.nearest[:, -1]

    @property
    def wanted(self) -> np.ndarray:
        """(N,) number of the others at the largest distance that are among the k nearest."""
        return self.nearest.shape[1] - (self.nearest < self.radius[:, None]).sum(1)

    def update(self, rows: slice, found: np.ndarray) -> None:
        """Update with the distances of some of the samples, (rows, others)."""
        before, k = self.nearest[rows], self.nearest.shape[1]
        kept = np.partition(np.concatenate([before, found], axis=1), k - 1, axis=1)[:, :k]
        radius = kept[:, -1:]
        earlier = np.where(radius[:, 0] == before[:, -1], self.ties[rows], (before == radius).sum(1))
        self.ties[rows] = earlier + (found == radius).sum(1)
        self.nearest[rows] = kept


def mean_roots(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean square root of the distance of each in a to all of b, and of each in b to all of a."""
    of_a, of_b = np.zeros(len(a)), np.zeros(len(b))
    for rows, columns, found in between(a, b):
        root = np.sqrt(found)
        of_a[rows] += root.sum(1, dtype=np.float64)
        of_b[columns] += root.sum(0, dtype=np.float64)
    return of_a / len(b), of_b / len(a)
