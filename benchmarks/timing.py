"""Timing, and the conditions of a measurement."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.contestants import Contestant
from shortrun.engine import native

RESULTS = Path(__file__).parent / "results"
PAUSE = 0.03  # seconds for the threads of the previous contestant to sleep
LEAST = 0.05  # shortest duration of a timing, in seconds
PACKAGES = ("shortrun", "torch", "numpy", "scikit-learn", "rbms", "annadca")


def race(contestants: Mapping[str, Contestant], rounds: int, warm_up: int = 1) -> dict[str, list[float]]:
    """Return the seconds per update of each contestant, one value per round.

    Each round times every contestant once, in an order that rotates, so that a disturbance of the machine hits all of
    them. A very short update is repeated within its timing.
    """
    repeats = {name: _repeats(contestant, warm_up) for name, contestant in contestants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for r in range(rounds):
        for name in names[r % len(names) :] + names[: r % len(names)]:
            time.sleep(PAUSE)
            with contestants[name].around():
                seconds[name].append(timed(contestants[name].update, repeats[name]))
    return seconds


def _repeats(contestant: Contestant, warm_up: int) -> int:
    with contestant.around():
        last = [timed(contestant.update) for _ in range(max(1, warm_up) + 1)][-1]
    return max(1, round(LEAST / max(last, 1e-6)))


def timed(function: Callable[[], object], repeats: int = 1) -> float:
    """Return the seconds per call."""
    begin = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - begin) / repeats


def median(function: Callable[[], object], rounds: int = 3) -> float:
    """Return the median seconds per call, after a warm-up call."""
    function()
    return statistics.median(timed(function) for _ in range(rounds))


def summary(seconds: list[float]) -> dict[str, float]:
    """Return the median, least and largest of some seconds, in milliseconds."""
    values = {"median_ms": statistics.median(seconds), "min_ms": min(seconds), "max_ms": max(seconds)}
    return {key: rounded(1e3 * value) for key, value in values.items()}


def rounded(value: float, digits: int = 4) -> float:
    """Return a number with a few significant digits."""
    return float(f"{value:.{digits}g}")


def most_memory() -> float:
    """Return the peak memory of this process so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # unlike ru_maxrss it starts from zero with the program
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# What it was measured on


def conditions() -> dict[str, Any]:
    """Return the conditions on which a time depends besides the program."""
    return {
        "hardware": hardware(),
        "kernels": native.path(),
        "threads": torch.get_num_threads(),
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", ""),
        "versions": versions(),
        "date": time.strftime("%Y-%m-%d"),
    }


def hardware() -> str:
    """Return the name of the processor and its number of cores."""
    return f"{processor()}, {os.cpu_count()} cores"


def slug() -> str:
    """Return the name of the folder for results on this hardware."""
    return re.sub(r"[^a-z0-9]+", "-", hardware().lower()).strip("-")


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of installed packages."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write(form: Mapping[str, Any], path: Path | None) -> None:
    """Write JSON to a file, creating its folder, or print it if no file is given."""
    text = json.dumps(form, indent=1)
    if path is None:
        print(text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
