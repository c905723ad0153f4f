"""Settings: what wins over what, and what a wrong key says."""

from __future__ import annotations

import pytest

from shortrun.errors import ConfigError
from shortrun.settings import Config, TrainSettings, configured, options, resolve


def test_later_layers_win(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("[optimiser]\nrate = 0.5\nl2 = 0.1\n[model]\nhidden = 7\n")
    found = resolve(
        preset="paper", file=file, assignments=["optimiser.l2=0.2", "optimiser.name=adam"], model={"hidden": 9}
    )
    assert found.optimiser.weight_std == 1e-4
    assert (found.optimiser.rate, found.optimiser.l2, found.optimiser.name) == (0.5, 0.2, "adam")
    assert found.model.hidden == 9
    assert Config.checked(found.model_dump(mode="json")) == found
    assert resolve(base=found.model_dump(), assignments=["training.seed=4"]).optimiser == found.optimiser


def test_the_paper_preset_is_the_papers():
    paper = resolve(preset="paper")
    assert (paper.model.hidden, paper.scheme.steps, paper.training.batch) == (1024, 10, 500)
    assert (paper.optimiser.name, paper.optimiser.rate, paper.optimiser.label_rate) == ("sgd", 0.01, 1.0)
    assert (paper.optimiser.schedule, paper.scheme.generate, paper.scheme.predict) == ("constant", 1.0, 1.0)


def test_every_key_can_be_assigned():
    defaults = Config().model_dump()
    for each in options(Config):
        section, name = each.key.split(".")
        assert name in defaults[section]


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("optimiser.rat=1", ["optimiser.rat", "did you mean 'optimiser.rate'"]),
        ("optimizer.rate=1", ["did you mean 'optimiser.rate'"]),
        ("hiden=3", ["did you mean 'model.hidden'"]),
        ("optimiser.rate=-1", ["optimiser.rate", "greater than 0", "-1"]),
        ("optimiser.rate=inf", ["optimiser.rate", "finite"]),
        ("scheme.steps=0", ["scheme.steps", "at least 1"]),
        ("scheme.name=gibbs", ["scheme.name", "'ff', 'pcd', 'cd' or 'rdm'"]),
        ("training.seed=1.5", ["training.seed", "1.5"]),
        ("training", ["section.name=value"]),
    ],
)
def test_wrong_assignments(assignment, words):
    with pytest.raises(ConfigError) as caught:
        resolve(assignments=[assignment])
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_wrong_files(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("rate = = 3")
    for file, word in ((broken, "not valid TOML"), (tmp_path / "none.toml", "No such file"), (tmp_path, "directory")):
        with pytest.raises(ConfigError, match=word):
            resolve(file=file)
    broken.write_text("rate = 3")
    with pytest.raises(ConfigError, match="unknown setting"):
        resolve(file=broken)
    with pytest.raises(ConfigError, match="did you mean 'paper'"):
        resolve(preset="papr")


@pytest.mark.parametrize(
    ("given", "last"),
    [
        ({"model": "chaotic", "max_updates": 30}, 30),
        ({"model": "chaotic"}, 2000),
        ({"updates": 30_000}, 30_000),
        ({"max_updates": 30}, 30),
    ],
)
def test_no_training_goes_beyond_the_most_updates_that_are_given(given, last):
    assert configured(TrainSettings(), given).training.last_update == last
