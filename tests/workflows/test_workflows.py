"""The verbs as Python functions, on a short training of the digits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import shortrun as sr


@pytest.fixture(scope="module")
def digits():
    return sr.read("digits")


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory):
    return sr.fit(digits, out=tmp_path_factory.mktemp("runs") / "run", hidden=32, updates=60, seed=1)


def test_the_same_seed_gives_the_same_bits_and_another_one_others(digits, run, tmp_path):
    again = sr.fit(digits, out=tmp_path / "again", hidden=32, updates=60, seed=1)
    assert again.ages == run.ages
    for (_, a), (_, b) in zip(again, run, strict=True):
        assert torch.equal(a, b)
    other = sr.fit(digits, out=tmp_path / "other", hidden=32, updates=60, seed=2)
    assert not torch.equal(other[-1], run[-1])


def test_a_training_that_goes_on_twice_is_one_training(digits, run, tmp_path):
    """Also when the number of updates is raised: the default schedule does not depend on it."""
    sr.fit(digits, out=tmp_path / "parts", hidden=32, updates=23, seed=1)
    sr.fit(digits, out=tmp_path / "parts", resume=True, updates=41)
    parts = sr.fit(digits, out=tmp_path / "parts", resume=True, updates=60)
    assert torch.equal(parts[-1], run[-1])
    assert set(run.ages) <= set(parts.ages)


def test_settings_that_are_not_given_are_those_of_the_run(digits, run, tmp_path):
    sr.fit(digits, out=tmp_path / "run", hidden=8, updates=3, batch=77, seed=9)
    onward = sr.fit(digits, out=tmp_path / "run", resume=True, updates=5)
    assert onward.config["training"] | {"updates": 5, "batch": 77, "seed": 9} == onward.config["training"]
    with pytest.raises(sr.StoreError, match="resume=True needs the same"):
        sr.fit(digits.head(1000), out=tmp_path / "run", resume=True)


def test_labels_of_generated_samples(run):
    assert (sr.generate(run, labels="7", n=5).labels == 7).all()
    counted = sr.generate(run, labels={"3": 2, "0": 4})
    assert counted.class_counts.tolist() == [4, 0, 0, 2, 0, 0, 0, 0, 0, 0]
    listed = sr.generate(run, labels=["9", "1", "9"], n=3)
    assert [listed.classes[label] for label in listed.labels] == ["9", "1", "9"]
    proportions = sr.generate(run, n=1797).class_counts
    assert proportions.tolist() == run.data["class_counts"]
    assert sr.generate(run, n=7).class_counts.sum() == 7


def test_more_samples_begin_with_fewer(run):
    few, many = sr.generate(run, labels="2", n=10, seed=3), sr.generate(run, labels="2", n=2500, seed=3)
    assert (few.values == many.values[:10]).all()
    assert (few.values != sr.generate(run, labels="2", n=10, seed=4).values).any()
    assert len(set(many.names)) == 2500


def test_recorded_times_are_those_of_separate_runs(run):
    (part,) = sr.stream(run, labels="4", n=20, times=(1, 5, 10))
    for t, samples in part.items():
        assert (samples.values == sr.generate(run, labels="4", n=20, steps=t).values).all()


def test_an_older_age_is_another_machine(run):
    old = sr.generate(run, labels="4", n=20, age=run.ages[0])
    assert (old.values != sr.generate(run, labels="4", n=20).values).any()
    with pytest.raises(sr.StoreError, match="nearest"):
        sr.generate(run, n=5, age=59)


def test_held_sites(run, digits):
    made = sr.generate(run, labels="1", n=30, fix={1: "1", 64: "1", 33: "0"})
    assert (made.values[:, [0, 63]] == 1).all()
    assert (made.values[:, 32] == 0).all()
    template = digits.select([5, 17])
    made = sr.generate(run, labels="5", n=30, template=template, keep=range(1, 33))
    assert (made.values[::2, :32] == template.values[0, :32]).all()
    assert (made.values[1::2, :32] == template.values[1, :32]).all()
    assert (made.values[:, 32:] != template.values[0, 32:]).any()


def test_predictions(run, digits):
    exact = sr.predict(run, digits)
    assert np.allclose(exact.probabilities.sum(1), 1, atol=1e-5)
    assert exact.accuracy == pytest.approx((exact.predicted == digits.labels).mean())
    table = exact.to_pandas()
    assert list(table.columns[:4]) == ["name", "label", "prediction", "probability"]
    assert list(table.columns[4:]) == [f"p_{name}" for name in digits.classes]
    hidden = digits.with_labels(np.full(len(digits), -1), digits.classes)
    assert (sr.predict(run, hidden).probabilities == exact.probabilities).all()
    assert sr.predict(run, hidden).accuracy is None
    assert (sr.predict(run, hidden).to_pandas()["label"] == "").all()


def test_the_chains_of_a_sample_do_not_depend_on_its_company(run, digits):
    many = sr.predict(run, digits, sweeps=3, chains=2).probabilities
    few = sr.predict(run, digits.head(5), sweeps=3, chains=2).probabilities
    assert np.allclose(many[:5], few, atol=1e-6)


def test_unlabelled_data_train_and_generate_but_do_not_predict(digits, tmp_path):
    bare = sr.Dataset.from_arrays(digits.values)
    run = sr.fit(bare, out=tmp_path / "bare", hidden=8, updates=5)
    assert run.recipe["name"] == "rdm"
    assert sr.generate(run, n=4).values.shape == (4, 64)
    with pytest.raises(sr.DataError, match="without labels"):
        sr.predict(run, digits)
    with pytest.raises(sr.ConfigError, match="ff learns from labels"):
        sr.fit(bare, out=tmp_path / "ff", config=sr.Config.model_validate({"scheme": {"name": "ff"}}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": "11"}, "class '11' is unknown"),
        ({"steps": 0}, "at least 1"),
        ({"n": 0}, "n: at least 1"),
        ({"fix": {65: "1"}}, "from 1 to 64 expected, got 65"),
        ({"fix": {0: "1"}}, "from 1 to 64 expected, got 0"),
        ({"fix": {3: "A"}}, "letter 'A'"),
        ({"fix": {3: "10"}}, "one letter"),
        ({"keep": [3]}, "template: missing"),
    ],
)
def test_impossible_requests(run, options, words):
    with pytest.raises(sr.ShortrunError, match=words):
        sr.generate(run, **options)


def test_data_of_another_kind(run, digits):
    with pytest.raises(sr.DataError, match="63 sites a sample"):
        sr.predict(run, sr.Dataset.from_arrays(digits.values[:, 1:]))
    letters = sr.Dataset.from_arrays(digits.values, alphabet="dna")
    with pytest.raises(sr.DataError, match="dna alphabet"):
        sr.predict(run, letters)
    with pytest.raises(sr.ConfigError, match="at least 1"):
        sr.predict(run, digits, sweeps=0)
    with pytest.raises(sr.DataError, match="class '10' has a single sample"):
        sr.fit(digits.with_labels(["10", *digits.labels[1:]]), out="never-made")


def test_a_run_goes_on_or_is_replaced(tmp_path):
    data = sr.read("digits").head(100)
    run = sr.fit(data, out=tmp_path / "run", hidden=4, updates=2)
    with pytest.raises(sr.ConfigError, match="resume: not together with overwrite"):
        sr.fit(data, out=run.path, resume=True, overwrite=True)
    assert sr.Trajectory(run.path).updates == 2


def test_a_scheme_that_is_none_is_refused(tmp_path):
    """In a process without type checks, as users have it."""
    code = "import shortrun as sr; sr.fit(sr.read('digits'), out='x', hidden=4, updates=2, scheme=3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert "ConfigError: scheme: 'auto', 'ff', 'pcd', 'cd' or 'rdm' expected, got 3" in done.stderr
    assert not (tmp_path / "x").exists()
