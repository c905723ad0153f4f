"""Shared parts of the measurements of chaotic networks: data, trainings, scores, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import shortrun as sr
from shortrun.settings import resolve

USUAL = 1.5
SEEDS = (1, 2, 3)

Row = dict[str, Any]


@dataclass(frozen=True)
class Effort:
    """The effort of a measurement.

    Parameters
    ----------
    chains, time : int or float, optional
        Of exponents.
    samples : int, default 500
        Number of samples to score, and of samples along one trajectory.
    trajectories : int, default 5
        Of these.
    updates : int, default 10 ** 9
        Largest number of updates of a training.
    """

    chains: int = 20
    time: float = 200.0
    samples: int = 500
    trajectories: int = 5
    updates: int = 10**9


SMALL = Effort(chains=3, time=10.0, samples=20, trajectories=2, updates=5)


def planted(count: int = 5000) -> sr.Dataset:
    """Return noisy copies of four prototypes of 64 units, 5 % of them flipped."""
    prototypes = np.random.default_rng(0).choice([-1.0, 1.0], (4, 64))
    random = np.random.default_rng(1)
    flips = np.where(random.random((count, 64)) < 0.05, -1, 1)
    which = random.integers(0, 4, count)
    return sr.Dataset.from_arrays((prototypes[which] * flips).astype(np.float32), which, alphabet="continuous")


def digits() -> sr.Dataset:
    """Return the embedded digits in grey, from -1 to 1 like rates."""
    data = sr.read("digits", grey=True)
    return sr.Dataset.from_arrays(2 * data.values - 1, data.labels, alphabet="continuous")


@dataclass(frozen=True)
class Task:
    """A training: its data, hidden units, updates and learning rate."""

    data: Callable[[], sr.Dataset]
    hidden: int
    updates: int
    rate: float
    seeds: tuple[int, ...]


TASKS = {"planted": Task(planted, 40, 500, 0.01, SEEDS), "digits": Task(digits, 100, 2000, 0.05, (1, 2))}


def trained(name: str, gain: float, seed: int, folder: Path, effort: Effort) -> sr.Trajectory:
    """Return a training of a task at a gain, from the folder if it exists there."""
    return learned(name, f"g{gain:g}", {"chaotic.gain": gain}, seed, folder, effort)


def learned(
    name: str, what: str, settings: Mapping[str, Any], seed: int, folder: Path, effort: Effort
) -> sr.Trajectory:
    """Return a training of a task with its own settings, named `what`, from the folder if it exists there."""
    task, path = TASKS[name], folder / f"{name}_{what}_seed{seed}"
    updates = min(task.updates, effort.updates)
    if path.exists():
        return sr.fit(task.data(), out=path, resume=True, updates=updates)
    every = {"optimiser.rate": task.rate, "training.batch": 100, "training.seed": seed, **settings}
    config = resolve(
        preset="chaotic",
        assignments=[f"{key}={str(value).lower()}" for key, value in every.items()],
        model={"layers": (task.hidden,)},
    )
    return sr.fit(task.data(), out=path, config=config, updates=updates)


def quality(data: sr.Dataset, made: sr.Dataset) -> Row:
    """Return scores against the data, and the classes of the nearest real samples."""
    names = ["second-moment", "diversity", "coverage"]
    scores = {it.score: it for it in sr.score(data, made, scores=names, per_class=False) if it.cls == "all"}
    shares = np.bincount(nearest_labels(data, made), minlength=len(data.classes)) / len(made)
    return {
        "E2": scores["second-moment"].value,
        "E2 error": scores["second-moment"].error,
        "E2 floor": scores["second-moment"].floor,
        "diversity": scores["diversity"].value,
        "coverage": scores["coverage"].value,
        "classes": float(np.exp(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())),
    }


def nearest_labels(data: sr.Dataset, made: sr.Dataset) -> np.ndarray:
    """Return the label of the real sample that is nearest to each generated one."""
    distances = torch.cdist(torch.from_numpy(np.array(made.values)), torch.from_numpy(np.array(data.values)))
    return data.labels[distances.argmin(1).numpy()]


def mean(values: Sequence[float]) -> float:
    """Return the mean."""
    return float(np.mean(values))


def spread_of(values: Sequence[float]) -> float:
    """Return the standard error of the mean of independent values, NaN for a single one."""
    return float("nan") if len(values) < 2 else float(np.std(values, ddof=1) / np.sqrt(len(values)))


def table(rows: Sequence[Row]) -> str:
    """Return rows as a table in Markdown."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: Any) -> str:
    """Return a number with three digits, anything else unchanged."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
