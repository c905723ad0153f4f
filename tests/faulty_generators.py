"""Small random data, a distribution with structure, and generators whose faults are known."""

from __future__ import annotations

import numpy as np

import shortrun as sr
from shortrun.data.core.columns import Column

KINDS = ("binary", "four", "numbers", "table")
SITES, KINDS_OF_SAMPLES = 24, 3
COLUMNS = [Column(f"c{i}", tuple("abcd"[: 2 + i % 3])) for i in range(6)]


def data(kind, seed, rows=30, sites=6):
    """Return small random data: repeated rows, sites of two or four colours, numbers, or columns of 2, 3 and 4."""
    random = np.random.default_rng(seed)
    if kind == "numbers":
        return sr.Dataset.from_arrays(random.normal(size=(rows, sites)), alphabet="continuous")
    if kind == "table":
        values = random.integers(0, [column.colours for column in COLUMNS], (rows, 6))
        return sr.Dataset.from_arrays(values, columns=COLUMNS)
    colours = {"binary": 2, "four": 4}[kind]
    values = random.integers(0, colours, (rows, sites)) * (random.random((rows, 1)) < 0.7)
    return sr.Dataset.from_arrays(values.astype(np.uint8), alphabet=None if colours == 2 else "ACGT")


def law(seed, rows=400):
    """Return samples of a mixture of three kinds with strong, unequal correlations; the class is the kind."""
    chances = np.random.default_rng(123).choice([0.1, 0.4, 0.85], (KINDS_OF_SAMPLES, SITES))
    random = np.random.default_rng([seed, 1])
    kind = random.choice(KINDS_OF_SAMPLES, rows, p=[0.5, 0.3, 0.2])
    return sr.Dataset.from_arrays((random.random((rows, SITES)) < chances[kind]).astype(np.uint8), kind)


def copy(x, _seed):
    return x


def independent(x, seed):
    return law(seed, len(x))


def noise(x, seed):
    values = np.random.default_rng(seed).integers(0, 2, x.values.shape)
    return sr.Dataset.from_arrays(values, x.labels, classes=x.classes)


def collapsed(x, _seed):
    return x.with_values(np.repeat(x.values[:1], len(x), 0))
