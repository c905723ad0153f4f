"""Trainings that several processes share: the bits of one process, whatever they share and whoever is killed.

`python -m tests.campaigns.processes` is the long campaign; seeds are fixed. F&F and PCD, two values of a site and four,
all labels and some of them missing (summed over or imputed), plain steps and Adam: by each way to share, in one go, and
gone on with by the next one; then with processes killed at random moments, after which others go on, in another number
or otherwise shared out.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch

sys.path[:0] = [str(Path(__file__).parents[1])]

import shared_trainings  # noqa: E402
from campaigns.store import BAD, Counts, forked, print_table  # noqa: E402
from shared_trainings import data, kept  # noqa: E402
from shortrun import parallel  # noqa: E402
from shortrun.parallel.launch import loopback  # noqa: E402
from shortrun.store import header  # noqa: E402
from small_training import unreadable, wait  # noqa: E402

WAYS = [(1, "rows"), (2, "rows"), (2, "sites"), (4, "rows"), (4, "sites"), (4, "2x2")]  # processes, what they share
LABELS = {"all labels": None, "labels summed over": "marginal", "labels imputed": "impute"}
RATES: dict[str, dict[str, float]] = {"sgd": {}, "adam": {"rate": 0.005}}  # no weight is too large for the kernels
GRID = {
    f"{scheme}, {colours} values, {labels}, {optimiser}": (
        colours,
        missing is not None,
        {"scheme": scheme, "optimiser": optimiser, "missing_labels": missing or "marginal"} | RATES[optimiser],
    )
    for scheme, colours, (labels, missing), optimiser in itertools.product(
        ("ff", "pcd"), (2, 4), LABELS.items(), ("sgd", "adam")
    )
}
LONG = {"updates": 40, "restart_seconds": 0.002}  # of trainings that are killed
PATIENCE = 60  # seconds in which processes end, or notice that one of them is gone


def member(rank: int, count: int, share: str, where: Path, name: str, run: Path, changes: dict[str, object]) -> None:
    """Be one of the processes of a training."""
    changes = {"resume": header.is_run(run)} | changes
    if count == 1:
        shared_trainings.train(name, run, **changes)
        return
    with (
        parallel.Group.joined(parallel.Place(rank, count, "", 0), f"file://{where}") as group,
        parallel.sharing(parallel.Mesh.of(group, share)),
    ):
        shared_trainings.train(name, run, **changes)


def begun(way: tuple[int, str], name: str, run: Path, **changes: object) -> list[int]:
    """Start the processes of a training, and return them; the first of them writes."""
    where = Path(tempfile.mkdtemp(dir=run.parent)) / "others"
    going_on = {"resume": header.is_run(run)}  # before any of them begins it
    return [
        forked(lambda rank=rank: member(rank, *way, where, name, run, going_on | changes)) for rank in range(way[0])
    ]


def ended(pids: list[int]) -> list[int]:
    """Return how processes end, each by itself."""
    codes, until = {}, time.monotonic() + PATIENCE
    while len(codes) < len(pids):
        for pid in pids:
            if pid not in codes:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    codes[pid] = os.waitstatus_to_exitcode(status)
                elif time.monotonic() > until:
                    os.kill(pid, signal.SIGKILL)
                    wait(pid)
                    codes[pid] = 99
        time.sleep(0.01)
    return [codes[pid] for pid in pids]


def same(run: Path, whole: Path) -> bool:
    """Return whether a run has all that another one has, bit for bit."""
    expected, found = kept(whole), kept(run)
    return {name: found.get(name) for name in expected} == expected and not unreadable(run)


def cells(folder: Path, names: list[str]) -> Counts:
    """Do each training in each way, in one go and half of it by the next way; compare with what one process does."""
    counts: Counts = Counter()
    for name in names:
        whole = folder / "whole"
        assert ended(begun(WAYS[0], name, whole)) == [0], name
        for way, then in zip(WAYS[1:], [*WAYS[2:], WAYS[0]], strict=True):
            one, two = folder / "one", folder / "two"
            codes = ended(begun(way, name, one))
            codes += ended(begun(way, name, two, updates=5)) + ended(begun(then, name, two))
            if any(codes):
                counts[f"{BAD}: {name} by {way}, then {then}: {codes}"] += 1
            else:
                for run, what in ((one, "in one go"), (two, "gone on with in another way")):
                    fine = same(run, whole)
                    counts[f"trainings {what}, equal bit for bit" if fine else f"{BAD}: {name} by {way}, {what}"] += 1
            for run in (one, two):
                shutil.rmtree(run, ignore_errors=True)
        shutil.rmtree(whole)
    return counts


def kills(folder: Path, number: int, names: list[str]) -> Counts:
    """Kill one or all processes of trainings at random moments, and let others go on; compare the ends."""
    counts, moments, changes = Counts(), random.Random(5), set()
    while counts["kills"] < number:
        for name in names:
            whole, run = folder / "whole", folder / "run"
            assert ended(begun(WAYS[0], name, whole, **LONG)) == [0], name
            way, found = moments.choice(WAYS), Counter()
            for _ in range(4):
                found += killed(way, name, run, moments)
                before, way = way, moments.choice([other for other in WAYS if other != way])
                changes.add((before, way))
            codes = ended(begun(way, name, run, **LONG))
            if any(codes):
                found[f"{BAD}: {name} by {way}: {codes}"] += 1
            else:
                found["ends equal bit for bit" if same(run, whole) else f"{BAD}: the end of {name}"] += 1
            counts += found
            for path in (whole, run):
                shutil.rmtree(path)
    counts["different changes of number or way, of 30"] = len(changes)
    return counts


def killed(way: tuple[int, str], name: str, run: Path, moments: random.Random) -> Counts:
    """Start or go on with a training, and kill one of its processes or all of them while it works."""
    counts, before = Counter(), latest(run)
    pids = begun(way, name, run, **LONG)
    target, until = before + moments.randrange(1, 9), time.monotonic() + PATIENCE
    while latest(run) < target and time.monotonic() < until and latest(run) < LONG["updates"]:
        time.sleep(0.002)
    victims = pids if moments.random() < 0.3 else [moments.choice(pids)]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    codes = ended(pids)
    counts["kills"] += 1
    counts["of all processes at once" if len(victims) == len(pids) else "of one process"] += 1
    left = [code for pid, code in zip(pids, codes, strict=True) if pid not in victims]
    if set(left) <= {0, 2}:
        counts["processes that noticed, and ended in one line"] += left.count(2)
    else:
        counts[f"{BAD}: {name} by {way}: {codes}"] += 1
    if faults := unreadable(run):
        counts[f"{BAD}: {faults[0]}"] += 1
    return counts


def latest(run: Path) -> int:
    """Return the last update that the log of a run knows."""
    try:
        return sum(1 for _ in (run / "log.jsonl").open()) * shared_trainings.SETTINGS["log_every"]
    except OSError:
        return 0


def main() -> int:
    """Run both parts; 1 if something happened that never must."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=96, help="how many, in fours")
    options.add_argument("--only", default="", help="words in the names of trainings")
    options.add_argument("--no-cells", action="store_true")
    asked, bad = options.parse_args(), 0
    torch.set_num_threads(1)
    os.fsync = lambda _: None  # a kill, unlike a power cut, loses nothing that was written
    os.environ.update(loopback())
    shared_trainings.CASES.update(GRID)
    names = [name for name in GRID if asked.only in name]
    data(2, missing=False)  # loads what forks need
    for title, act in (("every way", cells), ("kills", lambda it, names: kills(it, asked.kills, names))):
        if (act is cells and asked.no_cells) or (act is not cells and not asked.kills):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            counts = act(Path(folder), names)
        print_table(f"{title} of {len(names)} trainings", counts, time.monotonic() - began)
        bad += sum(count for name, count in counts.items() if BAD in name)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
