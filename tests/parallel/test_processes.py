"""Trainings by several processes: the same files bit for bit, whatever happens to one of them."""

import contextlib
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import shared_trainings
import shortrun as sr
from campaign import only_in_campaigns, times
from command_line import call, finish, good, start
from shared_trainings import CASES, children, go_on_with_all, kept, train, train_all
from shortrun.errors import LostError
from shortrun.parallel import followers
from shortrun.parallel.group import telling
from shortrun.ranks import FIRST_PORT, PORTS, Place, first_host, follows, here

SMALL = ("--hidden", 16, "--batch", 50, "--log-every", 10, "--seed", 2)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """400 digits, half of them without a label."""
    path = tmp_path_factory.mktemp("data") / "digits.npz"
    data = sr.read("digits").head(400)
    sr.write(path, data.with_labels([*data.labels[:200], *[-1] * 200], data.classes))
    return path


def files(run):
    """Return the ages of a run, and its log without times."""
    ages = {path.name: path.read_bytes() for path in sorted((run / "ages").iterdir())}
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return ages, [{k: v for k, v in each.items() if k not in ("seconds", "crc32")} for each in records]


@pytest.mark.slow
def test_two_processes_do_what_one_does(digits, tmp_path):
    """Begun by one, continued by two and then by one; and in one go by one."""
    options = ("--missing-labels", "impute", "--scheme", "pcd", "--optimiser", "adam")
    one, two = tmp_path / "one", tmp_path / "two"
    good("train", digits, "-o", one, *SMALL, *options, "--updates", 60)
    good("train", digits, "-o", two, *SMALL, *options, "--updates", 20)
    good("train", "-o", two, "--resume", "--updates", 50, "--processes", 2)
    good("train", "-o", two, "--resume", "--updates", 60)
    ages, log = files(one)
    found, other = files(two)
    ends = {"000020.safetensors", "000050.safetensors"}
    assert set(ages) | ends == set(found) | ends
    assert all(found[name] == ages[name] for name in ages)
    assert log[-1] == other[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "shapes"), times([(2, ("sites",))], [(2, ("sites", "rows")), (4, ("sites", "2x2", "rows"))])
)
def test_however_processes_share_a_training_it_is_the_same(count, shapes, tmp_path, monkeypatch):
    """Ages, log and what goes on with other processes, of trainings one after another in the same processes."""
    names = times(("ff, missing labels", "pcd of colours, Adam, imputed labels"), tuple(CASES))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    work = {"folder": tmp_path, "names": names, "shapes": shapes}
    with followers(count, f"{shared_trainings.__name__}:train_all", work) as group:
        train_all(group, **work)
    for n, name in enumerate(names):
        train(name, tmp_path / name)
        train(name, tmp_path / f"{shapes[0]} {n} begun", resume=True)
        ends = [f"{share} {n}{more}" for share in shapes for more in ("", " resumed")]
        for run in (tmp_path / end for end in (*ends, f"{shapes[0]} {n} begun")):
            same = kept(tmp_path / name)
            assert {key: value for key, value in kept(run).items() if key in same} == same, run


@only_in_campaigns
@pytest.mark.parametrize("begun", ["sites", "rows"])
@pytest.mark.parametrize(("count", "share"), [(2, "rows"), (3, "sites"), (4, "sites"), (4, "rows"), (4, "2x2")])
def test_other_processes_go_on(begun, count, share, tmp_path, monkeypatch):
    """What two processes began: by rows or by sites, in whatever number; it ends like what one does in one go."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    names = tuple(CASES)
    work = {"folder": tmp_path, "names": names, "shapes": (begun,)}
    with followers(2, f"{shared_trainings.__name__}:train_all", work) as group:
        train_all(group, **work)
    work = {"names": {name: tmp_path / f"{begun} {n} begun" for n, name in enumerate(names)}, "share": share}
    with followers(count, f"{shared_trainings.__name__}:go_on_with_all", work) as group:
        go_on_with_all(group, **work)
    for name, run in work["names"].items():
        train(name, tmp_path / name)
        same = kept(tmp_path / name)
        assert {key: value for key, value in kept(run).items() if key in same} == same, run


@pytest.fixture
def wide(tmp_path):
    """Rows that are long enough for processes to share their sites."""
    path = tmp_path / "wide.npz"
    sr.write(path, shared_trainings.data(2, missing=False))
    return path


def test_what_the_library_says_of_a_lost_process_is_one_whole_sentence():
    said = "Connection closed by peer [127.0.0.1]:6574"
    with pytest.raises(LostError) as error, telling():
        raise RuntimeError(
            f"[/x/gloo/pair.cc:534] {said}. This is typically caused by a remote worker.\nException raised"
        )
    assert str(error.value) == f"another process ended, or cannot be reached ({said})"


@pytest.mark.slow
@pytest.mark.parametrize("share", times(["sites"], ["rows", "sites"]))
def test_a_process_that_dies_ends_the_training_in_a_line(share, wide, tmp_path):
    run = tmp_path / "run"
    words = (*SMALL, "--updates", 100_000, "--processes", 2, "--share", share, "--restart-seconds", 0)
    process = start("train", wide, "-o", run, *words)
    deadline = time.monotonic() + 120
    while not (run / "restart.safetensors").exists() or len(list((run / "ages").glob("*"))) < 5:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    (child,) = children(process.pid)
    os.kill(child, signal.SIGKILL)
    result = finish(process)
    assert result.code == 2
    line = result.err.splitlines()[-1]
    assert line.startswith("error: another process ended")
    assert line.endswith("); what was saved goes on with --resume")
    updates = sr.Trajectory.open(run).ages[-1]
    good("train", "-o", run, "--resume", "--updates", updates + 10)
    assert sr.Trajectory.open(run).updates == updates + 10


def test_a_process_that_ends_as_it_begins_is_named(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "")
    with (
        pytest.raises(sr.errors.ParallelError, match=r"process 1 ended as it began \(exit code 1\): .*no_such_module"),
        followers(2, "no_such_module:no", {}),
    ):
        pytest.fail("nobody is there")


def free_port():
    """Return a port that nobody listens at, among those that jobs of SLURM get."""
    for port in range(FIRST_PORT + os.getpid() % 9000, FIRST_PORT + PORTS):
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


@pytest.mark.slow
@pytest.mark.parametrize("by", times(["srun"], ["srun", "torchrun"]))
def test_processes_that_others_start(by, digits, tmp_path, monkeypatch):
    """Only the first one writes and speaks. Labels that are missing are summed over.

    They are told what srun and torchrun tell, and the first one is this process; the programs are in the test below.
    """
    port = free_port()
    told = {
        "srun": {"SLURM_STEP_NUM_TASKS": "2", "SLURM_JOB_ID": str(port - FIRST_PORT), "SLURM_STEP_ID": "0"}
        | {"SLURM_STEP_NODELIST": "127.0.0.1"},
        "torchrun": {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)},
    }[by]
    number = {"srun": "SLURM_PROCID", "torchrun": "RANK"}[by]
    words = ("train", digits, "-o", tmp_path / "run", *SMALL, "--updates", 20)
    other = start(*words, **told, **{number: "1"})
    with monkeypatch.context() as here_too:
        for name, value in {**told, number: "0"}.items():
            here_too.setenv(name, value)
        said = good(*words).out
    second = finish(other)
    assert second.code == 0, second.err
    assert (said + second.out).count("20 updates") == 1
    good("train", digits, "-o", tmp_path / "one", *SMALL, "--updates", 20)
    assert files(tmp_path / "run")[0] == files(tmp_path / "one")[0]


PAGE = Path(__file__).parents[2] / "docs" / "howto" / "cluster.md"
PROGRAMS = {
    "shortrun": "-m shortrun.cli",
    "torchrun": "-m torch.distributed.run",
    "srun": Path(__file__).with_name("srun.py"),
}
ON_ONE_MACHINE = {
    "--nodes=8": "--nodes=4",
    "--nnodes 4": "--nnodes 1 --local-addr 127.0.0.1",
    "--share 2x4": "--share 2x1",
}


def commands():
    """Return the commands of the page by which several processes train, a line each, and the script of a job."""
    script, *blocks = re.findall(r"```\n(.*?)```", PAGE.read_text(), re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return script, [line for line in lines if line.startswith(("srun", "torchrun")) and " train " in line]


def test_the_page_has_what_is_executed():
    script, lines = commands()
    assert script.startswith("#!/bin/bash")
    assert [line.split()[0] for line in lines] == ["srun", "torchrun", "srun", "torchrun"]


@only_in_campaigns
def test_the_commands_of_the_page(tmp_path):
    """As they are, but for few updates and hidden units, and one machine; a job is queued twice."""
    for name, what in PROGRAMS.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {what} "$@"\n')
        program.chmod(0o755)
    random, letters = np.random.default_rng(0), np.array(list("ACDEFGHIKLMNPQRSTVWY-"))
    names = [f"s{i}" for i in range(60)]
    rows = ["".join(letters[random.integers(0, 21, 300)]) for _ in names]
    with gzip.open(tmp_path / "family.fasta.gz", "wt") as file:
        file.write("".join(f">{name}\n{row}\n" for name, row in zip(names, rows, strict=True)))
    lines = [f"{name},{'ab'[i % 2]}" for i, name in enumerate(names)]
    (tmp_path / "family.csv").write_text("\n".join(["name,label", *lines]) + "\n")
    np.save(tmp_path / "cohort.npy", random.integers(0, 2, (60, 2000), dtype=np.uint8))
    told = {"SLURM_CPUS_PER_TASK": "1", "SLURM_ARRAY_TASK_ID": "1", "FIRST": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo"}
    told |= {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "SHORTRUN_FREE_PORT": str(free_port())}

    def done(text):
        found = subprocess.run(
            ["bash", "-ec", text], cwd=tmp_path, env=os.environ | told, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stderr
        return found

    script, lines = commands()
    quick = re.sub(r"(shortrun train .*)", r"\1 --updates 6", script)
    for _ in range(2):
        done(quick)
    assert sr.Trajectory.open(tmp_path / "runs" / "family-1").updates == 6
    for i, line in enumerate(lines):
        for big, small in ON_ONE_MACHINE.items():
            line = line.replace(big, small)
        done(f"{line.replace('-o run', f'-o run{i}')} --hidden 16 --updates 6 --seed 1")
        data = [word for word in line.split() if "family" in word or "cohort" in word or word == "--labels"]
        done(f"shortrun train {' '.join(data)} -o one{i} --hidden 16 --updates 6 --seed 1")
        assert files(tmp_path / f"run{i}")[0] == files(tmp_path / f"one{i}")[0], line


@only_in_campaigns
@pytest.mark.parametrize("share", ["rows", "sites"])
def test_torchrun_goes_on_by_itself(share, wide, tmp_path):
    run, updates = tmp_path / "run", 200
    words = ("train", wide, "-o", run, *SMALL, "--updates", updates, "--restart-seconds", 0)
    torchrun = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        2,
        "--max-restarts",
        3,
        "--standalone",
    ]
    process = subprocess.Popen([*map(str, torchrun), "-m", "shortrun", *map(str, words), "--share", share])
    while len(list((run / "ages").glob("*"))) < 10:
        assert process.poll() is None
        time.sleep(0.1)
    os.kill(children(process.pid)[-1], signal.SIGKILL)
    assert process.wait(300) == 0
    one = tmp_path / "one"
    good("train", wide, "-o", one, *words[4:])
    assert files(run)[0] == files(one)[0]


def test_sites_that_cannot_be_shared(digits, wide, tmp_path):
    words = ("-o", tmp_path / "run", *SMALL, "--updates", 2, "--processes", 5, "--share")
    for data, share, said in (
        (digits, "sites", "share: these sites are for at most 1 process, got 5"),
        (wide, "sites", "share: these sites are for at most 4 processes, got 5"),
        (wide, "2x3", "share: 2x3 is for 6 processes, there are 5"),
        (wide, "columns", "--share"),
    ):
        result = call("train", data, *words, share)
        assert result.code == 2
        assert said in result.err.splitlines()[-1]
    result = call("train", wide, *words, "sites", "--hidden-rule", "mean")
    assert "share: sites cannot be shared, its tables take draws" in result.err.splitlines()[-1]


def test_a_run_that_is_there_already_is_refused_by_all(digits, tmp_path):
    good("train", digits, "-o", tmp_path / "run", *SMALL, "--updates", 2)
    result = call("train", digits, "-o", tmp_path / "run", *SMALL, "--updates", 2, "--processes", 2)
    assert result.code == 2
    assert "--overwrite" in result.err.splitlines()[-1]


def test_where_a_process_stands(monkeypatch):
    assert here() is None
    for name, value in {"RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "a", "MASTER_PORT": "7"}.items():
        monkeypatch.setenv(name, value)
    assert here() == Place(1, 4, "a", 7)
    assert follows()
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert here() is None
    slurm = {"PROCID": "0", "STEP_NUM_TASKS": "2", "JOB_ID": "12", "STEP_ID": "3", "STEP_NODELIST": "n[03,05]"}
    for name, value in slurm.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert here() == Place(0, 2, "n03", 20_015)
    assert not follows()
    assert first_host("login") == "login"
