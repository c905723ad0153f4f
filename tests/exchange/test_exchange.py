"""Files in the layouts of other programs, written here as those programs write them, and what their machines say."""

from __future__ import annotations

import json
import os

import h5py
import numpy as np
import pytest
import torch

import shortrun as sr
from command_line import good, refused
from shortrun import exchange
from shortrun.exchange.formats import _hdf5
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


def annadca_file(path, colours=COLOURS, **changes):
    """Write a file as annaDCA 0.2.3 does."""
    found = arrays(colours=colours)
    for name, (place, value) in changes.items():
        found[name][place] = value
    with h5py.File(path, "w") as file:
        for name, each in found.items():
            file[f"update_300/{name}"] = each
        file["update_300/torch_rng_state"] = np.zeros(8, np.uint8)
        file.attrs["label_vocabulary"] = '["x", "y", "z"]'
        file.attrs["alphabet"] = "-ACDEFGHIKLMNPQRSTVWY" if colours else "01"
    return path


@pytest.mark.parametrize(("colours", "energy"), [(0, -6.023963451385498), (COLOURS, -7.842806816101074)])
def test_annadca_with_its_labels(tmp_path, colours, energy):
    run = sr.import_model(annadca_file(tmp_path / "m.h5", colours))
    values, labels = samples(colours=colours)
    found = arrays(colours=colours)
    assert (run.ages, run.classes, run.recipe["name"]) == ((300,), ("x", "y", "z"), "pcd")
    ours = energies(run, values, labels)
    assert np.abs(ours - expected(found, values, labels)).max() < 1e-5
    assert ours[np.abs(ours).argmax()] == pytest.approx(energy, abs=1e-5)  # what annaDCA says of it
    summed = -np.logaddexp.reduce([-expected(found, values, np.full(200, k)) for k in range(CLASSES)], axis=0)
    assert np.abs(energies(run, values) - summed).max() < 1e-5


def test_values_that_never_occur_are_20_below_the_others(tmp_path):
    file = annadca_file(tmp_path / "m.h5", vbias=((0, 3), -np.inf), lbias=(1, -np.inf))
    run = sr.import_model(file)
    _, bias, _ = run.model.view(run[-1])
    largest = np.delete(arrays()["vbias"][0], 3).max()
    assert bias[3].item() == pytest.approx(largest - 20, abs=1e-5)
    assert bias[-2].item() == pytest.approx(np.delete(arrays()["lbias"], 1).max() - 20, abs=1e-5)
    assert "2 biases of -inf or +inf set to 20 from the largest of the site, or from 0" in run.data["notes"]
    line = refused("import", annadca_file(tmp_path / "n.h5", vbias=((0, 3), np.nan)), "-o", tmp_path / "run")
    assert line == f"error: {tmp_path / 'n.h5'}: age 300: bias: finite numbers expected, 1 are not"
    assert not (tmp_path / "run").exists()


def fef_file(path, colours=COLOURS, **texts):
    """Write a file as the F&F authors' code does: colours before sites."""
    found = arrays(colours=colours)
    if colours:
        found |= {"weight_matrix": found["weight_matrix"].transpose(1, 0, 2), "vbias": found["vbias"].T}
    names = {"weight_matrix": "W", "label_matrix": "D"}
    with h5py.File(path, "w") as file:
        for age in (1, 50):
            for name, each in found.items():
                file[f"{names.get(name, name)}{age}"] = each
        for name, value in {"training_mode": "Rdm", "NGibbs": 10, "alltime": np.array([1, 50]), **texts}.items():
            file[name] = value
    return path


def test_the_layout_of_the_authors_with_letters_in_their_order(tmp_path):
    run = sr.import_model(fef_file(tmp_path / "m.h5"), out=tmp_path / "run", labels=["a", "b", "c"])
    values, labels = samples()
    theirs, ours = "-GALMFWKQESPVICYHRNDT", "-ACDEFGHIKLMNPQRSTVWY"
    recoded = np.array([ours.index(letter) for letter in theirs], np.uint8)[values]
    assert (run.ages, run.classes, run.alphabet.letters) == ((1, 50), ("a", "b", "c"), ours)
    assert (run.recipe["name"], run.recipe["steps"], run.spec.hidden_rule) == ("ff", 10, "mean")
    assert np.abs(energies(run, recoded, labels) - expected(arrays(), values, labels)).max() < 1e-5
    sr.export_model(run, tmp_path / "back.h5", format="fef")
    with h5py.File(tmp_path / "m.h5") as before, h5py.File(tmp_path / "back.h5") as after:
        for name in ("W50", "D50", "vbias50", "hbias50", "lbias50", "alltime", "NGibbs"):
            assert np.array_equal(before[name][()], after[name][()]), name


def test_flat_files_of_two_programs_with_sites_and_colours_in_two_orders(tmp_path):
    found = arrays(label=False)
    for name, turn in (("clusterbm", False), ("couplings_inference", True)):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            weight, bias = found["weight_matrix"], found["vbias"]
            file["update_70/weight_matrix"] = weight.transpose(1, 0, 2) if turn else weight
            file["update_70/vbias"] = bias.T if turn else bias
            file["update_70/hbias"] = found["hbias"]
        run = sr.import_model(tmp_path / f"{name}.h5")
        assert np.abs(energies(run, samples()[0]) - expected(found, samples()[0])).max() < 1e-5
        assert "weights are taken for those of 6 sites with 21 states, by their shape" in run.data["notes"][0]
        sr.export_model(run, tmp_path / "back.h5", format=name)
        again = sr.import_model(tmp_path / "back.h5", format=name)
        assert torch.equal(again[-1], run[-1])


def test_an_estimator_of_scikit_learn_and_its_attributes(tmp_path):
    rbm = pytest.importorskip("sklearn.neural_network").BernoulliRBM(HIDDEN, n_iter=1, random_state=0)
    values, _ = samples(colours=0)
    rbm.fit(values)
    run = sr.import_model(rbm)
    assert np.abs(energies(run, values) - rbm._free_energy(values.astype(float))).max() < 1e-5
    assert (run.recipe["name"], run.recipe["steps"]) == ("pcd", 1000)  # its k is not that of samples
    sr.export_model(run, tmp_path / "m.npz", format="sklearn")
    assert torch.equal(sr.import_model(tmp_path / "m.npz")[-1], run[-1])
    with pytest.raises(sr.ConfigError, match="a fitted BernoulliRBM expected: int has no 'components_'"):
        sr.import_model(3)


def test_a_label_is_held_where_a_program_has_none(tmp_path):
    run = sr.import_model(annadca_file(tmp_path / "m.h5"), out=tmp_path / "run")
    values, _ = samples()
    told = sr.export_model(run, tmp_path / "y.h5", format="rbms", label="y")
    held = energies(sr.import_model(tmp_path / "y.h5"), values)
    given = energies(run, values, np.ones(200, int))
    assert np.ptp(held - given) < 1e-5
    assert told == ("the label is held at 'y': its weights are part of the hidden biases",)
    line = refused("export", tmp_path / "run", tmp_path / "x.h5", "--to", "rbms")
    assert line == "error: --label: rbms 0.5 holds no labels: name a class to hold, such as 'x'"
    assert not (tmp_path / "x.h5").exists()


@pytest.mark.parametrize("hidden", ["bernoulli", "ising"])
@pytest.mark.parametrize("visible", ["bernoulli", "ising"])
def test_units_of_minus_and_plus_one_become_those_of_0_and_1(tmp_path, visible, hidden):
    found = arrays(colours=0)
    label = {"label_weight": found["label_matrix"], "label_bias": found["lbias"], "steps": 3}
    parts = (found["weight_matrix"], found["vbias"], found["hbias"])
    run = sr.from_parameters(*parts, units=visible, hidden_units=hidden, **label)
    told = sr.export_model(run, tmp_path / "m.h5", format="annadca")
    again = sr.import_model(tmp_path / "m.h5")
    values, labels = samples(colours=0)
    assert np.ptp(energies(again, values, labels) - energies(run, values, labels)) < 1e-5
    assert bool(told) == ("ising" in (visible, hidden))


def test_effective_couplings_as_other_programs_write_them(tmp_path):
    run = sr.import_model(rbms_file(tmp_path / "m.h5"))
    fields, pairs = (sr.couplings(run, order=order).arrays for order in (1, 2))
    h, j = fields["fields"].reshape(SITES, COLOURS), pairs["pairs"].reshape(SITES, COLOURS, SITES, COLOURS)
    for name, path in (("adabmdca", "m.dat"), ("bmdca", "n.dat"), ("mi3", "m.npy"), ("plmc", "m.model")):
        assert sr.export_model(run, tmp_path / path, format=name) == ()  # PCD
    uncoupled = sr.import_model(rbms_file(tmp_path / "ff.h5"), scheme="rdm")
    (note,) = sr.export_model(uncoupled, tmp_path / "ff.dat", format="adabmdca")
    assert "scheme rdm, and parameters of machines trained out of equilibrium are not couplings" in note
    lines = [line.split() for line in (tmp_path / "m.dat").read_text().splitlines()]
    letters = run.alphabet.letters
    assert lines[0][:5] == ["J", "0", "1", "-", "-"]
    assert len(lines) == 15 * COLOURS**2 + SITES * COLOURS
    for _, a, b, left, right, value in lines[: 15 * COLOURS**2 : 97]:
        assert float(value) == pytest.approx(j[int(a), letters.index(left), int(b), letters.index(right)], abs=1e-7)
    assert lines[-1][:3] == ["h", "5", "Y"]
    assert (tmp_path / "n.dat").read_text().splitlines()[-1].split()[:3] == ["h", "5", "20"]
    codes = samples(5)[0].astype(int)
    own = h[np.arange(SITES), codes].sum(1)
    own += sum(j[a, codes[:, a], b, codes[:, b]] for a in range(SITES) for b in range(a + 1, SITES))
    energy = np.load(tmp_path / "m.npy")
    places = zip(*np.triu_indices(SITES, 1), strict=True)
    theirs = sum(energy[n, COLOURS * codes[:, a] + codes[:, b]] for n, (a, b) in enumerate(places))
    assert np.abs(theirs + own).max() < 1e-5
    content = (tmp_path / "m.model").read_bytes()
    assert np.frombuffer(content[:20], "<i4").tolist() == [SITES, COLOURS, 0, 0, 0]
    assert content[40 : 40 + COLOURS].decode() == letters
    assert np.frombuffer(content[-15 * COLOURS**2 * 4 :], "<f4")[1] == pytest.approx(j[0, 0, 1, 1], abs=1e-7)
    assert "can be written only" in refused("import", tmp_path / "m.dat", "-o", tmp_path / "r", "--from", "adabmdca")


def test_verbs_work_on_what_was_imported(tmp_path):
    run = sr.import_model(annadca_file(tmp_path / "m.h5"), out=tmp_path / "run", steps=2)
    made = sr.generate(run, n=6)
    assert np.bincount(made.labels).tolist() == [2, 2, 2]
    assert sr.predict(run, made).probabilities.shape == (6, 3)
    assert good("info", tmp_path / "run", "--json").json["recipe"]["steps"] == 2
    assert np.isfinite(sr.couplings(run, top=3).table["coupling"]).all()
    like = sr.import_model(tmp_path / "m.h5", like=made)
    assert like.kind.codes == made.kind.codes


def bad_files(tmp_path):
    """Yield (name, what writes it, what is said of it)."""
    found = arrays()
    yield "empty.h5", lambda path: path.write_bytes(b""), "the file is empty"
    yield "none.h5", lambda path: h5py.File(path, "w").close(), "holds no machine in the layout of"
    yield "cut.h5", lambda path: path.write_bytes(annadca_file(tmp_path / "_.h5").read_bytes()[:3000]), "truncated"
    yield "a.pkl", lambda path: path.write_bytes(b"\x80\x04."), "pickled objects can run any code"
    yield "a.npz", lambda path: np.savez(path, a=np.zeros(2)), "holds no machine in the layout of npz, sklearn"
    yield "o.npz", lambda path: np.savez(path, weight=[{}], bias=[{}], hidden_bias=[{}]), "pickled Python objects"
    yield "s.safetensors", lambda path: path.write_bytes(b"\xff" * 40), "is truncated or damaged"

    def shapes(path):
        np.savez(path, weight=found["weight_matrix"], bias=found["vbias"].T, hidden_bias=found["hbias"])

    yield "shapes.npz", shapes, "bias: shape (6, 21) expected beside a weight of (6, 21, 4), found (21, 6)"

    def texts(path):
        np.savez(path, weight=found["weight_matrix"], bias=found["vbias"], hidden_bias=found["hbias"], units="spin")

    yield "texts.npz", texts, "'units': one of bernoulli, ising, gaussian, potts expected, found 'spin'"

    def linked(path):
        with h5py.File(path, "w") as file:
            file["update_1/params/weight_matrix"] = h5py.ExternalLink("other.h5", "x")

    yield "linked.h5", linked, "is a link to another file"

    def group(path):
        with h5py.File(path, "w") as file:
            file.create_group("update_1/params/weight_matrix")

    yield "group.h5", group, "weight_matrix' is a group, an array expected"


def test_bad_files_are_one_line_and_leave_nothing(tmp_path):
    for name, write, message in bad_files(tmp_path):
        write(tmp_path / name)
        line = refused("import", tmp_path / name, "-o", tmp_path / "run")
        assert message in line, (name, line)
        assert line.startswith(f"error: {tmp_path / name}: "), line
        assert not (tmp_path / "run").exists()
    labelled = annadca_file(tmp_path / "m.h5")
    assert "--from annadca" in refused("import", labelled, "-o", tmp_path / "run", "--from", "clusterbm")
    assert "no array 'update_300/params" in refused("import", labelled, "-o", tmp_path / "run", "--from", "rbms")


def named_file(path, **texts):
    """Write a machine of 5 sites of 3 colours and 2 classes, with texts about it."""
    found = {"weight": np.zeros((5, 3, 2)), "bias": np.zeros((5, 3)), "hidden_bias": np.zeros(2)}
    found |= {"label_weight": np.zeros((2, 2)), "label_bias": np.zeros(2)}
    np.savez(path, **found, **{name: np.array(text) for name, text in texts.items()})
    return path


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"age": str(10**12)}, "'age': a whole number up to 999,999,999,999 expected, found '1000000000000'"),
        ({"alphabet": "abcd"}, "alphabet: 3 letters expected, one a state, got 'abcd'"),
        ({"alphabet": "aab"}, "alphabet: letters must differ"),
        ({"classes": '["a\\ud800", "b"]'}, r"labels: names of whole letters expected, got 'a\ud800'"),
        ({"classes": '["a", "a"]'}, "labels: 2 different names expected"),
        ({"units": "bernoulli"}, "units: 'bernoulli' does not go with a weight of shape (5, 3, 2)"),
        ({"hidden_units": "potts"}, "'hidden_units': one of bernoulli, ising, gaussian expected, found 'potts'"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_of_it_and_leaves_nothing(tmp_path, texts, told):
    file = named_file(tmp_path / "m.npz", **texts)
    assert f"{file}: {told}" in refused("import", file, "-o", tmp_path / "run")
    assert [it.name for it in tmp_path.iterdir()] == ["m.npz"]


def test_letters_that_are_none_are_said_of_the_file(tmp_path):
    whole = sr.import_model(named_file(tmp_path / "m.npz"), alphabet="ABC")
    sr.export_model(whole, tmp_path / "m.safetensors")
    content = (tmp_path / "m.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = {"alphabet": "A\ud800C"}
    text = json.dumps(header).encode()
    (tmp_path / "half.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])
    line = refused("import", tmp_path / "half.safetensors", "-o", tmp_path / "run")
    assert r"half.safetensors: alphabet: whole letters expected, got 'A\ud800C'" in line
    assert not (tmp_path / "run").exists()


def test_the_oldest_age_that_there_is(tmp_path):
    assert sr.import_model(named_file(tmp_path / "m.npz", age="999999999999")).ages == (10**12 - 1,)


def test_an_option_that_is_wrong_is_said_of_the_option(tmp_path):
    file = named_file(tmp_path / "m.npz", alphabet="ABC")
    line = refused("import", file, "-o", tmp_path / "run", "--alphabet", "ABCD")
    assert line.startswith("error: --alphabet: 3 letters expected")
    for like in (3, np.zeros((3, 5)), "digits"):
        with pytest.raises(sr.ConfigError, match="like: a data set, or a run"):
            sr.import_model(file, like=like)
    with pytest.raises(sr.ConfigError, match="out: the name of a file or folder expected"):
        sr.import_model(file, out=3)
    assert sr.import_model(file, like=sr.import_model(file)).alphabet.letters == "ABC"


def test_a_source_that_is_no_file_is_said(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "null.npz").symlink_to("/dev/null")
    (tmp_path / "folder.npz").mkdir()
    for name, told in {"pipe": "a pipe", "null": "a device", "folder": "a folder"}.items():
        for words in ((), ("--from", "npz")):
            line = refused("import", tmp_path / f"{name}.npz", "-o", tmp_path / "run", *words)
            assert f"{name}.npz: is {told}, a file expected" in line
    assert "no such file" in refused("import", tmp_path / "none.npz", "-o", tmp_path / "run")


def test_a_run_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    file, out = named_file(tmp_path / "m.npz", age="7"), tmp_path / "run"
    good("import", file, "-o", out)
    line = refused("import", file, "-o", out)
    assert line == f"error: {out}: holds a run: --overwrite replaces it, or name another folder"
    monkeypatch.setattr(sr.store.Writer, "age", failing)
    assert "no space" in refused("import", file, "-o", out, "--overwrite")
    assert "no space" in refused("import", file, "-o", tmp_path / "other")
    assert sr.Trajectory.open(out).ages == (7,)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["m.npz", "run"]


def failing(*_):
    raise sr.StoreError("age", "no space left on device")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"weight": [[1, 2], [3]]}, "weight: an array of numbers expected"),
        ({"hidden_bias": [[1], [2, 3]]}, "hidden_bias: an array of numbers expected"),
        ({"label_weight": [[1], [2, 3]], "label_bias": [0, 0]}, "label_weight: an array of numbers expected"),
        ({"units": ["a"]}, r"units: 'bernoulli', 'ising', 'gaussian' or 'potts' expected, got \['a'\]"),
        ({"units": "bernouli"}, "units: 'bernoulli', 'ising', 'gaussian' or 'potts' expected, got 'bernouli'"),
        ({"hidden_units": {}}, "hidden_units: 'bernoulli', 'ising' or 'gaussian' expected, got {}"),
        ({"out": "a\0b"}, "out: the name of a file or folder expected, got 'a.x00b', as which there can be none"),
    ],
)
def test_parameters_that_make_no_machine_are_one_line(changes, told):
    arrays = {"weight": np.zeros((3, 2)), "bias": np.zeros(3), "hidden_bias": np.zeros(2)}
    with pytest.raises(sr.errors.ShortrunError, match=told):
        sr.from_parameters(**arrays | changes)


def test_names_that_are_no_text_are_refused():
    arrays = {"weight": np.zeros((5, 3, 2)), "bias": np.zeros((5, 3)), "hidden_bias": np.zeros(2)}
    with pytest.raises(sr.ConfigError, match=r"alphabet: whole letters expected, got 'A.ud800C'"):
        sr.from_parameters(**arrays, alphabet="A\ud800C")
    of_label = {"label_weight": np.zeros((2, 2)), "label_bias": np.zeros(2)}
    with pytest.raises(sr.ConfigError, match=r"labels: names of whole letters expected, got 'a.ud800'"):
        sr.from_parameters(**arrays, **of_label, labels=["a\ud800", "b"])


def test_a_file_is_opened_once_for_all_ages(tmp_path, monkeypatch):
    opened, count = _hdf5.opened, []
    monkeypatch.setattr(_hdf5, "opened", lambda path: count.append(path) or opened(path))
    run = sr.import_model(rbms_file(tmp_path / "model.h5", ages=range(1, 31), colours=0), format="rbms")
    assert len(run.ages) == 30
    assert len(count) == 1
    with h5py.File(tmp_path / "model.h5", "a"):  # it is closed again
        pass
