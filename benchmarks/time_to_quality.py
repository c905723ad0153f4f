"""Quality against processor seconds of training, of several programs at their own defaults.

    python -m benchmarks.time_to_quality mnist|hgd|sh3|digits [--peers] [--seconds 180] [--seed 1] [--json FILE]
    python -m benchmarks.time_to_quality --draw FILE ... [--figure out.png]

Each program of `programs` trains in one thread on the same rows for as many processor seconds. At times on a
logarithmic grid all are judged by the same code on rows that no training has seen, the clock stopped: accuracy of the
exact p(label | x); of samples as the users of each program generate them, with the labels of the held-out rows,
P_DD, P_GG and E2 beside these, and the share whose label a classifier recognises that real rows have taught; P_DD, P_GG
and E2 of persistent chains. A FILE that exists keeps its other programs and seeds, so that a measurement can be done in
parts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import shortrun as sr
from benchmarks import quality, timing
from benchmarks.peers import MissingPeerError
from benchmarks.programs import OURS, PROGRAMS, Clock, Made
from shortrun import plots
from shortrun.plots.figure import DATA, new_figure, palette, style, time_axis
from shortrun.scores import adversarial_accuracy, second_moment
from shortrun.scores.fidelity import recogniser
from shortrun.workflows.monitoring import twins_of

FIGURE = Path(__file__).parents[1] / "docs" / "time_to_quality.png"
COMPARED = 1000  # held-out rows, at most
CASES = {"mnist": "MNIST", "sh3": "SH3", "hgd": "human genomes", "digits": "8x8 digits"}  # in the order of the page
SHOWN = {"accuracy": "accuracy", "p_dd": r"$P_{DD}$ of samples", "e2": r"$E_2$ of samples"}
TARGETS = {"accuracy": (0.5, 0.9), "p_dd": (0.9, 0.75)}


class Judge:
    """Judges what trainings make, on held-out rows."""

    def __init__(self, train: sr.Dataset, test: sr.Dataset):
        random = np.random.default_rng(0)
        chosen = np.sort(random.permutation(len(test))[:COMPARED])
        self.test = replace(test.recode(train.classes).select(chosen), groups=None)
        self.recognise = recogniser(train)
        real = train.values[twins_of(self.test.labels, train.labels, random)]
        recognised = np.mean(self.recognise(self.test) == self.test.labels)
        self.real = self.of_samples(real, None) | {"recognised": timing.rounded(recognised)}

    def __call__(self, made: Made) -> dict[str, Any]:
        """Return every score of what a training has made."""
        torch.manual_seed(0)
        labels = self.test.labels
        found = {} if made.predict is None else {"accuracy": timing.rounded(np.mean(made.predict(self.test) == labels))}
        found |= self.of_samples(made.generate(labels), None if made.predict is None else labels)
        if made.chains is not None and len(made.chains) >= len(labels):
            found["chains"] = self.of_samples(made.chains[: len(labels)], None)
        return found

    def of_samples(self, values: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
        """Return the scores of samples, with that of their labels if they have any."""
        made = replace(self.test, values=values)
        p_dd, p_gg = adversarial_accuracy(self.test, made)
        found = {"p_dd": p_dd, "p_gg": p_gg, "e2": second_moment(self.test, made)}
        if labels is not None:
            found["recognised"] = float(np.mean(self.recognise(made) == labels))
        return {name: timing.rounded(value) for name, value in found.items()}


def measure(case: str, names: Sequence[str], seconds: float, seed: int, done: Callable[[dict], None]) -> None:
    """Measure some programs one after the other, and hand over what is found after each."""
    train, test = quality.CASES[case]()
    judge = Judge(train, test)
    found = {"case": case, "seconds": seconds, **timing.conditions(), "real": judge.real, "programs": {}}
    for name in names:
        clock = Clock(seconds, seed)
        with tempfile.TemporaryDirectory() as folder:
            PROGRAMS[name].train(train, clock, Path(folder))
            curve = [{"seconds": at, "update": update, **judge(made)} for at, update, made in clock.looks]
        about = {"title": PROGRAMS[name].title, "sweeps": PROGRAMS[name].sweeps}
        done(found | {"programs": {name: about | {"curves": {str(seed): curve}}}})


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the new results, and of the old ones the programs and seeds that are not among them."""
    found = {name: dict(program) for name, program in old.get("programs", {}).items()}
    for name, program in new["programs"].items():
        curves = found.get(name, {}).get("curves", {}) | program["curves"]
        found[name] = program | {"curves": dict(sorted(curves.items()))}
    return new | {"programs": {name: found[name] for name in PROGRAMS if name in found}}


# What the page shows


def seconds_to(program: dict[str, Any], score: str, target: float) -> float | None:
    """Return the median over seeds of the seconds to a target; None if half of them do not reach it."""
    times = []
    for curve in program["curves"].values():
        good = [p for p in curve if score in p and (p[score] >= target if score == "accuracy" else p[score] <= target)]
        times.append(good[0]["seconds"] if good else np.inf)
    median = statistics.median(times)
    return None if np.isinf(median) else median


def at_best(program: dict[str, Any]) -> dict[str, float]:
    """Return scores of the best samples (the least P_DD, then E2), and the best accuracy: medians over seeds."""
    found: dict[str, list[float]] = {}
    for curve in program["curves"].values():
        point = min(curve, key=lambda p: (p["p_dd"], p["e2"]))
        best = {name: point[name] for name in ("p_dd", "p_gg", "e2", "recognised") if name in point}
        if "accuracy" in point:
            best["accuracy"] = max(p["accuracy"] for p in curve)
        if "chains" in point:
            best["chains_p_dd"] = min(p["chains"]["p_dd"] for p in curve if "chains" in p)
        for name, value in (best | {"updates": curve[-1]["update"]}).items():
            found.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in found.items()}


def draw(results: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw accuracy, P_DD and E2 against seconds, a row a case; dashed: persistent chains; dotted: real rows."""
    names = [name for name in PROGRAMS if any(name in found["programs"] for found in results)]
    colours = dict(zip(names, palette(len(names)), strict=True))
    with style():
        figure = new_figure(9.5, 2.7 * len(results) + 0.5)
        grid = figure.subplots(len(results), len(SHOWN), squeeze=False)
        for axes, found in zip(grid, results, strict=True):
            for axis, (score, title) in zip(axes, SHOWN.items(), strict=True):
                for name, program in found["programs"].items():
                    plot(axis, program, score, colours[name])
                if score in found["real"]:
                    axis.axhline(found["real"][score], color=DATA, linestyle=":", linewidth=1)
                if score == "e2":
                    axis.set_yscale("log")
                axis.set_title(f"{CASES[found['case']]}: {title}")
                time_axis(axis, "processor seconds" if found is results[-1] else "")
        for name in names:
            grid[0, 0].plot([], [], color=colours[name], label=PROGRAMS[name].title)
        grid[0, 0].plot([], [], color="grey", linestyle="--", label="persistent chains")
        grid[0, 0].plot([], [], color=DATA, linestyle=":", label="real rows")
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        plots.save(figure, path)


def plot(axis: Any, program: dict[str, Any], score: str, colour: str) -> None:
    """Draw one score of a program, a line a seed."""
    for curve in program["curves"].values():
        for points, line in ((curve, "-"), ([p | p["chains"] for p in curve if "chains" in p], "--")):
            points = [p for p in points if score in p and not (line == "--" and score == "accuracy")]
            style_of = {"linestyle": line, "marker": "." if line == "-" else "", "linewidth": 1.6 if line == "-" else 1}
            axis.plot([p["seconds"] for p in points], [p[score] for p in points], color=colour, **style_of)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code, 2 if a program for the comparison is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=CASES, nargs="?")
    parser.add_argument("--seconds", type=float, default=180, help="of each training, by the processor")
    parser.add_argument("--peers", action="store_true", help="other programs too")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, help="these programs only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to write; without it the results are printed")
    parser.add_argument("--draw", type=Path, nargs="+", metavar="FILE", help="draw these results, and measure nothing")
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args(arguments)
    if options.draw:
        results = [json.loads(path.read_text()) for path in options.draw]
        draw(sorted(results, key=lambda found: list(CASES).index(found["case"])), options.figure)
        return 0
    if options.case is None:
        parser.error("a case, or --draw FILE ... expected")
    torch.set_num_threads(1)

    def done(found: dict[str, Any]) -> None:
        there = options.json is not None and options.json.exists()
        timing.write(merged(json.loads(options.json.read_text()) if there else {}, found), options.json)

    try:
        names = options.only or (PROGRAMS if options.peers else OURS)
        measure(options.case, list(names), options.seconds, options.seed, done)
    except MissingPeerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
