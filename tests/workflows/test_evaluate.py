"""`shortrun evaluate` and `shortrun curves`: what they write, and one clear line where they cannot."""

from __future__ import annotations

import json
import pickle
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import call, good, refused
from quick_evaluations import quick_evaluations
from shortrun.errors import ConfigError
from shortrun.scores._lead import train_on
from sketches import sketched_pages

SMALL = ("--hidden", 6, "--updates", 6, "--batch", 20, "--threads", 1, "--scheme", "ff", "--steps", 2)


def save(path, values, labels=None):
    np.savez(path, **({"x": values} if labels is None else {"x": values, "y": np.array(labels)}))
    return path


def values(rows=60, sites=12, seed=0):
    return (np.random.default_rng(seed).random((rows, sites)) < 0.4).astype(np.uint8)


@pytest.fixture(scope="module", autouse=True)
def _quick():
    """Figures are looked at in the tests of the report, and judges in those of the scores."""
    with sketched_pages(), quick_evaluations():
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with data of two classes, a run on them and one without labels."""
    folder = tmp_path_factory.mktemp("evaluate")
    save(folder / "two.npz", values(), ["a", "b"] * 30)
    save(folder / "test.npz", values(seed=1), ["a", "b"] * 30)
    save(folder / "none.npz", values())
    good("train", folder / "two.npz", "-o", folder / "run", *SMALL)
    good("train", folder / "none.npz", "-o", folder / "unlabelled", *SMALL[:8], "--scheme", "rdm", "--steps", 2)
    return folder


def test_page_json_and_table_say_the_same(data, tmp_path):
    result = good("evaluate", data / "run", data / "test.npz", "-o", tmp_path / "p.html", "--json", tmp_path / "s.json")
    form = json.loads((tmp_path / "s.json").read_text())
    found = form["scores"]
    page = (tmp_path / "p.html").read_text()
    names = {it["score"] for it in found}
    assert {"aai", "spectrum", "accuracy", "memorisation"} <= names
    assert all(f'data-score="{name}"' in page and name in result.out for name in names)
    assert f"{next(it['value'] for it in found if it['score'] == 'aai'):.4g}" in result.out
    assert "finding: " in result.out
    assert f"verdict: {form['lead'][0]}" in result.out
    assert form["lead"][0] in unescape(page)
    assert "shortrun" in page.split("How to repeat this")[-1]


def test_page_with_the_tree_within(data, tmp_path):
    options = ("-o", tmp_path / "p.html", "--no-curves", "--scores", "aai")
    good("evaluate", data / "run", *options, "--tree")
    (tree,) = re.findall(r'<iframe srcdoc="([^"]*)"', (tmp_path / "p.html").read_text())
    assert "54 leaves" in unescape(tree)  # 60 samples, of which the training kept 6 aside
    assert unescape(tree).rstrip().endswith("</html>")
    good("evaluate", data / "run", *options)
    assert "<iframe" not in (tmp_path / "p.html").read_text()


def test_scores_that_need_both_sides_name_the_one_that_lacks(data):
    train = sr.read(data / "two.npz")
    lost = pickle.loads(pickle.dumps(sr.fit(sr.from_numpy(train.values), hidden=6, updates=1, batch=20)))
    for run, given, lacking in ((lost, {"test": train}, "train"), (data / "run", {"train": train}, "test")):
        with pytest.raises(ConfigError, match=f"'memorisation' needs .*: give {lacking} too"):
            sr.evaluate(run, **given, scores=["memorisation"])


def test_scores_are_those_of_generated_samples(data):
    """The first score of a run is what `score` says of the same samples."""
    run, train, test = data / "run", sr.read(data / "two.npz"), sr.read(data / "test.npz")
    found = sr.evaluate(run, test, train=train, with_curves=False, scores=["aai", "spectrum"], seed=5)
    made = sr.generate(run, labels=[train.classes[k] for k in train.labels], n=60, seed=5)
    expected = sr.score(train, made, held_out=test, scores=["aai", "spectrum"], seed=5)
    assert [it.value for it in found.scores] == [it.value for it in expected]


@pytest.mark.parametrize(
    ("labels", "rows"),
    [(["a"] * 60, 60), (None, 60), (["a"], 1), (["a", "b", "a"], 3)],
    ids=["one", "no", "few", "three"],
)
def test_test_samples_of_any_number_of_classes(labels, rows, data, tmp_path):
    """One class, no labels, fewer samples than classes: the rest of the evaluation is there."""
    test = save(tmp_path / "test.npz", values(rows, seed=2), labels)
    result = good("evaluate", data / "run", test, "-o", tmp_path / "p.html")
    assert "aai" in result.out
    assert ("accuracy" in result.out) == (labels is not None)
    assert ("memorising" in result.out) == (rows == 1)


@pytest.mark.parametrize("curves", ["--curves", "--no-curves"])
def test_a_run_without_labels(curves, data, tmp_path):
    result = good("evaluate", data / "unlabelled", curves, "-o", tmp_path / "p.html")
    assert "note: Without samples" not in result.out  # a tenth was kept aside
    assert "accuracy" not in result.out
    assert ("finding" in result.out) == (curves == "--curves")


def test_a_run_that_kept_nothing_aside(data, tmp_path):
    good("train", data / "two.npz", "-o", tmp_path / "run", *SMALL, "--validation", 0)
    result = good("evaluate", tmp_path / "run", "--no-curves")
    assert "memorisation" not in result.out.split("note:")[0]
    assert "note: Without samples" in result.out


def test_samples_that_are_all_the_same(tmp_path):
    save(tmp_path / "same.npz", np.ones((60, 5), np.uint8), ["a", "b"] * 30)
    good("train", tmp_path / "same.npz", "-o", tmp_path / "run", *SMALL)
    good("evaluate", tmp_path / "run", "-o", tmp_path / "p.html", "--json", tmp_path / "s.json")
    found = json.loads((tmp_path / "s.json").read_text())["scores"]
    assert any(it["value"] is None for it in found)  # correlations of constants
    assert "constant columns" in (tmp_path / "p.html").read_text()


def test_a_run_finds_its_samples(data):
    """Of a file it reads them again, in memory it has them: here a part of one."""
    part, _ = sr.read(data / "two.npz").split(0.3)
    in_memory = sr.fit(part, hidden=6, updates=6, batch=20)
    for run in (data / "run", in_memory):
        found = sr.evaluate(run, with_curves=False, scores=["memorisation"])
        assert (found.role, found.held_out is None) == ("training", False)
        assert found.to_pandas()[["score", "class"]].values.tolist()[0] == ["memorisation", "all"]
    assert repr(found).startswith("Evaluation of a run in memory: ")
    assert train_on(found) == "run.save('run'), then sr.fit(data, out='run', resume=True, updates=12)"
    assert found.to_dict()["run"] is None
    test = sr.read(data / "test.npz")
    found = sr.evaluate(data / "run", test, with_curves=False, scores=["memorisation"])  # as on the command line
    assert (found.role, len(found.reference), len(found.held_out)) == ("training", 54, len(test))
    elsewhere = pickle.loads(pickle.dumps(in_memory))
    with pytest.raises(sr.DataError, match=r"no real samples: .*two\.npz is not what .* \(train\), or test samples"):
        sr.evaluate(elsewhere)
    (note,) = sr.evaluate(elsewhere, test, with_curves=False, scores=["aai"]).notes
    assert re.match(r"The training data were not at hand, .*two\.npz is not what .*: copies are looked for", note)


def test_a_part_of_a_file_is_not_called_changed(data, tmp_path):
    part, _ = sr.read(data / "two.npz").split(0.3)
    sr.fit(part.with_kind(source=str(data / "two.npz")), out=tmp_path / "run", hidden=6, updates=6, batch=20)
    result = call("evaluate", tmp_path / "run", "--no-curves")
    assert result.code == 2
    assert "or only a part of it was" in result.err
    assert result.err.splitlines()[-1].startswith("error: no real samples")
    given = good("evaluate", tmp_path / "run", data / "test.npz", "--train", data / "two.npz", "--no-curves")
    assert "taken as training data as it is" in given.err


def test_training_data_that_moved(data, tmp_path):
    source = save(tmp_path / "gone.npz", values(seed=4), ["a", "b"] * 30)
    good("train", source, "-o", tmp_path / "run", *SMALL)
    before = good("evaluate", tmp_path / "run", "--no-curves").out
    source.rename(tmp_path / "here.npz")
    assert "--train FILE" in call("evaluate", tmp_path / "run", "--no-curves").err
    moved = good("evaluate", tmp_path / "run", "--no-curves", "--train", tmp_path / "here.npz")
    assert moved.out == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "p.pdf"), "a report is written as .html"),
        (("-o", "missing/p.html"), "no such folder"),
        (("--json", "missing/s.json"), "no such folder"),
        (("--tree",), "a page to show it in expected"),
        (("--moving",), "a page to show it in expected"),
    ],
)
def test_what_cannot_be_written_is_said_at_once(words, said, data):
    assert said in refused("evaluate", data / "run", *words)


def test_other_samples_are_refused(data, tmp_path):
    letters = np.random.default_rng(0).integers(0, 4, (20, 12)).astype(np.uint8)
    other = save(tmp_path / "other.npz", letters, ["a", "b"] * 10)
    unknown = save(tmp_path / "unknown.npz", values(), ["a", "zz"] * 30)
    for words, said in (
        ((other, "--alphabet", "codes"), "was trained on the binary alphabet"),
        ((unknown,), "unknown class 'zz'"),
        ((data / "test.npz", "--scores", "aia"), "did you mean 'aai'?"),
    ):
        result = call("evaluate", data / "run", *words, "--no-curves")
        assert result.code == 2
        assert said in result.err.splitlines()[-1]
        assert "scoring" not in result.err


def test_curves_are_scores_at_each_time(data, tmp_path):
    good("curves", data / "run", data / "test.npz", "-o", tmp_path / "c.csv", "--times", "1,3", "--ages", "last")
    table = pd.read_csv(tmp_path / "c.csv")
    assert list(table) == ["score", "class", "age", "steps", "value", "error"]
    assert set(table["class"]) == {"all", "a", "b"}
    assert set(table["age"]) == {6}
    assert set(table["score"]) == {"spectrum", "entropy", "aai", "second-moment", "accuracy", "chain-accuracy"}
    test = sr.read(data / "test.npz")
    made = sr.generate(data / "run", labels=[test.classes[k] for k in test.labels], n=60, steps=3)
    for score in sr.score(test, made, scores=["aai", "spectrum"]):
        row = table[(table["score"] == score.score) & (table["class"] == score.cls) & (table["steps"] == 3)]
        assert row["value"].item() == pytest.approx(score.value, rel=1e-8)
        assert row["error"].item() == pytest.approx(score.error, rel=1e-8)
    exact = table[(table["score"] == "accuracy") & (table["class"] == "all")]
    assert exact["value"].item() == pytest.approx(sr.predict(data / "run", test).accuracy, rel=1e-8)
    assert exact["steps"].isna().all()


def test_curves_in_parquet_and_of_all_ages(data, tmp_path):
    words = ("curves", data / "run", data / "test.npz", "--until", 4, "--scores", "aai", "--ages", "all")
    good(*words, "-o", tmp_path / "c.parquet")
    good(*words, "-o", tmp_path / "c.tsv")
    table, text = pd.read_parquet(tmp_path / "c.parquet"), pd.read_csv(tmp_path / "c.tsv", sep="\t")
    assert set(table.loc[table["score"] == "aai", "steps"]) == {1, 2, 3, 4}
    assert tuple(sorted(set(table["age"]))) == sr.Trajectory(data / "run").ages
    np.testing.assert_allclose(table["value"], text["value"], rtol=1e-8)


def test_curves_without_labels(data, tmp_path):
    good("curves", data / "unlabelled", data / "none.npz", "-o", tmp_path / "c.csv", "--times", "1,2")
    table = pd.read_csv(tmp_path / "c.csv")
    assert set(table["class"]) == {"all"}
    assert not table["score"].str.contains("accuracy").any()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "c.png"), "tables are written as .csv, .tsv, .parquet"),
        (("-o", "c.csv", "--times", "x"), "--times: numbers and ranges"),
    ],
)
def test_curves_refuse_in_one_line(words, said, data):
    assert said in refused("curves", data / "run", data / "test.npz", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--ages", "5000"), "has no age 5000"), (("--times", "0"), "at least 1"), (("--scores", "aia"), "aai")],
)
def test_curves_refuse_what_is_not_there(words, said, data, tmp_path):
    result = call("curves", data / "run", data / "test.npz", "-o", tmp_path / "c.csv", *words)
    assert result.code == 2
    assert said in result.err.splitlines()[-1]


def test_curves_of_a_machine_with_labels_need_some(data, tmp_path):
    result = call("curves", data / "run", data / "none.npz", "-o", tmp_path / "c.csv")
    assert result.code == 2
    assert "need labelled samples" in result.err.splitlines()[-1]
