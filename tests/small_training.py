"""A training of milliseconds an update, and a script that kills it.

It is called as `small_training.py FOLDER KILLS`, and writes what each of `kill`, `crash` and `replace` found.

Children are forked from a process that has loaded everything, so that a kill takes a moment.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from campaign import times
from shortrun import learning, store
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import ImageKind
from shortrun.errors import StoreError
from shortrun.learning import Rows, fit
from shortrun.models import RBM, Layer, Spec
from shortrun.settings import resolve
from shortrun.units import Bernoulli, Gaussian, Potts

SITES, CLASSES, HIDDEN, ROWS = 10, 3, 6, 40
STEP = times(2, 1)  # of the file operations before which a training ends
OWN = ("ages/", ".restart.", "log.jsonl", "restart.")


def problem(
    scheme="ff",
    optimiser="sgd",
    *,
    updates=40,
    schedule="cosine",
    continuous=False,
    missing=False,
    steps=2,
    **training,
):
    """Return all that a training needs: model, scheme, rows, config, header."""
    generator = np.random.default_rng(7)
    noise = generator.random((ROWS, SITES))
    values = noise.astype(np.float32) if continuous else (noise < 0.4).astype(np.uint8)
    labels = generator.integers(0, CLASSES, ROWS)
    data = Dataset.from_arrays(values, labels).with_kind(image=ImageKind((2, 5)), source="x.npz")
    visible = Layer("visible", SITES, Gaussian() if continuous else Bernoulli())
    spec = Spec((visible, Layer("label", 1, Potts(CLASSES)), Layer("hidden", HIDDEN, Bernoulli())))
    settings = {"updates": updates, "batch": 10, "log_every": 7, "restart_seconds": 1000.0, "seed": 3}
    config = resolve(training=settings | training, optimiser={"name": optimiser, "schedule": schedule})
    rule = getattr(learning, scheme)(steps)
    state = (torch.from_numpy(values), torch.from_numpy(labels.astype(np.uint8)).unsqueeze(1))
    unknown = torch.arange(ROWS) % 4 == 0 if missing else torch.zeros(ROWS, dtype=torch.bool)
    rows = Rows(state, torch.ones(ROWS), unknown)
    header = store.describe(spec, rule, config, data)
    return SimpleNamespace(model=RBM(spec), scheme=rule, rows=rows, config=config, header=header)


class Stopping:
    """A recorder that asks the writer to stop at an update, as Ctrl-C does at a moment."""

    def __init__(self, writer, at):
        self.writer, self.at, self.age, self.log = writer, at, writer.age, writer.log

    def after_update(self, training):
        """Stop at the update."""
        if training.update == self.at:
            self.writer.request_stop()
        return self.writer.after_update(training)


def open_writer(path, task):
    """Return the writer of a run that is there, or of a new one."""
    run = (Path(path) / "run.json").exists()
    return store.reopen(path, task.header) if run else store.create(path, task.header)


def train(path, task, *, stop=None, writer=None):
    """Train in a folder, going on where it stands; return the training."""
    with writer or open_writer(path, task) as writer:
        recorder = writer if stop is None else Stopping(writer, stop)
        return fit(task.model, task.scheme, task.rows, task.config, recorder, training=writer.restart())


def differences(left, right):
    """Return what differs between two runs: ages, parameters, log but for the seconds."""
    a, b = store.Trajectory.open(left), store.Trajectory.open(right)
    found = [] if a.ages == b.ages else [f"ages {a.ages} and {b.ages}"]
    found += [f"theta at {age}" for age in a.ages if age in b.ages and not torch.equal(a.at(age), b.at(age))]
    logs = [[{k: v for k, v in record.items() if k != "seconds"} for record in run.log()] for run in (a, b)]
    return found + ([] if logs[0] == logs[1] else ["log"])


def unreadable(path):
    """Return what a reader cannot read of a run at this moment."""
    try:
        run = store.Trajectory.open(path)
        list(run), run.log(), run.info()
        if Path(path, "restart.safetensors").exists():
            store.restart.read(Path(path))
    except StoreError as error:
        return [str(error)]
    return []


def left_over(path):
    """Return the temporary files in a run."""
    return [str(p) for p in Path(path).rglob(".*.tmp")]


def child(action, *arguments):
    """Return the process id of a fork that does something and ends."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            action(*arguments)
            status = 0
        finally:
            os._exit(status)
    return pid


def wait(pid):
    """Return how a child ended: its exit status, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill(folder, kills):
    """Kill a training at random moments and let it go on each time; return what was found."""
    task = problem("pcd", "adam", updates=400, restart_seconds=0.002, log_every=3, ages_per_decade=40)
    path, moments, statuses, bad = folder / "killed", random.Random(5), [], []
    begin = time.monotonic()
    train(folder / "whole", task)
    whole = time.monotonic() - begin
    while statuses.count(-signal.SIGKILL) < kills and len(statuses) < 3 * kills:
        pid = child(train, path, task)
        time.sleep(moments.uniform(0, whole / 8))
        os.kill(pid, signal.SIGKILL)
        statuses.append(wait(pid))
        bad += unreadable(path) if (path / "run.json").exists() else []
    return {"statuses": statuses, "bad": bad + gone_on(path, task, folder / "whole")}


def crash(folder):
    """End a training before its n-th file operation, for one n in STEP, and let each go on; return the findings."""
    task = problem("pcd", "momentum", updates=4, restart_seconds=0, log_every=2)
    train(folder / "whole", task)
    statuses, bad = [], []
    while 0 not in statuses:
        n = STEP * len(statuses) + 1
        path = folder / f"crash{n}"
        statuses.append(wait(child(crashing, n, path, task)))
        wait(child(crashing, 1 + n % 9, path, task))  # and again, while it goes on
        bad += unreadable(path) if (path / "run.json").exists() else []
        bad += gone_on(path, task, folder / "whole")
    return {"statuses": statuses, "bad": bad}


def replace(folder):
    """End the replacement of a run before its n-th file operation, for every n; return what was found."""
    task, new = problem("ff", updates=3), problem("rdm", updates=2)
    statuses, bad = [], []
    while 0 not in statuses:
        path = folder / f"run{len(statuses) + 1}"
        train(path, task)
        statuses.append(wait(child(replacing, len(statuses) + 1, path, new)))
        runs = [p for p in folder.glob(f"{path.name}*") if (p / "run.json").exists()]
        bad += [] if runs else [f"{path}: nothing is left"]
        bad += [error for p in runs for error in unreadable(p)]
        store.create(path, new.header, overwrite=True).close()
    return {"statuses": statuses, "bad": bad}


def gone_on(path, task, whole):
    """Let a run go on to its end; return what is not as in the whole one."""
    status = wait(child(train, path, task))
    if status:
        return [f"{path} does not go on: {status}"]
    return [f"{path}: {x}" for x in differences(whole, path) + left_over(path)]


def crashing(n, path, task):
    """Train, and end like a killed process before the n-th operation on files of the run."""
    exit_at(n, path.name)
    train(path, task)


def replacing(n, path, task):
    """Replace a run, and end like a killed process before the n-th operation on files of the run."""
    exit_at(n, path.name)
    store.create(path, task.header, overwrite=True)


def exit_at(n, name):
    """End this process before its n-th operation on files with `name` in their paths."""
    count = iter(range(1, n + 1))
    events = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}

    def hook(event, arguments):
        path = str(arguments[0])
        of_run = name in path or path.startswith(OWN)  # those of a folder that is held open
        if event in events and of_run and next(count, n) == n:
            os._exit(77)

    sys.addaudithook(hook)


if __name__ == "__main__":
    torch.set_num_threads(1)
    os.fsync = lambda _: None  # a kill, unlike a power cut, loses nothing that was written
    _, place, times = sys.argv
    made = {name: Path(place, name) for name in ("kill", "crash", "replace")}
    for each in made.values():
        each.mkdir()
    found = {"kill": kill(made["kill"], int(times)), "crash": crash(made["crash"]), "replace": replace(made["replace"])}
    sys.stdout.write(json.dumps(found))
