"""The time of each part of an update, compared with the peak of the processor.

    python -m benchmarks.profile [--case mnist] [--batch B] [--rounds 7] [--json profile.json]

Every call of an update to its machine is timed from outside, so that this program is independent of the engine. For
each part it gives the operations of its plain float32 form per second ("equivalent": an engine that replaces products
by something cheaper can exceed the peak) and the bytes of its float32 operands, each counted once, per second. The
draws are part of the runs; their row is the time of their kernels alone, on the same number of sites. The peak is
measured with a float32 product and a copy, both too large for the caches.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import torch

from benchmarks import timing
from benchmarks.cases import CASES, Problem, problem
from benchmarks.contestants import ours
from shortrun.engine import native
from shortrun.learning import update
from shortrun.models import LABEL

fit = importlib.import_module("shortrun.learning.fit")  # the package has a function of that name
METHODS = ("run", "statistics", "means", "label_log_probabilities")
GRADIENT, PREPARE = "gradient", "prepare the machine"
GENERATE, PREDICT, STATISTICS, MEANS = "run: generate", "run: predict", "statistics", "means of the data"


class Clock:
    """A sum of seconds by name."""

    def __init__(self):
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the time spent in this context."""
        begin = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + perf_counter() - begin

    def around(self, name: str, function: Callable) -> Callable:
        """Return the function, timed."""

        def timed(*arguments, **options):
            with self.measure(name):
                return function(*arguments, **options)

        return timed


class Timed:
    """A machine whose methods are timed."""

    def __init__(self, inner, clock: Clock):
        self.inner, self.clock = inner, clock

    def __getattr__(self, name: str):
        found = getattr(self.inner, name)
        if name == "run":
            return self.run
        return self.clock.around(NAMES.get(name, name), found) if name in METHODS else found

    def run(self, *arguments, clamp, **options):
        """Run, timed under the name of its gradient."""
        name = GENERATE if LABEL in clamp.layers else PREDICT
        return self.clock.around(name, self.inner.run)(*arguments, clamp=clamp, **options)


NAMES = {"statistics": STATISTICS, "means": MEANS}


def parts(at: Problem) -> dict[str, float]:
    """Return the seconds of one update, by part and in total."""
    clock, contestant = Clock(), ours(at)

    def made(*arguments):
        with clock.measure(PREPARE):
            return Timed(machine_at(*arguments), clock)

    machine_at = update.machine_at
    gradient = clock.around(GRADIENT, fit.gradient)
    with patch.object(update, "machine_at", made), patch.object(fit, "gradient", gradient):
        contestant.update()
        clock.seconds.clear()
        with clock.measure("update"):
            contestant.update()
    found = clock.seconds
    inside = sum(seconds for name, seconds in found.items() if name not in ("update", GRADIENT))
    found["starts and Python"] = found[GRADIENT] - inside
    found["step of the parameters"] = found["update"] - found.pop(GRADIENT)
    return found


def draws(at: Problem, rounds: int) -> float | None:
    """Return the seconds of the kernels for all draws of both runs, None without kernels."""
    if not native.available():
        return None
    sizes, rows = at.sizes, at.sizes["batch"]
    place = {"seed": 0, "update": 1, "place": 0}

    def bits(sites: int) -> Callable[[], object]:
        field, codes = torch.randn(rows, sites), torch.empty(rows, sites, dtype=torch.uint8)
        return partial(native.draw_binary, field, None, None, codes, **place)

    def colours(sites: int, q: int) -> Callable[[], object]:
        field, codes = torch.randn(rows, sites * q), torch.empty(rows, sites, dtype=torch.uint8)
        return partial(native.draw_potts, field, None, q, codes, **place)

    q = sizes["colours"]
    visible = bits(sizes["sites"]) if q == 2 else colours(sizes["sites"], q)
    sweep = (bits(sizes["hidden"]), visible, bits(sizes["hidden"]), colours(1, sizes["classes"]))
    return sizes["steps"] * sum(timing.median(draw, rounds) for draw in sweep)


def work(at: Problem) -> dict[str, tuple[float, float]]:
    """Return the operations and the bytes of each part in its plain float32 form."""
    rows, hidden, steps = at.sizes["batch"], at.sizes["hidden"], at.sizes["steps"]
    visible, every = at.model.slices[0].stop, at.model.shape[0]
    parameters = 4 * at.model.size()
    up, down, label = (2 * rows * hidden * n for n in (every, visible, every - visible))
    state = 4 * rows * (every + hidden)
    return {
        PREPARE: (0, 2 * parameters),
        GENERATE: (steps * (up + down), steps * (2 * parameters + 2 * state)),
        PREDICT: (steps * (up + label), steps * (parameters + 2 * state)),
        STATISTICS: (6 * up, 3 * (2 * parameters + 2 * state)),
        MEANS: (up, parameters + state),
        "step of the parameters": (10 * at.model.size(), 3 * parameters),
    }


def peak(size: int, rounds: int) -> dict[str, float]:
    """Return the rates of a float32 product and of a copy."""
    a, b, out = (torch.rand(size, size) for _ in range(3))
    source = torch.rand(16 * size * size)
    target = torch.empty_like(source)
    product = timing.median(lambda: torch.mm(a, b, out=out), rounds)
    copy = timing.median(lambda: target.copy_(source), rounds)
    return {
        "gflops": timing.rounded(2e-9 * size**3 / product),
        "gb_per_second": timing.rounded(8e-9 * len(source) / copy),
    }


def measure(at: Problem, rounds: int, size: int) -> dict[str, Any]:
    """Return the time, the share and the work of every part."""
    runs = [parts(at) for _ in range(rounds)]
    medians = {name: statistics.median(run.get(name, 0) for run in runs) for name in runs[0]}
    total, done = medians.pop("update"), work(at)
    medians["(draws alone, in the runs)"] = draws(at, rounds)
    rows = []
    for name, seconds in medians.items():
        if seconds is None:
            continue
        row = {"part": name, "ms": timing.rounded(1e3 * seconds), "share": timing.rounded(seconds / total, 2)}
        operations, size_of = done.get(name, (0, 0))
        rates = {"gflops_equivalent": 1e-9 * operations / seconds, "gb_per_second": 1e-9 * size_of / seconds}
        rows.append(row | {key: timing.rounded(rate) for key, rate in rates.items() if rate})
    found = {"case": at.case, "data": at.source, **at.sizes, "rounds": rounds, **timing.conditions()}
    return found | {"update_ms": timing.rounded(1e3 * total), "parts": rows, "peak": peak(size, rounds)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, default="mnist")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--hidden", type=int)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peak", type=int, default=2048, help="side of the matrices that the peak is measured on")
    parser.add_argument("--json", type=Path, help="where to write; without it the result is printed")
    options = parser.parse_args(arguments)
    at = problem(options.case, batch=options.batch, hidden=options.hidden, steps=options.steps)
    timing.write(measure(at, options.rounds, options.peak), options.json)


if __name__ == "__main__":
    main()
