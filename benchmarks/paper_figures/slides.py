"""The figures of the seminar slides."""

from __future__ import annotations

import numpy as np

import shortrun as sr
from benchmarks.paper_figures.drawn import Drawn, shorter
from benchmarks.paper_figures.runs import RECIPES, Runs
from shortrun import plots
from shortrun.landscape import leaf_names
from shortrun.phrases import joined
from shortrun.plots.figure import new_figure, palette, styled
from shortrun.regimes import Ensemble, boundaries, solve
from shortrun.scores.fidelity import recogniser
from shortrun.tree_page.page import strips_of
from shortrun.workflows._runs import spread
from shortrun.workflows.time_courses import sampled


def diagram(runs: Runs) -> Drawn:
    """Draw the phase diagram with the path of a machine."""
    run = runs.run("hgd-pcd")
    table = runs.table("hgd-pcd-phases", lambda: sr.phases(run))
    left = table.loc[table["phase"] != "paramagnet", "age"]
    crossed = f"leaves the paramagnet at age {int(left.iloc[0]):,}" if len(left) else "does not leave the paramagnet"
    return Drawn(
        {"HGD, PCD-100": plots.phase_diagram(boundaries(float(table["kappa"].iloc[0])), table)},
        f"the machine {crossed} of {int(table['age'].iloc[-1]):,}",
        "axes and data of the slide's path are not known; weights learned on HGD with labels",
    )


def mixing_time(runs: Runs) -> Drawn:
    """Draw relaxation times against training time."""
    run = runs.run("mnist-pcd")
    sweeps = min(512, max(16, runs.effort.longest))
    at = spread(run.ages, 8)
    table = runs.table(
        "mnist-pcd-mixing", lambda: sr.mixing(run, ages=at, sweeps=sweeps, chains=runs.effort.chains).table
    )
    slow = table.loc[table["estimator"] == "tau-int"].groupby("age")["value"].max()
    jump = (slow.iloc[1:].to_numpy() / slow.iloc[:-1].to_numpy()).max()
    return Drawn(
        {"MNIST, PCD-100": plots.mixing(table, run.recipe["steps"])},
        f"tau_int of the slowest observable goes from {slow.iloc[0]:.2g} to {slow.max():.3g} sweeps, at most "
        f"{jump:.0f}-fold between two of these ages",
        f"chains of {sweeps:,} sweeps, so that longer times are lower bounds (triangles); "
        f"{shorter(runs, ('mnist-pcd',))}",
    )


@styled
def magnetisation(runs: Runs) -> Drawn:
    """Draw the order parameters of the replica-symmetric solution against the signal."""
    del runs
    noise, signals = 0.5, np.linspace(0.65, 2.45, 19)  # a step of 0.1, around the boundary
    found = [solve(Ensemble(noise=noise, signals=(float(w),))) for w in signals]
    first = next(i for i, each in enumerate(found) if each.phase == "ferromagnet")
    figure = new_figure(4.6, 3.4)
    axis = figure.subplots()
    for name, colour in zip(("m", "q"), palette(2), strict=True):
        values = [float(np.max(np.abs(getattr(each.order, name)))) for each in found]
        axis.plot(signals, values, ".-", color=colour, label=f"${name}$")
    axis.axvline(1, color="black", linewidth=0.8)
    axis.set(xlabel="largest signal $w_1$", ylabel="order parameter")
    axis.legend()
    return Drawn(
        {f"replica-symmetric solution, sigma = {noise}, kappa = 1": figure},
        f"m and q leave 0 between w_1 = {signals[first - 1]:.2f} and {signals[first]:.2f}; the boundary is at 1",
        "the slide's parameters are not known",
    )


def long_sampling(runs: Runs) -> Drawn:
    """Draw samples of a machine that was trained from noise with k sweeps, after many more."""
    k, late = RECIPES["mnist-rdm"].steps, runs.effort.longest
    times = sorted({1, min(k, late), min(10 * k, late), late})
    found = runs.chains("mnist-rdm", times, 50)
    train = runs.samples("mnist")[0]
    judge = recogniser(train.select(train.labelled), rows=2000)
    told = []
    for t in times:
        counts = np.bincount(judge(found[t]), minlength=len(train.classes))
        told.append(f"{counts.max() / counts.sum():.0%} {train.classes[counts.argmax()]}s at t = {t:,}")
    shown = {f"$t_G$ = {t:,}" + (" = k" if t == k else ""): found[t] for t in times}
    return Drawn(
        {"MNIST, Rdm-100": plots.sample_grids(shown)},
        f"most frequent digit by a classifier: {', '.join(told)}",
        shorter(runs, ("mnist-rdm",)),
    )


def fixed_points(runs: Runs) -> Drawn:
    """Draw the fixed points of some ages on the principal components."""
    run, real = runs.run("hgd-pcd"), sampled(runs.samples("hgd")[0], runs.effort.samples, 0)
    figures, told = {}, []
    for age in spread(run.ages, 12)[-6::2]:
        found = sr.fixed_points(run, real, age=age)
        points = found.points
        figures[f"age {age:,}"] = plots.fixed_points(real, found.profiles(), points.basin, found.majority())
        told.append(f"{len(points)} at age {age:,}")
    return Drawn(
        figures,
        f"fixed points: {joined(told)}",
        f"three ages in place of all; {shorter(runs, ('hgd-pcd',))}",
    )


def tree(runs: Runs) -> Drawn:
    """Draw the tree of haplotypes around a point."""
    run, leaves = runs.run("hgd-pcd"), sampled(runs.samples("hgd")[0], runs.effort.samples, 0)
    found = sr.tree(run, leaves)
    cut = found.level(len(leaves.classes))
    figure = plots.tree(found, leaf_names(leaves.names.tolist()), strips_of(leaves, {}), circular=True)
    return Drawn(
        {"HGD, PCD-100": figure},
        f"{len(found)} nodes; {len(np.unique(cut))} clusters at the level nearest to {len(leaves.classes)}, whose "
        f"adjusted Rand index with the continents is {found.agreement(leaves.labels, cut):.2f}",
        f"{len(leaves)} haplotypes of 5,008, our colours; {shorter(runs, ('hgd-pcd',))}",
    )
