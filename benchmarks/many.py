"""Several small trainings: what a batch of machines in one process could save, and what threads and processes do.

    python -m benchmarks.many [--hidden 64] [--updates 1000] [--many 2]

Trainings of the digits, with one thread each. A batch would share what costs as much for 4 hidden units and 32 rows,
without held-out samples: Python, and calls of kernels. Walls are of `many` trainings, in turns: one after the other, in
threads, and in processes that have started before.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

import shortrun as sr

SHARED = {"hidden": 4, "batch": 32, "validation": 0.0}


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in {"hidden": 64, "updates": 1000, "many": 2, "rounds": 5}.items():
        options.add_argument(f"--{name}", type=int, default=value)
    options.add_argument("--child", action="store_true", help="train once a line comes")
    asked = options.parse_args()
    torch.set_num_threads(1)

    def train(**changes: float) -> None:
        with tempfile.TemporaryDirectory() as folder:
            given = {"hidden": asked.hidden, "updates": asked.updates, **changes}
            sr.fit("digits", out=Path(folder) / "run", progress=None, **given)

    if asked.child:
        print("ready", flush=True)
        sys.stdin.readline()
        train()
        return
    train()
    whole, shared, walls = [], [], {"one after the other": [], "threads": [], "processes": []}
    for _ in range(asked.rounds):
        whole.append(seconds(train, time.thread_time))
        once, twice = (partial(train, **SHARED, updates=n * asked.updates) for n in (1, 2))
        shared.append(seconds(twice, time.thread_time) - seconds(once, time.thread_time))
        walls["one after the other"].append(seconds(lambda: [train() for _ in range(asked.many)]))
        walls["threads"].append(seconds(lambda: in_threads(train, asked.many)))
        walls["processes"].append(in_processes(asked.many))
    one, part = statistics.median(whole), statistics.median(shared)
    print(f"a training {one:.2f} CPU s, of which {part:.2f} s a batch would share")
    for count in (2, 4, 8, 1000):
        print(f"  at best {one / (one - part * (1 - 1 / count)):.2f} times as fast by {count} at once")
    for name, found in walls.items():
        print(f"{asked.many} of them, {name}: {statistics.median(found):.2f} s")


def seconds(act: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long something takes."""
    start = clock()
    act()
    return clock() - start


def in_threads(act: Callable[[], None], many: int) -> None:
    """Do it in several threads at once."""
    started = [threading.Thread(target=act) for _ in range(many)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def in_processes(many: int) -> float:
    """Return how long it takes in several processes at once."""
    words = [sys.executable, "-m", "benchmarks.many", "--child", *sys.argv[1:]]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(words, **pipes) for _ in range(many)]  # type: ignore[call-overload]
    for process in started:
        process.stdout.readline()

    def together() -> None:
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        for process in started:
            process.wait()

    return seconds(together)


if __name__ == "__main__":
    main()
