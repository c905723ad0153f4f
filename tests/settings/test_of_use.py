"""Options that would change nothing for the model, the scheme or the data at hand are refused, each in one line."""

import numpy as np
import pytest

import shortrun as sr
from command_line import refused
from shortrun.errors import ConfigError
from shortrun.settings import Config, StartSettings, configured
from shortrun.settings.training import OF_LABELS, OF_MACHINES, asked, check_use

VALUES = {"units": "ising", "hidden_units": "ising", "hidden_rule": "mean", "start": "uniform"} | {
    "missing_labels": "impute",
    "profiles": 3,
}


@pytest.mark.parametrize("name", OF_MACHINES)
def test_options_of_machines_are_refused_of_a_chaotic_network(name):
    with pytest.raises(ConfigError, match=f"^{name}: is an option of RBMs, of no use to a chaotic network"):
        configured(StartSettings(), {"model": "chaotic", name: VALUES.get(name, 0.5)})


@pytest.mark.parametrize("name", OF_LABELS)
def test_options_of_labels_are_refused_without_labels(name):
    given = {name: VALUES.get(name, 0.5)}
    config = configured(StartSettings(), given)
    named = asked(config, StartSettings(), given)
    with pytest.raises(ConfigError, match=f"^{name}: is of use only with data with labels"):
        check_use(config, named, scheme="rdm", labelled=False)
    check_use(config, named, scheme="ff", labelled=True)


def test_options_given_otherwise():
    start = StartSettings(assignments=("optimiser.label_l2=0", "chaotic.dt=0.5", 'optimiser.rate="auto"'))
    with pytest.raises(ConfigError, match="need the model chaotic"):
        configured(start, {})
    assert asked(configured(StartSettings.of(preset="chaotic"), {}), StartSettings.of(preset="chaotic"), {}) == ()
    start = StartSettings(assignments=start.assignments[::2])
    config = configured(start, {"hidden": "auto", "steps": 3})
    assert asked(config, start, {"hidden": "auto", "steps": 3}) == ("steps", "label_l2")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"predict": 5.0, "scheme": "pcd"}, "predict: is of use only with the scheme ff"),
        ({"chains": 5}, "chains: is of use only with the scheme pcd"),
        ({"profiles": 5, "start": "uniform"}, "profiles: is of use only with start profile"),
        (
            {"model": "chaotic", "layers": (), "label_rate": 2.0},
            "label_rate: is of use only with a network",
        ),
        ({"predict": 0, "predict_end": 1.0}, "predict_end: is of use only with predict above 0"),
        ({"predict": 0, "swapped": 0.3}, "swapped: is of use only with predict above 0"),
        ({"validation": 0, "swapped": 0.3}, "swapped: is of use only with samples held out (validation above 0)"),
        ({"validation": 0, "predict_end": 2}, "predict_end: is of use only with samples held out"),
        ({"updates": 5, "max_updates": 9}, "max_updates: not together with updates"),
        (
            {"assignments": ("training.updates=5",), "max_updates": 9},
            "updates: given twice, also with assignments training.updates",
        ),
        ({"assignments": ("model.hidden=8",)}, "hidden: given twice, also with assignments model.hidden: leave"),
        (
            {"assignments": ("scheme.name=ff",), "scheme": "pcd"},
            "scheme: given twice, also with",
        ),
        ({"assignments": ("scheme.steps=3",), "time": 5}, "time: not together with steps"),
        ({"assignments": ("optimiser.l2=1", "optimiser.l2=2")}, "optimiser.l2: given twice, as 1 and 2: leave one"),
    ],
)
def test_fit_refuses_what_is_of_no_use(given, said):
    data = sr.from_numpy(np.eye(20, 6, dtype=int), ["a", "b"] * 10)
    with pytest.raises(ConfigError) as refused:
        sr.fit(data, **{"hidden": 2, "updates": 1} | given if "layers" not in given else {"updates": 1} | given)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("verb", ["train", "tune"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--hidden", 9, "--set", "model.hidden=8"), "--hidden: given twice, also with --set model.hidden: leave one"),
        (("--updates", 5, "--max-updates", 9), "--max-updates: not together with updates"),
        (("--max-updates", 9, "--set", "training.updates=5"), "--max-updates: not together with updates"),
        (("--chains", 5), "--chains: is of use only with the scheme pcd"),
        (("--scheme", "pcd", "--predict", 5), "--predict: is of use only with the scheme ff"),
        (("--profiles", 5, "--start", "uniform"), "--profiles: is of use only with start profile"),
        (("--preset", "chaotic", "--label-rate", 2), "--label-rate: is of use only with a network that learns labels"),
    ],
)
def test_what_says_nothing_or_two_things_is_refused_before_data_are_read(verb, words, said, tmp_path):
    assert said in refused(verb, tmp_path / "none.csv", "-o", tmp_path / "out", *words)


def test_options_of_other_ways_to_sample():
    run = sr.fit(sr.from_numpy(np.eye(20, 6, dtype=int), ["a", "b"] * 10), hidden=2, updates=1)
    with pytest.raises(ConfigError, match="chains: is of use only with sweeps"):
        sr.predict(run, sr.from_numpy(np.eye(20, 6, dtype=int)), chains=3)
    with pytest.raises(ConfigError, match="acceptance: is of use only with the samplers ptt and pt"):
        sr.generate(run, n=2, acceptance=0.5)
    assert Config().model.refuse(("profiles",), "nothing") is None
