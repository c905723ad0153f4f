"""profile.safetensors: rows that samples of each class start from."""

import pytest
import torch

import shortrun as sr
from shortrun.errors import StoreError
from shortrun.models import RBM, Layer, Spec
from shortrun.store import profile
from shortrun.units import Bernoulli, Potts

SPEC = Spec(
    (Layer("visible", 3, Bernoulli()), Layer("label", 1, Potts(2)), Layer("hidden", 2, Bernoulli())), start="profile"
)


def written(folder, fields):
    profile.write(folder, RBM(SPEC, torch.tensor(fields)))
    return profile.read_model(folder, SPEC).profile


def test_several_rows_a_class_come_back(tmp_path):
    fields = [[0.1, 0.2, 0.3, 0.25, 0.0], [0.4, 0.5, 0.6, 0.75, 0.0], [0.7, 0.8, 0.9, 0.0, 1.0]]
    assert written(tmp_path, fields).tolist() == torch.tensor(fields).tolist()


def test_a_row_a_class_of_earlier_versions_is_that_of_the_class(tmp_path):
    found = written(tmp_path, [[0.1, 0.2, 0.3, 0.0, 0.0], [0.4, 0.5, 0.6, 0.0, 0.0]])
    assert found[:, 3:].tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "fields", [[[0.1, 0.2, 0.3, 1.0, 0.0]], [[0.1, 0.2, 0.3, -0.5, 1.5], [0.0, 0.0, 0.0, 1.5, 0.0]]]
)
def test_a_class_that_starts_nowhere_is_refused(tmp_path, fields):
    with pytest.raises(StoreError, match=r"profile.safetensors: is damaged: a share .* for each class expected"):
        written(tmp_path, fields)


def test_a_run_keeps_its_rows(tmp_path):
    run = sr.fit(sr.read("digits"), out=tmp_path / "run", hidden=4, updates=1, profiles=3)
    assert len(run.model.profile) == 30
    assert len(sr.fit(sr.read("digits"), hidden=4, updates=1, profiles=1).model.profile) == 10
