"""Runs of a later version: what this one does not know of them, it says, and never guesses."""

import copy
import json

import numpy as np
import pytest

import shortrun as sr
from shortrun.errors import ConfigError, StoreError
from shortrun.store.header import SUM, sum_of

DATA = sr.from_numpy(np.eye(20, 6, dtype=int), ["a", "b"] * 10)
UNKNOWN = {
    "spec.wonder": 1,
    "spec.hidden_rule": "wonder",
    "spec.model": "wonder",
    "spec.layers.0.units.kind": "wonder",
    "recipe.scheme.free.0.start": "wonder",
    "recipe.wonder": 1,
    "config.optimiser.name": "wonder",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sr.fit(DATA, hidden=2, updates=1, out=tmp_path_factory.mktemp("later") / "run")


def changed(run, key, value, *, version="0.1.0", sealed=True):
    """Write a header with another value, with a checksum that fits or without one."""
    form = copy.deepcopy(run.header) | {"software": {"name": "shortrun", "version": version}}
    place, (*way, name) = form, key.split(".")
    for each in way:
        place = place[int(each)] if each.isdecimal() else place[each]
    place[name] = value
    form |= {SUM: sum_of(form)} if sealed else {}
    (run.path / "run.json").write_text(json.dumps(form))


@pytest.mark.parametrize("key", UNKNOWN)
@pytest.mark.parametrize("how", [{"version": "999.0"}, {"sealed": False, "version": "999.0"}, {}], ids=str)
def test_what_a_later_version_writes_is_called_so(run, key, how):
    changed(run, key, UNKNOWN[key], **how)
    with pytest.raises(StoreError, match=r"was written by a later version, .*: update the package \(.*wonder"):
        sr.Trajectory.open(run.path)


def test_what_was_edited_is_broken(run):
    changed(run, "spec.hidden_rule", "wonder", sealed=False)
    with pytest.raises(StoreError, match=r"is broken: spec.hidden_rule"):
        sr.Trajectory.open(run.path)


def test_what_changes_nothing_is_read_and_a_training_with_it_does_not_go_on(run):
    changed(run, "wonder", {"a": 1}, version="999.0")
    assert sr.Trajectory.open(run.path).updates == 1
    changed(run, "config.optimiser.wonder", 1, version="999.0")
    assert sr.Trajectory.open(run.path).updates == 1
    with pytest.raises(ConfigError, match=r"optimiser.wonder: a setting of the run .* later one, update the package"):
        sr.fit(DATA, out=run.path, resume=True, updates=2)
    changed(run, "kind.reading", {"wonder": 1})
    with pytest.raises(StoreError, match=r"was written by a later version, .* \(kind.reading.wonder"):
        sr.Trajectory.open(run.path).kind  # noqa: B018
