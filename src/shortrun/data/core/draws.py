"""Where in its bin each number of a sample is: a function of the sample, so that it is the same in every file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset

GOLDEN = 0x9E3779B97F4A7C15


def mixed(words: np.ndarray) -> np.ndarray:
    """Return 64-bit words whose bits depend on all bits of those given (the finaliser of SplitMix64)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def row_words(data: Dataset) -> np.ndarray:
    """Return a 64-bit word for each sample, a function of its name and its codes."""
    names = np.ascontiguousarray(data.names)
    letters = names.view(np.uint32).reshape(len(names), -1) if names.dtype.itemsize else np.zeros((len(names), 0))
    words = np.zeros(len(data), np.uint64)
    for table in (letters, data.values):
        for i in range(table.shape[1]):
            factor = mixed(np.array([(i + 1) * GOLDEN % 2**64], np.uint64)) | np.uint64(1)
            words += table[:, i].astype(np.uint64) * factor  # zeros at the end of short names add nothing
        words = mixed(words)
    return words


def uniforms(words: np.ndarray, site: int) -> np.ndarray:
    """Return a number in [0, 1) for each word of a sample, at a site."""
    places = mixed(words + np.array([(site + 1) * GOLDEN % 2**64], np.uint64))
    return (places >> np.uint64(11)) * 2.0**-53
