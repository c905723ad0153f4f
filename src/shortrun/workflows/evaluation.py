"""Whether a run is good: `evaluate`, everything a report shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from shortrun import scores as scoring
from shortrun.data import Dataset, Predictions, describe, read
from shortrun.data.further import part_of
from shortrun.data.leaks import Leak, leak_between, repeated
from shortrun.errors import ConfigError, DataError
from shortrun.phrases import counted
from shortrun.scores import ALL, FEWEST, Curves, Evaluation, Role, Score
from shortrun.scores._threads import one_thread
from shortrun.settings import takes
from shortrun.settings.scoring import CurvesSettings, EvaluateSettings, ScoreSettings
from shortrun.settings.shared import WhichAge
from shortrun.store import Trajectory
from shortrun.workflows._runs import DRAWN, age_of, check_kind, few, opened, same_labels, spread, training_data
from shortrun.workflows._shared import by_first, shared
from shortrun.workflows.generation import generate
from shortrun.workflows.prediction import predict
from shortrun.workflows.reconstruction import can_reconstruct, reconstruct
from shortrun.workflows.time_courses import curves, sampled
from shortrun.workflows.training import parts_of_training
from shortrun.workflows.weights import receptive_fields, singular_values

CURVE_AGES = 3  # the oldest of twice as many that are spread evenly: young machines generate noise
CURVES_SEEN = "What is drawn against the sampling time compares with the training samples, for want of others."
UNSEEN = 2  # held-out samples of a class, at least

Progress = Callable[[str], None]


@takes(EvaluateSettings)
@shared
@one_thread
def evaluate(
    run: Trajectory | Path | str,
    test: Dataset | None = None,
    *,
    train: Dataset | None = None,
    beside: Sequence[Trajectory | Path | str] = (),
    progress: Progress | None = None,
    settings: EvaluateSettings,
) -> Evaluation:
    """Generate, predict and score: everything that a report of a run shows.

    Without training samples, those of the run are read again; without any, those that it kept aside are the test
    samples, or the test part of the file.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    test : Dataset, optional
        Real samples that it was not trained on.
    train : Dataset, optional
        Those that it was trained on, where they have moved; generated samples are compared with them, or with `test`
        where they are not at hand.
    beside : Sequence[Trajectory | Path | str], default ()
        Other runs on the same data to draw beside, as PCD beside F&F.
    progress : Progress, optional
        Called with what is begun.

    Raises
    ------
    DataError
        If there are no real samples, not of the run's kind, or too few.
    ConfigError
        For unknown scores, an age that was not kept, steps below 1.

    Examples
    --------
    >>> import shortrun as sr
    >>> train, test = sr.split(sr.read("digits"), 0.1, seed=1)
    >>> run = sr.fit(train, hidden=8, updates=2)
    >>> found = sr.evaluate(run, test, train=train, scores=["p-dd"], with_curves=False)
    >>> sorted({each.score for each in found.scores})
    ['p-dd']
    """
    begin = time.monotonic()
    run, say = opened(run, raw=settings.raw), progress or (lambda _: None)
    k, age, n, seed = settings.steps or run.recipe["steps"], settings.age, settings.n, settings.seed
    lost = ""
    if test is None and train is None:
        train, test = known_samples(run)
    elif train is None:
        train, lost = learned_samples(run)
    test, train = test and few(test), train and few(train)
    reference, role = compared_with(run, test, train)
    check_sides(settings.scores, test, train)
    leak = by_first(leak_of, run, test, train)
    real = sampled(reference, n, seed)
    say(f"generating {len(real):,} samples")
    made = generate(run, labels=same_labels(run, real), n=len(real), steps=k, age=age, seed=seed)
    held_out = test if role == "training" else None
    unseen = held_out or reference
    predictions = predicted(run, unseen, age)
    scored_beside = held_out if held_out is None or scorable(held_out, UNSEEN) else None
    say("scoring")
    found = by_first(
        scoring.compare,
        reference,
        made,
        held_out=scored_beside,
        predictions=predictions,
        rebuilt=found_again(run, sampled(unseen, n, seed), k, age, seed),
        training=train,
        settings=settings.shared(ScoreSettings, per_class=bool(run.classes)),
    )
    compared = timed_against(run, test, reference)
    drawn = []
    for each in (run, *map(opened, beside)) if settings.with_curves else ():
        say(f"scores of {each.path.name} against sampling time")
        drawn.append(drawn_curves(each, compared, settings))
    sides = {"reference": reference, "held-out": held_out}
    return Evaluation(
        run=run.info() | {"config": run.config},
        log=run.log_table(),
        age=age_of(run, age),
        steps=k,
        seed=seed,
        convention=settings.convention,
        reference=reference,
        role=role,
        generated=made,
        held_out=held_out,
        scores=tuple(beside_baseline(scoring.marked(found or (), leak, "test"), train, held_out)),
        predictions=predictions,
        described={name: describe(data) for name, data in sides.items() if data is not None},
        singular_values=by_first(singular_values, run),
        receptive_fields=by_first(receptive_fields, run, age=age),
        curves=tuple(drawn),
        timed=("test" if compared is test else role, min(counted_rows(run, compared), CurvesSettings().n)),
        notes=(
            *notes(run, k, reference, made, scored_beside, lost),
            *(CURVES_SEEN for _ in drawn[:1] if compared is not test),
        ),
        seconds=time.monotonic() - begin,
        leak=leak,
    )


def learned_samples(run: Trajectory) -> tuple[Dataset | None, str]:
    """Return the samples that a run learned from, None if they are not at hand, and why not."""
    try:
        return parts_of_training(run, training_data(run, reweight=None))[0], ""
    except DataError as error:
        return None, str(error)


def known_samples(run: Trajectory) -> tuple[Dataset, Dataset | None]:
    """Return the samples that a run learned from, and others: those it kept aside, else the test part of its file.

    Raises
    ------
    DataError
        If they are not at hand.
    """
    try:
        train, test = parts_of_training(run, training_data(run, reweight=None))
    except DataError as error:
        reason = f"no real samples: {error}"
        raise DataError(f"{reason}: give those that it was trained on (train), or test samples") from None
    source = run.kind.source
    if test is None and run.samples is None and source is not None and part_of(run.kind, source, {}) == "test":
        test = read(source, like=run, part="test")
    return train, test


def check_sides(names: Sequence[str] | None, test: Dataset | None, train: Dataset | None) -> None:
    """Refuse scores of new samples beside those of the training, where one side lacks."""
    scoring.check_names(names or ())
    for name in names or ():
        if scoring.offered()[name][0].held_out and (test is None or train is None):
            lacking = "train" if train is None else "test"
            raise ConfigError("scores", f"'{name}' needs samples of the training and new ones: give {lacking} too")


def leak_of(run: Trajectory, test: Dataset | None, train: Dataset | None) -> Leak | None:
    """Return what test samples have in common with the training; copies are known also where its data are not."""
    if test is None:
        return None
    found = None if train is None else leak_between(train, test)
    if run.rows is None or (train is not None and len(train) >= len(run.rows.learned)):
        return found
    copies, usual = int(run.rows.learned_from(test).sum()), repeated(run.rows.learned)
    whole = Leak(len(test), copies, usual, binned=test.kind.is_binned)
    return whole if found is None else replace(found, copies=copies, repeated=usual)


def beside_baseline(found: Iterable[Score], train: Dataset | None, held_out: Dataset | None) -> Iterator[Score]:
    """Yield scores, the accuracy with that of a logistic regression that learned the same samples."""
    for each in found:
        if each.score == "accuracy" and each.cls == ALL and train is not None and held_out is not None:
            regression = scoring.baseline(train, scoring.alike(train, held_out))
            yield each if regression is None else replace(each, note=str(regression))
        else:
            yield each


def found_again(run: Trajectory, data: Dataset, steps: int, age: WhichAge, seed: int) -> tuple[Dataset, Dataset] | None:
    """Return samples and what the network rebuilds of them, None of a machine that rebuilds nothing."""
    return (data, reconstruct(run, data, steps=steps, age=age, seed=seed)) if can_reconstruct(run) else None


def scorable(data: Dataset, fewest: int) -> bool:
    """Return whether there are so many samples, of one class where they have labels."""
    return bool((data.class_counts.max() if data.labelled.any() else len(data)) >= fewest)


def timed_against(run: Trajectory, test: Dataset | None, reference: Dataset) -> Dataset:
    """Return the samples that curves compare with: test samples if there are enough for scores and accuracy."""
    if test is None or not (test.labelled.any() or not run.classes) or not scorable(test, FEWEST):
        return reference
    return test


def counted_rows(run: Trajectory, data: Dataset) -> int:
    """Return the number of samples that curves can compare with: the labelled ones of a machine with labels."""
    return int(data.labelled.sum()) if run.classes else len(data)


def compared_with(run: Trajectory, test: Dataset | None, train: Dataset | None) -> tuple[Dataset, Role]:
    """Return the real samples that generated ones are compared with, and what they are; labelled ones if those count.

    Raises
    ------
    DataError
        If none has a label that is needed.
    """
    real, role = (test, "test") if train is None else (train, "training")
    assert real is not None
    for each in (test, train):
        if each is not None:
            check_kind(run, each)
    if not run.classes:
        return real, role
    if not real.labelled.any():
        raise DataError(f"{run.called} knows labels, but no real sample has one: give a file of labels")
    return real.recode(run.classes).select(real.labelled), role


def predicted(run: Trajectory, data: Dataset, age: WhichAge) -> Predictions | None:
    """Return the exact predictions of labelled samples, None without any."""
    if not run.classes or not data.labelled.any():
        return None
    return predict(run, data.select(data.labelled), age=age)


def drawn_curves(run: Trajectory, data: Dataset, settings: EvaluateSettings) -> Curves:
    """Return scores against sampling time up to 10 k, at a few ages."""
    k = run.recipe["steps"]
    how = CurvesSettings(
        ages=spread(run.ages, 2 * CURVE_AGES)[-CURVE_AGES:], convention=settings.convention, seed=settings.seed
    )
    return Curves(run.path.name, run.recipe["name"], k, curves(run, data, settings=how))


def notes(
    run: Trajectory, steps: int, reference: Dataset, made: Dataset, held_out: Dataset | None, lost: str
) -> Iterator[str]:
    """Yield what to know of an evaluation; `lost` says why the training data are not at hand, where they are not."""
    if lost:
        yield f"The training data were not at hand, {lost}: copies are looked for in the test samples only."
    elif held_out is None:
        yield "Without samples (or with too few) that were not trained on, learning cannot be told from memorising."
    sides = {"reference": reference, "held-out": held_out}
    for name, side in sides.items():
        yield from (f"{name} samples: {note}" for note in (() if side is None else side.notes) if note.endswith(DRAWN))
    if len(made) < len(reference):
        yield f"{len(made):,} samples were generated for {len(reference):,} real ones."
    if steps != run.recipe["steps"]:
        yield f"{counted(steps, 'sweep')}, but the machine was trained to generate after {run.recipe['steps']}."
