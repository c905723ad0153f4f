"""Searches for settings: what they vary, that they repeat themselves, whatever ends them, and see no test rows."""

import json
import os
import shlex
import shutil
import signal
import sys
import time
import warnings

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from campaign import only_in_campaigns
from command_line import call, finish, good, refused, start
from shortrun.errors import ConfigError, DataError, MissingExtraError
from shortrun.parallel import workers
from shortrun.settings import TuneSettings, Varied, configured, varied
from shortrun.workflows import tuning

SMALL = {"hidden": 4, "steps": 1, "updates": 60, "batch": 20, "ages_per_decade": 1}
FLAGS = [word for name, value in SMALL.items() for word in (f"--{name.replace('_', '-')}", value)]
RATES = ("rate=0.1..1",)


@pytest.fixture(scope="module")
def data():
    """120 rows of three classes."""
    random = np.random.default_rng(0)
    labels = np.arange(120) % 3
    common = random.random((3, 12)) < 0.5
    values = np.where(random.random((120, 12)) < 0.8, common[labels], random.random((120, 12)) < 0.5)
    return sr.Dataset.from_arrays(values.astype(np.uint8), labels)


@pytest.fixture
def has_optuna():
    pytest.importorskip("optuna", reason="the extra `tune` is not installed")


def same(one, other):
    """Check that two searches tried the same, to the same end."""
    tables = [found.table.drop(columns="seconds") for found in (one, other)]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize(
    ("text", "values", "is_range", "is_whole"),
    [
        ("hidden=64..1024", (64, 1024), True, True),
        ("optimiser.rate = 1e-3 .. 0.1", (1e-3, 0.1), True, False),
        ("lr=.5,1", (0.5, 1.0), False, False),
        ("scheme=ff,pcd", ("ff", "pcd"), False, False),
        ("centred=true,false", (True, False), False, False),
        ("hidden=auto,64", ("auto", 64), False, False),
        ("hidden", (64, 1024), True, True),
    ],
)
def test_what_varies_is_read_as_the_option_reads_it(text, values, is_range, is_whole):
    found = Varied.of(text)
    assert (found.values, found.is_range, found.is_whole) == (values, is_range, is_whole)
    assert Varied.of(str(found)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model=rbm,chaotic", "vary: model cannot be varied: a search compares machines of one kind"),
        ("layers=5", "vary: layers cannot be varied"),
        ("hiden=1..2", "vary: 'hiden' is no option of a training (did you mean 'hidden'?)"),
        ("epochs=1..2", "did you mean 'updates'?"),
        ("updates=10,60", "updates has to be the same in all trials"),
        ("--validation=0,0.1", "validation has to be the same in all trials"),
        ("hidden=0..2", "hidden: at least 1"),
        ("hidden=9..2", "a range of numbers that goes up expected"),
        ("scheme=cd..ff", "a range of numbers that goes up expected"),
        ("batch", "values of batch expected, as batch=LOW..HIGH or batch=A,B"),
        ("layers=[1]", "layers cannot be varied"),
        ("scheme=ff,pdc", "did you mean 'pcd'?"),
    ],
)
def test_what_cannot_vary_so_is_one_line(text, said):
    with pytest.raises(ConfigError) as error:
        Varied.of(text)
    assert said in str(error.value)


def test_what_varies_is_given_as_a_text_or_a_mapping_too():
    assert TuneSettings.of(vary="batch=100,500").vary == ("batch=100,500",)
    mixed = TuneSettings.of(vary={"hidden": "64..512", "batch": [100, 500], "l2": 0.1})
    assert mixed.vary == ("hidden=64..512", "batch=100,500", "l2=0.1")
    with pytest.raises(ConfigError, match="need the model chaotic"):  # before data are read
        sr.tune("no such file", out="study", vary="gain=1,2")
    with pytest.raises(ConfigError, match="label_l2 is of use only with data with labels"):
        sr.tune(np.eye(40, 6, dtype=int), out="study", vary="label_l2=0,1", updates=60, hidden=2, validation=0.5)


def test_a_trial_that_ran_away_at_once_failed(data, has_optuna, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "quality", lambda *_: None)
    with pytest.raises(DataError, match=r"no training of .* came to an end: it ended before samples were compared"):
        sr.tune(data, out=tmp_path / "study", trials=1, validation=0.2, **SMALL)


def test_by_default_open_options_vary():
    def names(labelled=True, given=None, **options):
        settings = TuneSettings.of(**options)
        return [each.keyword for each in varied(settings, configured(settings, given or {}), labelled)]

    assert names() == ["hidden", "predict", "rate", "l2", "label_l2"]
    assert names(labelled=False, given={"hidden": 9}) == ["rate", "l2"]
    assert names(preset="chaotic") == ["l2"]
    assert names(given={"scheme": "rdm"}) == ["hidden", "rate", "l2", "label_l2"]
    with pytest.raises(ConfigError, match="vary: rate is named twice"):
        names(vary=("rate", "lr=1,2"))
    with pytest.raises(ConfigError, match="values expected for a grid, as rate=A,B"):
        names(vary=("rate",), search="grid")


def test_without_optuna_it_says_what_to_install(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortrun\[tune\]'"):
        sr.tune(data, out=tmp_path / "study")


@pytest.mark.usefixtures("has_optuna")
def test_the_best_is_repeated_by_the_command_it_prints_and_no_test_row_is_seen(data, tmp_path):
    path, study = tmp_path / "data.npz", tmp_path / "study"
    arrays = {"x": data.values[:100], "y": data.labels[:100], "x_test": data.values[100:], "y_test": data.labels[100:]}
    np.savez(path, **arrays)
    words = ("tune", path, "-o", study, *FLAGS, "--trials", 2, "--vary", RATES[0], "--set", "optimiser.l1=0.001")
    found = good(*words, "--json").json
    assert [len(found["trials"]), found["trials"][0]["outcome"]] == [2, "done"]
    assert found["quality"] == max(trial["quality"] for trial in found["trials"])
    assert [each.name for each in study.glob("trial-*")] == [f"trial-{found['best']:04d}"]
    again = shlex.split(found["command"].replace("RUN", str(tmp_path / "again")))
    good(*again[1:])
    runs = [sr.Trajectory.open(place) for place in (study / f"trial-{found['best']:04d}", tmp_path / "again")]
    assert runs[0].config == runs[1].config
    assert runs[0].data["rows"] == 100
    assert all((one == other).all() for (_, one), (_, other) in zip(*runs, strict=True))
    assert f"best: trial {found['best']}" in good(*words).out, "nothing is left to do"


@pytest.mark.usefixtures("has_optuna")
def test_a_search_goes_on_wherever_it_was_killed(data, tmp_path, monkeypatch):
    options = {**SMALL, "vary": RATES, "trials": 2, "task": "generate", "keep": "all", "restart_seconds": 0.01}
    whole = sr.tune(data, out=tmp_path / "whole", **options)
    fit, updates = tuning.fit, iter([-1, 40, 60, None, 5])  # at which updates it is killed, one a training

    class Killed(BaseException):
        pass

    def killed(*args, progress, **given):
        at = next(updates, None)

        def look(update, *rest):
            if update == at:
                raise Killed
            progress(update, *rest)

        if at == -1:
            raise Killed
        return fit(*args, progress=look, **given)

    monkeypatch.setattr(tuning, "fit", killed)
    for _ in range(4):
        with pytest.raises(Killed):
            sr.tune(data, out=tmp_path / "study", **options)
        with (tmp_path / "study" / "journal.log").open("a") as journal:
            journal.write('{"op_code"')  # a line that was being written
    found = sr.tune(data, out=tmp_path / "study", **options)
    same(whole, found)
    for place in sorted((tmp_path / "whole").glob("trial-*")):
        one, other = (sorted((study / place.name / "ages").iterdir()) for study in (place.parent, found.path))
        assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    assert found.run.updates == 60
    assert sr.fit(data, out=tmp_path / "again", **found.settings).config == found.run.config
    assert "best: trial" in repr(found)


@pytest.mark.usefixtures("has_optuna")
def test_a_grid_tries_each_combination_once_and_all_that_fail_are_told(data, tmp_path, monkeypatch):
    options = {**SMALL, "vary": ("seed=3,4",), "search": "grid", "prune": False}
    found = sr.tune(data, out=tmp_path / "grid", **options)
    assert [*found.tried.values()] == [{"seed": 3}, {"seed": 4}]

    def failed(*_, **__):
        raise DataError("it diverged")

    monkeypatch.setattr(tuning, "fit", failed)
    told = []
    with pytest.raises(DataError, match=r"no training of .* came to an end: it diverged"):
        sr.tune(data, out=tmp_path / "failed", **SMALL, vary=RATES, trials=2, progress=told.append)
    assert told[0] == "trial 0 (settings as given): failed: it diverged"
    assert len(told) == 2


@pytest.mark.usefixtures("has_optuna")
def test_combinations_of_a_grid_that_train_alike_are_tried_once(data, tmp_path):
    told = []
    options = {**SMALL, "search": "grid", "prune": False, "assignments": ("model.start=uniform",)}
    vary = ("start=uniform,profile", "profiles=1,2")
    found = sr.tune(data, out=tmp_path / "study", vary=vary, progress=told.append, **options)
    assert [*found.tried.values()] == [
        {"start": "uniform"},
        {"start": "profile", "profiles": 1},
        {"start": "profile", "profiles": 2},
    ]
    assert [*found.table["outcome"]] == ["done"] * 3
    assert told[0] == "note: 1 combination of the grid left out: what varies there changes nothing"
    again = sr.fit(data, out=tmp_path / "again", **found.settings)
    assert again.config == found.run.config, "what varies is not among the assignments any more"


@pytest.mark.usefixtures("has_optuna")
def test_a_trial_goes_on_without_a_word_of_what_was_reported_already(data, tmp_path, monkeypatch):
    options = {**SMALL, "ages_per_decade": 10, "vary": RATES, "trials": 1, "restart_seconds": 1000.0}
    with monkeypatch.context() as patch:
        patch.setattr(tuning.Search, "_end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            sr.tune(data, out=tmp_path / "study", **options)
    shutil.rmtree(tmp_path / "study" / "trial-0000")  # so that all its updates come again
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sr.tune(data, out=tmp_path / "study", **options).run.updates == 60


@pytest.mark.usefixtures("has_optuna")
def test_trainings_that_are_clearly_worse_are_ended_early(data, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "EARLIEST", 0)
    rates = (0.5, 0.4, 0.3, 0.6, 0.7, 1e-5)
    options = {**SMALL, "ages_per_decade": 10, "task": "predict", "search": "grid"}
    found = sr.tune(data, out=tmp_path / "study", vary=[f"rate={','.join(map(str, rates))}"], **options)
    assert [*found.table["outcome"]] == ["done"] * 5 + ["ended early"]
    assert [*found.table["update"]] == [60] * 5 + [50]
    assert found.table["quality"].iloc[-1] < found.quality


@pytest.mark.usefixtures("has_optuna")
def test_wrong_searches_are_one_line(data, tmp_path):
    path, study = tmp_path / "data.npz", tmp_path / "study"
    sr.write(path, data)
    words = ("tune", path, "-o", study, *FLAGS, "--trials", 1)
    good(*words)
    assert "study with other for (both there, generate here): name another folder" in refused(
        *words, "--for", "generate"
    )
    line = refused(*words, "--lr", 0.1)
    assert (
        "study with other settings (optimiser.rate auto there, 0.1 here) and vary (rate=0.06..1.2 there, none here)"
        in line
    )
    assert "exists and is not an empty folder" in refused(*words[:2], "-o", tmp_path, *FLAGS)
    assert "--updates: at least 50 expected" in refused(*words, "--updates", 49)
    assert "--validation: more expected" in refused(*words, "--validation", 0.05)
    unlabelled = tmp_path / "unlabelled.npz"
    np.savez(unlabelled, x=data.values)
    refusal = refused("tune", unlabelled, "-o", tmp_path / "other", *FLAGS, "--for", "both")
    assert "--for: 'generate' expected of samples without labels" in refusal
    held = tuning.lock.Lock(study)
    assert "another training" in refused(*words)
    held.release()
    for line in ("garbage", '{"op_code": 99}'):
        (study / "journal.log").write_text(line + "\n" + (study / "journal.log").read_text())
        assert "journal.log: is damaged" in refused(*words)


@pytest.mark.slow
@pytest.mark.usefixtures("has_optuna")
def test_two_processes_search_together(data, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    found = sr.tune(data, out=tmp_path / "study", **SMALL, vary=RATES, trials=4, jobs=2, keep="all")
    assert [*found.table["outcome"]] == ["done"] * 4
    assert len({values.get("rate") for values in found.tried.values()}) == 4


@only_in_campaigns
def test_a_process_that_fails_is_told(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    with (
        pytest.raises(sr.errors.ParallelError, match=r"process 1 ended \(exit code 1\): TypeError: .*unexpected"),
        workers("shortrun.workflows.tuning:work", [{"unexpected": 1}]),
    ):
        pass


@only_in_campaigns
@pytest.mark.usefixtures("has_optuna")
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_processes_that_are_killed_again_and_again(way, tmp_path):
    study = tmp_path / "study"
    words = ("tune", "digits", "-o", study, "--hidden", 8, "--updates", 150, "--vary", RATES[0], "--jobs", 2)
    for seconds in (3, 4, 5, 6, 7):
        process = start(*words, "--trials", 8, "--restart-seconds", 0.1)
        time.sleep(seconds)
        process.send_signal(way)
        assert finish(process).code in (-way, 130, 0)
    result = call(*words, "--trials", 8, "--restart-seconds", 0.1, "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert [trial["outcome"] in ("done", "ended early") for trial in found["trials"]] == [True] * 8
