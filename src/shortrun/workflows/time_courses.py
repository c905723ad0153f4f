"""How scores and accuracy change with sampling time and training time: `curves`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shortrun import scores as scoring
from shortrun.data import Dataset, Predictions
from shortrun.data.core.parts import joined
from shortrun.errors import ConfigError, DataError
from shortrun.scores.prediction import accuracies
from shortrun.store import Trajectory
from shortrun.workflows._runs import check_kind, opened
from shortrun.workflows.generation import stream
from shortrun.workflows.prediction import predict, predictions_in_time

SCORES = ("spectrum", "entropy", "aai", "second-moment")  # of the papers' figures
COLUMNS = ("score", "class", "age", "steps", "value", "error")
ACCURACY, CHAIN_ACCURACY = "accuracy", "chain-accuracy"
POINTS = 15  # times on the logarithmic grid
AGES = 6
SAMPLES = 2000
LONGEST_LABEL_CHAIN = 1000  # sweeps, as in the papers

Row = tuple[str, str, int, float, float, float]
Progress = Callable[[int, int], None]


def curves(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    times: Sequence[int] | None = None,
    ages: Sequence[int] | None = None,
    scores: Sequence[str] | None = None,
    n: int = SAMPLES,
    convention: str = "default",
    per_class: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure a run at many sampling times and ages: the table behind the papers' figures (FF23 fig. 3, 7).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Real samples; generated ones get their labels, as many of each class.
    times : Sequence[int], optional
        Sweeps after which the chains are looked at; by default a logarithmic grid up to 10 k, with k.
    ages : Sequence[int], optional
        By default six of those that were kept, evenly on a logarithmic scale, with the last.
    scores : Sequence[str], optional
        Names; by default spectrum, entropy, aai, second-moment.
    n : int, default SAMPLES
        Largest number of samples compared, drawn from the data.
    convention, per_class : str or bool, optional
        As for `score`.
    seed : int, default 0
        Of the noise and of every random choice.
    progress : Progress, optional
        Called after each age with (ages done, ages).

    Returns
    -------
    pandas.DataFrame
        columns score, class ("all": the mean over classes), age, steps, value, error (standard error). Of data with
        labels also the score "accuracy" of the exact prediction (steps empty) and at the last age "chain-accuracy"
        after so many sweeps of a single label chain.

    Raises
    ------
    DataError
        If the data are not of the run's kind, or too few.
    ConfigError
        For unknown scores, ages that were not kept, times below 1.
    """
    run = opened(run)
    check_kind(run, data)
    grid = tuple(sorted(set(times or times_up_to(10 * run.recipe["steps"], run.recipe["steps"]))))
    chosen = tuple(ages or spread(run.ages, AGES))
    if run.classes and not data.labelled.any():
        raise DataError("curves of a machine with labels need labelled samples, and these have none")
    known = data.select(data.labelled) if run.classes else data
    options = {"scores": tuple(scores or SCORES), "convention": convention, "per_class": per_class, "seed": seed}
    real = sampled(known, n, seed)
    rows: list[Row] = []
    for done, age in enumerate(chosen, 1):
        rows += of_samples(run, real, grid, age, seed, options)
        rows += of_labels(run, known, age) if run.classes else []
        if progress is not None:
            progress(done, len(chosen))
    if run.classes:
        rows += of_label_chains(run, known, grid, chosen[-1], seed)
    table = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    return pd.DataFrame(table).astype({"age": int, "steps": "Int64"})


def times_up_to(last: int, k: int, points: int = POINTS) -> tuple[int, ...]:
    """Return whole numbers from 1 to `last`, evenly on a logarithmic scale, and k."""
    if last < 1:
        raise ConfigError("steps", f"at least 1 expected, got {last}")
    grid = np.rint(np.geomspace(1, last, points)).astype(int).tolist()
    return tuple(sorted({*grid, *([k] if k <= last else [])}))


def spread(ages: Sequence[int], count: int) -> tuple[int, ...]:
    """Return some of the ages, evenly on a logarithmic scale, with the last."""
    if len(ages) <= count:
        return tuple(ages)
    targets = np.geomspace(max(ages[0], 1), ages[-1], count)
    return tuple(sorted({min(ages, key=lambda age: abs(np.log(max(age, 1) / target))) for target in targets}))


def sampled(data: Dataset, n: int, seed: int) -> Dataset:
    """Return at most n samples, drawn at random and in their order."""
    if len(data) <= n:
        return data
    return data.select(np.sort(np.random.default_rng([seed, 3]).permutation(len(data))[:n]))


def same_labels(run: Trajectory, real: Dataset) -> list[str] | None:
    """Return a class for each sample to generate: those of the real ones."""
    return [real.classes[code] for code in real.labels] if run.classes else None


def of_samples(
    run: Trajectory, real: Dataset, times: Sequence[int], age: int, seed: int, options: dict[str, Any]
) -> Iterator[Row]:
    """Yield the scores of samples after each of `times` sweeps of the same chains."""
    parts = [*stream(run, times=times, labels=same_labels(run, real), n=len(real), seed=seed, age=age)]
    for t in times:
        for it in scoring.compare(real, joined([part[t] for part in parts]), floors=False, **options):
            yield it.score, it.cls, age, t, it.value, it.error


def of_labels(run: Trajectory, known: Dataset, age: int) -> Iterator[Row]:
    """Yield how many labels are predicted right, exactly."""
    yield from accuracy_rows(ACCURACY, predict(run, known, age=age), age, float("nan"))


def of_label_chains(run: Trajectory, known: Dataset, times: Sequence[int], age: int, seed: int) -> Iterator[Row]:
    """Yield how many labels are predicted right by one label chain after each of `times` sweeps."""
    within = [t for t in times if t <= LONGEST_LABEL_CHAIN]
    if within:
        found = predictions_in_time(run, known, times=within, chains=1, seed=seed, age=age)
        for t, predictions in found.items():
            yield from accuracy_rows(CHAIN_ACCURACY, predictions, age, t)


def accuracy_rows(score: str, predictions: Predictions, age: int, steps: float) -> Iterator[Row]:
    """Yield accuracy of all samples and of each class."""
    for name, (value, error) in accuracies(predictions).items():
        yield score, name, age, steps, value, error
