"""Files in the layouts of other programs, written here as those programs write them, and what their machines say."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import torch

import shortrun as sr
from command_line import good, refused
from shortrun import exchange
from shortrun.store import Trajectory

SITES, COLOURS, HIDDEN, CLASSES = 6, 21, 4, 3


def arrays(*, colours=COLOURS, label=True, seed=0, scale=0.5):
    """Return parameters by the names of HDF5 files: whole numbers by a formula, so that any program makes the same."""
    shape = (SITES, colours) if colours else (SITES,)
    sizes = {"weight_matrix": (*shape, HIDDEN), "vbias": shape, "hbias": (HIDDEN,)}
    sizes |= {"label_matrix": (CLASSES, HIDDEN), "lbias": (CLASSES,)} if label else {}
    found = {}
    for place, (name, size) in enumerate(sizes.items()):
        steps = np.arange(np.prod(size)) * 7919 + 104729 * (place + 1 + seed)
        found[name] = ((steps % 2001) / 1000 - 1).reshape(size).astype(np.float32) * scale
    return found


def samples(count=200, colours=COLOURS):
    """Return values and labels of samples."""
    steps = np.arange(count * SITES) * 5779
    values = (steps // 13 % (colours or 2)).reshape(count, SITES).astype(np.uint8)
    return values, np.arange(count) % CLASSES


def energies(run: Trajectory, values, labels=None, age=None):
    """Return the free energies of samples, of labels too where they are given."""
    theta = (run[-1] if age is None else run.at(age)).double()
    state = (torch.from_numpy(values),)
    if run.spec.label is None:
        return run.model.free_energy(theta, state).numpy()
    if labels is None:
        return run.model.marginal_free_energy(theta, (*state, torch.zeros(len(values), 1, dtype=torch.uint8))).numpy()
    return run.model.free_energy(theta, (*state, torch.from_numpy(labels.astype(np.uint8))[:, None])).numpy()


def expected(found, values, labels=None):
    """Return F by the formula, in double precision and in another way than the model's."""
    weight, bias = (found[name].astype(float) for name in ("weight_matrix", "vbias"))
    if weight.ndim == 3:
        sites = np.arange(SITES)
        field, own = weight[sites, values].sum(1), bias[sites, values].sum(1)
    else:
        field, own = values @ weight, values @ bias
    field = field + found["hbias"]
    if labels is None:
        return -own - np.logaddexp(0, field).sum(1)
    field = field + found["label_matrix"].astype(float)[labels]
    return -own - found["lbias"].astype(float)[labels] - np.logaddexp(0, field).sum(1)


def rbms_file(path, ages=(10, 200), colours=COLOURS):
    """Write a file as rbms 0.5 does."""
    with h5py.File(path, "w") as file:
        for name, value in {"gibbs_steps": 25, "batch_size": 7, "learning_rate": 0.1, "L1": 0.0, "L2": 0.0}.items():
            file[f"hyperparameters/{name}"] = value
        for place, age in enumerate(ages):
            group = file.create_group(f"update_{age}")
            for name, each in arrays(colours=colours, label=False, seed=place).items():
                group[f"params/{name}"] = each
                group[name] = group[f"params/{name}"]
            group["torch_rng_state"], group["time"] = np.zeros(8, np.uint8), 1.5
            group.create_group("flags")
        file["parallel_chains"] = np.zeros((7, SITES), np.float32)
        file["model_type"] = "PBRBM" if colours else "BBRBM"
    return path


def test_a_file_of_rbms_is_a_run_with_its_ages(tmp_path):
    run = sr.import_model(rbms_file(tmp_path / "model.h5"), out=tmp_path / "run")
    values, _ = samples()
    assert run.ages == (10, 200)
    assert (run.recipe["name"], run.recipe["steps"], run.alphabet.letters) == ("pcd", 25, "-ACDEFGHIKLMNPQRSTVWY")
    for place, age in enumerate(run.ages):
        found = arrays(label=False, seed=place)
        assert np.abs(energies(run, values, age=age) - expected(found, values)).max() < 1e-5
    assert "its 21 states are taken for '-ACDEFGHIKLMNPQRSTVWY', the order of rbms 0.5" in run.data["notes"]


def test_units_of_two_values(tmp_path):
    run = sr.import_model(rbms_file(tmp_path / "model.h5", colours=0))
    values, _ = samples(colours=0)
    found = arrays(colours=0, label=False, seed=1)
    assert np.abs(energies(run, values) - expected(found, values)).max() < 1e-5
    assert run.alphabet.letters == "01"


def test_a_verb_for_each_and_one_line_for_what_is_wrong(tmp_path):
    file = rbms_file(tmp_path / "model.h5")
    result = good("import", file, "-o", tmp_path / "run", "--steps", 3)
    assert result.out.strip() == f"{tmp_path / 'run'}: 6 sites, 4 hidden, 2 ages up to 200"
    assert "note: imported from model.h5, a file of rbms 0.5" in result.err
    good("export", tmp_path / "run", tmp_path / "back.h5", "--to", "rbms")
    with h5py.File(file) as before, h5py.File(tmp_path / "back.h5") as after:
        for name in ("weight_matrix", "vbias", "hbias"):
            key = f"update_200/params/{name}"
            assert np.array_equal(before[key][()], after[key][()])
    assert "which program is to read it? annadca, clusterbm" in refused("export", tmp_path / "run", tmp_path / "a.h5")
    assert "unknown format 'rmbs'" in refused("import", file, "-o", tmp_path / "b", "--from", "rmbs")
    assert "did you mean 'rbms'" in refused("export", tmp_path / "run", tmp_path / "a.h5", "--to", "rmbs")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_named_arrays_keep_everything(tmp_path, suffix):
    found = arrays()
    run = sr.from_parameters(
        found["weight_matrix"],
        found["vbias"],
        found["hbias"],
        label_weight=found["label_matrix"],
        label_bias=found["lbias"],
        labels=["a", "b", "c"],
        scheme="ff",
        steps=7,
        hidden_rule="mean",
    )
    assert sr.export_model(run, tmp_path / f"m{suffix}") == ()
    again = sr.import_model(tmp_path / f"m{suffix}", out=tmp_path / "run")
    assert again.spec == run.spec
    assert again.classes == ("a", "b", "c")
    assert again.recipe == run.recipe
    assert again.alphabet == run.alphabet
    assert torch.equal(again[-1], run[-1])


def test_formats_declare_what_goes_together():
    with pytest.raises(TypeError, match="one of `write` and `write_pairs`"):
        exchange.ModelFormat(program="x", suffixes=(".x",))
    with pytest.raises(TypeError, match="`read` and `fits`"):
        exchange.ModelFormat(program="x", suffixes=(".x",), read=lambda _: None, write=lambda *_: None)
