"""Scores in one sentence, and as they are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from shortrun.phrases import counted, joined
from shortrun.scores._base import ALL, Score
from shortrun.scores._verdict import verdict
from shortrun.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

WORST = 3  # number of scores that the summary names


class Scores(Shown, list[Score]):
    """Scores, shown as a sentence and a table of those over all samples.

    Examples
    --------
    >>> Scores([Score("copies", "all", 0.02, 0.01, 0.02, 0.0, "lower")])
    1 score
      The generated samples are as good as real ones in 1 of 1 score.
    """

    number: ClassVar = ".4g"

    def said(self) -> tuple[str, str]:
        """Return how many there are, and how good the samples are."""
        return counted(len(self), "score"), f"  {summarised(self.overall)}"

    def first_rows(self) -> pd.DataFrame:
        """Return those over all samples as a frame."""
        return Scores(self.overall).table.drop(columns="class")

    @property
    def overall(self) -> list[Score]:
        """Those over all samples, or averaged over the classes."""
        return [each for each in self if each.cls == ALL]

    def to_pandas(self) -> pd.DataFrame:
        """Return `table`, by the name that data sets have for it."""
        return self.table

    @property
    def table(self) -> pd.DataFrame:
        """A row a score: score, class, value, error, floor, ideal, verdict."""
        import pandas as pd

        columns = pd.Index(["score", "class", "value", "error", "floor", "ideal", "verdict"])
        return pd.DataFrame([each.to_dict() | {"verdict": verdict(each)} for each in self], columns=columns)


def summarised(scores: Sequence[Score]) -> str:
    """Return how many scores are as good as those of real samples, the worst ones, and those that cannot tell."""
    judged = {score.score: score for score in scores if verdict(score) not in ("undefined", "cannot tell", "spoiled")}
    unsure = [score.score for score in scores if verdict(score) == "cannot tell"]
    spoiled = [score.score for score in scores if score.spoiled]
    few = f" There are too few samples for {joined(unsure)} to tell." if unsure else ""
    if spoiled:
        verb = "says" if len(spoiled) == 1 else "say"
        few += f" {joined(spoiled)} {verb} little of new samples: some were trained on."
    if not judged:
        return f"No score could be compared with that of real samples.{few}"
    good = sum(verdict(score) == "as real" for score in judged.values())
    text = f"The generated samples are as good as real ones in {good} of {counted(len(judged), 'score')}"
    bad = [name for name, score in judged.items() if verdict(score) in ("far", "too close")]
    worst = sorted(bad, key=lambda name: distance_ratio(judged[name]), reverse=True)[:WORST]
    if worst:
        return f"{text}; farthest from them: {joined(worst)}.{few}"
    return f"{text}; the others are close.{few}" if good < len(judged) else f"{text}.{few}"


def distance_ratio(score: Score) -> float:
    """Return the distance of a score from its ideal, in units of that of real samples; copies are the worst."""
    if verdict(score) == "too close":
        return math.inf
    ideal = 0.0 if score.ideal is None else score.ideal
    return abs(score.value - ideal) / max(abs(score.floor - ideal), 1e-12)
