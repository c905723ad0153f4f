"""Information of each letter at each site of sequences, for logos."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from shortrun.data import Dataset
from shortrun.errors import DataError

GAP = "-"


def information(data: Dataset) -> Float64[np.ndarray, "S q"]:
    """Return p_i(c) R_i in bits, the heights of a sequence logo (T. Schneider and R. Stephens 1990); 0 for gaps.

    R_i = g_i (log2 q - H_i - (q - 1) / (2 n_i ln 2)), at least 0: H_i is the entropy of the letters without gaps, q
    their number, n_i the number of sequences without a gap at site i, and g_i their share.

    Parameters
    ----------
    data : Dataset
        Sequences of letters.

    Raises
    ------
    DataError
        If the samples are not sequences of letters.

    Examples
    --------
    >>> information(Dataset.from_arrays([[0]] * 100, alphabet="ACGU")).round(2).tolist()
    [[1.98, 0.0, 0.0, 0.0]]
    """
    frequency = frequencies(data)
    assert data.alphabet is not None
    letters = np.array([letter != GAP for letter in data.alphabet.letters])
    filled = frequency[:, letters].sum(1, keepdims=True)
    share = np.divide(frequency, filled, out=np.zeros_like(frequency), where=filled > 0) * letters
    entropy = -(share * np.log2(share, out=np.zeros_like(share), where=share > 0)).sum(1, keepdims=True)
    small = (letters.sum() - 1) / (2 * np.log(2) * np.maximum(filled * len(data), 1))
    return share * filled * np.maximum(np.log2(letters.sum()) - entropy - small, 0)


def frequencies(data: Dataset) -> Float64[np.ndarray, "S q"]:
    """Return the frequency of each letter at each site.

    Parameters
    ----------
    data : Dataset
        Sequences of letters.

    Raises
    ------
    DataError
        If the samples are not sequences of letters.

    Examples
    --------
    >>> frequencies(Dataset.from_arrays([[0], [2]], alphabet="ACGU")).tolist()
    [[0.5, 0.0, 0.5, 0.0]]
    """
    if data.alphabet is None or data.alphabet.letters.isdecimal():
        raise DataError("sequences of letters expected, such as proteins, RNA and DNA")
    return np.stack([(data.values == code).mean(0) for code in range(len(data.alphabet))], axis=1)


def most_different_sites(one: Dataset, other: Dataset, count: int) -> Int64[np.ndarray, " _"]:
    """Return at most `count` sites, in order, at which the frequencies of letters differ most in total variation.

    Raises
    ------
    DataError
        If the samples are not sequences of letters.

    Examples
    --------
    >>> one, other = (Dataset.from_arrays([[0, 1, 2], [0, 1, k]], alphabet="ACGU") for k in (2, 3))
    >>> most_different_sites(one, other, 1).tolist()
    [2]
    """
    distance = np.abs(frequencies(one) - frequencies(other)).sum(1)
    return np.sort(np.argsort(-distance, kind="stable")[:count])
