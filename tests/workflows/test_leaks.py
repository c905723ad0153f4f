"""Training samples among those that should be new: counted, said first, and what they spoil is marked."""

from __future__ import annotations

import json

import numpy as np
import pytest

import shortrun as sr
from command_line import good, refused
from shortrun.data.core.likeness import clusters, most_agreements
from shortrun.data.leaks import leak_between
from shortrun.store import KnownRows
from shortrun.workflows import _runs

SMALL = ("--hidden", 6, "--updates", 6, "--batch", 20, "--threads", 1, "--scheme", "ff", "--steps", 2)


def values(rows=60, sites=40, seed=0, codes=2):
    drawn = np.random.default_rng(seed).random((rows, sites))
    return ((drawn < 0.4) * np.ceil(drawn * (codes - 1) / 0.4)).astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaks")
    for name, seed in (("two", 0), ("test", 1)):
        np.savez(folder / f"{name}.npz", x=values(seed=seed), y=np.array(["a", "b"] * 30))
    good("train", folder / "two.npz", "-o", folder / "run", *SMALL)
    return folder


def test_the_training_file_as_test_samples(data, tmp_path):
    words = ("evaluate", data / "run", data / "two.npz", "--no-curves", "--scores", "aai,memorisation,accuracy")
    result = good(*words, "--json", tmp_path / "s.json", "-o", tmp_path / "p.html")
    assert result.out.startswith("warning: 54 of 60 test samples (90.0%) are copies of training samples")
    found = {
        it["score"]: it["spoiled"]
        for it in json.loads((tmp_path / "s.json").read_text())["scores"]
        if it["class"] == "all"
    }
    assert {name for name, why in found.items() if why} == {"memorisation", "accuracy"}
    assert "54 of 60 test samples" in (tmp_path / "p.html").read_text()
    assert "spoiled" in result.out
    assert "verdict: " in result.out
    assert "page in " in result.out


def test_new_samples_spoil_nothing(data):
    result = good("evaluate", data / "run", data / "test.npz", "--no-curves", "--scores", "accuracy")
    assert "warning" not in result.out
    assert "spoiled" not in result.out
    assert "a logistic regression of 54 training samples" in result.out


def test_of_a_large_file_some_samples_are_compared_and_copies_of_all_are_known(data, tmp_path, monkeypatch):
    monkeypatch.setattr(_runs, "COMPARED", 20 * 40)
    monkeypatch.setattr(_runs, "FEWEST_COMPARED", 5)
    sr.convert(data / "two.npz", tmp_path / "x.rows")
    options = {"hidden": 6, "updates": 6, "batch": 20, "scheme": "ff", "steps": 2}
    run = sr.fit(tmp_path / "x.rows", out=tmp_path / "run", **options)
    train, aside = sr.workflows.parts_of_training(run, sr.read(tmp_path / "x.rows"))
    assert (len(train), len(aside)) == (20, 6)
    assert run.rows.learned_from(train).all()
    found = sr.evaluate(run, with_curves=False, scores=["aai"])
    line = "20 of 54 samples, drawn at random, stand for all: more are not compared in memory"
    assert f"reference samples: {line}" in found.notes
    assert len(found.reference) == len(found.generated) == 20
    everything = sr.read(tmp_path / "x.rows")
    found = sr.evaluate(run, everything, with_curves=False, scores=["aai"])
    copies = int(run.rows.learned_from(found.held_out).sum())
    assert len(found.held_out) == 20
    assert copies > 10
    assert found.leak.copies == copies
    assert len(sr.workflows.parts_of_training(data / "run", sr.read(data / "two.npz"))[0]) == 54


def test_predict_knows_training_samples_in_any_file(data, tmp_path):
    x = np.concatenate([values()[:10], values(5, seed=2)])
    np.savez(tmp_path / "mixed.npz", x=x, y=np.array(["a", "b", "a"] * 5))
    learned = int(sr.Trajectory(data / "run").rows.learned_from(sr.read(tmp_path / "mixed.npz")).sum())
    assert 5 <= learned <= 10  # a tenth was kept aside
    result = good("predict", data / "run", tmp_path / "mixed.npz", "--json")
    assert result.json["learned_from"] == learned
    assert f"{learned} of 15 samples" in result.err
    assert "(the last; no held-out samples judged it" in result.err


def test_an_earlier_run_knows_its_whole_data(data, tmp_path):
    run = sr.fit(sr.read(data / "two.npz"), out=tmp_path / "run", hidden=4, updates=2)
    (run.path / "rows.safetensors").unlink()
    assert sr.Trajectory(run.path).rows is None
    found = good("predict", run.path, data / "two.npz", "--json").json
    assert found["learned_from"] == 54
    assert good("predict", run.path, data / "test.npz", "--json").json["learned_from"] == 0


def test_rows_of_a_training_that_kept_none_aside(data, tmp_path):
    both = sr.read(data / "two.npz")
    run = sr.fit(both, out=tmp_path / "run", hidden=4, updates=2, validation=0)
    assert isinstance(run.rows, KnownRows)
    assert run.rows.learned_from(both).all()
    assert not run.rows.kept_aside(both).any()


def test_nearly_copies_are_counted():
    train, test = (sr.Dataset.from_arrays(values(50, 200, seed)) for seed in (0, 1))
    x = test.values.copy()
    x[:7] = train.values[:7]
    x[:7, 0] ^= 1
    found = leak_between(train, test.with_values(x))
    assert (found.copies, found.near, found.spoils) == (0, 7, True)
    assert found.largest == 199 / 200


@pytest.mark.parametrize("codes", [2, 5])
def test_most_agreements_is_that_of_all_pairs(codes):
    a, b = values(30, 20, codes=codes), values(40, 20, seed=1, codes=codes)
    same = (a[:, None] == b).sum(2)
    assert most_agreements(a, b).tolist() == same.max(1).tolist()
    assert most_agreements(a[:3], b).tolist() == same[:3].max(1).tolist()
    within = (b[:, None] == b).sum(2)
    np.fill_diagonal(within, 0)
    assert most_agreements(b, b, skip=np.arange(40)).tolist() == within.max(1).tolist()
    assert most_agreements(b[7:9], b, skip=np.array([7, 8])).tolist() == within[7:9].max(1).tolist()


def test_alike_samples_stay_on_one_side(tmp_path):
    centres = values(20, 50)
    x = np.repeat(centres, 4, axis=0)
    x[np.arange(80), np.random.default_rng(0).integers(0, 50, 80)] ^= 1
    assert len(np.unique(clusters(x, 45))) == 20
    path = tmp_path / "x.npz"
    np.savez(path, x=x)
    result = good("data", "split", path, tmp_path / "a.npz", tmp_path / "b.npz", "--identity", 0.9)
    assert "warning" not in result.err
    assert "largest identity across the sides" in result.err
    one, other = sr.read(path).split(0.2, identity=0.9)
    assert leak_between(one, other, identity=0.9).largest < 0.9
    assert "one cluster" in refused("data", "split", path, tmp_path / "c.npz", tmp_path / "d.npz", "--identity", 0.1)


def test_unlabelled_training_samples_count_as_known(data):
    train = sr.read(data / "two.npz").with_labels([*(["a", "b"] * 20), *[""] * 20])
    made = train.select(slice(40, 60)).with_labels(["a", "b"] * 10)
    found = sr.score(train, made, scores=["copies"])
    assert {it.cls: it.value for it in found} == {"all": 1, "a": 1, "b": 1}


@pytest.mark.parametrize(
    "words",
    [
        ("phases", "RUN", "--cascade", "missing/f.png"),
        ("likelihood", "RUN", "digits", "-o", "missing/t.csv"),
        ("curves", "RUN", "digits", "-o", "missing/t.csv"),
        ("fixed-points", "RUN", "digits", "--means", "missing/m.npz"),
        ("couplings", "RUN", "-o", "missing/t.csv"),
        ("mixing", "RUN", "--functions", "missing/f.png"),
        ("generate", "RUN", "-o", "missing/g.npz"),
        ("predict", "RUN", "digits", "-o", "missing/p.csv"),
    ],
)
def test_outputs_are_checked_before_the_run_is_opened(words):
    assert "no such folder" in refused(*words)


def test_unknown_scores_are_refused_before_data_are_read():
    assert "did you mean 'aai'?" in refused("score", "no.npz", "none.npz", "--scores", "aaj")
    assert "did you mean 'aai'?" in refused("curves", "no", "none.npz", "-o", "t.csv", "--scores", "aaj")
    assert "'best' or 'last' expected" in refused("generate", "no", "-o", "g.npz", "--age", "foo")
