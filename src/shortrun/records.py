"""When a training is done, which of its ages is best for what, and when it runs away: functions of its records alone.

A monitored record (see `workflows.monitoring`) compares generated samples with n held-out ones. P_DD is the share of
held-out samples whose nearest neighbour among both is held-out: 1/2 if nothing tells them apart. `nearer` is the chance
that a generated sample is nearer to the training data than a held-out one: 1/2 if it is as near, more if it copies.
Shares of n samples have a standard error of at most 1 / (2 sqrt(n)).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

Task: TypeAlias = Literal["generate", "predict"]
Purpose: TypeAlias = Literal["generate", "predict", "both"]
Record: TypeAlias = dict[str, Any]

COMPARISON = ("update", "compared", "p_dd", "p_gg", "nearer")  # what a record of one has
FIRST_MONITORED = 50  # update: earlier machines generate noise
ERRORS = 2.0  # values that differ by fewer standard errors count as equal
PATIENCE = 3  # monitored ages without a better one: of ten a decade, till twice the updates of the best
AGREED = 2  # ages in a row that are good: once may be luck
COLLAPSED = 0.95  # P_DD and P_GG beyond it: samples are alike, and far from the data
APART = 0.07  # beyond it samples can be told apart, also where few held-out ones do not show it
JUMPED = 4.0  # by which a residual exceeds the usual when a machine runs away: 5 to 16 then, up to 3 else
RESIDUALS = ("residual_generate", "residual_joint")  # of the runs that make samples
RUNAWAY = 0.1  # by which samples are told apart better than at the best age
SETBACKS = 3  # whose next one ends a training
TRIES = 2  # ages after a set-back of which one must be better
RAN_AWAY = "it ran away"
NOISE_HURT = "noise in the samples whose labels are predicted made held-out ones worse"
COMING = "coming closer"
FAULTS = (RAN_AWAY, NOISE_HURT)  # set-backs that say nothing about the rate
NONE_HELD_OUT = "no samples are held out to judge it by (validation 0)"


class Outlook(NamedTuple):
    """Whether a training is done, and why, in words."""

    done: bool
    reason: str


class Predicting(NamedTuple):
    """The weight of predicting labels, and whether labels of the training are being learnt by heart."""

    weight: float
    by_heart: bool


def ages(per_decade: int, updates: int) -> frozenset[int]:
    """Return the ages to keep: round(10^(i / per_decade)) up to `updates`, and `updates` itself.

    The grid does not depend on `updates`, so a longer training keeps the ages of a shorter one.
    """
    every = min(updates, per_decade // 5)  # up to here the grid is finer than one update
    grid, i = {*range(1, every + 1), updates}, math.ceil(per_decade * math.log10(max(every, 1)))
    while every < updates and (age := round(10 ** (i / per_decade))) <= updates:
        grid.add(age)
        i += 1
    return frozenset(grid)


def is_age(per_decade: int, update: int) -> bool:
    """Return whether an update is on the grid of `ages`, which may be too fine to be gone through."""
    near = round(per_decade * math.log10(update))
    return any(round(10 ** (i / per_decade)) == update for i in range(max(near - 1, 0), near + 2))


def monitored(records: Sequence[Record]) -> list[Record]:
    """Return the records that compare samples, whole ones."""
    return [record for record in records if all(isinstance(record.get(name), int | float) for name in COMPARISON)]


def decisive(records: Sequence[Record]) -> list[Record]:
    """Return those that decide how a training goes on: not what was looked at because it ended just there."""
    return [record for record in monitored(records) if "late" not in record]


def standard_error(record: Record) -> float:
    """Return the standard error of a share of the samples that a record compares."""
    return 0.5 / math.sqrt(max(record["compared"], 1))


def told_apart(record: Record) -> float:
    """Return how far P_DD and P_GG are from those of real samples, as the root of the mean square: 0 is ideal.

    These are 1/2, but for samples in groups, such as overlapping windows of a piece: there the record has them.
    """
    dd, gg = record["p_dd"] - record.get("p_dd_real", 0.5), record["p_gg"] - record.get("p_gg_real", 0.5)
    return math.sqrt((dd**2 + gg**2) / 2)


def collapsed(record: Record) -> bool:
    """Return whether samples are all alike and far from the data, as those of a machine that diverges."""
    return min(record["p_dd"], record["p_gg"]) > COLLAPSED


def jumped(records: Sequence[Record]) -> bool:
    """Return whether the residual of the last record is several times the usual one.

    The residual, data minus model over all parameters, is much the same throughout a training. A step too long makes it
    jump, some hundred updates before samples show it, and W grows from then on.
    """
    found = [record[name] for record in records for name in RESIDUALS if name in record]
    is_last = bool(records) and any(name in records[-1] for name in RESIDUALS)
    return is_last and len(found) > 1 and found[-1] > JUMPED * statistics.median(found[:-1])


def ran_away(records: Sequence[Record]) -> bool:
    """Return whether a training that nothing set back ran away at some update, as its residuals say."""
    return not monitored(records) and any(jumped(records[: i + 1]) for i in range(len(records)))


def copies(record: Record) -> bool:
    """Return whether generated samples are nearer to the training data than new ones are, beyond chance."""
    return record["nearer"] > 0.5 + chance(record)


def chance(record: Record) -> float:
    """Return how far `nearer` may be from 1/2 by chance: n samples a side have a standard error of 1 / sqrt(6 n)."""
    return ERRORS / math.sqrt(6 * max(record["compared"], 1))


def best(records: Sequence[Record], task: Task) -> int | None:
    """Return the age that does a task best on held-out samples; None where nothing was monitored.

    For generating: least told apart, of the ages that do not copy; of those that are within a standard error of it, the
    one whose samples are as near to the training data as held-out ones, since the least of many shares is the luckiest.
    For predicting: the highest accuracy, as a mean over neighbouring ages, for the same reason; of equals the middle
    one, since few held-out samples do not show where labels begin to be learnt by heart.

    Parameters
    ----------
    records : Sequence[Record]
        The log of a training.
    task : {"generate", "predict"}
        What the age is for.

    Examples
    --------
    >>> shares = [{"p_dd": p, "p_gg": 0.5, "nearer": 0.3, "compared": 900} for p in (0.9, 0.6, 0.7)]
    >>> best([{"update": 10 * i, **each} for i, each in enumerate(shares)], "generate")
    10
    """
    seen = monitored(records)
    answered = [record for record in seen if isinstance(record.get("accuracy"), int | float)]
    if task == "predict" and answered:
        seen, values = answered, [record["accuracy"] for record in answered]
        means = [sum(three) / 3 for three in zip(values[:1] + values, values, values[1:] + values[-1:], strict=False)]
        equals = [i for i, mean in enumerate(means) if math.isclose(mean, max(means))]
        return seen[equals[len(equals) // 2]]["update"]
    sane = [record for record in seen if not collapsed(record)]
    fair = [record for record in sane if not copies(record)] or sane[:1]
    if not fair:
        return None
    least = min(fair, key=told_apart)
    equal = [record for record in fair if told_apart(record) <= told_apart(least) + apart_error(least)]
    return min(equal, key=lambda record: (distance(record), told_apart(record)))["update"]


def distance(record: Record) -> float:
    """Return how far `nearer` is from 1/2, its value for samples that are as near to the training data as new ones."""
    return abs(record["nearer"] - 0.5)


def quality(records: Sequence[Record], purpose: Purpose) -> float | None:
    """Return how good a training is by held-out samples, at its best age for a task: 1 is ideal.

    For generating Q_G = 1 - sqrt(2 ((P_DD - 1/2)^2 + (P_GG - 1/2)^2)), for predicting Q_P the share of labels that are
    right, for both (Q_G + Q_P) / 2; None where nothing was monitored.

    Parameters
    ----------
    records : Sequence[Record]
        The log of a training.
    purpose : {"generate", "predict", "both"}
        What it is for.

    Examples
    --------
    >>> shares = {"compared": 900, "p_dd": 0.6, "p_gg": 0.5, "nearer": 0.3, "accuracy": 0.9}
    >>> [round(quality([{"update": 10, **shares}], each), 3) for each in ("generate", "predict", "both")]
    [0.859, 0.9, 0.879]
    """
    if purpose == "both":
        made, told = quality(records, "generate"), quality(records, "predict")
        return None if made is None or told is None else (made + told) / 2
    at = at_best(records, purpose)
    if at is None:
        return None
    return at.get("accuracy") if purpose == "predict" else 1 - 2 * told_apart(at)


def at_best(records: Sequence[Record], task: Task) -> Record | None:
    """Return the record of the age that does a task best; None where nothing was monitored."""
    age = best(records, task)
    return next((record for record in monitored(records) if record["update"] == age), None)


def outlook(records: Sequence[Record], *, held_out: bool = True) -> Outlook:
    """Return whether a training is done by its records, and why, or what may be hoped for.

    It is if samples are as good as real ones, or if slowing down did not help any more.

    Parameters
    ----------
    records : Sequence[Record]
        The log of a training.
    held_out : bool, default True
        Whether samples are held out, by which it could be judged.
    """
    seen = decisive(records)
    if not seen:
        away = f", and {RAN_AWAY}: lower the rate, or the weight of predicting" if ran_away(records) else ""
        none = "no samples were compared with held-out ones yet" if held_out else NONE_HELD_OUT
        return Outlook(False, none + away)
    last = seen[-1]
    settled = len(seen) >= AGREED and all(map(passes, seen[-AGREED:]))
    if settled and since_best([-right(record) for record in seen]):
        return Outlook(True, f"samples cannot be told from held-out ones: {shares(last)}")
    if as_near_as_they_come(seen):
        far = f"nearer {last['nearer']:.2f}"
        return Outlook(True, f"samples are hardly told from held-out ones, and come no closer: {shares(last)}, {far}")
    if setbacks(seen) > SETBACKS or in_vain(seen):
        good = next((record for record in seen if record["update"] == best(seen, "generate")), None)
        if good is None:
            return Outlook(True, "samples are far from the data at every rate: of numbers on other scales, give --bins")
        return Outlook(True, f"samples come no closer, at no rate: {shares(good)} at age {good['update']}, the best")
    return Outlook(False, f"{shares(last)}{lacking(seen) or trend(seen)}: train on")


def as_near_as_they_come(seen: Sequence[Record]) -> bool:
    """Return whether P_DD and P_GG are good at two ages in a row, and nothing else became better at either.

    Samples may stay farther from the training data than held-out ones are, however long the training: those of a family
    of proteins do, whose members are near relatives. Only after a set-back, since the first pace may bring them closer.
    """
    last = seen[-AGREED:]
    good = all(told_apart(record) < tolerance(record) and not copies(record) for record in last)
    return good and setbacks(seen) > 0 and len(since_set_back(seen)) >= AGREED and idle(seen) >= AGREED


def lacking(seen: Sequence[Record]) -> str:
    """Return what a training whose P_DD and P_GG are good still lacks; nothing where they are not."""
    last = seen[-1]
    if told_apart(last) >= tolerance(last):
        return ""
    if last["nearer"] < 0.5 - chance(last):
        return f", but samples are farther from the training data than held-out ones (nearer {last['nearer']:.2f})"
    if not passes(last):
        return f", but samples are nearer to the training data than held-out ones (nearer {last['nearer']:.2f})"
    return ", but labels are still being learnt" if len(seen) > 1 and passes(seen[-2]) else ", which once may be luck"


def setbacks(seen: Sequence[Record]) -> int:
    """Return how often a training was set back."""
    return sum("set_back_to" in record for record in seen)


def in_vain(seen: Sequence[Record]) -> bool:
    """Return whether half the rate brought nothing better, at some ages since a training was set back.

    A machine that ran away is another matter, as it may need several halvings before it learns at all, and so is noise.
    """
    turns = [i for i, record in enumerate(seen) if "set_back_to" in record]
    if not turns or seen[turns[-1]].get("because") in FAULTS:
        return False
    since = since_set_back(seen)
    return TRIES <= len(since) <= idle(seen)


def right(record: Record) -> float:
    """Return the share of labels that are right, 0 where it is not known."""
    return record.get("accuracy") or 0.0


def passes(record: Record) -> bool:
    """Return whether samples of an age of its own cannot be told from held-out ones.

    They must also be as near to the training data as these: with few held-out samples, whose nearest neighbours are far
    away, this tells more than P_DD.
    """
    if "set_back_to" in record:
        return False
    return told_apart(record) < tolerance(record) and distance(record) <= chance(record)


def tolerance(record: Record) -> float:
    """Return up to which distance from those of real samples P_DD and P_GG count as theirs."""
    return min(ERRORS * standard_error(record), APART)


def predicting(records: Sequence[Record], weight: float, least: float) -> Predicting:
    """Return how labels are learnt to be predicted after these records, from the weight at the beginning.

    Labels are learnt long before samples are good. From then on a strong gradient for them only learns the training
    labels by heart: held-out ones are predicted worse, and the samples of a class become alike. The sign is an age
    that, like the one before, is less accurate than the best by more than a standard error. The first asks for noise
    in the samples whose labels are predicted, unless it has hurt; at each later one the weight halves. It also halves
    whenever the training is set back, since it makes machines run away.

    Parameters
    ----------
    records : Sequence[Record]
        The log of a training.
    weight : float
        The weight at the beginning.
    least : float
        What it does not fall below.

    Examples
    --------
    >>> shares = {"p_dd": 0.9, "p_gg": 0.5, "nearer": 0.3, "compared": 900}
    >>> ages = [{"update": i, "accuracy": a, **shares} for i, a in enumerate((0.8, 0.9, 0.88, 0.88, 0.87))]
    >>> predicting(ages, 10.0, least=1.0)
    Predicting(weight=10.0, by_heart=True)
    """
    best, worse, by_heart, hurt = 0.0, 0, False, False
    for record in decisive(records):
        back = "set_back_to" in record
        if back:
            best, worse, hurt = 0.0, 0, hurt or record.get("because") == NOISE_HURT
        elif "accuracy" in record:
            best = max(best, right(record))
            worse = worse + 1 if right(record) < best - share_error(best, record) else 0
        sign = worse >= 2
        if back or (sign and (by_heart or hurt)):
            weight = max(weight / 2, min(weight, least))
        if sign and not by_heart:
            by_heart, worse = True, 0
        by_heart = by_heart and not hurt
    return Predicting(weight, by_heart)


def noise_hurt(seen: Sequence[Record]) -> bool:
    """Return whether held-out labels are predicted worse at the first age with noise, by more than a standard error."""
    if len(seen) < 2 or "set_back_to" in seen[-2] or not seen[-1].get("swapped") or seen[-2].get("swapped"):
        return False
    before, since = right(seen[-2]), right(seen[-1])
    return since < before - share_error(before, seen[-1])


def share_error(share: float, record: Record) -> float:
    """Return the standard error of a share of the samples that a record compares, where it is about this."""
    return math.sqrt(share * (1 - share) / max(record["compared"], 1))


def set_back(records: Sequence[Record], *, automatic: bool = True) -> str | None:
    """Return why a training should go back to its best age and on at half the pace; None if it should go on.

    At a rate that is too high for the weak modes, samples become less diverse before they become real; and a machine
    that runs away does not come back by itself.

    Parameters
    ----------
    records : Sequence[Record]
        The log of a training.
    automatic : bool, default True
        Whether it ends by itself; one of a given number of updates is left alone unless it runs away, or noise hurts.
    """
    seen = decisive(records)
    if not seen or setbacks(seen) > SETBACKS:
        return None
    last = seen[-1]
    if collapsed(last) or jumped(records):
        return RAN_AWAY
    if noise_hurt(seen):
        return NOISE_HURT
    if not automatic:
        return None
    if "set_back_to" in last:
        return None
    if told_apart(last) > min(map(told_apart, seen)) + RUNAWAY:
        return "samples became worse"
    if copies(last) and all(copies(record) for record in since_set_back(seen)):
        return "samples began to copy"
    waited = min(idle(seen), len(since_set_back(seen)))
    return f"samples came no closer for {PATIENCE} ages" if waited >= PATIENCE else None


def since_set_back(seen: Sequence[Record]) -> Sequence[Record]:
    """Return the records after the training was last set back."""
    turns = [i for i, record in enumerate(seen) if "set_back_to" in record]
    return seen[turns[-1] + 1 :] if turns else seen


def idle(seen: Sequence[Record]) -> int:
    """Return for how many ages a training got no better, by a standard error and in one of three ways.

    Neither are samples told apart less, nor are they as near to the training data as new ones, nor are more labels
    right. The noise of all ages is the same, so that their errors mostly cancel.
    """
    apart, nearer, wrong = (
        [told_apart(record) for record in seen],
        [distance(record) for record in seen],
        [1 - right(record) for record in seen],
    )
    return min(
        since_gain(apart, [apart_error(record) for record in seen]),
        since_gain(nearer, [chance(record) / ERRORS / several(record) for record in seen]),
        since_gain(wrong, [share_error(right(record), record) for record in seen]),
    )


def apart_error(record: Record) -> float:
    """Return the standard error of `told_apart`."""
    return standard_error(record) / several(record)


def several(record: Record) -> float:
    """Return by which factor errors are smaller if the same held-out samples are compared with several sets."""
    return math.sqrt(max(record.get("drawn", 0) / record["compared"], 1))


def since_gain(losses: Sequence[float], errors: Sequence[float]) -> int:
    """Return how many entries ago a loss was last smaller than at the last such entry, by more than its error."""
    at = 0
    for i, (loss, error) in enumerate(zip(losses, errors, strict=True)):
        at = i if loss < losses[at] - error else at
    return len(losses) - 1 - at


def since_best(losses: Sequence[float]) -> int:
    """Return how many entries ago a loss was last smaller than all before."""
    return len(losses) - 1 - losses.index(min(losses))


def shares(record: Record) -> str:
    """Return the shares of a record in words."""
    return f"P_DD {record['p_dd']:.2f}, P_GG {record['p_gg']:.2f}"


def trend(seen: Sequence[Record]) -> str:
    """Return whether samples came closer during the last ages; from one to the next this changes too little to tell."""
    if len(seen) < 2:
        return ""
    change, error = told_apart(seen[-1]) - told_apart(seen[-1 - PATIENCE :][0]), standard_error(seen[-1])
    return f", {COMING}" if change < -error / 2 else ", going away" if change > error / 2 else ", hardly changing"
