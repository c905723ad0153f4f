"""A sequence aligned to the columns of a family: its residues to columns, by how often letters occur in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.sequences.encoding import gap_code
from shortrun.data.sequences.weights import frequencies

OPEN, EXTEND = 3.8, 0.35  # cost of a gap, nats: 11 and 1 in half bits, as with BLOSUM62
TOLD = 8  # runs of residues in a line
PSEUDO = 5.0  # sequences of the background that are added to those of the family


@dataclass(frozen=True, eq=False)
class Placement:
    """Where a sequence lies on columns.

    Parameters
    ----------
    residues : ndarray
        (S,) int64 index of the residue in each column, -1 for a gap.
    score : float
        Of the alignment, in nats: how much more likely the letters are in these columns than anywhere.
    identity : float
        Share of placed residues that are the most frequent letter of their column.
    """

    residues: np.ndarray
    score: float
    identity: float


def log_odds(family: Dataset) -> np.ndarray:
    """Return the (S, q) logarithm of how often letters occur in a column, over how often in all of them; gaps: 0."""
    gap = gap_code(family.alphabet) if family.alphabet is not None else 0
    counts = frequencies(family, 0.0) * family.weights.sum()
    counts[:, gap] = 0
    background = counts.sum(0) + 1
    background[gap] = 0
    background /= background.sum()
    share = (counts + PSEUDO * background) / (counts.sum(1, keepdims=True) + PSEUDO)
    return np.log(np.divide(share, background, out=np.ones_like(share), where=background > 0))


def align(odds: np.ndarray, codes: np.ndarray) -> Placement:
    """Return the best alignment of a sequence to columns; residues that overhang are free, columns at the ends cheap.

    Parameters
    ----------
    odds : ndarray
        (S, q) score of each letter in each column (`log_odds`).
    codes : ndarray
        (N,) letters of the sequence, -1 for one that the alphabet has not.

    Returns
    -------
    Placement
        Of Gotoh's algorithm with affine gap costs.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.data.sequences.profile_alignment import align
    >>> align(3 * np.eye(4), np.array([3, 3, 0, 1, 2])).residues.tolist()
    [2, 3, 4, -1]
    """
    score = np.where(codes >= 0, odds[:, codes], 0.0)
    match, gapped, inserted = _filled(score)
    ends = match - EXTEND * np.arange(len(match))[::-1, None]
    last = np.unravel_index(ends.argmax(), match.shape)
    residues = _traced(match, gapped, inserted, (int(last[0]), int(last[1])))
    placed = residues >= 0
    same = codes[residues[placed]] == odds.argmax(1)[placed]
    return Placement(residues, float(ends[last]), float(same.mean()))


def _filled(score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (S, N) best scores of alignments that end with residue j in column i, a gap there, or j inserted."""
    columns, length = score.shape
    match, gapped, inserted = (np.full(score.shape, -np.inf) for _ in range(3))
    along = EXTEND * np.arange(length)
    best = np.full(length, -np.inf)  # before the first column
    for i in range(columns):
        match[i] = score[i] + np.maximum(np.concatenate([[-np.inf], best[:-1]]), -EXTEND * i)  # go on, or begin here
        if i > 0:
            gapped[i] = np.maximum(np.maximum(match[i - 1], inserted[i - 1]) - OPEN, gapped[i - 1] - EXTEND)
        opened = np.maximum.accumulate(match[i] + along)[:-1]
        inserted[i, 1:] = opened - OPEN - along[:-1]
        best = np.maximum(np.maximum(match[i], gapped[i]), inserted[i])
    return match, gapped, inserted


def _traced(match: np.ndarray, gapped: np.ndarray, inserted: np.ndarray, last: tuple[int, int]) -> np.ndarray:
    """Return the residue of each column along the best path that ends in a place."""
    residues = np.full(len(match), -1, np.int64)
    (i, j), state = last, 0
    while True:
        if state == 0:
            residues[i] = j
            if i == 0 or j == 0:
                return residues
            i, j = i - 1, j - 1
            before = [match[i, j], gapped[i, j], inserted[i, j]]
            if max(before) <= -EXTEND * (i + 1):
                return residues
            state = int(np.argmax(before))
        elif state == 1:
            i -= 1
            state = int(np.argmax([match[i, j] - OPEN, gapped[i, j] - EXTEND, inserted[i, j] - OPEN]))
        else:
            j -= 1
            state = 0 if match[i, j] - OPEN >= inserted[i, j] - EXTEND else 2


def runs(numbers: np.ndarray, names: Sequence[str] | None = None) -> str:
    """Return numbers in order as text, as "1-4, 9", the first few of them; by their names where they have some."""
    parts = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    words = []
    for part in parts[:TOLD]:
        first, last = (str(it) if names is None else names[it] for it in (int(part[0]), int(part[-1])))
        words.append(first if len(part) == 1 else f"{first}-{last}")
    return ", ".join([*words, *(["..."] if len(parts) > TOLD else [])])
