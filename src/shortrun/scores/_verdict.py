"""What scores say in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from shortrun.phrases import counted
from shortrun.scores._base import ALL, Score

if TYPE_CHECKING:
    import pandas as pd

Against: TypeAlias = Literal["as real", "close", "far", "too close"]
Verdict: TypeAlias = Against | Literal["cannot tell", "undefined", "spoiled"]
Effect: TypeAlias = Literal["best at k", "as good later", "better later", "better earlier"]

ERRORS = 2.0  # two values that differ by fewer standard errors of the difference count as equal
CLOSE = 3.0  # beyond this multiple of the distance of real samples from the ideal, a score is far


def verdict(score: Score) -> Verdict:
    """Return how a score compares with its floor, the score of real samples.

    "as real": at most two standard errors of the difference farther from the ideal than the floor. "close": at most
    three times as far as the floor, and nearer to it than to the value of samples that have nothing in common with
    real ones, if that is known. "far": farther. If only the floor says what to expect (distances to real samples),
    "too close" is clearly below it, like copies, and "close" at most a third above it; if higher is better, "close"
    is at most a third below it.

    "cannot tell" takes the place of "as real" and "close" where samples that have nothing in common with real ones
    would not be "far" either: the floor lies more than a third of the way from the ideal to their value, or the error
    is too large. There are then too few samples. "spoiled": samples that the score takes for new were trained on.

    Parameters
    ----------
    score : Score
        Score with its floor.

    Returns
    -------
    str
        One of the above, or "undefined" without value or floor.

    Examples
    --------
    >>> verdict(Score("first-moment", "all", 0.5, 0.01, 0.1, 0.0, "lower"))
    'far'
    >>> verdict(Score("pair-pearson", "all", 0.58, 0.01, 0.48, 1.0, "higher", chance=0.0))
    'cannot tell'
    """
    if score.spoiled:
        return "spoiled"
    if not (math.isfinite(score.value) and math.isfinite(score.floor)):
        return "undefined"
    found = against_floor(score, score.value)
    if found in ("as real", "close") and score.chance is not None and against_floor(score, score.chance) != "far":
        return "cannot tell"
    if (
        found == "close"
        and score.chance is not None
        and abs(score.value - score.chance) < abs(score.value - score.floor)
    ):
        return "far"
    return found


def against_floor(score: Score, value: float) -> Against:
    """Return how a value would compare with the floor of a score, given its error."""
    floor = score.floor
    noise = ERRORS * math.sqrt(2) * (score.error if math.isfinite(score.error) else 0.0)
    if score.ideal is None:
        excess, bound = value - floor, abs(floor) / CLOSE
        if score.direction == "higher":
            excess = -excess
        elif excess < -noise:
            return "too close"
    else:
        distance, at_floor = abs(value - score.ideal), abs(floor - score.ideal)
        excess, bound = distance - at_floor, (CLOSE - 1) * at_floor
    return "as real" if excess <= noise else "close" if excess <= bound else "far"


@dataclass(frozen=True)
class MemoryEffect:
    """How a score of generated samples depends on the sampling time, and whether it is best at the k of the training.

    Parameters
    ----------
    score : str
        Name of the score.
    k : int
        Number of sweeps in training.
    at_k, best, last : float
        Distances from the ideal after k sweeps, at the best time and at the last one.
    best_time, last_time : int
        The best and the last time, in sweeps.
    effect : Effect
        "best at k": no time is clearly better and the last one is clearly worse, the memory effect of machines trained
        out of equilibrium (ACDS23). "as good later": the last time is no worse. "better earlier", "better later":
        another time is clearly better, by two standard errors of the difference.
    """

    score: str
    k: int
    at_k: float
    best: float
    best_time: int
    last: float
    last_time: int
    effect: Effect

    def __str__(self) -> str:
        at_k, last = (
            f"{self.score} {self.at_k:.2g} after k = {counted(self.k, 'sweep')}",
            f"{self.last:.2g} after {self.last_time:,}",
        )
        best = f"{self.best:.2g} after {self.best_time:,}"
        return {
            "best at k": f"{at_k}, no time is better, and {last}: the machine remembers its k",
            "as good later": f"{at_k} and {last}: no worse, so it shows no memory of k",
            "better earlier": f"{at_k}; earlier it is better, {best} ({last})",
            "better later": f"{at_k}; later it is better, {best} ({last})",
        }[self.effect]


def memory_effect(table: pd.DataFrame, score: str, k: int, ideal: float = 0.0) -> MemoryEffect | None:
    """Return how a score depends on the sampling time at the last age; None unless k and a later time were measured.

    Parameters
    ----------
    table : pd.DataFrame
        Curves of one run: score, class, age, steps, value, error; only the class "all" counts.
    score : str
        Name of the score.
    k : int
        Number of sweeps in training.
    ideal : float, default 0.0
        Ideal value of the score.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("aai", "all", 100, steps, value, 0.01) for steps, value in ((1, 0.3), (10, 0.0), (100, 0.2))]
    >>> table = pd.DataFrame(rows, columns=["score", "class", "age", "steps", "value", "error"])
    >>> memory_effect(table, "aai", k=10).effect
    'best at k'
    """
    rows = values_at_last_age(table, score)
    steps = sorted(rows)
    if k not in rows or steps[-1] <= k:
        return None
    distance = {t: abs(value - ideal) for t, (value, _) in rows.items()}
    best, last = min(steps, key=distance.__getitem__), steps[-1]

    def clearly_less(one: int, other: int) -> bool:
        return distance[other] - distance[one] > ERRORS * math.hypot(rows[one][1], rows[other][1])

    effect: Effect = "best at k" if clearly_less(k, last) else "as good later"
    if clearly_less(best, k):
        effect = "better earlier" if best < k else "better later"
    return MemoryEffect(score, k, distance[k], distance[best], best, distance[last], last, effect)


def values_at_last_age(table: pd.DataFrame, score: str) -> dict[int, tuple[float, float]]:
    """Return {steps: (value, error)} of a score at the last age."""
    rows = table.loc[(table["score"] == score) & (table["class"] == ALL) & (table["age"] == table["age"].max())]
    rows = rows.dropna(subset=["steps", "value"])
    values = zip(rows["steps"].tolist(), rows["value"].tolist(), rows["error"].fillna(0.0).tolist(), strict=True)
    return {int(t): (value, error) for t, value, error in values}
