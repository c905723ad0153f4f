"""What a report says in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from shortrun.scores import ALL, Curves, Evaluation, MemoryEffect, Score, verdict

WORST = 3  # scores that the summary names


def number(value: Any, digits: int = 4) -> str:
    """Return a number in some digits, a dash for none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def whole(value: Any) -> str:
    """Return a whole number with separators, several of them in a row, a dash for none."""
    if isinstance(value, list | tuple):
        return " + ".join(map(whole, value)) or "none"
    return "–" if value is None else f"{value:,}"


def amount(count: int, thing: str) -> str:
    """Return '1 score' or '3 scores'."""
    plural = thing if count == 1 else thing + ("es" if thing.endswith("s") else "s")
    return f"{count:,} {plural}"


def listed(names: list[str]) -> str:
    """Return 'a', 'a and b' or 'a, b and c'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def overall(found: Evaluation) -> list[Score]:
    """Return the scores of all samples."""
    return [score for score in found.scores if score.cls == ALL]


def summary(found: Evaluation) -> Iterator[str]:
    """Yield what to take home, a sentence each."""
    yield of_scores(overall(found))
    yield from of_accuracy(found)
    yield from of_memory(found.memory_effects)


def of_scores(scores: list[Score]) -> str:
    """Return how many scores are as good as those of real samples, and which are worst."""
    judged = {score.score: score for score in scores if verdict(score) != "undefined"}
    if not judged:
        return "No score could be compared with what real samples get."
    good = sum(verdict(score) == "as real" for score in judged.values())
    text = f"The generated samples are as good as real ones in {good} of {amount(len(judged), 'score')}"
    bad = [name for name, score in judged.items() if verdict(score) in ("far", "too close")]
    worst = sorted(bad, key=lambda name: badness(judged[name]), reverse=True)[:WORST]
    if worst:
        return f"{text}; furthest from them: {listed(worst)}."
    return f"{text}; the others are close." if good < len(judged) else f"{text}."


def badness(score: Score) -> float:
    """Return how many times as far from the ideal as real samples a score is; copies are worst of all."""
    if verdict(score) == "too close":
        return math.inf
    ideal = 0.0 if score.ideal is None else score.ideal
    return abs(score.value - ideal) / max(abs(score.floor - ideal), 1e-12)


def of_accuracy(found: Evaluation) -> Iterator[str]:
    """Yield how many labels are predicted right."""
    if found.predictions is None or found.predictions.accuracy is None:
        return
    of = "samples that it was not trained on" if unseen(found) else "training samples"
    share, chance = found.predictions.accuracy, largest_class(found)
    yield (
        f"It predicts {share:.1%} of the labels of {len(found.predictions):,} {of} right "
        f"(always naming the most frequent class: {chance:.1%})."
    )


def unseen(found: Evaluation) -> bool:
    """Return whether the labels are predicted of samples that the machine has not seen."""
    return found.held_out is not None or found.role == "test"


def largest_class(found: Evaluation) -> float:
    """Return the share of the most frequent class among the samples with predictions."""
    assert found.predictions is not None
    labels = found.predictions.labels
    return max((labels == k).mean() for k in range(len(found.predictions.classes)))


def of_memory(effects: list[MemoryEffect]) -> Iterator[str]:
    """Yield whether samples are best after the k sweeps of the training."""
    if not effects:
        return
    seen = [effect.score for effect in effects if effect.effect == "best at k"]
    k = effects[0].k
    if seen:
        yield f"The machine remembers its k = {k}: {listed(seen)} {'is' if len(seen) == 1 else 'are'} best there."
    else:
        yield f"No memory of its k = {k} is seen: in {amount(len(effects), 'score')} other times are as good or better."


def peaks(curves: tuple[Curves, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return for each score its distance from the ideal of every run at its k and at its best: (at k, at best)."""
    effects = [{effect.score: effect for effect in each.memory_effects} for each in curves]
    names = dict.fromkeys(name for run in effects for name in run)
    return [(name, [peak(run.get(name)) for run in effects]) for name in names]


def peak(effect: MemoryEffect | None) -> tuple[str, str]:
    """Return the distance from the ideal at k and at the best time."""
    if effect is None:
        return "–", "–"
    return number(effect.at_k), f"{number(effect.best)} (t = {effect.best_time:,})"
