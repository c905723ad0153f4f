"""Mean pLDDT of generated and real sequences, at all lengths and at equal length."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from shortrun.errors import DataError

ALL = "all"
FEWEST = 2  # smallest number of sequences on each side


class Row(NamedTuple):
    """The comparison of one class, or of all sequences.

    Parameters
    ----------
    cls : str
        The class; "all" for all sequences.
    real, generated : int
        Number of sequences.
    mean_real, mean_generated : float
        Mean pLDDT.
    difference, error : float
        Generated minus real, with its standard error.
    at_equal_length, error_at_equal_length : float
        The same between sequences of equal length.
    ks, p : float
        Kolmogorov-Smirnov distance, the largest difference of the two cumulative distributions, and the probability of
        at least this distance between samples of one distribution.
    """

    cls: str
    real: int
    generated: int
    mean_real: float
    mean_generated: float
    difference: float
    error: float
    at_equal_length: float
    error_at_equal_length: float
    ks: float
    p: float


def compare(table: pd.DataFrame) -> pd.DataFrame:
    """Compare the pLDDT of generated and real sequences, all together and class by class.

    Parameters
    ----------
    table : pd.DataFrame
        Columns label, source ("real" or "generated"), length, plddt; rows without a pLDDT are left out.

    Returns
    -------
    pandas.DataFrame
        A `Row` for "all", then one for each class with at least two sequences on both sides; the column of `cls` is
        named class.

    Raises
    ------
    DataError
        If there are fewer than two sequences with a pLDDT on a side.

    Examples
    --------
    >>> rows = [("", source, 10, value) for source, value in zip(["real", "generated"] * 2, (80, 70, 90, 60))]
    >>> table = compare(pd.DataFrame(rows, columns=["label", "source", "length", "plddt"]))
    >>> float(table["difference"][0])
    -20.0
    """
    known = table.dropna(subset=["plddt"])
    found = {ALL: compare_group(ALL, known)}
    if found[ALL] is None:
        counts = " and ".join(f"{(known['source'] == side).sum()} {side}" for side in ("real", "generated"))
        raise DataError(f"two real and two generated sequences with a pLDDT are needed to compare, got {counts}")
    labels = known["label"].fillna("").astype(str)
    found |= {cls: compare_group(cls, known.loc[labels == cls]) for cls in sorted(set(labels) - {""})}
    return pd.DataFrame([row for row in found.values() if row]).rename(columns={"cls": "class"})


def compare_group(cls: str, table: pd.DataFrame) -> Row | None:
    """Return the comparison of some sequences, None if there are too few."""
    from scipy.stats import ks_2samp  # slow to import

    sides = [table.loc[table["source"] == side] for side in ("real", "generated")]
    if min(map(len, sides)) < FEWEST:
        return None
    (real, real_lengths), (generated, lengths) = (
        (side["plddt"].to_numpy(float), side["length"].to_numpy(float)) for side in sides
    )
    distance = ks_2samp(real, generated)
    return Row(
        cls,
        len(real),
        len(generated),
        float(real.mean()),
        float(generated.mean()),
        float(generated.mean() - real.mean()),
        math.sqrt(real.var(ddof=1) / len(real) + generated.var(ddof=1) / len(generated)),
        *at_equal_length(real, real_lengths, generated, lengths),
        float(distance.statistic),  # pyright: ignore[reportAttributeAccessIssue]
        float(distance.pvalue),  # pyright: ignore[reportAttributeAccessIssue]
    )


def at_equal_length(
    real: np.ndarray, real_lengths: np.ndarray, generated: np.ndarray, lengths: np.ndarray
) -> tuple[float, float]:
    """Return by how much the pLDDT of generated sequences exceeds that of real ones of equal length, and its error.

    pLDDT depends on length, and generated lengths may be off. The difference is c in the least-squares fit
    pLDDT = a + b length + c [generated], whose t test is that of the partial correlation of pLDDT and source given the
    length; nan if length alone separates the sources.
    """
    y, length = np.concatenate([real, generated]), np.concatenate([real_lengths, lengths])
    source = np.repeat([0.0, 1.0], [len(real), len(generated)])
    spread = np.ptp(length)
    others = [np.ones(len(y)), *([(length - length.mean()) / spread] if spread else [])]
    design = np.stack([*others, source], axis=1)
    freedom = len(y) - design.shape[1]
    if np.linalg.matrix_rank(design) < design.shape[1] or freedom < 1:
        return math.nan, math.nan
    inverse = np.linalg.inv(design.T @ design)
    fit = inverse @ (design.T @ y)
    variance = np.square(y - design @ fit).sum() / freedom
    return float(fit[-1]), math.sqrt(variance * inverse[-1, -1])
