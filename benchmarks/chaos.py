"""Measurements of chaos in chaotic networks, and of the origin of the diversity of their samples.

    python -m benchmarks.chaos [PART ...] -o runs/chaos [--json out.json] [--small]

- `untrained`: the largest Lyapunov exponent of networks of the paper (FU24) and of those below against the gain;
- `size`: the exponent of untrained networks of one layer against the number of units, beside mean-field theory;
- `ages`: the exponent of trained networks against age, and their late states;
- `origin`: samples of one long trajectory, one every T, compared with those of as many random starts;
- `parting`: the distance at T of two starts that differ by 1e-3;
- `gains`: scores at T, exponent and late states after a training at each gain;
- `options`: scores at T after trainings with momentum, centring, weight decay, powers of rates;
- `beside`: a network and an RBM of the same size after the same processor time, on MNIST in black and white;
- `figures`: figures 2 to 5 of FU24 for one, two and three layers on MNIST and Fashion-MNIST.

Networks are trained on noisy copies of four prototypes of 64 units, and on the embedded digits in grey; an existing
training in the folder is reused. All tables are printed, with times in tau and standard errors.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

import shortrun as sr
from benchmarks.chaos_figures import figures
from benchmarks.chaos_options import beside, options
from benchmarks.chaos_tasks import (
    SEEDS,
    SMALL,
    TASKS,
    USUAL,
    Effort,
    Row,
    mean,
    quality,
    spread_of,
    table,
    trained,
)
from shortrun.chaos import expected_exponent, lyapunov_exponent, rest_states
from shortrun.chaos.starts import start_chains
from shortrun.data.core.parts import joined
from shortrun.dynamics import Noise, Stream
from shortrun.models import ChaoticNetwork, NetworkSpec, RateLayer
from shortrun.workflows._runs import spread
from shortrun.workflows.lyapunov import network_of

GAINS = (0.25, 0.5, 1.0, 1.5, 2.25, 4.0)
SIZES = ((784,), (784, 500), (784, 500, 100), (64, 40), (64, 100))
UNITS = (100, 200, 500, 1000, 2000)  # of one layer, to see the effect of size
NEAR = 1e-3  # rms difference of two starts


# The parts


def untrained(_folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the exponent of untrained networks: the mean over seeds and its standard error."""
    for sizes in SIZES if effort is not SMALL else ((30,), (30, 20)):
        for gain in GAINS:
            found = [exponent_of(network(sizes, gain, seed), effort) for seed in SEEDS]
            yield {
                "layers": "-".join(map(str, sizes)),
                "gain": gain,
                "lambda tau": mean(found),
                "error": float(np.std(found, ddof=1) / np.sqrt(len(found))),
                "seeds": [float(f"{value:.4f}") for value in found],
            }


def size(_folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the exponent of untrained networks of one layer, mean over seeds, and that of infinitely many units."""
    for gain in GAINS[3:]:
        for units in UNITS if effort is not SMALL else (20,):
            models = [network((units,), gain, seed) for seed in SEEDS]
            found = [exponent_of(model, effort) for model in models]
            yield {
                "gain": gain,
                "units": units,
                "lambda tau": mean(found),
                "error": float(np.std(found, ddof=1) / np.sqrt(len(found))),
                "infinite": expected_exponent(models[0].spec),
            }


def network(sizes: Sequence[int], gain: float, seed: int) -> ChaoticNetwork:
    """Return a network with these sizes of layers."""
    names = ("visible", "hidden", "hidden_2")
    layers = tuple(RateLayer(name, n) for name, n in zip(names, sizes, strict=False))
    return ChaoticNetwork(NetworkSpec(layers=layers, gain=gain, seed=seed))


def exponent_of(model: ChaoticNetwork, effort: Effort) -> float:
    """Return the exponent of an untrained network, from half the chains and time: large networks vary little."""
    options = {"chains": effort.chains // 2, "time": effort.time / 2, "transient": effort.time / 4}
    return lyapunov_exponent(model, torch.zeros(model.size()), **options).value


def ages(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield exponent and late states of trained networks against age."""
    for name in TASKS:
        run = trained(name, USUAL, SEEDS[0], folder, effort)
        for age in spread(run.ages, 10):
            yield {"data": name, "age": age, **regime(run, age, effort)}


def regime(run: sr.Trajectory, age: int, effort: Effort) -> Row:
    """Return exponent and late states at an age."""
    model = network_of(run)
    found = lyapunov_exponent(model, run.at(age), chains=effort.chains, time=effort.time, transient=effort.time / 2)
    late = rest_states(model, run.at(age), chains=effort.samples // 5, first=effort.time / 2, last=5 * effort.time)
    return {
        "lambda tau": found.value,
        "error": found.error,
        "chains": f"{found.chains.min():.3f} to {found.chains.max():.3f}",
        "at rest": float(late.converged.mean()),
        "fixed points": len(late.counts),
        "largest basin": float(late.counts.max(initial=0) / len(late.which)),
    }


def origin(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield scores of samples along one trajectory and of many starts, and the distance at T of nearby starts."""
    for name, task in TASKS.items():
        for gain in (USUAL, GAINS[-1]):
            run, data = trained(name, gain, SEEDS[0], folder, effort), task.data()
            kept = {"data": name, "gain": gain}
            yield kept | {"samples of": f"{effort.samples} starts"} | quality(data, sr.generate(run, n=effort.samples))
            rows = [quality(data, made) for made in along(run, effort)]
            together = {key: mean([row[key] for row in rows]) for key in rows[0]}
            spread = {"E2 error": spread_of([row["E2"] for row in rows])}
            yield kept | {"samples of": "1 trajectory"} | together | spread


def along(run: sr.Trajectory, effort: Effort) -> Iterator[sr.Dataset]:
    """Yield the samples of some trajectories, one every T from their starts on."""
    steps = run.recipe["steps"]
    times = [steps * (i + 1) for i in range(effort.samples)]
    (found,) = sr.stream(run, times=times, n=effort.trajectories, seed=1)
    for i in range(effort.trajectories):
        yield joined([found[t].select(np.array([i])) for t in times])


def parting(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the distance at T of two starts that differ by 1e-3, and that of unrelated starts."""
    for name in TASKS:
        for gain in GAINS:
            run = trained(name, gain, SEEDS[0], folder, effort)
            yield {"data": name, "gain": gain, **parted(run, run[-1], effort.samples)}


def parted(run: sr.Trajectory, theta: torch.Tensor, pairs: int) -> Row:
    """Return by what factor the distance of near starts has grown at T, and how many end at different samples."""
    machine, state, clamp = start_chains(network_of(run), theta, pairs, None, 2)
    random = torch.Generator().manual_seed(0)
    other = tuple(x + NEAR * torch.randn(x.shape, generator=random, dtype=x.dtype) for x in state)
    options = {"steps": run.recipe["steps"], "clamp": clamp}
    ends = [machine.run(each, Noise(0, Stream.GENERATE), **options) for each in (state, other)]
    apart, before = (rms(*pair) for pair in (ends, (state, other)))
    factors = (apart / before).numpy()
    samples = [torch.tanh(end[0]) for end in ends]
    near = (samples[0] - samples[1]).square().mean(1).sqrt()
    unrelated = (samples[0] - samples[0].roll(1, 0)).square().mean(1).sqrt()
    return {
        "growth, median": float(np.median(factors)),
        "90 %": float(np.quantile(factors, 0.9)),
        "largest": float(factors.max()),
        "samples apart, rms": float(near.square().mean().sqrt()),
        "unrelated samples, rms": float(unrelated.square().mean().sqrt()),
    }


def rms(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the root mean square difference of each chain over all units."""
    return torch.cat([a - b for a, b in zip(one, other, strict=True)], 1).square().mean(1).sqrt()


def gains(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield scores at T, exponent and late states after training at each gain: means over seeds."""
    for name, task in TASKS.items():
        for gain in GAINS:
            rows = []
            for seed in task.seeds:
                run = trained(name, gain, seed, folder, effort)
                made = sr.generate(run, n=effort.samples)
                rows.append(quality(task.data(), made) | regime(run, run.ages[-1], effort))
            kept = ("E2", "E2 floor", "diversity", "coverage", "classes", "lambda tau", "at rest", "fixed points")
            means = {key: mean([row[key] for row in rows]) for key in kept}
            errors = {f"{key} error": spread_of([row[key] for row in rows]) for key in ("E2", "lambda tau")}
            yield {"data": name, "gain": gain, **means, **errors, "seeds": len(rows)}


PARTS = {
    "untrained": untrained,
    "size": size,
    "ages": ages,
    "origin": origin,
    "parting": parting,
    "gains": gains,
    "options": options,
    "beside": beside,
    "figures": figures,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the trainings")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="next to nothing of everything, to see that it runs")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    torch.set_num_threads(options.threads)
    found = {}
    for part in options.parts or PARTS:
        found[part] = list(PARTS[part](options.out, SMALL if options.small else Effort()))
        print(f"{part}\n\n{table(found[part])}\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
