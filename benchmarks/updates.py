"""The time of one update compared with plain torch and other packages.

    python -m benchmarks.updates --case mnist|hgd|gh30|sam|cmpc|tiny|chaotic [--peers] [--rounds 5] [--json out.json]

Times one complete F&F update (both gradients, k = 10, SGD, centred) of the same machine by every contestant: each
round times each of them once, after a warm-up, in a rotating order. The unit is the time of the float32 matrix
products alone of a plain update (`contestants.products` has the exact count). `--memory` adds the peak memory of each
contestant, measured in a separate process, on random rows.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import networks, timing
from benchmarks.cases import CASES, Problem, problem
from benchmarks.contestants import OURS, Contestant
from benchmarks.peers import PEERS, MissingPeerError
from benchmarks.timing import conditions

MAKERS = {**OURS, **PEERS}
UNIT = "products"


def contestants(names: Sequence[str], at: Problem) -> dict[str, Contestant]:
    """Return the named contestants that can solve this problem."""
    makers: Mapping[str, Callable[[Any], Contestant | None]] = (
        networks.NETWORKS if isinstance(at, networks.NetworkProblem) else MAKERS
    )
    made = {name: makers[name](at) for name in names if name in makers}
    return {name: contestant for name, contestant in made.items() if contestant is not None}


def problem_of(case: str, *, steps: int | None = None, **sizes: Any) -> Problem:
    """Return the problem of a case: an RBM with k = 10, or the chaotic network with T = 100."""
    if case == networks.CASE:
        return networks.problem(steps=steps, **sizes)
    return problem(case, steps=steps or 10, **sizes)


def measure(at: Problem, names: Sequence[str] = tuple(OURS), rounds: int = 5) -> dict[str, Any]:
    """Return the figures of every contestant."""
    made = contestants(names, at)
    seconds = timing.race(made, rounds)
    found = {name: timing.summary(times) | {"note": made[name].note} for name, times in seconds.items()}
    for figures in found.values():
        figures["ratio_to_products"] = timing.rounded(figures["median_ms"] / found[UNIT]["median_ms"])
    return {"case": at.case, "data": at.source, **at.sizes, "rounds": rounds, **conditions(), "contestants": found}


def memory(name: str, sizes: dict[str, Any]) -> dict[str, float]:
    """Return the peak memory of a process that does two updates, and its memory before the first, in MiB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_memory, (name, sizes))


def _memory(name: str, sizes: dict[str, Any]) -> dict[str, float]:
    if sizes["case"] == networks.CASE:
        at = problem_of(**sizes)
    else:
        at = problem_of(**sizes, shape=replace(CASES[sizes["case"]], read=None))
    (contestant,) = contestants([name], at).values()
    before = timing.most_memory()
    with contestant.around():
        for _ in range(2):
            contestant.update()
    return {"peak_mib": round(timing.most_memory(), 1), "peak_mib_before": round(before, 1)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code, 2 if a package for the comparison is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=[*CASES, networks.CASE], default="mnist")
    parser.add_argument("--peers", action="store_true", help="other packages too")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=dict.fromkeys([*MAKERS, *networks.NETWORKS]),
        help=f"these contestants only; {UNIT} is always there",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, help="rows a minibatch, in place of the case's own")
    parser.add_argument("--hidden", type=int, help="hidden units, in place of the case's own")
    parser.add_argument("--steps", type=int, help="k or T, in place of 10 or 100")
    parser.add_argument("--threads", type=int, help="of torch")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write; without it the result is printed")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    usual = networks.NETWORKS if options.case == networks.CASE else [*OURS, *(PEERS if options.peers else ())]
    names = dict.fromkeys([*(options.only or usual), UNIT])
    sizes = {key: getattr(options, key) for key in ("case", "batch", "hidden", "steps")}
    try:
        found = measure(problem_of(**sizes), list(names), options.rounds)
    except MissingPeerError as error:
        print(error, file=sys.stderr)
        return 2
    if options.memory:
        for name, figures in found["contestants"].items():
            figures |= memory(name, sizes)
    timing.write(found, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
