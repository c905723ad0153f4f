"""The scores of an evaluation in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shortrun.phrases import counted, joined
from shortrun.scores._base import Score
from shortrun.scores._verdict import verdict

WORST = 3  # number of scores that the summary names


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
