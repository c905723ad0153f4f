"""Labels of samples: `predict`, and `predictions` for many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from shortrun.data import Dataset, Predictions
from shortrun.data.core.blocks import taken
from shortrun.data.core.predictions import joined
from shortrun.dynamics import Noise, Stream, label_chain, label_probabilities
from shortrun.engine import machine
from shortrun.errors import ConfigError, DataError
from shortrun.models import parts_of, rows_at_once
from shortrun.store import Trajectory
from shortrun.typing import State
from shortrun.workflows._runs import check_kind, opened, theta_of

CHAINS = 10  # label chains a sample
ROWS_AT_ONCE = 2000  # samples in memory at one time


def predict(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    sweeps: int | None = None,
    chains: int = CHAINS,
    seed: int = 0,
    age: int | None = None,
) -> Predictions:
    """Predict the label of every sample.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    data : Dataset
        Samples with the sites and the alphabet of the training data; labels are not used, only compared with.
    sweeps : int, optional
        None for the exact p(label | sample), of a chaotic network its answer after the k steps of the training; else
        the law of the label after that many sweeps of a label chain from noise.
    chains : int, default CHAINS
        Independent label chains a sample that this law is averaged over; 1 is the papers' noisy answer.
    seed : int, default 0
        Of the chain's noise.
    age : int, optional
        Which age of the training; by default the last.

    Raises
    ------
    DataError
        If the samples are not of the kind that the machine knows, or it knows no labels.
    """
    return joined([*predictions(run, data, sweeps=sweeps, chains=chains, seed=seed, age=age)])


def predictions(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    sweeps: int | None = None,
    chains: int = CHAINS,
    seed: int = 0,
    age: int | None = None,
) -> Iterator[Predictions]:
    """Predict as `predict` does, a bounded number of samples at a time; memory does not grow with their number."""
    times = None if sweeps is None else (sweeps,)
    for part in _recorded(opened(run), data, times, chains, seed, age):
        yield part[sweeps]


def predictions_in_time(
    run: Trajectory | Path | str,
    data: Dataset,
    *,
    times: Sequence[int],
    chains: int = CHAINS,
    seed: int = 0,
    age: int | None = None,
) -> dict[int, Predictions]:
    """Predict as `predict` does, by label chains that are looked at after each of `times` sweeps."""
    parts = [*_recorded(opened(run), data, times, chains, seed, age)]
    return {t: joined([part[t] for part in parts]) for t in times}


def _recorded(
    run: Trajectory, data: Dataset, times: Sequence[int] | None, chains: int, seed: int, age: int | None
) -> Iterator[dict[int | None, Predictions]]:
    """Yield {sweeps: predictions}, some samples at a time; without times {None: the exact ones}."""
    if not run.classes:
        raise DataError(f"{run.path}: this machine was trained without labels and can predict none")
    for name, value in (("sweeps", 1 if times is None else min(times, default=0)), ("chains", chains)):
        if value < 1:
            raise ConfigError(name, f"at least 1 expected, got {value}")
    check_kind(run, data)
    theta, labels = theta_of(run, age), data.recode(run.classes).labels if data.classes else data.labels
    ready, at_once = machine(run.model, theta), rows_at_once(run.model, ROWS_AT_ONCE)
    at_once = at_once if times is None else max(1, at_once // chains)
    for first in range(0, len(data), at_once):
        rows = slice(first, first + at_once)
        state = run.model.to_state(_unlabelled(run, data, rows), theta.dtype)
        noise = Noise(seed, Stream.PREDICT, first_chain=first)
        if times is None:
            laws = {None: label_probabilities(ready, state, noise, run.recipe["steps"], chains)}
        else:
            laws = label_chain(ready, state, noise, times, chains)
        yield {t: Predictions(data.names[rows], labels[rows], run.classes, law.numpy()) for t, law in laws.items()}


def _unlabelled(run: Trajectory, data: Dataset, rows: slice) -> State:
    visible = parts_of(run.spec, torch.from_numpy(taken(data.values, rows)))
    return *visible, torch.zeros(len(visible[0]), 1, dtype=torch.uint8)
