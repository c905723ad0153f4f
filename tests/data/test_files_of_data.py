"""Atomic writing: the old file or the new one, never half of one, and no rubbish left."""

import errno
import os
import resource
import signal

import numpy as np
import pytest

from shortrun.data import write
from shortrun.data.core.dataset import Dataset
from shortrun.errors import StoreError
from shortrun.files import Place, atomic, atomic_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("old")
    with atomic(path) as temporary:
        assert temporary.parent == tmp_path
        assert not temporary.match("*.json")  # a reader that looks for the suffix never sees it
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["x.json"]


def half_write(path, error):
    with atomic(path) as temporary:
        temporary.write_text("half")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(error):
        half_write(path, error)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_refuses_is_one_line(tmp_path, monkeypatch, code, call):
    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, refuse)
    (tmp_path / "x").write_text("old")
    with pytest.raises(StoreError) as error, atomic(tmp_path / "x") as temporary:
        temporary.write_text("new")
    assert str(error.value).lower() == f"{tmp_path}/x: {os.strerror(code)}".lower()
    assert (tmp_path / "x").read_text() == "old"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".fa.gz"])
def test_a_file_that_grows_too_large_leaves_nothing(tmp_path, suffix):
    """A real refusal by the operating system in the middle of writing, as on a full disk."""
    values = np.random.default_rng(0).integers(0, 2, (500, 500))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(StoreError, match="too large") as error:
            write(tmp_path / f"x{suffix}", Dataset.from_arrays(values))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert "\n" not in str(error.value)
    assert names(tmp_path) == []


def test_impossible_places_are_one_line(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    data = Dataset.from_arrays([[0, 1]])
    for path, reason in [
        (tmp_path / "nowhere" / "x.npz", "no such file or directory"),
        (tmp_path / "folder.npz", "not a regular file"),
        (tmp_path / "pipe.npz", "not a regular file"),
    ]:
        with pytest.raises(StoreError, match=reason) as error:
            write(path, data)
        assert error.value.path == path
    assert names(tmp_path) == ["folder.npz", "pipe.npz"]


def put(path):
    with atomic(path) as temporary:
        temporary.write_text("new")


def put_in(path):
    with atomic_file(path) as file:
        file.write(b"new")


@pytest.mark.parametrize("put", [put, put_in])
def test_a_link_stays_a_link(tmp_path, put):
    (tmp_path / "real").mkdir()
    (tmp_path / "x").symlink_to(tmp_path / "real" / "y")
    put(tmp_path / "x")
    assert (tmp_path / "x").is_symlink()
    assert (tmp_path / "real" / "y").read_text() == "new"


@pytest.mark.parametrize("put", [put, put_in, lambda path: put_held(path)])
def test_a_pipe_stays_a_pipe(tmp_path, put):
    os.mkfifo(tmp_path / "x")
    with pytest.raises(StoreError, match="x: is not a regular file and cannot be replaced by one"):
        put(tmp_path / "x")
    assert (tmp_path / "x").is_fifo()
    assert names(tmp_path) == ["x"]


def put_held(path):
    """Write to a folder that is held open, as a training does."""
    place = Place.opened(path.parent)
    try:
        with atomic_file(path, place) as file:
            file.write(b"new")
    finally:
        place.close()


@pytest.mark.parametrize("put", [put, put_in])
@pytest.mark.parametrize("name", ["x", "ages/x", "deep/er/x"])
def test_nothing_is_written_into_a_run(tmp_path, put, name):
    (tmp_path / "run/ages").mkdir(parents=True)
    (tmp_path / "run/run.json").touch()
    with pytest.raises(StoreError, match=f"{name}: is within the run 'run'"):
        put(tmp_path / "run" / name)
    (tmp_path / "run/ages").rmdir()  # as another program's run.json
    put(tmp_path / "run/x")
