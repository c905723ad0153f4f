"""The sentences and numbers of a report."""

from __future__ import annotations

import math
from typing import Any

from shortrun.phrases import counted
from shortrun.scores import (
    ALL,
    Curves,
    Evaluation,
    MemoryEffect,
    PooledScores,
    SampleScores,
    Score,
    offered,
)


def number(value: Any, digits: int = 4) -> str:
    """Return a number with some digits, a dash for none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}g}"


def share(value: float) -> str:
    """Return a share with two decimals, a dash for none."""
    return "–" if not math.isfinite(value) else f"{value:.2f}"


def integer(value: Any) -> str:
    """Return an integer with separators, several of them as a sum, a dash for none."""
    if isinstance(value, list | tuple):
        return " + ".join(map(integer, value)) or "none"
    return "–" if value is None else f"{value:,}"


def overall(found: Evaluation) -> list[Score]:
    """Return the scores of all samples."""
    return [score for score in found.scores if score.cls == ALL]


def trained_on(found: Evaluation) -> str:
    """Return how many samples were learned from and how many the training kept aside."""
    rows, learned = found.run["data"]["rows"], found.run["data"].get("learned")
    if learned is None or learned == rows:
        return f"{rows:,} samples"
    return f"{learned:,} samples ({rows - learned:,} more were kept aside to judge it)"


def compared(found: Evaluation) -> str:
    """Return how many samples are compared."""
    kind = "training" if found.role == "training" else "test"
    text = f"{len(found.generated):,} generated samples ({counted(found.steps, 'sweep')} at age {found.age:,}) and "
    text += f"{len(found.reference):,} real ones ({kind} samples)"
    return text if found.held_out is None else f"{text}; {len(found.held_out):,} unseen ones"


def timed(found: Evaluation) -> str:
    """Return what the figures against sampling time compare with, and that the table of scores is another matter."""
    if found.timed is None:
        return ""
    role, count = found.timed
    drawn = f"as many generated ones, at the last ages, with {count:,} {role} samples"
    if role == found.role and count == len(found.reference):
        return f"These figures compare {drawn}, as the table of scores does."
    table = f"{len(found.reference):,} {found.role} samples"
    return (
        f"These figures compare {drawn}, the table of scores with {table}: distances depend on which and how many they "
        "are, so that of these values only the course counts."
    )


def is_mean(score: Score, found: Evaluation) -> bool:
    """Return whether a score of "all" is a mean over the classes; others are of all samples at once."""
    family = offered()[score.score][1]
    by_class = isinstance(family, SampleScores) and not isinstance(family, PooledScores)
    return by_class and any(it.score == score.score and it.cls != ALL for it in found.scores)


def told(effect: MemoryEffect) -> str:
    """Return how a score depends on the sampling time. Its values are those of the figure, of other samples."""
    k, last = f"k = {effect.k}", f"after {effect.last_time:,}"
    if effect.effect == "best at k":
        return f"best at {k}; {last}, {farther(effect.last, effect.at_k)}"
    if effect.effect == "as good later":
        return f"as good at {k} as {last}"
    when = "earlier" if effect.effect == "better earlier" else "later"
    return f"best {when}, after {effect.best_time:,}; at {k}, {farther(effect.at_k, effect.best)}"


def farther(distance: float, nearest: float) -> str:
    """Return how many times as far from the ideal a value is."""
    return f"{distance / nearest:.1f} times as far from the ideal" if nearest > 0 else "farther from the ideal"


def memory(runs: tuple[Curves, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return for each score what every run remembers of its k: (effect, sentence), both empty where it is unknown."""
    effects = [{effect.score: effect for effect in each.memory_effects} for each in runs]
    names = dict.fromkeys(name for run in effects for name in run)
    return [
        (name, [("", "–") if name not in run else (run[name].effect, told(run[name])) for run in effects])
        for name in names
    ]
