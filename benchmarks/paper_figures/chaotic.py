"""The figures of FU24."""

from __future__ import annotations

from functools import partial

import numpy as np

import shortrun as sr
from benchmarks import chaos_figures
from benchmarks.paper_figures.drawn import Drawn
from benchmarks.paper_figures.runs import CHAOTIC_UPDATES, Runs, rows_in_time
from shortrun import plots
from shortrun.phrases import joined
from shortrun.scores import Curves
from shortrun.workflows._runs import spread
from shortrun.workflows.time_courses import sampled
from shortrun.workflows.weights import receptive_fields


def chaotic(runs: Runs) -> dict[str, dict[str, sr.Trajectory]]:
    """Return the networks of each data set."""
    return {data: {name: runs.chaotic(data, name) for name in chaos_figures.LAYERS} for data in chaos_figures.DATA}


def of_chaotic(runs: Runs) -> str:
    """Return what differs in the networks."""
    updates = runs.updates(CHAOTIC_UPDATES)
    return (
        f"{updates:,} updates of 300,000 (400,000), minibatches of 100 for 500, rate 0.1 falling for 0.01, layers of "
        "200 and 100 for 500 and 100 units, to be affordable"
    )


def network_samples(runs: Runs) -> Drawn:
    """Draw data and samples of the three architectures."""
    figures, told = {}, []
    for data, networks in chaotic(runs).items():
        test = chaos_figures.read(data, "test")
        figures[data] = chaos_figures.samples(test, networks)
        values = [f"{it.name} {last_value(it, 'spectrum'):.2g}" for it in network_courses(runs, data)]
        told.append(f"{data} {joined(values)}")
    return Drawn(figures, f"spectrum error at T: {'; '.join(told)}", of_chaotic(runs))


def last_value(course: Curves, score: str) -> float:
    """Return a score of the last age."""
    rows = course.table.loc[course.table["score"] == score].sort_values("age")
    return float(rows["value"].iloc[-1])


def network_courses(runs: Runs, data: str) -> list[Curves]:
    """Return indices at T against training time, of each architecture."""
    test = sampled(chaos_figures.read(data, "test"), runs.effort.samples, 0)
    found = []
    for name in chaos_figures.LAYERS:
        run = runs.chaotic(data, name)
        at, k = spread(run.ages, 6), run.recipe["steps"]
        make = partial(chaos_figures.indices, run, test, (k,), at)
        found.append(Curves(name, "", k, runs.table(f"{data}-{name}-ages", make)))
    return found


def snapshots(runs: Runs) -> Drawn:
    """Draw the same starts of the two-layer network at increasing times."""
    times = tuple(t for t in chaos_figures.SNAPSHOTS if t <= runs.effort.longest)
    figures, told = {}, []
    for data in chaos_figures.DATA:
        (found,) = sr.stream(runs.chaotic(data, "two layers"), times=times, n=8, seed=1)
        figures[data] = plots.sample_grid(rows_in_time({t: found[t] for t in times}, 8), columns=len(times))
        moved = np.abs(found[times[-1]].values - found[times[-2]].values).mean()
        told.append(f"{data} {moved:.3f}")
    return Drawn(
        figures,
        f"mean change of a pixel from t = {times[-2]:,} to {times[-1]:,}, of 2: {joined(told)}",
        f"columns are t = {', '.join(f'{t:,}' for t in times)}; {of_chaotic(runs)}",
    )


def network_times(runs: Runs) -> Drawn:
    """Draw the indices of the two-layer network against the time of generation."""
    courses = []
    for data in chaos_figures.DATA:
        run = runs.chaotic(data, "two layers")
        test = sampled(chaos_figures.read(data, "test"), runs.effort.samples, 0)
        times = tuple(t for t in chaos_figures.TIMES if t <= runs.effort.longest)
        table = runs.table(f"{data}-times", partial(chaos_figures.indices, run, test, times, run.ages[-1:]))
        courses.append(Curves(data, "", run.recipe["steps"], table))
    told = []
    for course in courses:
        best = course.table.loc[course.table.groupby("score")["value"].idxmin()]
        told.append(f"{course.name} {', '.join(f'{row.score} {row.steps:,.0f}' for row in best.itertuples())}")
    return Drawn(
        {"both data sets": plots.scores_of_runs(courses, against="steps")},
        f"t of the best value, T = {courses[0].k}: {'; '.join(told)}",
        of_chaotic(runs),
    )


def fields(runs: Runs) -> Drawn:
    """Draw receptive fields of the two-layer network."""
    run = runs.chaotic("mnist", "two layers")
    found = receptive_fields(run, count=chaos_figures.FIELDS)
    shape = run.kind.image.shape
    assert shape is not None
    images = found.reshape(len(found), *map(int, shape))
    smooth = (images[:, 1:] * images[:, :-1]).mean((1, 2)) / (images**2).mean((1, 2))
    return Drawn(
        {"MNIST": plots.receptive_fields(found, (int(shape[0]), int(shape[1])))},
        f"correlation of neighbouring pixels in the {len(found)} fields: {smooth.min():.2f} to {smooth.max():.2f} (0 "
        "where they are random)",
        f"the {len(found)} units with the largest A, where the paper draws nine at random; {of_chaotic(runs)}",
    )


def network_ages(runs: Runs) -> Drawn:
    """Draw the indices at T against training time."""
    figures, told = {}, []
    for data in chaos_figures.DATA:
        courses = network_courses(runs, data)
        figures[data] = plots.scores_of_runs(courses, against="age")
        for score in chaos_figures.SCORES:
            values = {course.name: last_value(course, score) for course in courses}
            best = min(values, key=lambda name: values[name])
            told.append(f"{data}, {score}: {best} ({values[best]:.2g})")
    return Drawn(figures, f"best architecture of the last age by each index: {'; '.join(told)}", of_chaotic(runs))
