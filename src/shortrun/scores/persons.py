"""Persons: are they as heterozygous as real ones, one by one? Ideal 0, lower is better."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

from shortrun.data import Dataset
from shortrun.data.core.alphabet import DOSAGE
from shortrun.scores._base import Estimate, Pair, Quantity
from shortrun.scores._families import Domain, SampleScores
from shortrun.scores._genotypes import is_genotypes
from shortrun.scores._numbers import kolmogorov_smirnov


def has_persons(data: Dataset) -> bool:
    """Return whether it is known which haplotypes belong to one person."""
    return is_genotypes(data) and (data.alphabet == DOSAGE or (data.groups is not None and len(couples(data)) > 1))


PERSONS = Domain("genotypes of persons (dosages, or haplotypes with two of each group)", has_persons)


def measure(pair: Pair) -> dict[str, Estimate]:
    """Return the distance between the distributions of heterozygosity over persons."""
    persons = map(heterozygosity, (pair.reference, pair.generated))
    return {"individual-heterozygosity": kolmogorov_smirnov(*persons)}


def floors(pair: Pair) -> dict[str, float]:
    """Return the distance between two halves of the real persons."""
    real, generated = (heterozygosity(side) for side in (pair.reference, pair.generated))
    middle = len(real) // 2
    distance = kolmogorov_smirnov(real[:middle], real[middle : 2 * middle][: len(generated)])
    return {"individual-heterozygosity": distance.value}


def heterozygosity(data: Dataset) -> Float64[np.ndarray, " P"]:
    """Return, for each person, the share of sites at which the two alleles differ."""
    if data.alphabet == DOSAGE:
        return (data.values == 1).mean(1)
    one, other = couples(data).T
    return (data.values[one] != data.values[other]).mean(1)


def couples(data: Dataset) -> Int[np.ndarray, "P 2"]:
    """Return the rows of each person's two haplotypes: those of one group, or without groups any two of one label."""
    keys = data.labels if data.groups is None else np.unique(data.groups, return_inverse=True)[1]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    if data.groups is None:
        rank = np.arange(len(keys)) - np.searchsorted(keys, keys)  # within the label
        first = (rank % 2 == 0) & np.append(keys[:-1] == keys[1:], False)
    else:
        size = np.searchsorted(keys, keys, "right") - np.searchsorted(keys, keys)
        first = (size == 2) & np.append(keys[:-1] == keys[1:], False)
    place = np.flatnonzero(first)
    return np.stack([order[place], order[place + 1]], 1)


SCORES = SampleScores(
    quantities=(
        Quantity(
            "individual-heterozygosity",
            ideal=0.0,
            direction="lower",
            group="domain",
            chance=1.0,
            meaning="0: the heterozygosity of persons is distributed as in the data; 1: without overlap.",
        ),
    ),
    measure=measure,
    floors=floors,
    domain=PERSONS,
)
