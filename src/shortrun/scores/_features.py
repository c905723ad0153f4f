"""Samples as the vectors that scores compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float64

from shortrun.data import Dataset

ROWS = 1000  # samples in a block
Samples: TypeAlias = Dataset | Float[np.ndarray, "_ F"]  # any number of samples: two sets may differ


def features(data: Dataset) -> Float[np.ndarray, "N F"]:
    """Return samples as vectors: binary or continuous values as they are, more colours one-hot.

    Each column of a table is treated so, side by side; columns of a single value have no feature.

    Parameters
    ----------
    data : Dataset
        Samples.

    Returns
    -------
    ndarray
        (N, S) or (N, S q), float32.

    Examples
    --------
    >>> features(Dataset.from_arrays([[0, 2], [1, 1]], alphabet="codes")).tolist()
    [[1.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]]
    """
    if data.columns is not None:
        colours = [column.colours for column in data.columns]
        return np.concatenate([encoded(data.values[:, [i]], q) for i, q in enumerate(colours) if q > 1], axis=1)
    return encoded(data.values, data.colours)


def encoded(values: np.ndarray, colours: int | None) -> Float[np.ndarray, "N F"]:
    """Return the features of sites with this number of colours; None for continuous values."""
    if colours is None or colours == 2:
        return values.astype(np.float32)
    return np.eye(colours, dtype=np.float32)[values].reshape(len(values), -1)


def blocks(samples: Samples) -> Iterator[Float[np.ndarray, "B F"]]:
    """Yield the features of samples, or rows that are features already, block by block."""
    for start in range(0, len(samples), ROWS):
        rows = slice(start, start + ROWS)
        yield features(samples.select(rows)) if isinstance(samples, Dataset) else samples[rows]


def means(samples: Samples) -> Float64[np.ndarray, " F"]:
    """Return the mean of each feature, summed block by block."""
    return np.sum([part.sum(0, dtype=np.float64) for part in blocks(samples)], axis=0) / len(samples)


def sites_of(data: Dataset) -> np.ndarray:
    """Return the (F,) site of each feature, in order."""
    colours = [data.colours] * data.sites if data.columns is None else [column.colours for column in data.columns]
    width = [1 if q is None or q == 2 else 0 if q == 1 else q for q in colours]
    return np.repeat(np.arange(data.sites), width)


def covariance(samples: Samples) -> Float64[np.ndarray, "F F"]:
    """Return the sample covariance of the features, summed block by block.

    Products of features that are 0 or 1 are counts, which float32 holds exactly; others are centred first.
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
