"""Temporary folders go with their process, and those of killed ones with a later process."""

import atexit
import os
import signal
import tempfile
import time

import pytest

from shortrun import scratch
from shortrun.errors import StoreError
from shortrun.store import TemporaryFolder
from small_training import child, wait


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "_homes", {})
    return tmp_path


def holder():
    """Return a process that holds a temporary folder, and waits to be killed."""
    ready, told = os.pipe()

    def hold():
        scratch.folder()
        os.write(told, b"x")
        time.sleep(60)

    pid = child(hold)
    os.read(ready, 1)
    return pid


def aged(path):
    before = time.time() - 2 * scratch.YOUNG
    os.utime(path, (before, before))


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_holds_is_not(place):
    pid = holder()
    (left,) = place.iterdir()
    aged(left)
    scratch.sweep()
    assert left.is_dir()  # it lives
    os.kill(pid, signal.SIGKILL)
    assert wait(pid) == -signal.SIGKILL
    own = scratch.folder()
    assert [*place.iterdir()] == [own.parent]


def test_a_folder_goes_with_its_process_and_not_with_one_forked_from_it(place, monkeypatch):
    at_exit = []
    monkeypatch.setattr(atexit, "register", lambda act, *arguments: at_exit.append(lambda: act(*arguments)))
    home = scratch.folder().parent

    def forked():
        at_exit[0]()
        assert scratch.home() != home

    assert wait(child(forked)) == 0
    assert home.is_dir()
    at_exit[0]()
    assert not home.exists()
    assert scratch.folder().parent != home


def test_no_place_for_temporary_folders_is_one_line(place, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(place / "gone"))
    with pytest.raises(StoreError, match=r"gone/shortrun-.*: no such file or directory"):
        TemporaryFolder()


@pytest.mark.parametrize("harm", ["young", "no mark", "open to others", "link", "mark is a link", "file"])
def test_nothing_else_is_removed(place, harm):
    path = place / f"{scratch.PREFIX}of-mine"
    path.mkdir(mode=0o700)
    mark = path / scratch.MARK
    if harm == "mark is a link":
        (place / "other").touch()
        mark.symlink_to(place / "other")
    elif harm != "no mark":
        mark.touch()
    if harm == "open to others":
        path.chmod(0o755)
    if harm == "link":
        path.rename(place / "moved")
        path.symlink_to(place / "moved")
    if harm == "file":
        mark.unlink()
        path.rmdir()
        path.touch()
    if harm != "young":
        aged(path)
    before = sorted(place.rglob("*"))
    assert not scratch.is_left(path)
    scratch.sweep()
    assert sorted(place.rglob("*")) == before
    aged(path)
    assert scratch.is_left(path) == (harm == "young")
