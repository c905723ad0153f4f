"""The run folder: round trips, readers beside a writer, and every way in which it can be wrong."""

import contextlib
import errno
import json
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from shortrun import files, store
from shortrun.data.core.alphabet import BINARY
from shortrun.data.core.kind import ImageKind, Kind
from shortrun.errors import StoreError
from shortrun.files import Place
from shortrun.learning import Training
from shortrun.models import RBM, Layer, Spec
from shortrun.store import Trajectory, log
from shortrun.units import Bernoulli, Potts
from small_training import CLASSES, HIDDEN, SITES, left_over, problem, train, unreadable

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run that no test changes."""
    path = tmp_path_factory.mktemp("finished") / "run"
    train(path, problem(updates=20))
    return path


@pytest.fixture
def task():
    return problem(updates=20)


def at(task, update, fill=None):
    """Return a training of the task's machine at an update."""
    theta = torch.full((task.model.size(),), float(update if fill is None else fill))
    return Training(update, theta, (theta * 2,), (None, None), 0.5)


def message(call, *arguments, **options):
    """Return the one line that a call is refused with."""
    with pytest.raises(StoreError) as caught:
        call(*arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


# What is kept


def test_header_and_recipe(finished, task):
    run = Trajectory.open(finished)
    assert run.spec == task.model.spec
    assert run.model == task.model
    assert run.recipe["scheme"] == json.loads(json.dumps(task.scheme.to_dict()))
    assert type(task.scheme).from_dict(run.recipe["scheme"]) == task.scheme
    assert run.config == task.config.model_dump(mode="json")
    assert run.classes == tuple(map(str, range(CLASSES)))
    assert run.alphabet == BINARY
    assert run.kind == Kind(10, BINARY, image=ImageKind((2, 5)), source="x.npz")
    assert run.info()["data"]["source"] == "x.npz"
    assert sum(run.data["class_counts"]) == run.data["rows"] == 40


def test_continuous_data_have_no_alphabet(tmp_path):
    train(tmp_path / "run", problem(continuous=True, updates=2))
    assert Trajectory.open(tmp_path / "run").alphabet is None


def test_info(finished):
    info = Trajectory.open(finished).info()
    assert info["updates"] == 20
    assert info["ages"] == [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20]
    assert (info["sites"], info["hidden"], info["format_version"]) == (SITES, HIDDEN, 2)
    assert info["classes"] == ["0", "1", "2"]
    recipe = {"scheme": "ff", "steps": 2, "start": "random", "hidden_rule": "sample", "noise": "uniform"}
    assert info["recipe"] == recipe | {"weights": {"generate": 1.0, "predict": 1.0}}
    assert info["last"]["update"] == 20
    json.dumps(info, allow_nan=False)


def test_updates_between_ages(tmp_path, task):
    train(tmp_path / "run", task, stop=15)
    run = Trajectory.open(tmp_path / "run")
    assert run.ages[-1] == 13
    assert run.info()["updates"] == 15


def test_ages_give_theta_back(tmp_path, task):
    with store.create(tmp_path / "run", task.header) as writer:
        thetas = {age: torch.randn(task.model.size()) for age in (1, 7, 123_456_789)}
        for age, theta in thetas.items():
            writer.age(Training(age, theta, (), ()))
    run = Trajectory.open(tmp_path / "run")
    assert run.ages == tuple(thetas)
    assert len(run) == 3
    assert [age for age, theta in run if torch.equal(theta, thetas[age])] == list(thetas)
    assert torch.equal(run[-1], thetas[123_456_789])
    assert torch.equal(run[0], run.at(1))
    assert run[0].dtype == torch.float32
    assert (tmp_path / "run/ages/000000007.safetensors").is_file()


def test_files_are_named_blocks(finished, task):
    blocks, metadata = store.tensors.read(finished / "ages/000000013.safetensors")
    shapes = task.model.blocks()
    averages = {f"average.{name}": shape for name, shape in shapes.items()}
    assert {name: tuple(x.shape) for name, x in blocks.items()} == shapes | averages
    assert metadata == {"update": "13"}
    start = (finished / "ages/000000013.safetensors").read_bytes()[8:]
    assert start.startswith(b'{"__metadata__":{"crc32":"')


def test_the_library_of_the_format_reads_our_files_and_we_read_its(tmp_path):
    named = {
        "codes": torch.arange(7, dtype=torch.uint8),
        "theta": torch.randn(3, 5).T,
        "none": torch.zeros(0, 2),
        "one": torch.tensor(2.0, dtype=torch.float64),
        "mask": torch.tensor([True, False]),
    }
    store.tensors.write(tmp_path / "ours", named, {"é": "1"})
    safetensors.torch.save_file({k: x.contiguous() for k, x in named.items()}, tmp_path / "its", {"é": "1"})
    found, metadata = store.tensors.read(tmp_path / "its")
    assert metadata == {"é": "1"} == store.tensors.read_metadata(tmp_path / "ours")
    for read in (found, safetensors.torch.load_file(tmp_path / "ours"), store.tensors.read(tmp_path / "ours")[0]):
        assert read.keys() == named.keys()
        assert all(torch.equal(read[name], x) and read[name].dtype is x.dtype for name, x in named.items())


def test_nothing_is_pickled(finished):
    suffixes = {path.suffix for path in finished.rglob("*") if path.is_file() and path.name != ".lock"}
    assert suffixes == {".json", ".jsonl", ".safetensors"}


@pytest.mark.parametrize("moments", [(), (torch.arange(5.0),), (torch.zeros(5), torch.ones(5))])
def test_restart_gives_everything_back(tmp_path, task, moments):
    codes = torch.arange(12, dtype=torch.uint8).view(4, 3)
    chains = (None, (codes, codes.T, torch.randn(4, 2).T), None)  # views that are not contiguous too
    writer = store.create(tmp_path / "run", task.header)
    assert writer.restart() is None
    writer.after_update(Training(9, torch.ones(5) / 3, moments, chains, 1 / 3))
    writer.close()
    restart = store.restart.read(tmp_path / "run")
    assert (restart.update, restart.seconds) == (9, 1 / 3)
    assert torch.equal(restart.theta, torch.ones(5) / 3)
    assert len(restart.moments) == len(moments)
    assert all(torch.equal(a, b) for a, b in zip(restart.moments, moments, strict=True))
    assert restart.chains[0] is restart.chains[2] is None
    for a, b in zip(restart.chains[1], chains[1], strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)
    assert all(a is b for a, b in zip(restart.to("cpu").chains[1], restart.chains[1], strict=True))


def test_twelve_layers_keep_their_order(tmp_path, task):
    state = tuple(torch.tensor([float(i)]) for i in range(12))  # moments.0 to moments.11 too
    with store.create(tmp_path / "run", task.header) as writer:
        writer.after_update(Training(1, torch.ones(1), state, (state,)))
    restart = store.restart.read(tmp_path / "run")
    assert [int(x) for x in restart.chains[0]] == [int(x) for x in restart.moments] == list(range(12))


def test_log(tmp_path, task):
    with store.create(tmp_path / "run", task.header) as writer:
        writer.log({"update": 1, "seconds": 0.1})
        writer.log({"update": 2, "accuracy": float("nan")})
        run = Trajectory.open(tmp_path / "run")
        assert run.log() == [{"update": 1, "seconds": 0.1}, {"update": 2, "accuracy": None}]
        assert list(run.log_table()["update"]) == [1, 2]


def test_an_unfinished_line_does_not_count(tmp_path, task):
    store.create(tmp_path / "run", task.header).close()
    path = tmp_path / "run/log.jsonl"
    path.write_text('{"update": 1}\n{"upd')
    assert Trajectory.open(tmp_path / "run").log() == [{"update": 1}]
    path.write_text('{"update": 1}\nnonsense\n{"update": 3}\n')
    assert "log.jsonl: line 2 is not a JSON record" in message(Trajectory.open(tmp_path / "run").log)


def test_trim_keeps_what_is_older(tmp_path):
    path = tmp_path / "log.jsonl"
    for tail in ("", '{"update": 3', '{"update": 3}\n', '\0\0\n{"update": 2}\n', '{"x": 1}\n'):
        path.write_text('{"update": 1}\n{"update": 2}\n' + tail)
        log.trim(tmp_path, 2)
        assert path.read_text() == '{"update": 1}\n{"update": 2}\n'


# Beside a writer


def test_a_reader_beside_a_writer(tmp_path, task):
    class Reading:
        def __init__(self, writer):
            self.writer, self.run, self.seen = writer, Trajectory.open(tmp_path / "run"), []

        def age(self, training):
            self.writer.age(training)
            assert torch.equal(self.run.refresh()[-1], training.average)
            assert torch.equal(Trajectory(self.run.path, raw=True)[-1], training.theta)
            self.seen.append(self.run.ages[-1])

        def log(self, record):
            self.writer.log(record)
            assert self.run.log()[-1] == record

        def after_update(self, training):
            assert unreadable(tmp_path / "run") == []
            return self.writer.after_update(training)

    from shortrun.learning import fit

    with store.create(tmp_path / "run", task.header) as writer:
        reader = Reading(writer)
        assert len(reader.run) == 0
        fit(task.model, task.scheme, task.rows, task.config, reader)
    assert tuple(reader.seen) == reader.run.ages == Trajectory.open(tmp_path / "run").ages


def test_one_writer_a_folder(tmp_path, task):
    path = tmp_path / "run"
    with store.create(path, task.header):
        expected = f"another training (process {os.getpid()}) is writing to this folder"
        assert expected in message(store.reopen, path)
        assert expected in message(store.create, path, task.header, overwrite=True)
        assert Trajectory.open(path).ages == ()
    store.reopen(path).close()


def test_a_dead_writer_holds_no_lock(tmp_path, task):
    pid = os.fork()
    if pid == 0:
        store.create(tmp_path / "run", task.header)
        os._exit(0)
    os.waitpid(pid, 0)
    store.reopen(tmp_path / "run").close()


def test_reopening_drops_what_is_newer_than_the_restart_file(tmp_path, task):
    path = tmp_path / "run"
    with store.create(path, task.header) as writer:
        for update in (1, 2, 3):
            writer.log({"update": update})
            writer.age(at(task, update))
            if update == 2:
                writer.after_update(at(task, update))
                writer.save()
    (path / "ages/.000000004.safetensors.1-ab.tmp").write_bytes(b"half")
    (path / ".run.json.1-ab.tmp").write_bytes(b"half")
    assert Trajectory.open(path).ages == (1, 2, 3)
    store.reopen(path).close()
    run = Trajectory.open(path)
    assert run.ages == (1, 2)
    assert [record["update"] for record in run.log()] == [1, 2]
    assert left_over(path) == []


def test_restart_seconds(tmp_path):
    for seconds, expected in ((0.0, 1), (1000.0, 0)):
        quick = problem(restart_seconds=seconds)
        writer = store.create(tmp_path / str(seconds), quick.header)
        assert not writer.after_update(at(quick, 1))
        assert store.restart.saved_update(writer.path) == expected
        writer.request_stop()
        assert writer.after_update(at(quick, 2))
        writer.close()
        assert store.restart.saved_update(writer.path) == 2


# Making a folder


def test_folders_above_are_made_and_an_empty_one_is_taken(tmp_path, task):
    (tmp_path / "a/b").mkdir(parents=True)
    store.create(tmp_path / "a/b", task.header).close()
    store.create(tmp_path / "c/d/e", task.header).close()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    store.create(tmp_path / "link", task.header).close()
    store.create(tmp_path / "link", task.header, overwrite=True).close()
    assert (tmp_path / "link").is_symlink()
    assert all(unreadable(tmp_path / name) == [] for name in ("a/b", "c/d/e", "link", "elsewhere"))


def test_a_run_is_only_replaced_on_demand(tmp_path, task):
    path = tmp_path / "run"
    train(path, task)
    refused = message(store.create, path, task.header)
    options = "resume=True goes on with it, overwrite=True replaces it"
    assert refused == f"{path}: holds a run: {options}"
    store.create(path, task.header, overwrite=True).close()
    assert Trajectory.open(path).ages == ()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("name", ["report.html", "ages/plot.png", "sub"])
def test_a_run_with_files_of_others_is_not_replaced(tmp_path, task, name):
    path, other = tmp_path / "run", tmp_path / "run" / name
    train(path, task)
    shutil.copytree(path, tmp_path / "saved")
    other.write_text("mine") if "." in name else other.mkdir()
    expected = f"{other}: is not a part of the run that overwrite=True deletes: move it, or name another folder"
    assert message(store.create, path, task.header, overwrite=True) == expected
    assert message(Trajectory.open(tmp_path / "saved").save, path, overwrite=True) == expected
    assert other.exists()
    assert unreadable(path) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "saved"]


def test_no_run_is_made_within_another(tmp_path, task):
    store.create(tmp_path / "run", task.header).close()
    assert "is within the run 'run'" in message(store.create, tmp_path / "run/deeper/run", task.header)
    assert not (tmp_path / "run/deeper").exists()


def test_a_run_is_saved_through_a_link(tmp_path, task):
    for name in ("one", "two"):
        train(tmp_path / name, task)
    (tmp_path / "link").symlink_to(tmp_path / "two")
    (tmp_path / "two/ages/000000001.safetensors").unlink()
    Trajectory.open(tmp_path / "one").save(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert Trajectory.open(tmp_path / "two").ages == Trajectory.open(tmp_path / "one").ages
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "one", "two"]


@pytest.mark.parametrize("name", ["\u6f22" * 85, "\u00e9" * 120, "x" * 255], ids=["three bytes", "two", "one"])
def test_names_as_long_as_there_are(tmp_path, task, name):
    for overwrite in (False, True):
        with store.create(tmp_path / name, task.header, overwrite=overwrite):
            pass
    assert [it.name for it in tmp_path.iterdir()] == [name]
    with files.atomic(tmp_path / f"{name[:-9]}.npz") as temporary:
        temporary.write_bytes(b"x")
    assert (tmp_path / f"{name[:-9]}.npz").read_bytes() == b"x"


def test_what_is_no_run_is_never_overwritten(tmp_path, task):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("text")
    (tmp_path / "file").write_text("text")
    for overwrite in (False, True):
        options = {"overwrite": overwrite}
        assert "neither empty nor a run" in message(store.create, tmp_path / "thesis", task.header, **options)
        assert "is a file or within one" in message(store.create, tmp_path / "file", task.header, **options)
        assert "is a file or within one" in message(store.create, tmp_path / "file/x", task.header, **options)
    train(tmp_path / "run", task)
    (tmp_path / "run/run.json").unlink()
    assert "neither empty nor a run" in message(store.create, tmp_path / "run", task.header, overwrite=True)


def test_a_failed_replacement_puts_the_old_run_back(tmp_path, task, monkeypatch):
    train(tmp_path / "run", task)
    monkeypatch.setattr(store.header, "atomic_file", full)
    assert "no space left on device" in message(store.create, tmp_path / "run", task.header, overwrite=True)
    assert Trajectory.open(tmp_path / "run").ages[-1] == 20
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    monkeypatch.undo()
    store.reopen(tmp_path / "run")


def test_ages_from_elsewhere_have_no_training_to_go_on_with(tmp_path, task):
    with store.create(tmp_path / "run", task.header, resumable=False) as writer:
        writer.age(at(task, 5))
    assert "this training cannot go on" in message(store.reopen, tmp_path / "run")
    assert Trajectory.open(tmp_path / "run").ages == (5,)


# What can be wrong


def test_not_a_run_folder(tmp_path, finished, task):
    store.create(tmp_path / "mnist_run", task.header).close()
    for wrong, hint in {
        "mnist_rum": tmp_path / "mnist_run",
        "mnist_run/ages": tmp_path / "mnist_run",
        "mnist_run/run.json": tmp_path / "mnist_run",
        ".": tmp_path / "mnist_run",
    }.items():
        text = message(Trajectory.open, tmp_path / wrong)
        assert text.endswith(f"is not a run folder (it has no run.json); did you mean '{hint}'?")
    assert message(Trajectory.open, tmp_path / "other").endswith("(it has no run.json)")
    assert message(store.reopen, tmp_path / "other").endswith("(it has no run.json)")
    assert not (tmp_path / "other").exists()


def test_folder_names_with_line_breaks_stay_one_line(tmp_path):
    assert "is not a run folder" in message(Trajectory.open, tmp_path / "a b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"format_version": 1,\n', "is broken: not JSON, line 2"),
        ("", "is broken: not JSON, line 1"),
        ("[" * 10_000, "is broken: nested more than 64 levels deep"),
        ('{"x": ' + "[" * 90 + "]" * 90 + "}", "is broken: nested more than 64 levels deep"),
        (
            '{"format_version": 1' + "0" * 5000 + "}",
            "is broken: format_version: a whole number of 5,001 digits, at most 20 are read",
        ),
        ('{"format_version": NaN}', "is broken: format_version: NaN, which is no number in JSON"),
        ('{"format_version": 1, "format_version": 2}', "is broken: 'format_version' is there twice"),
        ('{"format_version": true}', "is broken: it has no format_version"),
        ("[1, 2]", "is broken: it has no format_version"),
        ("{}", "is broken: it has no format_version"),
        ('{"format_version": 1}', "is broken: it lacks 'spec'"),
        ('{"format_version": 2}', "is broken: it lacks 'spec'"),
        ('{"format_version": 3}', "was written by a later version, in format 3; this one, "),
    ],
)
def test_broken_run_json(tmp_path, text, expected):
    (tmp_path / "run.json").write_text(text)
    assert f"run.json: {expected}" in message(Trajectory.open, tmp_path)
    assert f"run.json: {expected}" in message(store.reopen, tmp_path)


def test_bytes_in_run_json(tmp_path):
    (tmp_path / "run.json").write_bytes(b"\xff\xfe\x00")
    assert "run.json: is broken: not text in UTF-8" in message(Trajectory.open, tmp_path)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, "spec: "),
        ({}, "spec.layers: field required"),
        ({"layers": 1, "hidden_rule": "mean"}, "spec.layers: "),
        ({"layers": []}, "spec.layers: "),
    ],
)
def test_broken_spec(tmp_path, task, spec, expected):
    (tmp_path / "run.json").write_text(json.dumps(task.header | {"spec": spec}))
    assert f"run.json: is broken: {expected}" in message(Trajectory.open, tmp_path)


def test_unknown_units(tmp_path, task):
    text = json.dumps(task.header).replace("bernoulli", "quaternion")
    (tmp_path / "run.json").write_text(text)
    assert "'quaternion' is unknown" in message(Trajectory.open, tmp_path)


@pytest.mark.parametrize("keep", [0, 4, 30, -1])
def test_truncated_age(tmp_path, task, keep):
    train(tmp_path / "run", task)
    path = tmp_path / "run/ages/000000005.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    run = Trajectory.open(tmp_path / "run")
    assert f"{path}: is truncated or damaged" in message(run.at, 5)
    assert torch.isfinite(run.at(6)).all()


def test_age_of_another_machine(tmp_path, task):
    store.create(tmp_path / "run", task.header).close()
    layers = (Layer("visible", SITES, Bernoulli()), Layer("label", 1, Potts(CLASSES)))
    other = RBM(Spec((*layers, Layer("hidden", 9, Bernoulli()))))
    store.ages.write(Place(tmp_path / "run"), other, torch.zeros(other.size()), 1)
    expected = "weight of shape (13, 6) expected by run.json, found (13, 9)"
    assert expected in message(Trajectory.open(tmp_path / "run").at, 1)


def test_missing_ages(tmp_path, finished, task):
    run = Trajectory.open(finished)
    assert message(run.at, 7).endswith("has no age 7; the nearest are 6, 8")
    assert message(run.at, 0).endswith("has no age 0; the nearest are 1")
    assert message(run.at, 999).endswith("has no age 999; the nearest are 20")
    train(tmp_path / "run", task)
    run = Trajectory.open(tmp_path / "run")
    (tmp_path / "run/ages/000000013.safetensors").unlink()
    assert message(run.at, 13).endswith("ages/000000013.safetensors: is missing; the nearest good age is 10")
    assert 13 not in run.refresh().ages
    with pytest.raises(IndexError):
        run[99]
    for file in (tmp_path / "run/ages").iterdir():
        file.unlink()
    assert "all its ages are missing, as 1, 2" in message(run.refresh().best, "generate")


def test_no_age_yet(tmp_path, task):
    store.create(tmp_path / "run", task.header).close()
    run = Trajectory.open(tmp_path / "run")
    assert message(run.__getitem__, -1).endswith("has no age yet")
    assert message(run.at, 1).endswith("has no age 1; no age was kept yet")
    assert run.info()["updates"] == 0
    (tmp_path / "run/ages").rmdir()
    assert message(run.refresh).endswith("ages: is missing")
    assert message(store.reopen, tmp_path / "run").endswith("ages: is missing")


def test_repr(finished, tmp_path, task):
    expected = f"Trajectory('{finished}', ff, k 2, 10 sites, 6 hidden, 3 classes, 11 ages up to 20)"
    assert repr(Trajectory.open(finished)) == expected
    store.create(tmp_path / "run", task.header).close()
    assert "0 ages up to 0" in repr(Trajectory.open(tmp_path / "run"))


# Disks that are full, and places where nobody may write


@contextlib.contextmanager
def full(path, place):
    """Write a file, but fail at the end, disk full."""
    with files.atomic_file(path, place) as file:
        yield file
        raise FULL


def filling_the_disk_on(name):
    """Return what writes tensors, but fails half way, disk full, on files with `name` in theirs."""

    def put(file, named, metadata, whole=store.tensors.put):
        whole(file, named, metadata)
        if name in file.name:
            file.truncate(file.tell() // 2)
            raise FULL

    return put


def test_full_disk_while_saving_an_age(tmp_path, task, monkeypatch):
    train(tmp_path / "run", task, stop=9)
    monkeypatch.setattr(store.tensors, "put", filling_the_disk_on("000000013"))
    text = message(train, tmp_path / "run", task)
    assert "ages/000000013.safetensors: no space left on device; 8 ages up to 10 are kept" in text
    assert text.endswith("once this is mended, resume=True goes on from update 9")
    assert unreadable(tmp_path / "run") == left_over(tmp_path / "run") == []
    monkeypatch.undo()
    train(tmp_path / "run", task)
    assert Trajectory.open(tmp_path / "run").ages[-1] == 20


def test_full_disk_while_saving_the_restart_file(tmp_path, task, monkeypatch):
    train(tmp_path / "run", task, stop=9)
    monkeypatch.setattr(store.tensors, "put", filling_the_disk_on("restart"))
    assert "resume=True goes on from update 9" in message(train, tmp_path / "run", task)
    monkeypatch.undo()
    assert unreadable(tmp_path / "run") == left_over(tmp_path / "run") == []
    assert store.reopen(tmp_path / "run").restart().update == 9


def test_full_disk_while_logging(tmp_path, task):
    with store.create(tmp_path / "run", task.header) as writer:
        writer.log({"update": 1})
        writer._log._file.close()
        writer._log._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115, PTH123
        assert "log.jsonl: no space left on device; no age" in message(writer.log, {"update": 2})
    assert Trajectory.open(tmp_path / "run").log() == [{"update": 1}]


def small(path):
    """Train where there is little space; return what is said, what cannot be read and what is left over."""
    try:
        train(path, problem(updates=400, restart_seconds=0.01))
    except StoreError as error:
        return [str(error), unreadable(path), left_over(path)]
    return []


def test_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        line, *rest = small(disk)
        assert "no space left on device" in line
        assert "ages up to" in line
        assert "resume=True goes on from update" in line
        assert rest == [[], []]
        run = Trajectory.open(disk)
        assert len([theta for _, theta in run if torch.isfinite(theta).all()]) == len(run) > 5
        subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
        assert small(disk) == []
        assert Trajectory.open(disk).ages[-1] == 400
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_limit_on_file_sizes(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
    try:
        line, *rest = small(tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "log.jsonl: file too large" in line
    assert "ages up to" in line
    assert rest == [[], []]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become nobody")
def test_unwritable_places(task):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        place = Path(folder)
        place.chmod(0o755)
        train(place / "run", task, stop=9)
        os.seteuid(65534)
        try:
            assert "new: permission denied" in message(store.create, place / "new", task.header)
            assert "permission denied" in message(store.reopen, place / "run")
            assert "permission denied" in message(store.create, place / "run", task.header, overwrite=True)
            assert Trajectory.open(place / "run").ages[-1] == 8
        finally:
            os.seteuid(0)
        (place / "run").chmod(0o700)
        os.seteuid(65534)
        try:
            assert "run.json: permission denied" in message(Trajectory.open, place / "run")
        finally:
            os.seteuid(0)


def test_places_where_nothing_can_be_made(task):
    assert "/proc/run: " in message(store.create, "/proc/run", task.header)
