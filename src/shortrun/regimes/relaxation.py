"""Whether chains have forgotten their start, without a stationary run: overlaps, two starts, jumps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import Spec
from shortrun.regimes.autocorrelation import Measured, error_of_mean
from shortrun.typing import Field, State
from shortrun.units import Gaussian

MERGED = 0.1  # of the combined spread, below which two overlaps count as equal
AGREE = 3.0  # standard errors within which two starts agree
PAIRINGS = 8  # other chains that each chain is compared with


def settling_time(times: Sequence[int], holds: Sequence[bool]) -> Measured:
    """Return the first of the times from which something holds to the end.

    Its error is the step of the grid before it. It is not resolved, and a lower bound, if the condition fails at the
    last time.
    """
    first = max((i + 1 for i, held in enumerate(holds) if not held), default=0)
    if first == len(times):
        return Measured(float(times[-1]), math.nan, False)
    return Measured(float(times[first]), float(times[first] - (times[first - 1] if first else 0)), True)


@dataclass(frozen=True, eq=False)
class Overlaps:
    """How similar chains are at a time t: (mean, spread) over pairs.

    Parameters
    ----------
    time : int
        Time t.
    independent : tuple[float, float]
        Overlap of x(t) of different chains.
    own : tuple[float, float]
        Overlap of x(t) and x(t / 2) of one chain.
    chains : int
        The number of chains.
    """

    time: int
    independent: tuple[float, float]
    own: tuple[float, float]
    chains: int

    @property
    def merged(self) -> bool:
        """Whether the means differ by less than a tenth of the root mean square spread, or by less than their noise.

        The noise is three standard errors for as many pairs as there are chains.
        """
        spread = math.hypot(self.independent[1], self.own[1])
        noise = AGREE * spread / math.sqrt(self.chains)
        return abs(self.own[0] - self.independent[0]) <= max(MERGED * spread / math.sqrt(2), noise)


def chain_overlaps(spec: Spec, snapshots: Mapping[int, State]) -> list[Overlaps]:
    """Return the overlaps at every recorded time t whose half was recorded too.

    Parameters
    ----------
    spec : Spec
        Layers of the machine.
    snapshots : Mapping[int, State]
        Time -> state of the chains.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import Layer, Spec
    >>> from shortrun.regimes import chain_overlaps
    >>> from shortrun.units import Bernoulli
    >>> spec = Spec((Layer("visible", 3, Bernoulli()), Layer("hidden", 2, Bernoulli())))
    >>> state = (torch.tensor([[0, 0, 1], [1, 1, 0]], dtype=torch.uint8),)
    >>> [found.own[0] for found in chain_overlaps(spec, {1: state, 2: state})]
    [1.0]
    """
    found = []
    for t in sorted(snapshots):
        if t % 2 == 0 and t // 2 in snapshots:
            now, half = snapshots[t], snapshots[t // 2]
            turns = range(1, 1 + min(PAIRINGS, len(now[0]) - 1))
            apart = torch.cat([_overlap(spec, now, tuple(x.roll(r, 0) for x in now)) for r in turns])
            own = _overlap(spec, now, half)
            means = ((float(each.mean()), float(each.std())) for each in (apart, own))
            found.append(Overlaps(t, *means, chains=len(own)))
    return found


def _overlap(spec: Spec, one: State, other: State) -> Float64[Tensor, " C"]:
    """Return the overlap of two states of each chain: share of equal sites, or mean product of continuous ones."""
    total = torch.zeros(len(one[0]), dtype=torch.float64)
    for layer, x, y in zip(spec.observed, one, other, strict=True):
        total += (x.double() * y if isinstance(layer.units, Gaussian) else (x == y).double()).sum(1)
    return total / sum(layer.sites for layer in spec.observed)


def merging_time(found: Sequence[Overlaps]) -> Measured:
    """Return the time t / 2 after which a chain is no more similar to its own past than to another chain.

    Parameters
    ----------
    found : Sequence[Overlaps]
        Of `chain_overlaps`.

    Raises
    ------
    ConfigError
        If no two recorded times are t and t / 2.

    Examples
    --------
    >>> from shortrun.regimes import Overlaps, merging_time
    >>> apart, merged = ((0.9, 0.1), (0.5, 0.1))
    >>> merging_time([Overlaps(2, merged, apart, 100), Overlaps(4, merged, merged, 100)])
    Measured(value=2.0, error=1.0, resolved=True)
    """
    if not found:
        raise ConfigError("times", "times t and t / 2 expected")
    return settling_time([each.time // 2 for each in found], [each.merged for each in found])


def standard_errors_apart(one: Float64[Tensor, " C"], other: Float64[Tensor, " C"]) -> float:
    """Return the distance of the means of two sets of chains, in standard errors."""
    error = float(torch.hypot(error_of_mean(one), error_of_mean(other)))
    return float((one.mean() - other.mean()).abs()) / max(error, 1e-300)


def agreement_time(times: Sequence[int], distances: Sequence[float]) -> Measured:
    """Return the time from which two starts agree within three standard errors.

    Few chains agree soon: the precision of the test is that of their number.

    Parameters
    ----------
    times : Sequence[int]
        Sweeps.
    distances : Sequence[float]
        Distance of the two means at each time, in standard errors.

    Examples
    --------
    >>> from shortrun.regimes import agreement_time
    >>> agreement_time((1, 2, 4), (9.0, 2.0, 1.0))
    Measured(value=2.0, error=1.0, resolved=True)
    """
    return settling_time(times, [each <= AGREE for each in distances])


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of samples in the plane of their principal components, by the nearest centre.

    Parameters
    ----------
    directions : Float[Tensor, "F D"]
        (F, 2) vectors that span the plane.
    centres : Float[Tensor, "n D"]
        (n, 2) points of the plane.
    """

    directions: Float[Tensor, "F D"]
    centres: Float[Tensor, "n D"]

    @classmethod
    def of(cls, features: Field, count: int) -> Clusters:
        """Return clusters of samples by k-means in the plane of their first two principal components.

        Raises
        ------
        ConfigError
            For fewer than two clusters, or more than samples.
        """
        from sklearn.cluster import KMeans  # slow to import
        from sklearn.decomposition import PCA
        from threadpoolctl import threadpool_limits

        if not 2 <= count <= len(features):
            raise ConfigError("clusters", f"2 to {len(features)} clusters of these samples expected, got {count}")
        table = features.numpy()
        with threadpool_limits(1):  # several add in an order that depends on their number
            found = PCA(min(2, table.shape[1]), svd_solver="randomized", random_state=0).fit(table)
            plane = np.asarray(found.components_).T
            centres = KMeans(count, n_init="auto", random_state=0).fit(table @ plane).cluster_centers_
        return cls(*(torch.from_numpy(each.copy()).to(features.dtype) for each in (plane, centres)))

    def nearest(self, points: Float[Tensor, "*C D"]) -> Int64[Tensor, "*C"]:
        """Return the clusters of points of the plane."""
        return torch.cdist(points.flatten(0, -2), self.centres).argmin(1).view(points.shape[:-1])


def jump_rate(clusters: Int64[Tensor, "T C"]) -> Measured:
    """Return how often a chain changes its cluster, per chain and sweep.

    The error is the spread over chains. Not resolved: no chain has jumped; the value is then the rate
    at which three jumps are expected, an upper bound. A point that flickers at a border jumps too.

    Parameters
    ----------
    clusters : Int64[Tensor, "T C"]
        The cluster of each chain after each sweep.

    Raises
    ------
    ConfigError
        For fewer than two sweeps or chains.

    Examples
    --------
    >>> import torch
    >>> from shortrun.regimes import jump_rate
    >>> jump_rate(torch.tensor([[0, 1], [1, 0], [1, 1]])).value
    0.75
    """
    sweeps, chains = clusters.shape
    if sweeps < 2 or chains < 2:
        raise ConfigError("sweeps", f"at least two sweeps of two chains expected, got {sweeps} of {chains}")
    rates = (clusters[1:] != clusters[:-1]).double().mean(0)
    if not bool(rates.any()):
        return Measured(3 / (chains * (sweeps - 1)), math.nan, False)
    return Measured(float(rates.mean()), float(error_of_mean(rates)), True)
