"""The time of one update on a GPU, beside its targets.

    python -m benchmarks.gpu [--case mnist hgd gh30] [--json out.json] [--tune]

For each case (`cases.CASES`: k = 10, both gradients, 1,024 hidden units): first, how far one sweep and its statistics
are from the plain machine on the CPU; then milliseconds an update and peak memory of plain torch on the GPU, of the
kernels launched one by one and of the captured graph, for each precision, and for Potts units with the hidden field as
a product with one-hot tiles or as a gather of weight rows; last, where the time of the default goes, by kernel. What
fails is reported in its place and the rest goes on. `--tune` adds the times of single products by tile.

Without a GPU that Triton computes on it says so in one line and exits with 2.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from benchmarks import timing
from benchmarks.cases import CASES, Problem, problem
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import launch
from shortrun.engine.gpu import GpuMachine
from shortrun.engine.launch import KernelSettings
from shortrun.engine.plain import PlainMachine
from shortrun.engine.updates import DirectUpdater, GraphUpdater
from shortrun.learning import Training, optimisers
from shortrun.learning.update import Batch
from shortrun.models import Clamp
from shortrun.typing import State

TARGETS = {"mnist": 0.4, "hgd": 1.5, "gh30": 4.0}  # milliseconds an update, on an H200
PRECISIONS = ("bf16x2", "tf32", "bf16", "ieee")
DEVICE = torch.device("cuda")
RATE, SEED = 0.01, 1
ROUNDS, UPDATES = 5, 20
TILES = ((64, 64, 4), (64, 128, 4), (128, 64, 4), (128, 128, 4), (128, 128, 8), (128, 256, 8))  # rows, columns, warps


def settings(at: Problem) -> Iterator[tuple[str, KernelSettings]]:
    """Yield the names and settings to compare."""
    for precision in PRECISIONS:
        yield precision, KernelSettings(precision)
    if at.sizes["colours"] > 2:
        for precision in ("bf16x2", "bf16"):
            yield f"{precision}, gather", KernelSettings(precision, "gather")


def on_device(state: State) -> State:
    """Return a state on the GPU."""
    return tuple(x.to(DEVICE) for x in state)


# Agreement


def agreement(at: Problem, with_settings: KernelSettings) -> dict[str, Any]:
    """Return how far one sweep from noise, and the statistics of its start, are from the plain machine on the CPU."""
    noise, rows = Noise(SEED, Stream.FREE, 1), min(500, len(at.batch.weights))
    begin = start(at.model, noise, rows, {})
    weights = torch.full((rows,), 1 / rows)
    plain = PlainMachine(at.model, at.theta)
    here = GpuMachine(at.model, at.theta.to(DEVICE), with_settings)
    there = Noise(SEED, Stream.FREE, 1, device=DEVICE)
    expected = plain.run(begin, noise.at(1), steps=1, clamp=Clamp())
    found = here.run(on_device(begin), there, steps=1, clamp=Clamp())
    names = [layer.name for layer in at.model.spec.layers]
    differing = {
        name: timing.rounded((x.cpu() != y).double().mean().item())
        for name, x, y in zip(names, found, expected, strict=True)
    }
    exact = plain.statistics([(begin, weights)])
    moments = here.statistics([(on_device(begin), weights.to(DEVICE))]).cpu()
    posterior = here.label_log_probabilities(on_device(begin)).cpu() - plain.label_log_probabilities(begin)
    return {
        "differing_draws": differing,
        "statistics_error": timing.rounded((moments - exact).abs().max().item()),
        "label_error": timing.rounded(posterior.abs().max().item()),
    }


# Updates


class Updates:
    """A training on the GPU that does the same minibatch again and again, directly or as a graph."""

    def __init__(self, at: Problem, graph: bool):
        self.count = 0
        theta = at.theta.to(DEVICE)
        self.rule = optimisers.named("sgd", theta)
        self.training = Training(0, theta, self.rule.moments, (None,) * len(at.scheme.free))
        self.size = rows = len(at.batch.weights)
        self.batch = Batch(on_device(at.batch.state), at.batch.weights.to(DEVICE), at.batch.missing.to(DEVICE), False)
        self.rows = torch.arange(rows, device=DEVICE)
        noise = Noise(SEED, Stream.FREE, device=DEVICE)
        learner = Learner(at.model, at.scheme, at.config.optimiser)
        direct = DirectUpdater(self.training, learner, self.rule, self, noise)
        self.update = GraphUpdater(direct) if graph else direct

    def __call__(self) -> None:
        self.count += 1
        self.update(self.count, RATE)

    # The same minibatch again and again, as `Batches`

    refusal = ""

    def at(self, update: int) -> Batch:
        """Return the minibatch."""
        return self.batch

    def indices(self, update: int) -> torch.Tensor:
        """Return all of its rows."""
        return self.rows

    def gathered(self, rows: torch.Tensor) -> Batch:
        """Return the minibatch by its rows."""
        state = tuple(x.index_select(0, rows) for x in self.batch.state)
        return Batch(state, self.batch.weights.index_select(0, rows), self.batch.missing, False)


def milliseconds(action: Callable[[], object], repeats: int = UPDATES) -> dict[str, float]:
    """Return the median, least and largest time of an action, by the GPU's own clock."""
    for _ in range(5):
        action()
    times = []
    for _ in range(ROUNDS):
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        for _ in range(repeats):
            action()
        last.record()
        last.synchronize()
        times.append(first.elapsed_time(last) / repeats / 1e3)
    return {"median_ms": timing.rounded(1e3 * statistics.median(times))} | {
        f"{name}_ms": timing.rounded(1e3 * f(times)) for name, f in (("min", min), ("max", max))
    }


def update(at: Problem, with_settings: KernelSettings, graph: bool) -> dict[str, Any]:
    """Return time and memory of updates, and whether they were a graph."""
    launch.select(*with_settings)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    updates = Updates(at, graph)
    found: dict[str, Any] = milliseconds(updates, UPDATES if with_settings.precision != "torch" else 3)
    found["peak_mib"] = timing.rounded(torch.cuda.max_memory_allocated() / 2**20)
    if graph:
        found["captured"] = getattr(updates.update, "graph", None) is not None
    finite = bool(updates.training.theta.isfinite().all())
    return found if finite else found | {"error": "the parameters are not finite"}


def by_kernel(at: Problem) -> dict[str, float]:
    """Return the milliseconds an update of the kernels that take longest, launched one by one."""
    launch.select()
    updates = Updates(at, graph=False)
    for _ in range(3):
        updates()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(3):
            updates()
        torch.cuda.synchronize()
    events = sorted(profile.key_averages(), key=lambda event: -event.device_time_total)
    return {f"{e.key[:60]} x{e.count // 3}": timing.rounded(e.device_time_total / 3e3) for e in events[:15]}


# Tiles


def tune(at: Problem) -> list[dict[str, Any]]:
    """Return the times of ten sweeps with the label held, by the tiles of their products, fastest first."""
    found = []
    for (height, width, warps), depth in product(TILES, (32, 64)):
        tile = {"M": height, "N": width, "K": depth, "num_warps": warps, "num_stages": 3}
        found.append(tile | attempt(lambda tile=tile: _sweeps(at, ("label",), tile)))
    return sorted(found, key=lambda x: x.get("median_ms", math.inf))


def _sweeps(at: Problem, held: tuple[str, ...], tile: dict[str, int]) -> dict[str, float]:
    colours = at.sizes["colours"]
    sites = {"M": tile["M"], "S": max(1, tile["N"] // launch._power(colours)), "Q": launch._power(colours)}
    sites |= {name: tile[name] for name in ("num_warps", "num_stages")}
    noise = Noise(SEED, Stream.FREE, 1, device=DEVICE)
    with (
        patch.object(launch, "_tile", return_value=tile),
        patch.object(launch, "_tile_of_sites", return_value=sites),
        patch.object(launch, "_depth", return_value=tile["K"]),
    ):
        machine = GpuMachine(at.model, at.theta.to(DEVICE), KernelSettings())
        state = start(at.model, noise, len(at.batch.weights), {})
        return milliseconds(lambda: machine.run(state, noise, steps=10, clamp=Clamp(held)), 3)


# All of it


def attempt(action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what an action returns, or its error."""
    try:
        return action()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error).strip()[:300]}"}


def measure(case: str, tiles: bool) -> dict[str, Any]:
    """Return every figure of a case."""
    at = problem(case)
    found: dict[str, Any] = {"case": case, "data": at.source, **at.sizes, "target_ms": TARGETS.get(case)}
    found["agreement"] = {name: attempt(lambda s=s: agreement(at, s)) for name, s in settings(at)}
    found["updates"] = {"torch": attempt(lambda: update(at, KernelSettings("torch"), graph=False))}
    for name, s in settings(at):
        for graph in (False, True):
            key = f"{name}, {'graph' if graph else 'no graph'}"
            found["updates"][key] = attempt(lambda s=s, graph=graph: update(at, s, graph))
    found["by_kernel_ms"] = attempt(lambda: by_kernel(at))
    if tiles:
        found["tiles"] = tune(at)
    return found


def show(found: dict[str, Any]) -> None:
    """Print the figures of a case."""
    sizes = ", ".join(f"{found[name]} {name}" for name in ("sites", "colours", "hidden", "batch", "steps"))
    print(f"\n{found['case']}: {sizes}; target {found['target_ms']} ms an update")
    for name, figures in found["agreement"].items():
        print(f"  agreement {name:18} {figures}")
    print(f"  {'update':30} {'ms':>10} {'min':>10} {'MiB':>10}")
    for name, figures in found["updates"].items():
        values = [figures.get(key, "") for key in ("median_ms", "min_ms", "peak_mib")]
        print(f"  {name:30}", *(f"{value:>10}" for value in values), figures.get("error", ""))
    for name, value in found["by_kernel_ms"].items():
        print(f"    {name:64} {value}")
    for tile in found.get("tiles", [])[:5]:
        print(f"  tile {tile}")


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(TARGETS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    if not torch.cuda.is_available() or not launch.available(DEVICE):
        print(f"benchmarks.gpu needs a GPU that Triton computes on: {launch.path()}", file=sys.stderr)
        return 2
    found: dict[str, Any] = {"gpu": torch.cuda.get_device_name(), "kernels": launch.path(), **timing.conditions()}
    found["cases"] = []
    for case in options.case:
        found["cases"].append(measure(case, options.tune))
        show(found["cases"][-1])
        if options.json:
            timing.write(found, options.json)  # after each case: what is there, is kept
    return 0


if __name__ == "__main__":
    sys.exit(main())
