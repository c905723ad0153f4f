"""Mean pLDDT of generated and of real sequences side by side, at all lengths and at equal ones."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from shortrun.errors import DataError

ALL = "all"
FEWEST = 2  # sequences on each side


class Row(NamedTuple):
    """What a class, or all sequences, say.

    Parameters
    ----------
    cls : str
        The class; "all": every sequence at once.
    real, generated : int
        How many sequences.
    mean_real, mean_generated : float
        Mean pLDDT.
    difference, error : float
        Generated minus real, with its standard error.
    at_equal_length, error_at_equal_length : float
        The same between sequences of equal length.
    ks, p : float
        Kolmogorov-Smirnov distance, the largest difference of the two cumulative distributions, and the probability of
        one as large between samples of one law.
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
    """Compare the pLDDT of generated and real sequences, all at once and class by class.

    Parameters
    ----------
    table : pd.DataFrame
        Columns label, source ("real" or "generated"), length, plddt; rows without a pLDDT are left out.

    Returns
    -------
    pandas.DataFrame
        a `Row` for "all", then one for each class with at least two sequences on both sides; `cls` is called class

    Raises
    ------
    DataError
        If there are not two sequences with a pLDDT on both sides.
    """
    known = table.dropna(subset=["plddt"])
    found = {ALL: compared(ALL, known)}
    if found[ALL] is None:
        counts = " and ".join(f"{(known['source'] == side).sum()} {side}" for side in ("real", "generated"))
        raise DataError(f"two real and two generated sequences with a pLDDT are needed to compare, got {counts}")
    labels = known["label"].fillna("").astype(str)
    found |= {cls: compared(cls, known.loc[labels == cls]) for cls in sorted(set(labels) - {""})}
    return pd.DataFrame([row for row in found.values() if row]).rename(columns={"cls": "class"})


def compared(cls: str, table: pd.DataFrame) -> Row | None:
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
    """Return by how much generated sequences have a higher pLDDT than real ones of their length, and its error.

    pLDDT depends on length, and generators may be off in length. The difference is c of the least-squares fit
    pLDDT = a + b length + c [generated], whose t test is that of the partial correlation of pLDDT and source given the
    length; nan where the lengths alone tell the sources apart.
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
