"""How scores and accuracy change with sampling time and training time: `curves`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from shortrun import scores as scoring
from shortrun.data import Dataset, Predictions
from shortrun.data.core.parts import joined
from shortrun.errors import ConfigError, DataError
from shortrun.scores._threads import one_thread
from shortrun.scores.prediction import accuracies
from shortrun.settings import takes
from shortrun.settings.scoring import CurvesSettings, ScoreSettings
from shortrun.store import Trajectory
from shortrun.workflows._runs import check_kind, chosen_ages, opened, same_labels
from shortrun.workflows._shared import by_first, shared
from shortrun.workflows.generation import stream
from shortrun.workflows.prediction import predict, predictions_in_time

SCORES = ("spectrum", "entropy", "aai", "second-moment")  # of the papers' figures
COLUMNS = ("score", "class", "age", "steps", "value", "error")
ACCURACY, CHAIN_ACCURACY = "accuracy", "chain-accuracy"
POINTS = 15  # times on the logarithmic grid
AGES = 6
LONGEST_LABEL_CHAIN = 1000  # sweeps, as in the papers

Row = tuple[str, str, int, float, float, float]
Progress = Callable[[int, int], None]


@takes(CurvesSettings)
@shared
@one_thread
def curves(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    settings: CurvesSettings,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure a run at many sampling times and ages: the table behind the papers' figures (FF23 fig. 3, 7).

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Real samples; generated ones get their labels, as many of each class.
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

    Examples
    --------
    >>> import shortrun as sr
    >>> train, test = sr.split(sr.read("digits"), 0.1, seed=1)
    >>> run = sr.fit(train, hidden=8, updates=2)
    >>> table = sr.curves(run, test, scores=["spectrum"], times=[1, 10], ages="last")
    >>> sorted(table.query("score == 'spectrum' and `class` == 'all'")["steps"].astype(int))
    [1, 10]
    """
    run = opened(run, raw=settings.raw)
    check_kind(run, data)
    k = run.recipe["steps"]
    grid = tuple(sorted(set(settings.times or times_up_to(settings.until or 10 * k, k))))
    chosen = chosen_ages(run, settings.ages, AGES)
    if run.classes and not data.labelled.any():
        raise DataError("curves of a machine with labels need labelled samples, and these have none")
    known = data.select(data.labelled) if run.classes else data
    real = sampled(known, settings.n, settings.seed)
    rows: list[Row] = []
    of_real: scoring.Known = {}
    for done, age in enumerate(chosen, 1):
        rows += of_samples(run, real, grid, age, settings, of_real)
        rows += of_labels(run, known, age) if run.classes else []
        if progress is not None:
            progress(done, len(chosen))
    if run.classes:
        rows += of_label_chains(run, known, grid, chosen[-1], settings.seed)
    table = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    return pd.DataFrame(table).astype({"age": int, "steps": "Int64"})


def times_up_to(last: int, k: int, points: int = POINTS) -> tuple[int, ...]:
    """Return whole numbers from 1 to `last`, evenly on a logarithmic scale, and k."""
    if last < 1:
        raise ConfigError("steps", f"at least 1 expected, got {last}")
    grid = np.rint(np.geomspace(1, last, points)).astype(int).tolist()
    return tuple(sorted({*grid, *([k] if k <= last else [])}))


def sampled(data: Dataset, n: int, seed: int) -> Dataset:
    """Return at most n samples, drawn at random and in their order."""
    if len(data) <= n:
        return data
    return data.select(np.sort(np.random.default_rng([seed, 3]).permutation(len(data))[:n]))


def of_samples(
    run: Trajectory, real: Dataset, times: Sequence[int], age: int, settings: CurvesSettings, of_real: scoring.Known
) -> Iterator[Row]:
    """Yield the scores of samples after each of `times` sweeps of the same chains."""
    parts = [*stream(run, times=times, labels=same_labels(run, real), n=len(real), seed=settings.seed, age=age)]
    how = settings.shared(ScoreSettings, scores=settings.scores or SCORES)
    for t in times:
        made = joined([part[t] for part in parts])
        for it in by_first(scoring.compare, real, made, floors=False, known=of_real, settings=how) or ():
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
