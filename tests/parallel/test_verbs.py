"""Verbs whose work several processes share: the bits of one, one file, and one line if a process dies."""

import os
import pickle
import signal
import socket
import time

import numpy as np
import pytest
import torch

import shared_trainings
import shortrun as sr
from command_line import call, finish, good, refused, start
from shortrun.cli._app import VERBS
from shortrun.models import RBMPart
from shortrun.parallel import Group, Mesh, launch, pieces, sharing
from shortrun.parallel.mesh import ALONE
from threads_as_processes import sharing_all

SMALL = {"hidden": 12, "updates": 6, "batch": 40, "progress": None, "seed": 1}
FEW = ("--hidden", 12, "--updates", 6, "--batch", 40, "--seed", 1)


@pytest.fixture(scope="module")
def digits():
    """Some digits, a part of them without a label."""
    return sr.read("digits").head(150)


@pytest.fixture(scope="module")
def run(digits):
    """A run of them."""
    return sr.fit(digits, **SMALL)


@pytest.fixture(scope="module")
def wide():
    """A run of rows that are long enough for processes to share their sites."""
    return sr.fit(shared_trainings.data(2, missing=False), **SMALL)


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    """The run of digits, with its data, as files."""
    folder = tmp_path_factory.mktemp("runs")
    sr.write(folder / "digits.npz", run.samples)
    good("train", folder / "digits.npz", "-o", folder / "run", *FEW)
    return folder


def generated(run, data):
    """Return what `generate` and `predict` give, in all ways that sites can be shared for."""
    held = sr.generate(run, n=33, template=data, keep=("1-40",), fix={60: "1", 2: "0"})
    chains = sr.predict(run, data.head(21), sweeps=3)
    made = [sr.generate(run, n=33), held]
    return [*(each.values for each in made), sr.predict(run, data).probabilities, chains.probabilities]


def measured(run, data):
    """Return what the other verbs give."""
    annealed = sr.likelihood(run, data, method="ais", temperatures=4, chains=7, pseudo=True)
    along = sr.likelihood(run, data, method="trajectory", sweeps=10, chains=5)
    tempered = sr.generate(run, n=9, sampler="ptt", steps=4)
    table = sr.curves(run, data, times=[1, 2], ages="last", scores=["spectrum"], n=40)
    found = sr.evaluate(run, data, train=data, n=40, with_curves=False, scores=["p-dd", "accuracy"])
    of_age, _ = sr.likelihood_by_age(run, {"train": data}, ages=(1, 6), method="ais", temperatures=2, chains=4)
    mixed = sr.mixing(run, data, chains=6, sweeps=16, ages="last").table
    frames = [annealed.samples, of_age, mixed]
    numbers = [each.select_dtypes("number").to_numpy(float) for each in frames]
    return [
        *numbers,
        np.array([*annealed.estimate[:5], *along.estimate[:5]]),
        tempered.values,
        found.generated.values,
        found.predictions.probabilities,
        table,
        found.scores,
    ]


@pytest.mark.parametrize(("rows", "sites"), [(2, 1), (4, 1), (1, 2), (2, 2)])
def test_samples_and_predictions_have_the_bits_of_one_process(rows, sites, wide):
    data = wide.samples
    for found in sharing_all(rows, sites, lambda: generated(wide, data)):
        assert all(map(np.array_equal, generated(wide, data), found))


@pytest.mark.parametrize("count", [2, 4])
def test_measurements_have_the_bits_of_one_process(count, run, digits):
    """Scores are the first one's: others have none."""
    *numbers, table, scores = measured(run, digits)
    first, *others = sharing_all(count, 1, lambda: measured(run, digits))
    assert first[-2].equals(table)
    assert [*first[-1]] == [*scores]
    assert all(not each[-1] for each in others)
    for found in (first, *others):
        for one, other in zip(numbers, found, strict=False):
            np.testing.assert_array_equal(other, one)


def test_a_chaotic_network_rebuilds_the_same():
    data = sr.read("digits", grey=True).head(30)
    run = sr.fit(data, model="chaotic", layers=(10,), steps=20, updates=2, batch=10, progress=None)
    alone = sr.reconstruct(run, data).values
    for found in sharing_all(2, 1, lambda: sr.reconstruct(run, data).values):
        assert np.array_equal(found, alone)


@pytest.mark.slow
def test_processes_are_started_for_a_run_in_memory(run, digits):
    """They get its folder and its samples."""
    options = {"n": 40, "with_curves": False, "scores": ["p-dd"]}
    alone, shared = (sr.evaluate(run, processes=count, **options) for count in (1, 2))
    assert len(pickle.dumps(alone)) > 0  # as processes that torchrun started are told it
    assert [*shared.scores] == [*alone.scores]
    assert np.array_equal(shared.generated.values, alone.generated.values)


@pytest.mark.slow
def test_processes_that_were_started_share_a_verb(folder, monkeypatch):
    """Only the first one writes and speaks; verbs one after another. The first one is this process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    words = ("predict", folder / "run", folder / "digits.npz", "-o", folder / "two.csv")
    other = start(*words, **place, RANK="1")
    with monkeypatch.context() as here:
        for name, value in {**place, "RANK": "0"}.items():
            here.setenv(name, value)
        good(*words)
    second = finish(other)
    assert (second.code, second.out, second.err) == (0, "", "")
    good(*words[:-1], folder / "one.csv")
    assert (folder / "one.csv").read_bytes() == (folder / "two.csv").read_bytes()
    assert len([*folder.iterdir()]) == 4


def wait_for(happened, process, seconds=300):
    """Wait until something has happened that a process does."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)


@pytest.mark.slow
def test_a_process_that_dies_ends_a_verb_in_a_line(folder):
    """Nothing is left of the file that was begun."""
    before = {*folder.iterdir()}
    words = ("generate", folder / "run", "-n", 10**7, "--steps", 50, "-o", folder / "new.csv", "--processes", 2)
    process = start(*words)
    try:
        wait_for(lambda: any(path.name.endswith(".tmp") and path.stat().st_size for path in folder.iterdir()), process)
        (child,) = shared_trainings.children(process.pid)
        os.kill(child, signal.SIGKILL)
        result = finish(process)
    finally:
        process.kill()
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith("error: another process ended, or cannot be reached")
    assert {*folder.iterdir()} == before


def test_verbs_that_are_for_one_process_say_so(folder, monkeypatch):
    """Started by torchrun, each process would write the same file."""
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    for verb in VERBS.keys() - {"train", "generate", "predict", "likelihood", "evaluate", "curves", "mixing"}:
        assert f"started several processes, but '{verb}' is for one" in refused(verb, folder / "run")
    monkeypatch.setenv("RANK", "1")
    assert call("info", folder / "run").err == ""


def test_what_cannot_be_shared_is_said_before_anything_is_written(folder, run, wide):
    for model, options, said in (
        (run, {}, "share: these sites are for at most 1 process, got 2"),
        (wide, {"sampler": "ptt", "steps": 2}, "share: ptt shares chains only: give rows"),
    ):
        with sharing(Mesh(Group(0, 2), ALONE, Group(0, 2))), pytest.raises(sr.errors.ConfigError, match=said):
            sr.generate(model, n=3, **options)
    line = refused("generate", folder / "run", "-o", folder / "no.npz", "--processes", 2, "--share", "2x3")
    assert line == "error: --share: 2x3 is for 6 processes, there are 2"


def test_threads_do_not_share_two_works_at_once(run):
    """torch has one group of processes; the second thread would wait for ever."""
    with launch.ONE_AT_A_TIME, pytest.raises(sr.errors.ConfigError, match=r"processes: 1 expected: .* not done yet"):
        sr.generate(run, n=3, processes=2)


def test_a_process_reads_its_part_of_an_age(wide):
    for run in (wide, wide.as_raw()):
        for rank in range(3):
            part = RBMPart.of(run.model, rank, 3, None)
            own = torch.cat([run[-1][each.whole] for each in pieces(part)])
            assert torch.equal(run.at(6, part), own)


def test_what_another_reads_is_checked_too(wide, tmp_path):
    run = wide.save(tmp_path / "run")
    age = tmp_path / "run" / "ages" / "000000006.safetensors"
    content = bytearray(age.read_bytes())
    content[-100] ^= 1
    age.write_bytes(content)
    with pytest.raises(sr.errors.StoreError, match="checksum"):
        run.at(6, RBMPart.of(run.model, 0, 2, None))
