"""A training that ends by itself: it says why, goes on bit for bit after a stop, and knows its best ages."""

import json
import signal

import numpy as np
import pytest
import torch

import shortrun as sr
from command_line import call, good
from conftest import machine
from shortrun.errors import ConfigError
from shortrun.store import Trajectory
from shortrun.units import Bernoulli
from shortrun.workflows.monitoring import HeldOut

SETTINGS = {"seed": 3, "hidden": 24, "batch": 100, "max_updates": 400}


def prototypes(n=400, sites=16, seed=0):
    """Two classes, each a pattern with a tenth of its sites flipped: learned in a few hundred updates."""
    random = np.random.default_rng(seed)
    patterns = np.random.default_rng(7).integers(0, 2, (2, sites))
    labels = random.integers(0, 2, n)
    values = patterns[labels] ^ (random.random((n, sites)) < 0.1)
    return sr.Dataset.from_arrays(values.astype(np.uint8), labels)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return sr.fit(prototypes(), out=tmp_path_factory.mktemp("ended") / "run", **SETTINGS)


def test_it_ends_and_says_why(finished):
    assert finished.outlook.done or finished.updates == 400
    seen = [record for record in finished.log() if "p_dd" in record]
    assert seen[0]["update"] == 50
    assert seen[-1]["update"] == finished.updates == finished.ages[-1]
    for record in seen:
        assert (record["compared"], record["drawn"]) == (40, 400)  # a tenth, and ten sets of as many
        assert all(0 <= record[name] <= 1 for name in ("p_dd", "p_gg", "p_dd_train", "p_gg_train", "nearer"))
    assert seen[-1]["recognised"] > 0.9
    assert {finished.best("generate"), finished.best("predict")} <= set(finished.ages)


def test_samples_it_is_judged_by_start_like_generated_ones(tmp_path, monkeypatch):
    models, made = [], HeldOut.made

    def kept(self, theta):
        models.append(self.model)
        return made(self, theta)

    monkeypatch.setattr(HeldOut, "made", kept)
    run = sr.fit(prototypes(), out=tmp_path / "run", **SETTINGS | {"max_updates": 60})
    assert run.spec.start == "profile"
    assert len(models) == 2
    assert all(torch.equal(model.profile, run.model.profile) for model in models)


def test_few_held_out_samples_are_compared_with_several_sets():
    data, (model, _) = prototypes(100), machine(Bernoulli(), Bernoulli(), sites=16, classes=2)
    held = HeldOut.of(model, 10, 0, data, np.arange(100) < 20)
    made = prototypes(47, seed=1)
    found = [sr.scores.adversarial_accuracy(held.held, made.select(np.arange(i, i + 20))) for i in (0, 20)]
    assert held.sets == 20
    assert held.shares(held.held, made) == pytest.approx(np.mean(found, axis=0))


def test_a_stop_and_a_resume_change_nothing(finished, tmp_path):
    def interrupt(update, updates, last):
        if update == 55:
            signal.raise_signal(signal.SIGINT)

    part = sr.fit(prototypes(), out=tmp_path / "run", progress=interrupt, **SETTINGS)
    assert part.updates == 55
    assert part.interrupted
    whole = sr.fit(out=tmp_path / "run", data=prototypes(), resume=True)
    assert not whole.interrupted
    assert whole.ages == finished.ages
    for age in whole.ages:
        for raw in (False, True):
            theta = [Trajectory(run.path, raw=raw).at(age) for run in (whole, finished)]
            assert torch.equal(*theta)
    without = [[{k: v for k, v in r.items() if k != "seconds"} for r in run.log()] for run in (whole, finished)]
    assert without[0] == without[1]


def test_a_done_training_does_not_go_on(finished):
    before = (finished.path / "log.jsonl").read_bytes()
    if finished.outlook.done:
        assert sr.fit(prototypes(), out=finished.path, resume=True).updates == finished.updates
        assert (finished.path / "log.jsonl").read_bytes() == before


def test_ages_by_name_and_raw_parameters(finished):
    one = {"n": 30, "seed": 5}
    best = sr.generate(finished, **one)
    assert np.array_equal(best.values, sr.generate(finished, age=finished.best(), **one).values)
    last = sr.generate(finished, age="last", **one)
    assert np.array_equal(last.values, sr.generate(finished, age=finished.ages[-1], **one).values)
    raw = sr.generate(finished, raw=True, **one)
    assert not np.array_equal(best.values, raw.values)
    predicted = sr.predict(finished, prototypes(seed=1)).probabilities
    at_best = sr.predict(finished, prototypes(seed=1), age=finished.best("predict")).probabilities
    assert np.array_equal(predicted, at_best)
    with pytest.raises(ConfigError):
        sr.generate(finished, age="oldest", **one)


def test_a_time_limit_keeps_an_age_and_goes_on(tmp_path):
    run = sr.fit(prototypes(), out=tmp_path / "run", minutes=1e-6, **SETTINGS)
    assert run.updates == 1 == run.ages[-1]
    assert sr.fit(prototypes(), out=tmp_path / "run", resume=True, minutes=10, max_updates=60).updates == 60


@pytest.mark.parametrize(("at", "interrupted"), [(4, True), (6, False)])
def test_a_stop_at_an_age_is_no_time_limit_and_one_at_the_end_is_none(at, interrupted):
    def interrupt(update, updates, last):
        if update == at:
            signal.raise_signal(signal.SIGINT)

    settings = {name: value for name, value in SETTINGS.items() if name != "max_updates"}
    run = sr.fit(prototypes(), progress=interrupt, minutes=10, updates=6, **settings)
    assert (run.updates, run.ages[-1], run.interrupted) == (at, at, interrupted)


def test_too_few_held_out_samples_need_a_number_of_updates(tmp_path):
    few = prototypes(n=30)
    with pytest.raises(ConfigError, match="held out"):
        sr.fit(few, out=tmp_path / "run", hidden=4)
    assert sr.fit(few, out=tmp_path / "run", hidden=4, updates=3).updates == 3


def test_a_training_that_runs_away_goes_back(tmp_path):
    """A rate of 200 makes the weights explode: the run ends with samples, and says that it was set back."""
    run = sr.fit(prototypes(), out=tmp_path / "run", rate=200.0, **SETTINGS)
    setbacks = [record for record in run.log() if "set_back_to" in record]
    assert setbacks
    assert [record["pace"] for record in setbacks] == [0.5 ** (i + 1) for i in range(len(setbacks))]
    assert torch.isfinite(run.at(run.best())).all()


def test_unlabelled_data_end_by_themselves_too(tmp_path):
    data = prototypes()
    run = sr.fit(data.with_labels([""] * len(data)), out=tmp_path / "run", **SETTINGS)
    seen = [record for record in run.log() if "p_dd" in record]
    assert seen
    assert "recognised" not in seen[-1]
    assert "accuracy" not in seen[-1]


def test_the_command_line_says_why_and_which_ages(tmp_path):
    sr.write(tmp_path / "two.npz", prototypes())
    out = good(
        "train", tmp_path / "two.npz", "-o", tmp_path / "run", "--seed", 3, "--hidden", 24, "--max-updates", 130
    ).out
    assert "done: " in out
    assert "best age to generate" in out
    info = json.loads(good("info", tmp_path / "run", "--json").out)
    assert set(info["best"]) == {"generate", "predict"}
    good("generate", tmp_path / "run", "-n", 20, "-o", tmp_path / "g.npz", "--age", "last", "--raw")
    good("predict", tmp_path / "run", tmp_path / "two.npz", "-o", tmp_path / "p.csv", "--age", "best")
    refused = call("generate", tmp_path / "run", "-o", tmp_path / "h.npz", "--age", "first")
    assert refused.code == 2
    assert "--age" in refused.err


def test_what_was_stopped_generates_from_its_last_age_and_keeps_its_aim(tmp_path):
    def interrupt(update, updates, last):
        if update == 47:
            signal.raise_signal(signal.SIGINT)

    words = {"seed": 3, "hidden": 4, "updates": 300, "validation": 0, "log_every": 47}
    run = sr.fit(prototypes(100), out=tmp_path / "run", progress=interrupt, **words)
    assert (run.updates, run.interrupted, run.ages[-1]) == (47, True, 40)
    assert run.best("predict") == run.best() == 40
    assert run.faults() == []
    assert len(sr.generate(run, n=3)) == 3
    with pytest.raises(ConfigError, match="updates: 47 or more expected, as many as the run has, got 30"):
        sr.fit(prototypes(100), out=tmp_path / "run", resume=True, updates=30)
    assert sr.Trajectory.open(tmp_path / "run").config["training"]["updates"] == 300
