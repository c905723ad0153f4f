"""The sentences and numbers of a report."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from shortrun.phrases import counted, joined
from shortrun.scores import ALL, Curves, Evaluation, MemoryEffect, Score, summarised


def number(value: Any, digits: int = 4) -> str:
    """Return a number with some digits, a dash for none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def integer(value: Any) -> str:
    """Return an integer with separators, several of them as a sum, a dash for none."""
    if isinstance(value, list | tuple):
        return " + ".join(map(integer, value)) or "none"
    return "–" if value is None else f"{value:,}"


def overall(found: Evaluation) -> list[Score]:
    """Return the scores of all samples."""
    return [score for score in found.scores if score.cls == ALL]


def summary(found: Evaluation) -> Iterator[str]:
    """Yield the main results, one sentence each."""
    yield from found.leaks
    yield summarised(overall(found))
    yield from describe_accuracy(found)
    yield from describe_memory(found.memory_effects)


def describe_accuracy(found: Evaluation) -> Iterator[str]:
    """Yield how many labels are predicted correctly."""
    if found.predictions is None or found.predictions.accuracy is None:
        return
    kind = "held-out samples" if unseen(found) else "training samples"
    if found.leak is not None and found.leak.spoils:
        kind = "samples, of which it knows some,"
    share, chance = found.predictions.accuracy, largest_class(found)
    yield (
        f"It predicts {share:.1%} of the labels of {len(found.predictions):,} {kind} correctly "
        f"(always the most frequent class: {chance:.1%})."
    )


def trained_on(found: Evaluation) -> str:
    """Return how many samples were learned from and how many the training kept aside."""
    rows, learned = found.run["data"]["rows"], found.run["data"].get("learned")
    if learned is None or learned == rows:
        return f"{rows:,} samples"
    return f"{learned:,} samples ({rows - learned:,} more were kept aside to judge it)"


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
        yield f"The machine remembers its k = {k}: {joined(best_at_k)} {verb} best there."
    else:
        yield f"It shows no memory of its k = {k}: {counted(len(effects), 'score')} are as good at other times."


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
