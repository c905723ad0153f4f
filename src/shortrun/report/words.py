"""The sentences and numbers of a report."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from shortrun.scores import ALL, Curves, Evaluation, MemoryEffect, Score, verdict

WORST = 3  # number of scores that the summary names


def number(value: Any, digits: int = 4) -> str:
    """Return a number with some digits, a dash for none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def integer(value: Any) -> str:
    """Return an integer with separators, several of them as a sum, a dash for none."""
    if isinstance(value, list | tuple):
        return " + ".join(map(integer, value)) or "none"
    return "–" if value is None else f"{value:,}"


def amount(count: int, noun: str) -> str:
    """Return '1 score' or '3 scores'."""
    plural = noun if count == 1 else noun + ("es" if noun.endswith("s") else "s")
    return f"{count:,} {plural}"


def listed(names: list[str]) -> str:
    """Return 'a', 'a and b' or 'a, b and c'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def overall(found: Evaluation) -> list[Score]:
    """Return the scores of all samples."""
    return [score for score in found.scores if score.cls == ALL]


def summary(found: Evaluation) -> Iterator[str]:
    """Yield the main results, one sentence each."""
    yield describe_scores(overall(found))
    yield from describe_accuracy(found)
    yield from describe_memory(found.memory_effects)


def describe_scores(scores: list[Score]) -> str:
    """Return how many scores are as good as those of real samples, the worst ones, and those that cannot tell."""
    judged = {score.score: score for score in scores if verdict(score) not in ("undefined", "cannot tell")}
    unsure = [score.score for score in scores if verdict(score) == "cannot tell"]
    few = f" There are too few samples for {listed(unsure)} to tell." if unsure else ""
    if not judged:
        return f"No score could be compared with that of real samples.{few}"
    good = sum(verdict(score) == "as real" for score in judged.values())
    text = f"The generated samples are as good as real ones in {good} of {amount(len(judged), 'score')}"
    bad = [name for name, score in judged.items() if verdict(score) in ("far", "too close")]
    worst = sorted(bad, key=lambda name: distance_ratio(judged[name]), reverse=True)[:WORST]
    if worst:
        return f"{text}; farthest from them: {listed(worst)}.{few}"
    return f"{text}; the others are close.{few}" if good < len(judged) else f"{text}.{few}"


def distance_ratio(score: Score) -> float:
    """Return the distance of a score from its ideal, in units of that of real samples; copies are the worst."""
    if verdict(score) == "too close":
        return math.inf
    ideal = 0.0 if score.ideal is None else score.ideal
    return abs(score.value - ideal) / max(abs(score.floor - ideal), 1e-12)


def describe_accuracy(found: Evaluation) -> Iterator[str]:
    """Yield how many labels are predicted correctly."""
    if found.predictions is None or found.predictions.accuracy is None:
        return
    kind = "held-out samples" if unseen(found) else "training samples"
    share, chance = found.predictions.accuracy, largest_class(found)
    yield (
        f"It predicts {share:.1%} of the labels of {len(found.predictions):,} {kind} correctly "
        f"(always the most frequent class: {chance:.1%})."
    )


def unseen(found: Evaluation) -> bool:
    """Return whether the predicted labels are those of samples that the machine has not seen."""
    return found.held_out is not None or found.role == "test"


def largest_class(found: Evaluation) -> float:
    """Return the share of the most frequent class among the samples with predictions."""
    assert found.predictions is not None
    labels = found.predictions.labels
    return max((labels == k).mean() for k in range(len(found.predictions.classes)))


def describe_memory(effects: list[MemoryEffect]) -> Iterator[str]:
    """Yield whether samples are best after the k sweeps of the training."""
    if not effects:
        return
    k, best_at_k = effects[0].k, [effect.score for effect in effects if effect.effect == "best at k"]
    if best_at_k:
        verb = "is" if len(best_at_k) == 1 else "are"
        yield f"The machine remembers its k = {k}: {listed(best_at_k)} {verb} best there."
    else:
        yield f"It shows no memory of its k = {k}: {amount(len(effects), 'score')} are as good at other times."


def peaks(curves: tuple[Curves, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return for each score the distance from the ideal of every run: (at k, at its best)."""
    effects = [{effect.score: effect for effect in each.memory_effects} for each in curves]
    names = dict.fromkeys(name for run in effects for name in run)
    return [(name, [peak(run.get(name)) for run in effects]) for name in names]


def peak(effect: MemoryEffect | None) -> tuple[str, str]:
    """Return the distance from the ideal at k and at the best time."""
    if effect is None:
        return "–", "–"
    return number(effect.at_k), f"{number(effect.best)} (t = {effect.best_time:,})"
