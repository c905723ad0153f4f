"""The figures of FF23 and FF24."""

from __future__ import annotations

import numpy as np

import shortrun as sr
from benchmarks.paper_figures.drawn import STAND_INS, Drawn, best_times, classes_of, overlap, shorter
from benchmarks.paper_figures.runs import RECIPES, SCORES, TITLES, Runs
from shortrun import plots
from shortrun.phrases import joined
from shortrun.scores import Curves
from shortrun.scores.fidelity import recogniser
from shortrun.workflows._runs import spread
from shortrun.workflows.time_courses import sampled

FF = ("mnist-ff", "hgd-ff", "sh3-ff", "sam-ff", "music-ff")
PCD = ("mnist-pcd", "hgd-pcd", "sh3-pcd", "sam-pcd")
OF_CLASS = 5  # digits of a class
AGES = 8
LATE = 16  # younger than the last age over this, machines have learned nothing yet


def components(runs: Runs) -> Drawn:
    """Draw F&F samples at k over the data."""
    figures, told = {}, []
    for name in FF:
        title = TITLES[RECIPES[name].case]
        train = runs.samples(RECIPES[name].case)[0]
        real = sampled(train.select(train.labelled), 4 * runs.effort.samples, 0)
        made = runs.chains(name, (RECIPES[name].steps,), classes_of(real))[RECIPES[name].steps]
        figures[title] = plots.pca(real, made)
        told.append(f"{title} {overlap(real, made):.0%}")
    return Drawn(figures, f"densities along PC1 agree in {joined(told)}", f"{shorter(runs, FF)}; {STAND_INS}")


def scores_in_time(runs: Runs) -> Drawn:
    """Draw the scores of the last age against sampling time, class by class."""
    courses = [runs.curves(name, runs.run(name).ages[-1:], 100) for name in FF]
    figures = {course.name: plots.scores_by_class(course, SCORES) for course in courses}
    told = [f"{course.name}: {best_times(course)}" for course in courses]
    return Drawn(
        figures,
        f"sweeps with the best value, k = 10: {'; '.join(told)}",
        f"all against test samples, where the papers take GH30's and SAM's training samples; {shorter(runs, FF)}",
    )


def accuracy(runs: Runs) -> Drawn:
    """Draw accuracy against training time, of F&F and of PCD."""
    figures, told = {}, []
    for case in (RECIPES[name].case for name in FF):
        names = [name for name in (*FF, *PCD) if RECIPES[name].case == case]
        found = [runs.accuracies(name, spread(runs.run(name).ages, AGES)) for name in names]
        courses = [Curves(each.name.split(", ")[1], "", each.k, each.table) for each in found]
        figures[TITLES[case]] = plots.accuracy(courses)
        best = [course.table.query("score == 'accuracy' and `class` == 'all'")["value"].max() for course in courses]
        pairs = [f"{course.name} {value:.3f}" for course, value in zip(courses, best, strict=True)]
        told.append(f"{TITLES[case]} {joined(pairs)}")
    return Drawn(
        figures,
        f"largest accuracy: {'; '.join(told)}",
        "exact probabilities in place of chains of 1,000 label sweeps (those of the last age are on the right); "
        f"{shorter(runs, (*FF, *PCD))}; {STAND_INS}; windows of a piece overlap, so its test part is nearly trained "
        "on, as the papers' is",
    )


def confusions(runs: Runs) -> Drawn:
    """Draw which classes are taken for which."""
    figures, told = {}, []
    for name in FF[:3]:
        found = sr.predict(runs.run(name), runs.test(RECIPES[name].case), age="last")
        figures[TITLES[RECIPES[name].case]] = plots.confusion(found)
        told.append(f"{TITLES[RECIPES[name].case]} {found.accuracy:.3f}")
    return Drawn(figures, f"accuracy: {joined(told)}", f"{shorter(runs, FF[:3])}; {STAND_INS.split(';')[0]}")


def grids(runs: Runs) -> Drawn:
    """Draw digits of F&F after k sweeps and of PCD after many, with labels that are held or drawn."""
    classes = runs.run("mnist-ff").classes
    labels = [name for name in classes for _ in range(OF_CLASS)]
    late = runs.effort.longest
    made = {
        "F&F-10, 10 sweeps, labels held": runs.chains("mnist-ff", (10,), labels)[10],
        f"PCD-100, {late:,} sweeps, labels held": runs.chains("mnist-pcd", (late,), labels)[late],
        f"PCD-100, {late:,} sweeps, labels drawn": runs.free_chains("mnist-pcd", late, len(labels)),
    }
    train = runs.samples("mnist")[0]
    judge = recogniser(train.select(train.labelled), rows=2000)
    told = [f"{name}: {np.mean(judge(each) == each.labels):.0%}" for name, each in made.items()]
    drawn = np.unique(made[f"PCD-100, {late:,} sweeps, labels drawn"].labels)
    return Drawn(
        {name: plots.sample_grid(each, columns=OF_CLASS) for name, each in made.items()},
        f"digits that a classifier recognises: {'; '.join(told)}; {len(drawn)} of {len(classes)} labels were drawn",
        shorter(runs, ("mnist-ff", "mnist-pcd")),
    )


def ages(runs: Runs) -> Drawn:
    """Draw scores against sampling time at several ages, PCD beside F&F."""
    names = ("mnist-pcd", "mnist-ff")
    courses = []
    for name in names:
        every = runs.run(name).ages
        late = [age for age in every if age >= every[-1] / LATE]
        courses.append(runs.curves(name, spread(late, AGES), 10 * RECIPES[name].steps))
    told = [f"{course.name}: {best_times(course)}" for course in courses]
    return Drawn(
        {"MNIST": plots.scores_by_age(courses, SCORES)},
        f"sweeps with the best value at the last age: {'; '.join(told)}",
        f"PCD is followed for 1,000 sweeps, not 100,000; {shorter(runs, ('mnist-ff', 'mnist-pcd'))}",
    )


def chains(runs: Runs) -> Drawn:
    """Draw chains of PCD on the principal components at several times."""
    times = sorted({max(1, runs.effort.longest // 10**power) for power in range(5)})
    figures, told = {}, []
    for name in PCD[1:]:
        title = TITLES[RECIPES[name].case]
        real = sampled(runs.test(RECIPES[name].case), runs.effort.chains, 0)
        found = runs.chains(name, times, classes_of(real))
        figures[title] = plots.pca_in_time(real, found)
        other = overlap(real, sampled(runs.samples(RECIPES[name].case)[0], len(real), 0))
        shares = [f"{overlap(real, found[t]):.0%}" for t in times]
        told.append(f"{title} {', '.join(shares)} (training samples {other:.0%})")
    return Drawn(
        figures,
        f"densities along PC1 agree, from {times[0]:,} to {times[-1]:,} sweeps: {'; '.join(told)}",
        f"{runs.effort.chains} chains with the labels of test samples; {shorter(runs, PCD[1:])}; {STAND_INS}",
    )
