"""A training that is stopped, killed or crashed goes on bit for bit."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from campaign import times
from shortrun import store
from shortrun.errors import StoreError
from shortrun.models import Training
from small_training import STEP, differences, problem, train

KILLS = times(4, 100)
TASKS = [
    ("ff", "sgd", {}),
    ("ff", "momentum", {"missing": True}),
    ("ff", "adam", {}),
    ("pcd", "sgd", {}),
    ("pcd", "momentum", {"continuous": True}),
    ("pcd", "adam", {}),
    ("cd", "adam", {}),
    ("rdm", "sgd", {}),
]


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.mark.parametrize(("scheme", "optimiser", "options"), TASKS)
def test_parts_equal_the_whole(tmp_path, scheme, optimiser, options):
    task = problem(scheme, optimiser, **options)
    whole = train(tmp_path / "whole", task)
    for stop in (5, 17, 26, None):
        parts = train(tmp_path / "parts", task, stop=stop)
        assert parts.update == (stop or 40)
    assert torch.equal(parts.theta, whole.theta)
    assert all(torch.equal(a, b) for a, b in zip(parts.moments, whole.moments, strict=True))
    assert differences(tmp_path / "whole", tmp_path / "parts") == []


def test_same_seed_same_bits(tmp_path):
    for name in "ab":
        train(tmp_path / name, problem("ff", "adam"))
    assert differences(tmp_path / "a", tmp_path / "b") == []
    names = [path.name for path in (tmp_path / "a" / "ages").iterdir()]
    for name in names:
        assert (tmp_path / "a/ages" / name).read_bytes() == (tmp_path / "b/ages" / name).read_bytes()


def test_more_updates_later(tmp_path):
    short, long = (problem(updates=updates, schedule="constant", log_every=1) for updates in (30, 60))
    train(tmp_path / "whole", long)
    train(tmp_path / "longer", short)
    train(tmp_path / "longer", long)
    assert differences(tmp_path / "longer", tmp_path / "whole") == [
        "ages (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 32, 40, 50, 60) and "
        "(1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 60)"
    ]
    assert store.Trajectory.open(tmp_path / "longer").config["training"]["updates"] == 60


def end_in_the_middle_of_an_update(path):
    with store.reopen(path) as writer:
        training = writer.restart()
        writer.after_update(training)
        training.theta.fill_(0)
        raise ZeroDivisionError


def test_an_error_keeps_the_last_saved_state(tmp_path):
    task = problem(updates=40)
    train(tmp_path / "whole", task)
    train(tmp_path / "run", task, stop=15)
    with pytest.raises(ZeroDivisionError):
        end_in_the_middle_of_an_update(tmp_path / "run")
    train(tmp_path / "run", task)
    assert differences(tmp_path / "whole", tmp_path / "run") == []


def test_parameters_that_are_not_finite_are_not_saved(tmp_path):
    train(tmp_path / "run", problem(updates=40), stop=15)
    with store.reopen(tmp_path / "run") as writer:
        restart = writer.restart()
        bad = Training(16, restart.theta * float("nan"), (), restart.chains, 1.0)
        writer.after_update(bad)
    assert store.reopen(tmp_path / "run").restart().update == 15


def test_other_tasks_cannot_go_on(tmp_path):
    train(tmp_path / "run", problem("ff"), stop=3)
    with pytest.raises(StoreError, match=r"trained with another scheme or number of steps: .*resume=True needs"):
        store.reopen(tmp_path / "run", problem("pcd").header)
    with pytest.raises(StoreError, match="trained with another machine"):
        store.reopen(tmp_path / "run", problem(continuous=True).header)
    other = problem("ff").header | {"data": {"hash": "0"}}
    with pytest.raises(StoreError, match="trained with other data"):
        store.reopen(tmp_path / "run", other)
    train(tmp_path / "run", problem("ff"))


@pytest.mark.parametrize(("before", "now"), [("sgd", "adam"), ("momentum", "adam"), ("adam", "sgd")])
def test_another_optimiser_does_not_go_on(tmp_path, before, now):
    train(tmp_path / "run", problem("ff", before), stop=3)
    with pytest.raises(StoreError, match=f"trained with the optimiser {before}, not {now}: resume=True needs the same"):
        store.reopen(tmp_path / "run", problem("ff", now).header)


def test_damaged_or_missing_restart(tmp_path):
    train(tmp_path / "run", problem(), stop=20)
    ages = store.Trajectory.open(tmp_path / "run").ages
    restart = tmp_path / "run" / "restart.safetensors"
    content = restart.read_bytes()
    restart.write_bytes(content[:-5])
    with pytest.raises(StoreError, match=r"restart.safetensors: is truncated or damaged"):
        store.reopen(tmp_path / "run")
    restart.unlink()
    with pytest.raises(StoreError, match="is missing: this training cannot go on, but the ages"):
        store.reopen(tmp_path / "run")
    assert store.Trajectory.open(tmp_path / "run").ages == ages  # nothing was dropped
    restart.write_bytes(content)
    train(tmp_path / "run", problem())


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What `small_training.py` found, each in a folder of its own; to load everything takes longer than any of them."""
    source, folder = Path(store.__file__).parents[2], tmp_path_factory.mktemp("ended")
    environment = os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    program, limit = Path(__file__).parents[1] / "small_training.py", times(300, 3600)
    command = [sys.executable, program, folder, str(KILLS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=limit)
    return json.loads(done.stdout)


def test_kills(found):
    assert found["kill"]["statuses"].count(-signal.SIGKILL) == KILLS
    assert found["kill"]["bad"] == []


@pytest.mark.parametrize(("mode", "operations"), [("crash", 40 // STEP), ("replace", 10)])
def test_a_crash_before_every_file_operation(found, mode, operations):
    statuses = found[mode]["statuses"]
    assert set(statuses[:-1]) == {77}
    assert len(statuses) > operations
    assert found[mode]["bad"] == []
