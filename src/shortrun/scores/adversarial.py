"""Adversarial accuracy: can a nearest-neighbour test tell generated samples from real ones? Ideal 1/2 each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from shortrun.data import Dataset
from shortrun.data.core.splits import group_codes
from shortrun.errors import DataError
from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._errors import bootstrap
from shortrun.scores._families import SampleScores
from shortrun.scores._features import Samples
from shortrun.scores._neighbours import Nearest, nearest_apart, nearest_between, nearest_within, points

Ties: TypeAlias = Literal["fraction", "other"]
Share: TypeAlias = float | np.ndarray


class AdversarialAccuracy(NamedTuple):
    """P_DD (P_GG): the share of data (generated) samples whose nearest other sample is data (generated).

    P_DD near 1 means that real samples are far from generated ones (poor generation), near 0 that they are copied. P_GG
    near 1 means that generated samples cluster, near 0 that each has real neighbours only.

    Examples
    --------
    >>> AdversarialAccuracy(p_dd=0.5, p_gg=1.0).error
    0.125
    """

    p_dd: float
    p_gg: float

    @property
    def error(self) -> float:
        """((P_DD - 1/2)^2 + (P_GG - 1/2)^2) / 2, ideal 0 (FF23 eq. 8)."""
        return float(aai(self.p_dd, self.p_gg))


def adversarial_accuracy(data: Samples, generated: Samples, *, ties: Ties = "fraction") -> AdversarialAccuracy:
    """Return P_DD and P_GG of two sets with the same number of samples.

    Memory grows with N, not with N^2; each pair of samples is compared once.

    Parameters
    ----------
    data, generated : Samples
        Data sets, compared by Hamming distance (continuous ones by Euclidean distance), or (N, F) features, compared by
        Euclidean distance, whose order is the same for binary and one-hot features.
    ties : Ties, default "fraction"
        Whether neighbours at the same distance count as fractions, or for the "other" set as in the published codes,
        which makes perfect generators of short discrete data look bad.

    Raises
    ------
    DataError
        If the sizes differ.

    Examples
    --------
    >>> data = np.array([[0.0], [1.0], [2.0]])
    >>> adversarial_accuracy(data, data)
    AdversarialAccuracy(p_dd=0.0, p_gg=0.0)
    """
    own_data, own_generated = own_shares(data, generated, ties)
    return AdversarialAccuracy(float(own_data.mean()), float(own_generated.mean()))


def own_shares(
    data: Samples, generated: Samples, ties: Ties, among_data: Callable[[], Nearest] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each sample of either set, the share of its nearest other samples that belong to its own set.

    Real samples of one group, as overlapping windows of a piece, are no neighbours; neither are as many generated ones
    of its class. The published codes know no groups. `among_data`, if given, returns the nearest other sample in the
    data of each of them.
    """
    if len(data) != len(generated):
        raise DataError(f"as many generated samples as data expected, got {len(generated):,} and {len(data):,}")
    x, y = points(data, generated)
    to_y, to_x = nearest_between(x, y)
    of_generated = own_share(nearest_within(y), to_x, ties)
    if ties == "fraction" and isinstance(data, Dataset) and isinstance(generated, Dataset) and has_groups(data):
        own, to_y = nearest_apart(x, y[by_class(data.labels, generated.labels)], group_codes(data))
    else:
        own = nearest_within(x) if among_data is None else among_data()
    return own_share(own, to_y, ties), of_generated


def nearest_others_of(data: Dataset) -> Nearest:
    """Return the nearest other sample of each sample of a data set."""
    return nearest_within(*points(data))


def has_groups(data: Dataset) -> bool:
    """Return whether samples are of several groups."""
    return data.groups is not None and len(np.unique(data.groups)) > 1


def by_class(labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return an order of the others in which their classes are those of the labels, as far as there are as many."""
    order = np.empty(len(labels), np.int64)
    order[np.argsort(labels, kind="stable")] = np.argsort(others, kind="stable")
    return order


def own_share(own: Nearest, other: Nearest, ties: Ties) -> np.ndarray:
    """Return 1 where the own set is nearer, and 0 where the other one is."""
    nearer = (own.distance < other.distance).astype(np.float64)
    if ties == "other":
        return nearer
    return np.where(own.distance == other.distance, own.ties / np.maximum(own.ties + other.ties, 1), nearer)


def aai(p_dd: Share, p_gg: Share) -> Share:
    """Return ((P_DD - 1/2)^2 + (P_GG - 1/2)^2) / 2."""
    return ((p_dd - 0.5) ** 2 + (p_gg - 0.5) ** 2) / 2


def doubled(p_dd: Share, p_gg: Share) -> Share:
    """Return AAI without the factor 1/2, as in the F&F code."""
    return 2 * aai(p_dd, p_gg)


def aats(p_dd: Share, p_gg: Share) -> Share:
    """Return (P_DD + P_GG) / 2, the AATS of the genomics literature."""
    return (p_dd + p_gg) / 2


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return AAI, P_DD, P_GG and AATS of equally many samples; errors resample samples, not neighbours."""
    ties = "fraction" if pair.convention == "default" else "other"
    shares = own_shares(*pair.equal, ties, partial(pair.of_real, nearest_others_of))
    error = doubled if pair.convention == "fef" else aai
    statistics = {"aai": error, "p-dd": lambda p, _: p, "p-gg": lambda _, p: p, "aats": aats}
    means = [share.mean() for share in shares]
    return {
        name: Estimate(float(statistic(*means)), partial(bootstrap, statistic, *shares, pair.seed))
        for name, statistic in statistics.items()
    }


SCORES = SampleScores(
    quantities=(
        Quantity(
            "aai",
            ideal=0.0,
            direction="lower",
            chance=0.25,
            meaning="0: real and generated samples are mixed evenly; higher: a nearest neighbour tells them apart.",
        ),
        Quantity(
            "p-dd",
            ideal=0.5,
            direction="none",
            chance=1.0,
            meaning="0.5: a real sample is as near to generated as to real ones; higher: missed; lower: copied.",
        ),
        Quantity(
            "p-gg",
            ideal=0.5,
            direction="none",
            chance=1.0,
            meaning="0.5: a generated sample is as near to real as to generated ones; higher: they cluster.",
        ),
        Quantity(
            "aats",
            ideal=0.5,
            direction="none",
            chance=1.0,
            meaning="0.5: a nearest neighbour does not tell real from generated; higher: it does; lower: copies.",
        ),
    ),
    measure=measure,
)
