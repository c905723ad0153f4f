"""Labels of samples: `predict`, and `predictions` for many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from shortrun.data import Dataset, Predictions
from shortrun.data.core.blocks import taken
from shortrun.data.core.predictions import joined
from shortrun.dynamics import Noise, Stream, label_chain, label_probabilities
from shortrun.engine import machine
from shortrun.errors import DataError
from shortrun.models import RBM, parts_of
from shortrun.settings import PredictSettings, takes
from shortrun.settings.sampling import ChainSettings
from shortrun.store import Trajectory
from shortrun.typing import State
from shortrun.workflows._runs import check_kind, opened, theta_of
from shortrun.workflows._shared import by_sites, rows_together, shared

ROWS_AT_ONCE = 2000  # samples in memory at one time, for each process


@takes(PredictSettings)
def predict(run: Trajectory | Path | str, data: Dataset, *, settings: PredictSettings) -> Predictions:
    """Predict the label of every sample.

    Without `sweeps`, the exact p(label | sample), or the answer of a chaotic network after the k steps of its training;
    else the distribution of the label after that many sweeps of label chains from noise. One chain for each sample is
    the papers' noisy answer.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Samples with the sites and the alphabet of the training data; labels are not used, only compared with.

    Returns
    -------
    Predictions
        Probabilities of the classes, the predicted ones, and the accuracy where labels are known; of samples that the
        run learned from, `notes` says so.

    Raises
    ------
    DataError
        If the samples are not of the kind that the model knows, or it knows no labels.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> digits = sr.read("digits")
    >>> run = sr.fit(digits, out=tempfile.mkdtemp() + "/run", hidden=8, updates=2)
    >>> sr.predict(run, digits.head(5)).probabilities.shape
    (5, 10)
    """
    found = joined([*predictions(run, data, settings=settings)])
    return replace(found, learned=learned_from(run, data), binned=data.kind.is_binned)


@takes(PredictSettings)
@shared
def predictions(run: Trajectory | Path | str, data: Dataset, *, settings: PredictSettings) -> Iterator[Predictions]:
    """Predict as `predict` does, a bounded number of samples at a time; memory does not grow with their number.

    Examples
    --------
    >>> import shortrun as sr
    >>> digits = sr.read("digits")
    >>> run = sr.fit(digits, hidden=8, updates=2)
    >>> sum(len(part) for part in sr.predictions(run, digits))
    1797
    """
    run = opened(run, raw=settings.raw)
    check_ahead(run, settings)
    times = None if settings.sweeps is None else (settings.sweeps,)
    for part in _recorded(run, data, times, settings):
        yield part[settings.sweeps]


def check_ahead(run: Trajectory, settings: PredictSettings) -> None:
    """Check what can be known before data are read.

    Raises
    ------
    DataError
        If the run knows no labels.
    ConfigError
        For an option that is of no use to its model.
    """
    check_labels(run)
    if settings.sweeps is None and isinstance(run.model, RBM):
        settings.refuse(("chains",), "sweeps of label chains: without them probabilities are exact")


def check_labels(run: Trajectory) -> None:
    """Raise DataError if a run knows no labels."""
    if not run.classes:
        raise DataError(f"{run.called}: this model was trained without labels and can predict none")


def learned_from(run: Trajectory | Path | str, data: Dataset) -> np.ndarray | None:
    """Return which samples a run learned from, (N,) bool: those with the values of a training sample, by whatever file.

    None where the run is of an earlier version, which kept nothing to know them by, and these are not its whole data.
    """
    run = opened(run)
    if run.rows is not None:
        return run.rows.learned_from(data)
    try:
        from shortrun.workflows.training import known_rows  # which other predictions need not wait for

        rows = known_rows(run, data)
    except DataError:
        return None
    return rows.learned_from(data)


@takes(ChainSettings)
@shared
def predictions_in_time(
    run: Trajectory | Path | str, data: Dataset, *, times: Sequence[int], settings: ChainSettings
) -> dict[int, Predictions]:
    """Predict as `predict` does, by label chains that are looked at after each of `times` sweeps."""
    parts = [*_recorded(opened(run, raw=settings.raw), data, times, settings)]
    return {t: joined([part[t] for part in parts]) for t in times}


def _recorded(
    run: Trajectory, data: Dataset, times: Sequence[int] | None, settings: ChainSettings
) -> Iterator[dict[int | None, Predictions]]:
    """Yield {sweeps: predictions}, some samples at a time; without times {None: the exact ones}."""
    check_labels(run)
    check_kind(run, data)
    parts = by_sites(run)
    mine = None if parts is None else parts.part
    model, theta = mine or run.model, theta_of(run, settings.age, "predict", mine)
    labels = data.recode(run.classes).labels if data.classes else data.labels
    ready, at_once = machine(model, theta), rows_together(run.model, ROWS_AT_ONCE)
    at_once = at_once if times is None else max(1, at_once // settings.chains)
    for first in range(0, len(data), at_once):
        rows = slice(first, first + at_once)
        state = run.model.to_state(_unlabelled(run, data, rows), theta.dtype)
        state = state if mine is None else tuple(x[:, sites] for x, sites in zip(state, mine.sites, strict=True))
        noise = Noise(settings.seed, Stream.PREDICT, first_chain=first)
        if times is None:
            laws = {None: label_probabilities(ready, state, noise, run.recipe["steps"], settings.chains)}
        else:
            laws = label_chain(ready, state, noise, times, settings.chains)
        yield {t: Predictions(data.names[rows], labels[rows], run.classes, law.numpy()) for t, law in laws.items()}


def _unlabelled(run: Trajectory, data: Dataset, rows: slice) -> State:
    visible = parts_of(run.spec, torch.from_numpy(taken(data.values, rows)))
    return *visible, torch.zeros(len(visible[0]), 1, dtype=torch.uint8)
