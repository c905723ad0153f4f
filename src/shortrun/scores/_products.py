"""Sums over pairs of sites without a table of all pairs, from products of samples.

With z_n the centred features of sample n and C the covariance of M samples, z_n^T C z_n is the sum over samples m of
(z_n . z_m)^2 / (M - 1). If there are more features than samples, N x M products of samples replace F x F covariances,
so that long sequences of many colours need no table of pairs. Either way the influence of every sample comes with the
sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from jaxtyping import Float64

from shortrun.data import Dataset
from shortrun.scores._features import Samples, blocks, covariance, features, means, sites_of
from shortrun.scores._neighbours import distances, points, slices

Form = Float64[np.ndarray, " N"]
ENTRIES = 2**20  # of features, of groups that are multiplied together: 8 MB


@dataclass(frozen=True)
class Forms:
    """z^T C z of each sample, over some pairs of features: the first letter is the set of z, the second that of C."""

    dd: Form
    dg: Form
    gd: Form
    gg: Form

    def __sub__(self, other: Forms) -> Forms:
        return Forms(self.dd - other.dd, self.dg - other.dg, self.gd - other.gd, self.gg - other.gg)

    @property
    def products(self) -> tuple[float, float, float]:
        """The sums over pairs of features of C_D^2, C_D C_G and C_G^2."""
        dd, dg, gg = (form.sum() / max(len(form) - 1, 1) for form in (self.dd, self.dg, self.gg))
        return float(dd), float(dg), float(gg)


def all_pairs(data: Dataset, generated: Dataset, dd: Form) -> Forms:
    """Return the forms over all pairs (i, j) of features, given those of the data alone."""
    dg, gd = squares(data, generated)
    return Forms(dd, dg, gd, own_squares(generated))


def own_squares(data: Dataset) -> Form:
    """Return z_n^T C z_n over all pairs of features, for each sample with the C of all."""
    if len(sites_of(data)) <= len(data):
        return quadratic(data, covariance(data))
    found = np.zeros(len(data))
    for rows, _, product in products(data, data):
        found[rows] += np.square(product).sum(1)
    return found / max(len(data) - 1, 1)


def within(groups: list[slice], data: Dataset, generated: Dataset) -> Forms:
    """Return the forms over the pairs of features of one group; each group begins where the one before ends."""
    x, y = features(data), features(generated)
    total = np.zeros((2, len(x))), np.zeros((2, len(y)))
    if groups[-1].stop == len(groups):  # of one feature each: C is a diagonal
        step = max(1, ENTRIES // max(len(x), len(y)))
        for start in range(0, len(groups), step):
            zs = [np.square(centred(each[:, start : start + step])) for each in (x, y)]
            variances = [z.sum(0) / max(len(z) - 1, 1) for z in zs]
            for form, z in zip(total, zs, strict=True):
                form += [z @ variance for variance in variances]
        return Forms(*total[0], *total[1])
    for columns, width in alike(groups, max(len(x), len(y))):
        zs = [centred(each[:, columns]).reshape(len(each), -1, width).transpose(1, 0, 2) for each in (x, y)]
        tables = [z.transpose(0, 2, 1) @ z / max(z.shape[1] - 1, 1) for z in zs]
        for form, z in zip(total, zs, strict=True):
            form += [((z @ table) * z).sum((0, 2)) for table in tables]
    return Forms(*total[0], *total[1])


def alike(groups: list[slice], rows: int) -> Iterator[tuple[slice, int]]:
    """Yield the columns of groups of one width, of so many rows at most ENTRIES at once, and the width."""
    for width, found in groupby(groups, lambda group: group.stop - group.start):
        same, count = [*found], max(1, ENTRIES // (rows * width))
        for first in range(0, len(same), count):
            few = same[first : first + count]
            yield slice(few[0].start, few[-1].stop), width


def centred(rows: np.ndarray) -> np.ndarray:
    """Return rows minus their mean."""
    return rows - rows.mean(0, dtype=np.float64)


def each_feature(data: Dataset) -> list[slice]:
    """Return the groups of a single feature."""
    return [slice(i, i + 1) for i in range(len(sites_of(data)))]


def each_site(data: Dataset) -> list[slice]:
    """Return the groups of the features of one site."""
    edges = np.flatnonzero(np.diff(sites_of(data), prepend=-1, append=data.sites))
    return [slice(first, last) for first, last in pairwise(edges.tolist())]


def sums(data: Dataset) -> Form:
    """Return the sum of z_i z_j over the pairs of features of different sites, for each sample."""
    z, first = centred(features(data)), [group.start for group in each_site(data)]
    return z.sum(1) ** 2 - np.square(np.add.reduceat(z, first, axis=1)).sum(1)


def squares(x: Dataset, y: Dataset) -> tuple[Form, Form]:
    """Return z_n^T C z_n over all pairs of features: for each sample of x with the C of y, and vice versa."""
    if len(sites_of(x)) <= min(len(x), len(y)):
        return quadratic(x, covariance(y)), quadratic(y, covariance(x))
    of_x, of_y = np.zeros(len(x)), np.zeros(len(y))
    for rows, columns, product in products(x, y):
        square = np.square(product)
        of_x[rows] += square.sum(1)
        of_y[columns] += square.sum(0)
    return of_x / max(len(y) - 1, 1), of_y / max(len(x) - 1, 1)


def quadratic(x: Dataset, table: np.ndarray) -> Form:
    """Return z^T (table) z of each sample."""
    mean = means(x)
    return np.concatenate([np.einsum("nf,nf->n", (part - mean) @ table, part - mean) for part in blocks(x)])


def products(x: Dataset, y: Dataset) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Yield rows of x, rows of y and the products of their features, each minus the mean of its own set."""
    coded = x.colours is not None and x.colours > 2
    a, b = points(x, y) if coded else (uncoded(side) for side in (x, y))
    mean_x, mean_y = means(x), means(y)
    of_x, of_y = (np.concatenate([part @ mean for part in blocks(side)]) for side, mean in ((x, mean_y), (y, mean_x)))
    for rows in slices(len(x)):
        for columns in slices(len(y)):
            found = x.sites - distances(a[rows], b[columns]) if coded else a[rows] @ b[columns].T
            yield rows, columns, found - (of_x[rows, None] + of_y[columns] - mean_x @ mean_y)


def inner_products(samples: Samples, centred: bool) -> Float64[np.ndarray, "N N"]:
    """Return the products of the features of all pairs of samples, minus the mean of each feature if centred.

    Each pair is computed once. Counts of equal sites are exact, and numbers lose no digits to their means.
    """
    coded = samples if isinstance(samples, Dataset) and (samples.colours or 0) > 2 else None
    (rows,) = (numbers(samples, centred),) if coded is None else points(coded)
    table = np.empty((len(rows), len(rows)))
    for one in slices(len(rows)):
        for other in slices(len(rows), one.start):
            found = rows[one] @ rows[other].T if coded is None else coded.sites - distances(rows[one], rows[other])
            table[one, other], table[other, one] = found, found.T
    if centred:
        mean = table.mean(0)
        table -= mean[:, None]
        table -= mean - mean.mean()
    return table


def numbers(samples: Samples, centred: bool) -> np.ndarray:
    """Return features whose products are exact up to rounding: counts as they are, others as float64."""
    if isinstance(samples, Dataset) and not samples.continuous:
        return features(samples)
    rows = np.concatenate([*blocks(samples)]).astype(np.float64)
    return rows - rows.mean(0) if centred else rows


def uncoded(data: Dataset) -> np.ndarray:
    """Return features whose products are exact: counts in float32, numbers in float64."""
    return features(data).astype(np.float64) if data.continuous else features(data)
