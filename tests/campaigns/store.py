"""Attacks on run folders: kills, flipped bits, hostile run.json, and processes that fight for one folder.

`python -m tests.campaigns.store` is the long campaign, options choose parts of it (`LONG`); seeds are fixed. Each part
returns how often each outcome was seen, and what must never be seen under "bad".
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path[:0] = [str(Path(__file__).parents[1])]

import shortrun as sr  # noqa: E402
from shortrun.cli import main  # noqa: E402
from shortrun.errors import ShortrunError, StoreError  # noqa: E402
from shortrun.store import Trajectory, ages, header, lock, restart  # noqa: E402
from small_training import differences, left_over, unreadable, wait  # noqa: E402

UPDATES = 60
RBM = {"hidden": 6, "scheme": "ff", "steps": 2}
NETWORK = {"model": "chaotic", "layers": (5,), "classes": True, "steps": 5, "average": 0.0}
TASKS: list[dict[str, Any]] = [
    {**RBM, "optimiser": "sgd"},
    {**RBM, "optimiser": "momentum", "scheme": "pcd"},
    {**RBM, "optimiser": "adam", "average": 0.2},
    {**RBM, "optimiser": "adam", "scheme": "pcd", "hidden_units": "gaussian"},
    {**NETWORK, "optimiser": "sgd"},
    {**NETWORK, "optimiser": "momentum", "layers": ()},
    {**NETWORK, "optimiser": "adam", "layers": (4, 3)},
    {**NETWORK, "optimiser": "adam", "scheme": "pcd"},
]
TRAINING = {"batch": 10, "log_every": 7, "ages_per_decade": 20, "validation": 0.2, "seed": 3, "rate": 0.01}
WAYS = ["SIGKILL", "SIGKILL", "SIGSTOP, SIGCONT, SIGKILL", "SIGSTOP, SIGKILL", "SIGINT", "two SIGINT"]
BAD = "bad"
LONG = "--kills 1000 --flips 2000 --hostile --together 600"  # what is done if nothing is asked for

Counts = Counter[str]


def samples() -> sr.Dataset:
    """Return 40 samples of three classes."""
    generator = np.random.default_rng(7)
    return sr.Dataset.from_arrays((generator.random((40, 10)) < 0.4).astype(np.uint8), generator.integers(0, 3, 40))


def trained(path: Path, task: dict[str, Any], *, updates: int = UPDATES, **options: Any) -> Trajectory:
    """Train in a folder, going on if a run is there."""
    options = {"restart_seconds": 0.002, **TRAINING, **task, **options, "updates": updates}
    return sr.fit(samples(), out=path, resume=header.is_run(path), **options)


def forked(act: Callable[[], object]) -> int:
    """Return the process of a fork that acts: it ends with 0, 2 for a mistake of the user, 130 for Ctrl-C, or 1."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        act()
        status = 0
    except ShortrunError:
        status = 2
    except KeyboardInterrupt:
        status = 130
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def signalled(pid: int, moments: random.Random, longest: float) -> str:
    """Harm a process at a random moment in one of five ways; returns which."""
    time.sleep(moments.uniform(0, longest))
    way = moments.choice(WAYS)
    if "SIGSTOP" in way:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(moments.uniform(0, 0.01))
    if "SIGCONT" in way:
        os.kill(pid, signal.SIGCONT)
        time.sleep(moments.uniform(0, 0.01))
    if "SIGINT" in way:
        os.kill(pid, signal.SIGINT)
        time.sleep(moments.uniform(0, 0.005) if "two" in way else 0)
        os.kill(pid, signal.SIGINT if "two" in way else 0)
    else:
        os.kill(pid, signal.SIGKILL)
    return way


def kills(folder: Path, number: int, tasks: list[dict[str, Any]] = TASKS, updates: int = UPDATES) -> Counts:
    """Kill trainings at random moments, let them go on, and compare their ends with trainings that were left alone."""
    counts, moments = Counts(), random.Random(5)
    wholes = []
    trained(folder / "first", tasks[0], updates=60)  # loads what its forks need
    for i, task in enumerate(tasks):
        began = time.monotonic()
        trained(folder / f"whole{i}", task, updates=updates)
        wholes.append(time.monotonic() - began)
    lives = 0
    while counts["kills"] < number:
        i = lives % len(tasks)
        task, limits = {**tasks[i], "updates": updates}, (number - counts["kills"], wholes[i])
        counts += life(folder / f"life{lives}", task, folder / f"whole{i}", moments, limits)
        shutil.rmtree(folder / f"life{lives}", ignore_errors=True)
        lives += 1
    return counts


def life(path: Path, task: dict[str, Any], whole: Path, moments: random.Random, limits: tuple[int, float]) -> Counts:
    """Kill one training until it has come to its end, at most so often; it takes so many seconds alone."""
    number, seconds = limits
    counts, saved = Counts(), 0
    while True:
        began = header.is_run(path)
        pid = forked(lambda: trained(path, task, updates=task["updates"]))
        if counts["kills"] < number:
            way = signalled(pid, moments, seconds / 3 if began else seconds / 2)
            counts[f"by {way}"] += 1
            counts["kills"] += 1
            counts["of resumes" if began else "of first starts"] += 1
        status = wait(pid)
        if status in (1, 2):
            counts[f"{BAD}: ended with {status}"] += 1
        if not header.is_run(path):
            continue
        counts[f"{BAD}: unreadable"] += len(unreadable(path))
        now = restart.saved_update(path)
        counts[f"{BAD}: lost updates that were saved"] += now < saved
        saved = now
        if status == 0 and now >= task["updates"]:
            break
    counts["lives"] += 1
    ends = differences(whole, path) + left_over(path)
    counts["ends equal bit for bit"] += not ends
    counts[f"{BAD}: ends differ"] += bool(ends)
    counts[f"optimiser {task['optimiser']}, {task.get('model', 'rbm')}"] += counts["kills"]
    return counts


def contents(path: Path) -> dict[str, Any]:
    """Return all that a run says, by any way of reading it.

    Raises
    ------
    StoreError
        If something is damaged, or missing.
    """
    run, raw = Trajectory.open(path), Trajectory(path, raw=True)
    if run.faults():
        raise StoreError(path, run.faults()[0])
    saved = restart.read(path)
    assert saved is not None
    restart.check(path, run.model, saved)
    tensors = [run.at(age) for age in run.ages] + [raw.at(age) for age in raw.ages] + [saved.theta, *saved.moments]
    tensors += [values for state in saved.chains for values in state or ()]
    tensors += [] if saved.average is None else [saved.average]
    profile = getattr(run.model, "profile", None)
    known = run.rows
    numbers = {
        "tensors": [tensor.numpy().tobytes() for tensor in tensors],
        "profile": None if profile is None else profile.numpy().tobytes(),
        "rows": None if known is None else (known.learned.tobytes(), known.aside.tobytes()),
    }
    form = {key: value for key, value in run.header.items() if key != header.SUM}
    return numbers | {
        "header": form,
        "kind": run.kind,
        "log": run.log(),
        "update": (saved.update, saved.seconds, saved.pace),
    }


def flips(folder: Path, number: int) -> Counts:
    """Flip single bits of the files of a run, a quarter of them in headers, and read all of it after each."""
    counts, places = Counts(), random.Random(6)
    trained(folder / "run", {**TASKS[0], "average": 0.2, "start": "profile"}, updates=20)
    right = contents(folder / "run")
    files = sorted(file for file in (folder / "run").rglob("*") if file.is_file())
    files = [*files, *[file for file in files if file.parent.name != ages.FOLDER] * 5]  # the many ages less often
    for _ in range(number):
        file = places.choice(files)
        whole = file.read_bytes()
        place, bit = places.randrange(max(len(whole), 1)), places.randrange(8)
        if places.random() < 0.25:
            place = min(place % 200, max(len(whole) - 1, 0))  # headers
        if whole:
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        counts[f"{kind_of(file)}: {verdict(folder / 'run', right, file)}"] += 1
        file.write_bytes(whole)
    assert contents(folder / "run") == right
    return counts


def kind_of(file: Path) -> str:
    """Return what a file of a run is."""
    return "age" if file.parent.name == ages.FOLDER else file.name


def verdict(path: Path, right: dict[str, Any], file: Path) -> str:
    """Return whether damage was noticed, and why it is harmless if not."""
    try:
        found = contents(path)
    except StoreError as error:
        return "noticed" if file.name in str(error) or "age" in str(error) else f"{BAD}: another file named"
    except Exception as error:
        return f"{BAD}: {type(error).__name__}"
    if found != right:
        return f"{BAD}: not noticed"
    return "harmless (the number of a process)" if file.name == lock.NAME else "harmless (what is read is the same)"


Change = Callable[[dict[str, Any]], Any]


def put(place: str, value: Any) -> Change:
    """Return what puts a value at a place of a header, as "spec.layers.0.sites"."""

    def change(form: dict[str, Any]) -> None:
        *path, last = place.split(".")
        part: Any = form
        for name in path:
            part = part[int(name)] if isinstance(part, list) else part[name]
        part[int(last) if isinstance(part, list) else last] = value

    return change


WRONG = [None, "x", [], {}, True, -1, 0, 1.5, 10**18, 10**30, -(10**30), float("nan"), float("inf"), [[1]], "9" * 9999]
PLACES = {  # and which of the wrong values are right there
    "format_version": [],
    "spec.layers.0.sites": [],
    "spec.layers.2.sites": [],
    "spec.layers.0.units": [],
    "spec.layers.0.units.kind": [],
    "spec.layers.1.units.colours": [],
    "spec.layers": [],
    "spec.hidden_rule": [],
    "spec": [],
    "recipe": [],
    "recipe.steps": [],
    "recipe.start": [],
    "recipe.scheme.free": [],
    "recipe.scheme.free.0.steps": [],
    "recipe.scheme.free.0.weight": [1.5, 10**18, 10**30],
    "recipe.scheme.free.0.clamp": [[]],
    "recipe.scheme.free.0.chains": [None],
    "config": [{}],
    "config.training": [{}],
    "config.training.seed": [0, 10**18],
    "config.training.batch": [10**18, 10**30],
    "config.training.updates": [10**18, 10**30],
    "config.optimiser.rate": [1.5, 10**18, 10**30],
    "kind": [],
    "kind.sites": [],
    "kind.codes": [None],
    "kind.reading": [{}],
    "classes": [],
    "data": [],
    "data.class_counts": [],
    "data.class_counts.0": [0],
    "data.rows": [10**18],
    "data.hash": ["x", "9" * 9999],
    "data.notes": [[]],
    "created": [None, "x", "9" * 9999],
    "software": [None, {}],
}


def hostile(folder: Path, every: int = 1) -> Counts:
    """Open runs whose run.json was made to harm: each must be refused, its key named, with exit code 2."""
    counts, number = Counts(), 0
    trained(folder / "run", TASKS[0], updates=8)
    path = folder / "run" / header.NAME
    form = {key: value for key, value in json.loads(path.read_text()).items() if key != header.SUM}
    for place, right in PLACES.items():
        for value in WRONG:
            number += 1
            if not any(type(value) is type(each) and value == each for each in right) and number % every == 0:
                changed = copy.deepcopy(form)
                put(place, value)(changed)
                path.write_text(json.dumps(changed))
                counts[used(path, place)] += 1
    for text in texts(json.dumps(form)):
        path.write_text(text)
        counts[used(path, "")] += 1
    return counts


def texts(form: str) -> Iterator[str]:
    """Yield files that are no header."""
    yield from (
        "",
        "null",
        "[" * 10**6,
        '{"a":' * 10**6,
        form[: len(form) // 2],
        form + form,
        form.replace(":", ",", 1),
    )
    yield form.replace("}", ', "x": ' + "[" * 500 + "]" * 500 + "}", 1)
    yield form.replace("}", ', "x": ' + "1" * 5000 + "}", 1)
    yield form.replace('"sites"', '"sites": 1, "sites"', 1)
    yield "\ufeff" + form


def used(path: Path, place: str) -> str:
    """Return how the command line answers when a run is shown."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(None):
        try:
            run = Trajectory.open(path.parent)
            assert run.kind is not None
            return f"{BAD}: {place} was taken"
        except StoreError as error:
            said = str(error)
        except Exception as error:
            return f"{BAD}: {place}: {type(error).__name__}"
        code = main(["info", str(path.parent)])
    words = [part for part in place.split(".") if not part.isdigit()]
    named = header.NAME in said and (not words or any(word in said for word in words) or "format version" in said)
    if "\n" in said or len(said) > 400:
        return f"{BAD}: {place}: a message of {len(said)} letters"
    return "refused, exit code 2, the key named" if code == 2 and named else f"{BAD}: {place}: {code}: {said}"


def together(folder: Path, seconds: float) -> Counts:
    """Let two trainings, a reader, one who renames and one who kills fight for one folder."""
    counts, moments = Counts(), random.Random(8)
    trainers: dict[int, None] = {}
    trained(folder / "first", TASKS[0], updates=60)
    path, end = folder / "run", time.monotonic() + seconds
    while time.monotonic() < end:
        for pid in [*trainers]:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del trainers[pid]
                code = os.waitstatus_to_exitcode(status)
                names = {0: "trainings that ended", 2: "trainings that were refused or stopped", -9: "killed trainings"}
                counts[names.get(code, f"{BAD}: ended with {code}")] += 1
        while len(trainers) < 2:
            replaced = moments.random() < 0.2
            trainers[forked(lambda replaced=replaced: fighting(path, replaced=replaced))] = None
        time.sleep(moments.uniform(0, 0.1))
        act = moments.choice(["read", "read", "read", "rename", "kill"])
        if act == "kill":
            os.kill(moments.choice([*trainers]), signal.SIGKILL)
        elif act == "rename" and path.exists():
            path.rename(folder / f"moved{counts['renamed folders']}")
            counts["renamed folders"] += 1
        elif act == "read" and header.is_run(path):
            counts[seen(path)] += 1
    for pid in trainers:
        os.kill(pid, signal.SIGKILL)
        wait(pid)
    for moved in [*folder.glob("moved*"), path]:
        if header.is_run(moved):
            faults = unreadable(moved) + differing(moved)
            counts["runs left, all readable and of one training"] += not faults
            counts[f"{BAD}: {faults[:1]}"] += bool(faults)
    return counts


def fighting(path: Path, *, replaced: bool) -> None:
    """Train with a seed of one's own, in place of a run if that is asked for."""
    options = {**TRAINING, **TASKS[0], "seed": os.getpid(), "updates": 4000, "restart_seconds": 0.01}
    old = header.is_run(path) and not replaced
    if old:
        options["seed"] = Trajectory.open(path).config["training"]["seed"]
    sr.fit(samples(), out=path, resume=old, overwrite=replaced, **options)


def seen(path: Path) -> str:
    """Return what a reader sees while others write, rename and replace."""
    try:
        run = Trajectory.open(path)
        run.info()
        for age in run.ages[-3:]:
            run.at(age)
        return "readings"
    except StoreError as error:
        gone = ("is missing", "is not a run folder", "has no age", "no such file")
        return (
            "readings of a run that was renamed" if any(it in str(error) for it in gone) else f"{BAD}: {error.reason}"
        )


def differing(path: Path) -> list[str]:
    """Return which ages a run has that its own training did not make: those of another seed."""
    run = Trajectory.open(path)
    if not run.ages:
        return []
    with tempfile.TemporaryDirectory() as folder:
        options = {**TRAINING, **TASKS[0], "seed": run.config["training"]["seed"], "updates": max(run.ages)}
        alone = sr.fit(samples(), out=Path(folder) / "alone", **options)
        return [
            f"age {age} of another"
            for age in run.ages
            if age in alone.ages and not torch.equal(run.at(age), alone.at(age))
        ]


def print_table(title: str, counts: Counts, seconds: float) -> None:
    """Print how often each outcome was seen."""
    lines = [f"{count:8,}  {name}" for name, count in sorted(counts.items()) if count]
    print(f"{title} ({seconds:.0f} s)", *lines, sep="\n", flush=True)  # noqa: T201


def run_all() -> int:
    """Run the parts that were asked for; 1 if something happened that never must."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, what in {
        "kills": "kills",
        "flips": "flipped bits",
        "together": "seconds of a fight for one folder",
    }.items():
        options.add_argument(f"--{name}", type=int, default=0, help=f"number of {what}")
    options.add_argument("--hostile", action="store_true", help="hostile run.json")
    asked, bad = options.parse_args(sys.argv[1:] or LONG.split()), 0
    torch.set_num_threads(1)
    os.fsync = lambda _: None  # a kill, unlike a power cut, loses nothing that was written
    parts: dict[str, Callable[[Path], Counts] | None] = {
        "kills": (lambda it: kills(it, asked.kills)) if asked.kills else None,
        "flips": (lambda it: flips(it, asked.flips)) if asked.flips else None,
        "hostile run.json": hostile if asked.hostile else None,
        "together": (lambda it: together(it, asked.together)) if asked.together else None,
    }
    for title, act in parts.items():
        if act is not None:
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                counts = act(Path(folder))
            print_table(title, counts, time.monotonic() - began)
            bad += sum(count for name, count in counts.items() if BAD in name)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(run_all())
