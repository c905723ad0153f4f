"""What verbs ask of a run that they are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from shortrun.data import Dataset
from shortrun.data.core.blocks import is_mapped
from shortrun.data.readers import again
from shortrun.errors import ConfigError, DataError, ShortrunError
from shortrun.models import RBM, RBMPart
from shortrun.records import Task
from shortrun.scores._features import features
from shortrun.settings.shared import WhichAge
from shortrun.store import Trajectory
from shortrun.typing import Theta

COMPARED, FEWEST_COMPARED = 350_000_000, 1000  # features of samples of a file that are compared; samples, at least
DRAWN = ", drawn at random, stand for all: more are not compared in memory"
NOT_AS_A_WHOLE = "is not what the run was trained on (it has changed, or only a part of it was)"


def opened(run: Trajectory | Path | str, *, raw: bool = False) -> Trajectory:
    """Return the run, opened if it is a folder; `raw` asks for its parameters as they were, not averaged."""
    if not isinstance(run, Trajectory):
        return Trajectory(run, raw=raw)
    return run.as_raw() if raw and not run.raw else run


def training_data(run: Trajectory, **reading: Any) -> Dataset:
    """Return all samples of the training: those that `fit` was given, else of their file, read as they were.

    Options of `reading` are other ones for the file.

    Raises
    ------
    DataError
        If they cannot be read, or are other samples now.
    """
    if run.samples is not None:
        return as_known(run, run.samples)
    source = run.kind.source
    if source is None:
        raise DataError(
            "the run did not keep its training data, which were in memory (those of a file are found again)"
        )
    try:
        data = as_known(run, again(Path(source), run.kind.reading, reading))
    except (ShortrunError, OSError) as error:
        raise DataError(f"the training data cannot be read again ({error})") from None
    if data.hash != run.data["hash"]:
        raise DataError(f"{source} {NOT_AS_A_WHOLE}")
    return data


def as_known(run: Trajectory, data: Dataset) -> Dataset:
    """Return samples without their labels if the run has not looked at labels, as a chaotic network may not."""
    return data if run.classes or not data.classes else data.with_labels([""] * len(data))


def few(data: Dataset, rows: np.ndarray | None = None) -> Dataset:
    """Return samples, all or those of some rows, to compare in memory; if they are of a large file, fewer at random."""
    count = len(data) if rows is None else len(rows)
    most = max(FEWEST_COMPARED, COMPARED // features(data.head(1)).shape[1]) if is_mapped(data.values) else count
    if count <= most:
        return data if rows is None else data.select(rows)
    chosen = np.sort(np.random.default_rng([count, 4]).permutation(count)[:most])
    return data.select(chosen if rows is None else rows[chosen]).with_notes(f"{most:,} of {count:,} samples{DRAWN}")


def same_labels(run: Trajectory, samples: Dataset) -> list[str] | None:
    """Return a class for each sample to generate: those of other samples; None where a run knows none."""
    return [samples.classes[code] for code in samples.labels] if run.classes else None


def theta_of(run: Trajectory, age: WhichAge, task: Task = "generate", part: RBMPart | None = None) -> Theta:
    """Return the parameters, of a part of the machine or of all of it, at an age, which may depend on the task."""
    return run.at(age_of(run, age, task), part)


def age_of(run: Trajectory, age: WhichAge, task: Task = "generate") -> int:
    """Return an age as a number.

    Raises
    ------
    StoreError
        If the run has none yet.
    """
    if age == "best":
        return run.best(task)
    run.check_any()
    return run.ages[-1] if age == "last" else age


class Machines(Mapping[int, Theta]):
    """The parameters of a run at some of its ages, read from its folder when they are asked for."""

    def __init__(self, run: Trajectory, ages: Iterable[int]):
        self.run, self.ages = run, tuple(ages)
        check_ages(run, self.ages)

    def __getitem__(self, age: int) -> Theta:
        return self.run.at(age)

    def __iter__(self) -> Iterator[int]:
        return iter(self.ages)

    def __len__(self) -> int:
        return len(self.ages)


def check_ages(run: Trajectory, ages: Iterable[int]) -> None:
    """Raise StoreError, which names near ones, unless all ages were kept: before any work."""
    run.check_any()
    for age in set(ages) - set(run.ages):
        run.at(age)


def chosen_ages(run: Trajectory, ages: tuple[int, ...] | Literal["all", "last"] | None, count: int) -> tuple[int, ...]:
    """Return the ages that an option names; by default `count` of those that were kept, spread evenly.

    Raises
    ------
    StoreError
        If one was not kept (names the nearest), or there is none.
    """
    if ages is None or isinstance(ages, str):
        return spread(run.ages, count) if ages is None else run.ages if ages == "all" else run.ages[-1:]
    check_ages(run, ages)
    return tuple(ages)


def spread(ages: Sequence[int], count: int) -> tuple[int, ...]:
    """Return some of the ages, evenly on a logarithmic scale, with the last."""
    if len(ages) <= count:
        return tuple(ages)
    targets = np.geomspace(max(ages[0], 1), ages[-1], count)
    return tuple(sorted({min(ages, key=lambda age: abs(np.log(max(age, 1) / target))) for target in targets}))


def rbm_of(run: Trajectory, quantity: str) -> RBM:
    """Return the machine of a run.

    Raises
    ------
    ConfigError
        If it is a chaotic network, which has no energy and so not that quantity.
    """
    if not isinstance(run.model, RBM):
        raise ConfigError("run", f"an RBM expected: {run.called} is a chaotic network, which has no {quantity}")
    return run.model


def check_kind(run: Trajectory, data: Dataset) -> None:
    """Check that a machine can look at samples.

    Raises
    ------
    DataError
        If they have other sites or another alphabet than those it was trained on.
    """
    run.kind.agrees(data.kind, owner=run.called)
