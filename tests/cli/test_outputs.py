"""Where verbs write: no pipe, no link and no file of a run is replaced, before anything is computed."""

from __future__ import annotations

import os

import numpy as np
import pytest

import shortrun as sr
from command_line import good, refused

SMALL = ("--hidden", 4, "--updates", 3)
OUTPUTS = {  # verb -> words before and after the run, and the ending of what it writes
    "export": ((), (), ".npz"),
    "generate": ((), ("-n", 2, "-o"), ".npz"),
    "predict": ((), ("digits", "-o"), ".csv"),
    "studio": ((), ("-o",), ".html"),
    "evaluate": ((), ("digits", "-o"), ".html"),
    "tree": ((), ("digits", "-o"), ".tree"),
    "plot": (("training",), ("-o",), ".png"),
    "animate": ((), ("-o",), ".gif"),
    "couplings": ((), ("-o",), ".csv"),
    "mixing": ((), ("-o",), ".csv"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("outputs") / "run"
    good("train", "digits", "-o", path, *SMALL)
    return path


def words(verb, run, out):
    before, after, suffix = OUTPUTS[verb]
    return (verb, *before, run, *after, out.with_suffix(suffix))


@pytest.mark.parametrize("verb", OUTPUTS)
def test_no_verb_writes_to_a_pipe_or_into_a_run(run, tmp_path, verb):
    *called, pipe = words(verb, run, tmp_path / "pipe")
    os.mkfifo(pipe)
    assert f"{pipe}: " in refused(*called, pipe)
    assert pipe.is_fifo()
    *called, inner = words(verb, run, run / "ages/000000003")
    assert f"{inner}: is within the run 'run'" in refused(*called, inner)


def test_an_age_is_not_exported_over(run):
    age = run / "ages/000000003.safetensors"
    before = age.read_bytes()
    assert "is within the run 'run'" in refused("export", run, age)
    assert age.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("x.npz", sr.export_model),
        ("x.html", sr.studio),
        ("x.npz", lambda run, path: sr.write(path, sr.generate(run, n=2))),
    ],
)
def test_functions_write_through_links_and_to_no_pipe(run, tmp_path, name, write):
    (tmp_path / name).symlink_to(tmp_path / f"target-{name}")
    write(run, tmp_path / name)
    assert (tmp_path / name).is_symlink()
    assert (tmp_path / f"target-{name}").stat().st_size > 100
    os.mkfifo(tmp_path / f"pipe-{name}")
    with pytest.raises(sr.StoreError, match="is not a regular file"):
        write(run, tmp_path / f"pipe-{name}")
    assert (tmp_path / f"pipe-{name}").is_fifo()


def test_stdout_is_no_file_of_the_working_directory(run, monkeypatch):
    monkeypatch.chdir(run)
    assert len(good("predict", ".", "digits", "-o", "-").out.splitlines()) > 100
    assert "is within the run 'run'" in refused("predict", ".", "digits", "-o", "p.csv")
    assert np.all([it.name != "p.csv" for it in run.iterdir()])
