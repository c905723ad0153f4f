"""An evaluation in a few sentences, the most useful one first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from shortrun.phrases import counted
from shortrun.records import COLLAPSED, COMING
from shortrun.scores._base import ALL, Score
from shortrun.scores._summary import summarised
from shortrun.scores._verdict import verdict

if TYPE_CHECKING:
    from shortrun.scores._evaluation import Evaluation

SENTENCES = 4  # at most
NEIGHBOURS = ("p-dd", "p-gg")  # a class passes for real where a nearest neighbour tells neither side

MEMORISED = 0.6  # of `memorisation`, from which on samples are copies; that one in five leans to the training gives 0.6

Passing: TypeAlias = Literal["yes", "no", "unknown"]
ByName: TypeAlias = Mapping[str, Score]


def leading(found: Evaluation) -> list[str]:
    """Return at most four sentences: whether samples pass for real, what to do, and what else to know.

    A class passes for real where a nearest neighbour tells neither real samples (P_DD) nor generated ones (P_GG) apart
    more often than two halves of the real ones. Test samples that were trained on, and copies, come first.

    Parameters
    ----------
    found : Evaluation
        What to tell of.
    """
    overall = {it.score: it for it in found.scores if it.cls == ALL}
    said = [*faults(found, overall), f"{quality(found, overall)}{prospects(found)}."]
    return [*said, *recognition(overall), *newness(overall), *predicted_labels(found)][:SENTENCES]


def faults(found: Evaluation, overall: ByName) -> Iterator[str]:
    """Yield what makes a good score worthless: test samples that are none, samples that are all alike, and copies."""
    if found.leak is not None and found.leak.spoils:
        yield f"Take other test samples: {found.leaks[0]}."
    if collapsed(overall):
        yield "The machine has collapsed: its samples are nearly all alike."
    elif copied(overall):
        yield "The machine copies: its samples are nearer to those of the training than unseen real ones are."
    elif memorised(overall):
        yield "The machine overfits: its samples are nearer to those of the training than to unseen real ones."


def collapsed(overall: ByName) -> bool:
    """Return whether samples have only one another for neighbours, and real ones do not have them."""
    dd, gg = (overall.get(name) for name in NEIGHBOURS)
    return dd is not None and gg is not None and gg.value > COLLAPSED and dd.value > dd.floor


def copied(overall: ByName) -> bool:
    """Return whether generated samples are copies: nearer to the training than unseen real samples are, or equal."""
    said = {name: verdict(it) for name, it in overall.items()}
    return said.get("nearest-train") == "too close" or said.get("copies") == "far"


def memorised(overall: ByName) -> bool:
    """Return whether generated samples are nearer to the training than to unseen samples, however far from both."""
    it = overall.get("memorisation")
    return it is not None and verdict(it) == "far" and it.value >= MEMORISED


def passing(scores: ByName) -> Passing:
    """Return whether samples pass for real, by their nearest neighbours."""
    said = {verdict(scores[name]) if name in scores else "undefined" for name in NEIGHBOURS}
    if said & {"close", "far", "too close"}:
        return "no"
    return "yes" if said == {"as real"} else "unknown"


def quality(found: Evaluation, overall: ByName) -> str:
    """Return whether samples pass for real, class by class where there are classes."""
    classes: dict[str, dict[str, Score]] = {}
    for it in found.scores:
        if it.cls != ALL:
            classes.setdefault(it.cls, {})[it.score] = it
    known = {cls: scores for cls, scores in classes.items() if passing(scores) != "unknown"}
    if len(known) > 1:
        return of_classes(known, len(classes))
    answer = passing(overall)
    if answer != "unknown":
        return "Samples pass for real" if answer == "yes" else f"Samples do not pass for real: {failing(overall)}"
    if any(name in overall for name in NEIGHBOURS):
        return (
            f"There are too few samples to tell whether they pass for real: {counted(len(found.reference), 'real one')}"
        )
    return summarised([*overall.values()]).removesuffix(".")


def of_classes(known: Mapping[str, ByName], count: int) -> str:
    """Return how many classes pass for real, and the weakest of the others."""
    good = sum(passing(scores) == "yes" for scores in known.values())
    most, told = len(known), "" if len(known) == count else f" (of {count}; the others have too few samples to tell)"
    weakest = f"class {max(known, key=lambda cls: excess(known[cls]))} is weakest"
    if good == most:
        return f"Samples of {'both' if most == 2 else f'all {most}'} classes{told} pass for real"
    some = f"{good} of {most} classes" if good else f"none of {most} classes"
    return f"Samples of {some}{told} pass for real; {weakest}"


def excess(scores: ByName) -> float:
    """Return how much farther P_DD and P_GG are from their ideal than those of real samples."""
    both = [scores[name] for name in NEIGHBOURS if name in scores]
    return sum(abs(it.value - 0.5) - abs(it.floor - 0.5) for it in both if verdict(it) not in ("undefined", "as real"))


def failing(scores: ByName) -> str:
    """Return in which way samples do not pass for real."""
    dd, gg = (scores[name] for name in NEIGHBOURS)
    ways = {
        f"many real ones have none like them (P_DD {dd.value:.2f})": verdict(dd) != "as real" and dd.value > dd.floor,
        f"they stick to single real ones (P_DD {dd.value:.2f})": verdict(dd) != "as real" and dd.value <= dd.floor,
        f"they are too much alike (P_GG {gg.value:.2f})": verdict(gg) != "as real" and gg.value > gg.floor,
        f"they scatter (P_GG {gg.value:.2f})": verdict(gg) != "as real" and gg.value <= gg.floor,
    }
    return ", ".join(way for way, seen in ways.items() if seen)


def prospects(found: Evaluation) -> str:
    """Return what the training itself says may be hoped for, with the command for it; empty if it says nothing."""
    reason = found.run["outlook"]
    if not reason.endswith("train on"):
        return "; the training is done" if reason.startswith("samples c") else ""
    still = "they still improve" if COMING in reason else "the training is not done"
    return f"; {still}: train on ({train_on(found)})"


def train_on(found: Evaluation) -> str:
    """Return the command that goes on with the training, with more updates where it has done all that it was given."""
    limits, done, path = found.run["config"]["training"], found.run["updates"], found.run["path"]
    limit = "updates" if limits["updates"] != "auto" else "max_updates" if done >= limits["max_updates"] else None
    if path is None:
        more = "" if limit is None else f", {limit}={2 * done}"
        return f"run.save('run'), then sr.fit(data, out='run', resume=True{more})"
    more = [] if limit is None else [f"--{limit.replace('_', '-')}", str(2 * done)]
    return shlex.join(["shortrun", "train", "-o", path, "--resume", *more])


def recognition(overall: ByName) -> Iterator[str]:
    """Yield how many samples a judge recognises, beside how many real ones."""
    it = overall.get("label-fidelity")
    if it is not None and verdict(it) != "undefined":
        shares = f"{it.value:.1%} of them as their class, {it.floor:.1%} of real ones"
        yield f"A classifier of real samples recognises {shares}."


def newness(overall: ByName) -> Iterator[str]:
    """Yield that samples are new, where that is known; copies are a fault that is said first."""
    if copied(overall) or memorised(overall) or "memorisation" not in overall:
        return
    it = overall["memorisation"]
    if verdict(it) in ("close", "far") and it.value > it.floor:
        yield "They are a little nearer to samples of the training than unseen real ones are."
    elif verdict(it) in ("as real", "close", "far"):
        yield "They are no copies: no nearer to samples of the training than unseen real ones are."


def predicted_labels(found: Evaluation) -> Iterator[str]:
    """Yield how many labels are predicted right."""
    if found.predictions is None or found.predictions.accuracy is None:
        return
    unseen = found.held_out is not None or found.role == "test"
    kind = "held-out samples" if unseen else "training samples"
    if found.leak is not None and found.leak.spoils:
        kind = "samples (some of which it has seen)"
    labels = found.predictions.labels
    chance = max((labels == k).mean() for k in range(len(found.predictions.classes)))
    yield (
        f"It predicts {found.predictions.accuracy:.1%} of the labels of {len(found.predictions):,} {kind} correctly "
        f"(always the most frequent class: {chance:.1%})."
    )
