"""Figures 2 to 5 of FU24 from our trainings, a part of `benchmarks.chaos`.

One, two and three layers (784; 784-200; 784-200-100) on MNIST and Fashion-MNIST in grey, T = 100, g = 1.5: 1,000
updates of minibatches of 100 at a rate of 0.1, falling; an existing training in the folder is reused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import shortrun as sr
from benchmarks.chaos_tasks import SMALL, Effort, Row
from shortrun import plots
from shortrun.data.core.parts import joined
from shortrun.scores import ALL, Curves
from shortrun.scores.reconstruction import NAME, rebuild
from shortrun.settings import resolve
from shortrun.workflows._runs import spread
from shortrun.workflows.reconstruction import can_reconstruct, reconstruct
from shortrun.workflows.time_courses import curves, sampled
from shortrun.workflows.weights import receptive_fields

LAYERS = {"one layer": (), "two layers": (200,), "three layers": (200, 100)}
DATA = ("mnist", "fashion-mnist")
UPDATES = 1000
SCORES = ("second-moment", "spectrum", "aai")
TIMES = (10, 20, 30, 60, 80, 100, 120, 150, 200, 300, 1000)
SNAPSHOTS = (1, 10, 20, 30, 60, 100, 150, 300, 1000, 3000)
AGES = 8
SHOWN = 40  # samples of a model
FIELDS = 16


def figures(folder: Path, effort: Effort) -> Iterator[Row]:
    """Draw the figures into the folder and yield the indices at T of the last age."""
    small = effort is SMALL
    courses, grown = [], []
    for data in ("digits",) if small else DATA:
        runs = {name: trained(data, layers, folder, effort) for name, layers in LAYERS.items()}
        test = sampled(read(data, "test"), effort.samples * 2, 0)
        write(samples(test, runs), folder / f"figure2_{data}.png")
        write(snapshots(runs["two layers"], SNAPSHOTS[:3] if small else SNAPSHOTS), folder / f"figure3a_{data}.png")
        two = runs["two layers"]
        fields = receptive_fields(two, count=FIELDS)
        write(plots.receptive_fields(fields, tuple(test.kind.image.shape)), folder / f"figure4_{data}.png")
        times = (*TIMES[:2], two.recipe["steps"]) if small else TIMES
        courses.append(Curves(data, "", two.recipe["steps"], indices(two, test, times, two.ages[-1:])))
        grown = [of_training(name, run, test) for name, run in runs.items()]
        write(plots.scores_of_runs(grown, against="age"), folder / f"figure5_{data}.png")
        pd.concat({it.name: it.table for it in grown}, names=["layers"]).to_csv(folder / f"figure5_{data}.csv")
        for course in grown:
            yield from last(data, course)
    write(plots.scores_of_runs(courses, against="steps"), folder / "figure3b.png")
    pd.concat({it.name: it.table for it in courses}, names=["data"]).to_csv(folder / "figure3b.csv")


def read(data: str, part: str) -> sr.Dataset:
    """Return a part of a data set in grey, without labels, since no model here learns them."""
    found = sr.read(data, grey=True) if data == "digits" else sr.read(data, grey=True, part=part)
    return found.with_labels(np.full(len(found), -1))


def trained(data: str, layers: Sequence[int], folder: Path, effort: Effort) -> sr.Trajectory:
    """Return the training of an architecture, from the folder if it exists there."""
    path = folder / "_".join([data, "-".join(map(str, (784, *layers)))])
    if path.exists():
        return sr.Trajectory.open(path)
    given = ["training.batch=100", "training.seed=1", "optimiser.rate=0.1", "optimiser.schedule=inverse"]
    config = resolve(preset="chaotic", assignments=given, model={"layers": tuple(layers)})
    return sr.fit(read(data, "train"), out=path, config=config, updates=min(UPDATES, effort.updates))


def samples(test: sr.Dataset, runs: dict[str, sr.Trajectory]):
    """Return real samples and those of every architecture at T (fig. 2)."""
    made = {name: sr.generate(run, n=SHOWN, seed=1) for name, run in runs.items()}
    return plots.sample_grids({"data": test.select(np.arange(min(SHOWN, len(test)))), **made}, columns=4)


def snapshots(run: sr.Trajectory, times: Sequence[int]):
    """Return the same starts, one per row, at increasing times (fig. 3a)."""
    (found,) = sr.stream(run, times=times, n=8, seed=1)
    rows = joined([found[t].select(np.array([i])) for i in range(8) for t in times])
    return plots.sample_grid(rows, columns=len(times))


def of_training(name: str, run: sr.Trajectory, test: sr.Dataset) -> Curves:
    """Return the indices at T against training time (fig. 5)."""
    k = run.recipe["steps"]
    return Curves(name, "", k, indices(run, test, (k,), spread(run.ages, AGES)))


def indices(run: sr.Trajectory, test: sr.Dataset, times: Sequence[int], ages: Sequence[int]) -> pd.DataFrame:
    """Return E2, spectrum, AAI and (for two layers) the reconstruction error, at times and ages."""
    table = curves(run, test, times=times, ages=ages, scores=SCORES, n=len(test), per_class=False)
    if not can_reconstruct(run):
        return table
    found = [
        (NAME, ALL, age, t, *rebuild(test, reconstruct(run, test, steps=t, age=age))[ALL][NAME][:2])
        for age in ages
        for t in times
    ]
    return pd.concat([table, pd.DataFrame(found, columns=table.columns)], ignore_index=True)


def last(data: str, course: Curves) -> Iterator[Row]:
    """Yield the indices of the last age, one row per architecture."""
    table = course.table.loc[course.table["age"] == course.table["age"].max()]
    values = {row.score: float(row.value) for row in table.itertuples()}
    yield {"data": data, "layers": course.name} | {name: values.get(name, float("nan")) for name in (*SCORES, NAME)}


def write(figure, path: Path) -> None:
    """Write a figure, and create its folder if necessary."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plots.save(figure, path)
