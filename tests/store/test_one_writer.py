"""One run, one writer: what processes do to the folder of another that trains there."""

import os
import runpy
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
import torch

from shortrun import files, store
from shortrun.errors import StoreError
from shortrun.models import Training
from shortrun.store import Trajectory, lock, writer
from small_training import left_over, problem, unreadable

GONE = "was renamed, replaced or deleted while this training wrote to it, which stops: nothing was written to what is"
NO_LOCK = "lost its lock while this training wrote to it (.lock was deleted or replaced), which stops"


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def task():
    return problem(updates=20)


def at(task, update):
    theta = torch.full((task.model.size(),), float(update))
    return Training(update, theta, (theta * 2,), (None, None), 0.5)


class Trainer:
    """A process that trains in a folder: one step a line; it answers "done", or why it was refused."""

    def __init__(self, path, task, **options):
        (theirs, self.lines), (self.answers, ours) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.lines)
            try:
                self._train(path, task, options, os.fdopen(theirs), ours)
            finally:
                os._exit(0)
        os.close(theirs)
        os.close(ours)

    @staticmethod
    def _train(path, task, options, lines, answers):
        try:
            with store.create(path, task.header, **options) as writer:
                os.write(answers, b"done\n")
                for update, line in enumerate(lines, 1):
                    act = {"age": writer.age, "log": lambda it: writer.log({"update": it.update})}
                    act |= {"save": lambda it: (writer.after_update(it), writer.save())}
                    act |= {"step": lambda it: (time.sleep(0.01), writer.after_update(it))}
                    act[line.strip()](at(task, update))
                    os.write(answers, b"done\n")
        except StoreError as error:
            os.write(answers, f"{error}\n".encode())

    def answer(self):
        text = b""
        while not text.endswith(b"\n"):
            text += os.read(self.answers, 4096) or b"\n"
        return text.decode().strip()

    def tell(self, line):
        os.write(self.lines, f"{line}\n".encode())
        return self.answer()

    def end(self, number=None):
        if number is not None:
            os.kill(self.pid, number)
        os.close(self.lines)
        os.close(self.answers)
        return os.waitpid(self.pid, 0)[1]


def renamed(path, task):
    path.rename(path.with_name("moved"))


def replaced(path, task):
    path.rename(path.with_name("moved"))
    with store.create(path, task.header) as writer:
        writer.age(at(task, 7))


def exchanged(path, task):
    """Replace a folder by a copy that has the same names."""
    path.rename(path.with_name("moved"))
    shutil.copytree(path.with_name("moved"), path)


def deleted(path, task):
    shutil.rmtree(path)


def unlocked(path, task):
    (path / ".lock").unlink()


def relocked(path, task):
    (path / ".lock").unlink()
    (path / ".lock").write_text("1")


HARMS = [renamed, replaced, exchanged, deleted, unlocked, relocked]
CASES = [(harm, line, True) for harm in HARMS for line in ("age", "save")]
CASES += [(replaced, "log", True), (replaced, "step", True), *((harm, "age", False) for harm in HARMS[1::2])]


@pytest.mark.parametrize(("harm", "line", "handles"), CASES)
def test_a_trainer_stops_once_its_folder_is_not_the_one_it_locked(tmp_path, task, monkeypatch, harm, line, handles):
    monkeypatch.setattr(files, "HANDLES", handles)
    monkeypatch.setattr(writer, "LOOK_SECONDS", 0.0)
    path = tmp_path / "run"
    trainer = Trainer(path, task)
    assert [trainer.answer(), trainer.tell("age"), trainer.tell("log")] == ["done"] * 3
    harm(path, task)
    others = {file: file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
    said = trainer.tell(line)
    assert (NO_LOCK if harm in (unlocked, relocked) else GONE) in said
    if harm in (renamed, replaced, exchanged) and handles and Path("/proc/self/fd").exists():
        assert said.endswith(f"; what it kept is in {path.with_name('moved')}")
    assert trainer.end() == 0
    assert {file: file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()} == others
    kept = path.with_name("moved") if path.with_name("moved").exists() else path
    assert left_over(tmp_path) == []
    assert harm is deleted or (Trajectory.open(kept).ages == (1,) and unreadable(kept) == [])


@pytest.mark.parametrize("link", [False, True])
def test_a_trainer_stops_once_its_ages_are_another_folder(tmp_path, task, monkeypatch, link):
    monkeypatch.setattr(writer, "LOOK_SECONDS", 0.0)
    trainer, path = Trainer(tmp_path / "run", task), tmp_path / "run"
    assert [trainer.answer(), trainer.tell("age")] == ["done"] * 2
    (path / "ages").rename(path / "moved")
    others = tmp_path / "others" if link else path / "ages"
    others.mkdir()
    if link:
        (path / "ages").symlink_to(others)
    assert "had its folder ages renamed, replaced or deleted while this training" in trainer.tell("age")
    assert trainer.end() == 0
    assert [*others.iterdir()] == []


def test_a_run_is_not_saved_over_one_that_is_written_to(tmp_path, task):
    for name in ("run", "live"):
        store.create(tmp_path / name, task.header).close()
    saved = Trajectory.open(tmp_path / "run")
    trainer = store.reopen(tmp_path / "live")
    with pytest.raises(StoreError, match=r"another training.* is writing to this folder"):
        saved.save(tmp_path / "live", overwrite=True)
    trainer.age(at(task, 1))
    trainer.close()
    assert Trajectory.open(tmp_path / "live").ages == (1,)
    saved.save(tmp_path / "live", overwrite=True)
    assert Trajectory.open(tmp_path / "live").ages == ()
    store.reopen(tmp_path / "live").close()
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", "live"}


@pytest.mark.parametrize("harm", [None, unlocked, relocked])
def test_no_second_training_on_a_live_run(tmp_path, task, harm):
    path = tmp_path / "run"
    trainer = Trainer(path, task)
    assert trainer.answer() == "done"
    if harm is not None:
        harm(path, task)
    with pytest.raises(StoreError, match=r"another training.* is writing to this folder"):
        store.create(path, task.header, overwrite=True)
    with pytest.raises(StoreError, match=r"another training.* is writing to this folder"):
        store.reopen(path)
    assert trainer.end(signal.SIGKILL) == signal.SIGKILL
    store.reopen(path).close()  # a dead one holds nothing


def test_a_stopped_process_still_holds_its_run(tmp_path, task):
    trainer = Trainer(tmp_path / "run", task)
    assert trainer.answer() == "done"
    os.kill(trainer.pid, signal.SIGSTOP)
    with pytest.raises(StoreError, match="is writing to this folder"):
        store.reopen(tmp_path / "run")
    os.kill(trainer.pid, signal.SIGCONT)
    assert trainer.tell("age") == "done"
    assert trainer.end() == 0


def test_a_renamed_folder_is_written_to_and_no_other(tmp_path, task):
    """Between the look at the folder and the end of writing, it is renamed and another takes its place."""
    open_writer = store.create(tmp_path / "run", task.header)
    (tmp_path / "run").rename(tmp_path / "moved")
    (tmp_path / "run/ages").mkdir(parents=True)
    place = open_writer._lock.place
    store.ages.write(place, task.model, at(task, 1).theta, 1)
    store.restart.write(place, at(task, 1))
    open_writer._log.append({"update": 1})
    assert Trajectory.open(tmp_path / "moved").ages == (1,)
    assert [file for file in (tmp_path / "run").rglob("*") if file.is_file()] == []
    with pytest.raises(StoreError, match="was renamed"):
        open_writer.close()


def test_without_locks_of_folders(tmp_path, task, monkeypatch):
    """As on Windows: the lock file alone."""
    monkeypatch.setattr(lock, "fcntl", None)
    monkeypatch.setattr(files, "HANDLES", False)
    with store.create(tmp_path / "run", task.header) as open_writer:
        with pytest.raises(StoreError, match=f"another training \\(process {os.getpid()}\\) is writing"):
            store.reopen(tmp_path / "run")
        open_writer.age(at(task, 1))
        open_writer.after_update(at(task, 1))
    store.create(tmp_path / "run", task.header, overwrite=True).close()
    store.reopen(tmp_path / "run").close()


def test_the_locks_are_imported_where_there_is_no_fcntl(monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert runpy.run_path(lock.__file__)["fcntl"] is None


def test_a_deleted_working_directory_is_named(tmp_path, task, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(StoreError, match="run: the working directory was deleted: change to another"):
        store.create("run", task.header)
