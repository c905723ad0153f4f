"""Time of generation, prediction, scores and reading; and the cost of an update against each size.

    python -m benchmarks.tasks [--cases mnist hgd ...] [--json tasks.json]
    python -m benchmarks.tasks --scaling [--json scaling.json] [--figure scaling.png]

Each figure is the median of a few runs after a warm-up. `--scaling` varies one size of an update at a
time (hidden units, sites, colours, rows, sweeps, threads), and the number of ages that a complete training stores.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import shortrun as sr
from benchmarks import timing
from benchmarks.cases import CASES, Case, Problem, problem
from benchmarks.contestants import gigaflop, ours
from shortrun.dynamics import Noise, Stream, label_chain, recorded
from shortrun.engine import machine
from shortrun.learning import Rows, Training, fit, from_settings
from shortrun.models import LABEL, RBM, spec_of
from shortrun.records import Record
from shortrun.scores import adversarial_accuracy, second_moment
from shortrun.settings import Config, resolve

FIGURE = Path(__file__).parents[1] / "docs" / "scaling.png"
STANDARD = ("mnist", "hgd", "gh30", "sam", "cmpc")
SAMPLES = 2000
NEIGHBOURS = (2000, 10_000)

# Tasks


def samples_of(at: Problem, count: int) -> Callable[[], object]:
    """Return the function that generates samples of all classes in k sweeps."""
    labels = (torch.arange(count) % at.sizes["classes"]).to(torch.uint8).unsqueeze(1)
    noise, steps = Noise(0, Stream.GENERATE), at.scheme.steps
    return lambda: list(recorded(at.model, at.theta, count, noise, times=(steps,), held={LABEL: labels}))


def exact_predictions(at: Problem) -> Callable[[], object]:
    """Return the function that computes the exact p(label | sample)."""
    return lambda: machine(at.model, at.theta).label_log_probabilities(at.batch.state)


def chain_predictions(at: Problem) -> Callable[[], object]:
    """Return the function that runs one label chain of k sweeps per sample."""
    return lambda: label_chain(
        machine(at.model, at.theta), at.batch.state, Noise(0, Stream.PREDICT), (at.scheme.steps,)
    )


def per_second(case: str, count: int, rounds: int) -> dict[str, Any]:
    """Return samples or rows per second of each task on a case."""
    at = problem(case, batch=count)
    tasks = {
        "generate": samples_of(at, count),
        "predict_exact": exact_predictions(at),
        "predict_chain": chain_predictions(at),
    }
    found = {f"{name}_per_second": count / timing.median(task, rounds) for name, task in tasks.items()}
    return {"data": at.source, **at.sizes} | {key: timing.rounded(value, 3) for key, value in found.items()}


def scores(sizes: Sequence[int], sites: int, rounds: int) -> dict[str, float]:
    """Return the seconds that each score takes for two sets of random bits."""
    rng, found = np.random.default_rng(0), {}
    for size in sizes:
        a, b = (rng.integers(0, 2, (size, sites)).astype(np.float32) for _ in range(2))
        for score in (adversarial_accuracy, second_moment):
            seconds = timing.median(lambda score=score, a=a, b=b: score(a, b), rounds)
            found[f"{score.__name__} {size:,} x {sites}"] = timing.rounded(seconds, 3)
    return found


def reading(cases: Sequence[str], rounds: int) -> dict[str, float]:
    """Return the seconds to read the files of those cases that have one."""
    found = {}
    for case in cases:
        if CASES[case].data(100)[1] == "real":
            found[case] = timing.rounded(timing.median(CASES[case].read, rounds), 3)
    return found


def tasks(cases: Sequence[str], count: int, neighbours: Sequence[int], rounds: int) -> dict[str, Any]:
    """Return the figures of every task."""
    return timing.conditions() | {
        "cases": {case: per_second(case, count, rounds) for case in cases},
        "score_seconds": scores(neighbours, 784, rounds),
        "read_seconds": reading(cases, rounds),
    }


# What the cost of an update depends on

BASE = Case(784, 2, 10, 500)
POTTS = Case(108, 5, 10, 500)


def grid(small: bool) -> dict[str, list[tuple[float, Case, int]]]:
    """Return for each size that is varied (value, shape, k); the colours at a constant number of features."""
    base = replace(BASE, sites=64, batch=50, hidden=32) if small else BASE
    end = 2 if small else None
    return {
        "hidden": [(h, replace(base, hidden=h), 10) for h in (128, 256, 512, 1024, 2048)[:end]],
        "sites": [(s, replace(base, sites=s), 10) for s in (100, 200, 400, 800, 1600)[:end]],
        "colours": [(q, replace(base, sites=840 // q, colours=q), 10) for q in (3, 5, 10, 21, 40)[:end]],
        "batch": [(b, replace(base, batch=b), 10) for b in (125, 250, 500, 1000, 2000)[:end]],
        "steps": [(k, base, k) for k in (1, 3, 10, 30)[:end]],
    }


def update_seconds(shape: Case, steps: int, rounds: int) -> tuple[float, float]:
    """Return the seconds of an update, and the operations of its matrix products in units of 1e9."""
    at = problem("scaling", shape=shape, steps=steps)
    contestant = ours(at)
    seconds = timing.race({"ours": contestant}, rounds)["ours"]
    return float(np.median(seconds)), (3 * steps + 6) * gigaflop(at)


def sizes(small: bool, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Return the time of an update along each axis of the grid."""
    found = {}
    for name, points in grid(small).items():
        found[name] = []
        for value, shape, steps in points:
            seconds, operations = update_seconds(shape, steps, rounds)
            found[name].append(figures(value, seconds, operations))
    return found


def figures(value: float, seconds: float, operations: float) -> dict[str, float]:
    """Return one point: also the rate at which the products of the plain form would have to run to be as fast."""
    return {
        "value": value,
        "update_ms": timing.rounded(1e3 * seconds),
        "equivalent_gflops": timing.rounded(operations / seconds),
    }


def threads(small: bool, rounds: int) -> list[dict[str, float]]:
    """Return the time of an update for one thread and for all."""
    shape, before, found = grid(small)["hidden"][-1 if small else 3][1], torch.get_num_threads(), []
    try:
        for count in sorted({1, *(2**i for i in range(1, 10) if 2**i <= before), before}):
            torch.set_num_threads(count)
            found.append(figures(count, *update_seconds(shape, 10, rounds)))
    finally:
        torch.set_num_threads(before)
    return found


class NoRecorder:
    """A recorder that keeps nothing."""

    def age(self, training: Training) -> None:
        """Keep nothing."""

    def log(self, record: Record) -> None:
        """Keep nothing."""

    def after_update(self, training: Training) -> bool:
        """Go on."""
        return False


def ages(small: bool) -> list[dict[str, float]]:
    """Return the time per update of a complete training of 8x8 digits against the number of ages that it stores.

    0 stands for a training without a recorder, that is without files.
    """
    updates, data = 20 if small else 300, sr.read("digits")
    training = {"updates": updates, "validation": 0, "log_every": 10**6, "batch": 200}
    configs = [
        resolve(model={"hidden": 256}, training=training | {"ages_per_decade": n})
        for n in ((1, 100) if small else (1, 5, 10, 30, 100))
    ]
    found = [(0, timing.median(lambda: fit_without_files(data, configs[0]), 1))]
    for config in configs:
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            seconds = timing.median(partial(sr.fit, data, out=run, config=config, overwrite=True), 1)
            found.append((len(sr.Trajectory.open(run).ages), seconds))
    return [{"value": kept, "update_ms": timing.rounded(1e3 * seconds / updates)} for kept, seconds in found]


def fit_without_files(data: sr.Dataset, config: Config) -> None:
    """Train without a recorder."""
    model, rows = RBM(spec_of(data, config.model)), Rows.of(data, torch.device("cpu"))
    fit(model, from_settings(config.scheme, labelled=True), rows, config, NoRecorder())


def scaling(small: bool, rounds: int) -> dict[str, Any]:
    """Return every axis."""
    axes = sizes(small, rounds) | {"threads": threads(small, rounds), "ages": ages(small)}
    return timing.conditions() | {"base": vars(BASE) | {"read": None, "steps": 10}, "axes": axes}


TITLES = {
    "hidden": "hidden units",
    "sites": "binary sites",
    "colours": "colours, 840 features in all",
    "batch": "rows a minibatch",
    "steps": "sweeps k",
    "threads": "threads",
    "ages": "ages kept (300 updates of 8x8 digits)",
}


SLOPES = {"hidden": 1, "sites": 1, "batch": 1, "steps": 1, "threads": -1}  # expected from the matrix products


def draw(found: dict[str, Any], path: Path) -> None:
    """Draw the time of an update against each size, with a dotted line for the eye."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(11, 5), layout="constrained")
    for axis, (name, points) in zip(axes.flat, found["axes"].items(), strict=False):
        x, y = ([point[key] for point in points] for key in ("value", "update_ms"))
        axis.plot(x, y, marker="o")
        if name in SLOPES:
            axis.plot(x, [y[-1] * (value / x[-1]) ** SLOPES[name] for value in x], color="grey", linestyle=":")
        axis.set(xlabel=TITLES[name], ylabel="ms an update", yscale="log", ylim=(0.5 * min(y), 2 * max(y)))
        if min(x) > 0:
            axis.set_xscale("log")
            axis.set_xticks(x, [f"{value:g}" for value in x])
        axis.minorticks_off()
        axis.set_yticks(nice(0.5 * min(y), 2 * max(y)), [f"{value:g}" for value in nice(0.5 * min(y), 2 * max(y))])
    for axis in axes.flat[len(found["axes"]) :]:
        axis.axis("off")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def nice(low: float, high: float) -> list[float]:
    """Return the numbers 1, 2 and 5 times a power of ten in between."""
    return [m * 10.0**e for e in range(-3, 6) for m in (1, 2, 5) if low <= m * 10.0**e <= high]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(STANDARD))
    parser.add_argument("--samples", type=int, default=SAMPLES, help="generated, or predicted, at a time")
    parser.add_argument("--neighbours", type=int, nargs="+", default=NEIGHBOURS, help="samples a side of the scores")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scaling", action="store_true", help="the cost of an update in place of the tasks")
    parser.add_argument("--small", action="store_true", help="a scaling of tiny machines: a trial of the program")
    parser.add_argument("--json", type=Path, help="where to write; without it the result is printed")
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args(arguments)
    if options.scaling:
        found = scaling(options.small, options.rounds)
        draw(found, options.figure)
    else:
        found = tasks(options.cases, options.samples, options.neighbours, options.rounds)
    timing.write(found, options.json)


if __name__ == "__main__":
    main()
