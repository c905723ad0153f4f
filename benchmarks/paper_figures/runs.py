"""The trainings behind the figures, and what is measured of them, each made once and kept in a folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import shortrun as sr
from benchmarks import chaos_figures
from benchmarks.chaos_tasks import Effort as ChaosEffort
from benchmarks.quality import CASES
from shortrun.data.core.parts import joined
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import machine
from shortrun.models import Clamp
from shortrun.scores import Curves
from shortrun.settings import resolve
from shortrun.workflows.time_courses import sampled

Pair = tuple[sr.Dataset, sr.Dataset]

SCORES = ("spectrum", "entropy", "aai")
SCHEMES = {"ff": "F&F", "pcd": "PCD", "rdm": "Rdm"}
TITLES = {"mnist": "MNIST", "hgd": "HGD", "sh3": "SH3", "sam": "SAM", "music": "four masters"}


@dataclass(frozen=True)
class Recipe:
    """A short training with the published recipe (`--preset paper`) but for what is said here.

    Parameters
    ----------
    case : str
        Name of the data.
    scheme : str
        "ff", "pcd" or "rdm".
    steps, hidden, batch, updates : int
        Sweeps of the free chains, hidden units, samples of a minibatch, and length of the training.
    rate : float
        Learning rate; the papers' is 0.01, for trainings that are a hundred times as long.
    labelled : bool, default True
        Whether the machine learns the labels.
    """

    case: str
    scheme: str
    steps: int
    hidden: int
    batch: int
    updates: int
    rate: float
    labelled: bool = True


RECIPES = {
    "mnist-ff": Recipe("mnist", "ff", 10, 256, 500, 1500, 0.05),
    "mnist-pcd": Recipe("mnist", "pcd", 100, 256, 200, 500, 0.05),
    "hgd-ff": Recipe("hgd", "ff", 10, 256, 500, 500, 0.05),
    "hgd-pcd": Recipe("hgd", "pcd", 100, 128, 200, 1500, 0.03),
    "sh3-ff": Recipe("sh3", "ff", 10, 100, 500, 1000, 0.1),
    "sh3-pcd": Recipe("sh3", "pcd", 100, 100, 200, 700, 0.1),
    "sam-ff": Recipe("sam", "ff", 10, 100, 500, 1000, 0.1),
    "sam-pcd": Recipe("sam", "pcd", 100, 100, 200, 800, 0.1),
    "music-ff": Recipe("music", "ff", 10, 256, 500, 400, 0.05),
    "mnist-rdm": Recipe("mnist", "rdm", 100, 128, 200, 600, 0.05, labelled=False),
}
PUBLISHED = {  # updates, hidden units (FF23 table 2; SAM and CMPC as FF24)
    "mnist": (600_000, 1024),
    "hgd": (30_000, 1024),
    "sh3": (60_000, 1024),
    "sam": (120_000, 100),
    "music": (240_000, 1024),
}
CHAOTIC_UPDATES = 150


@dataclass(frozen=True)
class Effort:
    """How much is computed.

    Parameters
    ----------
    scale : float, default 1.0
        Factor of the lengths of all trainings.
    samples : int, default 500
        Real and generated samples that are compared.
    longest : int, default 100000
        Largest number of sweeps; those of a class in a grid of images cost most.
    chains : int, default 100
        Chains that are followed so long.
    """

    scale: float = 1.0
    samples: int = 500
    longest: int = 100_000
    chains: int = 100


def music() -> Pair:
    """Return windows of the pieces of four composers, a fifth held out."""
    return sr.split(sr.read("four-masters"), 0.2, seed=0)


DATA: dict[str, Callable[[], Pair]] = {**CASES, "music": music}


@dataclass
class Runs:
    """Trainings and measurements, made when they are asked for and kept in a folder.

    Parameters
    ----------
    folder : Path
        Where they are kept; it belongs to one effort.
    effort : Effort
        How much is computed.
    data : Mapping[str, Callable[[], Pair]], optional
        The samples of each case, for training and for testing.
    """

    folder: Path
    effort: Effort
    data: Mapping[str, Callable[[], Pair]] = field(default_factory=lambda: DATA)
    read: dict[str, Pair] = field(default_factory=dict)

    def samples(self, case: str) -> Pair:
        """Return the samples of a case for training and for testing."""
        if case not in self.read:
            self.read[case] = self.data[case]()
        return self.read[case]

    def test(self, case: str) -> sr.Dataset:
        """Return at most so many labelled samples for testing."""
        test = self.samples(case)[1]
        return sampled(test.select(test.labelled), self.effort.samples, 0)

    def run(self, name: str) -> sr.Trajectory:
        """Return a training."""
        path = self.folder / name
        if (path / "run.json").exists():
            return sr.Trajectory.open(path)
        it, begin = RECIPES[name], time.process_time()
        data = self.samples(it.case)[0]
        data = data.select(data.labelled) if it.labelled else data.with_labels(np.full(len(data), -1))
        config = resolve(preset="paper", assignments=["training.seed=1", "training.ages_per_decade=12"])
        sizes = {"hidden": it.hidden, "batch": min(it.batch, len(data)), "updates": self.updates(it.updates)}
        options = {"scheme": it.scheme, "steps": it.steps, "rate": it.rate, "validation": 0.0, **sizes}
        run = sr.fit(data, out=path, config=config, progress=None, **options)
        self.spent(name, begin)
        return run

    def updates(self, full: int) -> int:
        """Return the length of a training at this effort."""
        return max(2, round(full * self.effort.scale))

    def chaotic(self, data: str, layers: str) -> sr.Trajectory:
        """Return a training of a chaotic network."""
        begin = time.process_time()
        effort = ChaosEffort(updates=self.updates(CHAOTIC_UPDATES), samples=self.effort.samples)
        run = chaos_figures.trained(data, chaos_figures.LAYERS[layers], self.folder, effort)
        self.spent(f"{data}, {layers}", begin)
        return run

    def spent(self, name: str, begin: float) -> None:
        """Write down the processor time of a part."""
        path = self.folder / "seconds.json"
        every = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({name: round(time.process_time() - begin, 1)} | every))

    def table(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Return a table, measured once."""
        path = self.folder / f"{name}.csv"
        if not path.exists():
            begin = time.process_time()
            make().to_csv(path, index=False)
            self.spent(name, begin)
        return pd.read_csv(path, dtype={"class": str})

    def curves(self, name: str, ages: Sequence[int], until: int) -> Curves:
        """Return scores of a training against sampling time, of test samples."""
        options = {"scores": SCORES, "n": self.effort.samples, "until": until}
        return self.measured(name, f"curves-{len(ages)}-from-{ages[0]}-{until}", ages, **options)

    def accuracies(self, name: str, ages: Sequence[int]) -> Curves:
        """Return the accuracy of a training against age, and of its label chains; hardly any samples are scored."""
        return self.measured(name, "accuracy", ages, scores=("second-moment",), n=20, per_class=False, until=1000)

    def measured(self, name: str, what: str, ages: Sequence[int], **options: Any) -> Curves:
        """Return what `shortrun.curves` measures of a training, of test samples."""
        run, recipe = self.run(name), RECIPES[name]
        make = partial(sr.curves, run, self.test(recipe.case), ages=ages, seed=1, **options)
        return Curves(training(name), "", recipe.steps, self.table(f"{name}-{what}", make))

    def chains(self, name: str, times: Sequence[int], labels: list[str] | int) -> dict[int, sr.Dataset]:
        """Return samples of the last age after each of `times` sweeps: a class each, or a number without labels."""
        run, count = self.run(name), labels if isinstance(labels, int) else len(labels)
        options: dict[str, Any] = {"n": count} if isinstance(labels, int) else {"labels": labels, "n": count}
        path = self.folder / f"{name}-{count}-chains-{max(times)}.npz"
        (first,) = sr.stream(run, times=[1], age="last", seed=1, **options)
        if not path.exists():
            begin = time.process_time()
            (found,) = sr.stream(run, times=times, age="last", seed=1, **options)
            np.savez_compressed(path, allow_pickle=False, **{str(t): each.values for t, each in found.items()})
            self.spent(f"{name}, {count} chains", begin)
        with np.load(path) as arrays:
            return {t: first[1].with_values(arrays[str(t)]) for t in times}

    def free_chains(self, name: str, times: int, count: int) -> sr.Dataset:
        """Return samples of the last age after some sweeps in which the label was drawn too."""
        run, path = self.run(name), self.folder / f"{name}-{count}-free-{times}.npz"
        (first,) = sr.stream(run, times=[1], age="last", seed=1, n=count)
        if not path.exists():
            begin, noise = time.process_time(), Noise(2, Stream.GENERATE)
            state = start(run.model, noise, count, {})
            end = machine(run.model, run.at(run.ages[-1])).run(state, noise, steps=times, clamp=Clamp(()))
            np.savez_compressed(path, values=end[0].numpy(), labels=end[1][:, 0].to(torch.int64).numpy())
            self.spent(f"{name}, {count} free chains", begin)
        with np.load(path) as arrays:
            return first[1].with_values(arrays["values"]).with_labels(arrays["labels"], run.classes)

    def seconds(self) -> dict[str, float]:
        """Return the processor time of each part."""
        path = self.folder / "seconds.json"
        return json.loads(path.read_text()) if path.exists() else {}


def training(name: str) -> str:
    """Return what a training is called, such as "MNIST, F&F-10"."""
    it = RECIPES[name]
    return f"{TITLES[it.case]}, {SCHEMES[it.scheme]}-{it.steps}"


def rows_in_time(found: Mapping[int, sr.Dataset], count: int) -> sr.Dataset:
    """Return some chains as rows, their times as columns, for a grid of images."""
    return joined([each.select(np.array([i])) for i in range(count) for each in found.values()])
