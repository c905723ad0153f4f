"""Identification of fixed points: distances per site, connected components, one representative each."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import euclidean_distances

from shortrun.errors import ConfigError
from shortrun.models import LABEL, RBM, Layer
from shortrun.typing import Field

ROWS_AT_ONCE = 256  # of the table of distances, which takes 10 MB for 5,000 points
SAME = 9  # decimals of distances from a centre, so that rounding errors do not decide

Points = Float[np.ndarray, "N D"]
Clusters = Int[np.ndarray, " N"]


def coordinates(model: RBM, observed: Field) -> Points:
    """Return fixed points as points whose Euclidean distance is the root mean square over the visible sites.

    d^2 = (1 / N_v) sum_i d_i^2, with d_i scaled so that two different values of a site are at distance 1: for profiles
    of pure values d^2 is the share of sites that differ, for any N_v and any units. The label is left out.
    """
    parts = [
        observed[:, rows] / _distance_of_values(layer)
        for layer, rows in zip(model.spec.observed, model.slices, strict=True)
        if layer.name != LABEL
    ]
    sites = sum(layer.sites for layer in model.spec.visible)
    return torch.cat(parts, 1).double().div_(math.sqrt(sites)).cpu().numpy()


def _distance_of_values(layer: Layer) -> float:
    """Return the distance between the features of two values of a site: 1, or 2 (Ising), or sqrt 2 (Potts units)."""
    if layer.units.levels is None:
        return 1.0
    first, second = layer.units.features(torch.tensor([[0], [1]], dtype=torch.uint8), torch.float64)
    return float((first - second).norm())


def check_eps(eps: float) -> None:
    """Raise ConfigError unless the distance below which points are merged is positive."""
    if not eps > 0:
        raise ConfigError("eps", f"a positive distance a site expected, got {eps:g}")


def components(points: Points, eps: float) -> Clusters:
    """Return the connected component of each point where points within eps of each other are joined.

    The result is that of DBSCAN with min_samples = 1; memory grows with N, not N^2. Components are numbered in the
    order of their first points.
    """
    found = np.arange(len(points))
    for first in range(0, len(points), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        near, other = np.nonzero(euclidean_distances(points[rows], points[first:]) <= eps)
        pairs = (found[rows][near], found[first:][other])
        joined = coo_array((np.ones(len(near), bool), pairs), shape=(len(points), len(points)))
        found = connected_components(joined, directed=False)[1].astype(np.int64)[found]
    return _in_order(found)


def _in_order(clusters: Clusters) -> Clusters:
    """Return clusters numbered in the order of their first members."""
    _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def representatives(points: Points, clusters: Clusters, weights: Int[np.ndarray, " N"]) -> Int[np.ndarray, " _"]:
    """Return the representative of each cluster: the member nearest to the weighted mean, in a tie the first."""
    totals = np.bincount(clusters, weights)[:, None]
    centres = np.zeros((len(totals), points.shape[1]))
    np.add.at(centres, clusters, points * weights[:, None] / totals[clusters])
    away = np.linalg.norm(points - centres[clusters], axis=1).round(SAME)
    order = np.lexsort((np.arange(len(points)), away, clusters))
    return order[np.unique(clusters[order], return_index=True)[1]]


def distinct(rows: Float[np.ndarray, "N D"]) -> tuple[Int[np.ndarray, " _"], Clusters]:
    """Return the index of the first occurrence of each distinct row, in order, and the distinct row of each row."""
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.sort(first), _in_order(inverse.reshape(-1))
