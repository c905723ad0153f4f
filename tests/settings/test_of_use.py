"""Options that would change nothing for the model, the scheme or the data at hand are refused, each in one line."""

import numpy as np
import pytest

import shortrun as sr
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
    ],
)
def test_fit_refuses_what_is_of_no_use(given, said):
    data = sr.from_numpy(np.eye(20, 6, dtype=int), ["a", "b"] * 10)
    with pytest.raises(ConfigError) as refused:
        sr.fit(data, **{"hidden": 2, "updates": 1} | given if "layers" not in given else {"updates": 1} | given)
    assert str(refused.value).startswith(said)


def test_options_of_other_ways_to_sample():
    run = sr.fit(sr.from_numpy(np.eye(20, 6, dtype=int), ["a", "b"] * 10), hidden=2, updates=1)
    with pytest.raises(ConfigError, match="chains: is of use only with sweeps"):
        sr.predict(run, sr.from_numpy(np.eye(20, 6, dtype=int)), chains=3)
    with pytest.raises(ConfigError, match="acceptance: is of use only with the samplers ptt and pt"):
        sr.generate(run, n=2, acceptance=0.5)
    assert Config().model.refuse(("profiles",), "nothing") is None
