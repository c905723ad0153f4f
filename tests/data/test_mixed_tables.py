"""A table of mixed columns all the way: exact small machines of several layers, training, generation, prediction."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from command_line import call, good, refused
from conftest import all_states, law
from dictionary import to_ising
from enumeration import p_value
from shortrun.data.core.columns import Column
from shortrun.dynamics import Noise, Stream, label_chain, run
from shortrun.engine import machine
from shortrun.models import RBM, Clamp, Layer, Spec, parts_of, spec_of, state_of, whole_of
from shortrun.settings.training import ModelSettings
from shortrun.units import Bernoulli, Ising, Potts

CHAINS = 60_000


def column(name, colours):
    return Column(name, tuple(f"{name}{code}" for code in range(colours)))


# Exact small machines: two visible layers of different kinds, a label, a hidden layer


def tiny(rule):
    """Return (model, theta): bits at sites 0 and 2, three colours at site 1, four at site 3, three classes."""
    layers = (
        Layer("visible_2", 2, Bernoulli(), (0, 2)),
        Layer("visible_3", 1, Potts(3), (1,)),
        Layer("visible_4", 1, Potts(4), (3,)),
        Layer("label", 1, Potts(3)),
        Layer("hidden", 3, Bernoulli()),
    )
    model = RBM(Spec(layers, rule))
    generator = torch.Generator().manual_seed(3)
    return model, 0.8 * torch.randn(model.size(), dtype=torch.float64, generator=generator)


@pytest.fixture(params=["sample", "mean"])
def small(request):
    """Return a small machine of either hidden rule."""
    return tiny(request.param)


def joint_index(state, spec):
    """Return the number of each observed state, in the order of `all_states`."""
    index = torch.zeros(len(state[0]), dtype=torch.long)
    for layer, x in zip(spec.observed, state, strict=False):
        for site in x.T:
            index = index * layer.units.levels + site.long()
    return index.numpy()


def test_enumeration(small):
    model, theta = small
    states, exact = law(model, theta)
    ours = torch.softmax(-model.free_energy(theta, states), 0)
    torch.testing.assert_close(ours, exact, rtol=0, atol=1e-10)
    posterior = exact.view(-1, 3) / exact.view(-1, 3).sum(1, keepdim=True)
    grid = tuple(x[::3] for x in states)
    torch.testing.assert_close(model.label_log_probabilities(theta, grid).exp(), posterior, rtol=0, atol=1e-10)
    fast = machine(model, theta.float()).label_log_probabilities(grid).exp()
    torch.testing.assert_close(fast.double(), posterior, rtol=0, atol=1e-4)
    before = theta.clone()
    model.project_(theta)
    torch.testing.assert_close(law(model, theta)[1], exact, rtol=0, atol=1e-12)
    assert not torch.equal(theta, before)
    ising, rewritten = to_ising(model, theta)
    assert [layer.units for layer in ising.spec.observed[:2]] == [Ising(), Potts(3)]
    torch.testing.assert_close(law(ising, rewritten)[1], exact, rtol=0, atol=1e-12)
    assert ising.spec.visible[0].holds == (0, 2)


def test_statistics_are_the_gradient(small):
    model, theta = small
    states, _ = law(model, theta)
    data = tuple(x[[0, 17, 40, 133]] for x in states)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    everything = all_states(model.spec.observed)

    def log_likelihood(at):
        log_z = torch.logsumexp(-model.free_energy(at, everything), 0)
        return -(weights * model.free_energy(at, data)).sum() - log_z

    (exact,) = torch.autograd.grad(log_likelihood(theta.requires_grad_()), theta)
    theta = theta.detach()
    _, probability = law(model, theta)
    ours = model.statistics(theta, data, weights) - model.statistics(theta, states, probability)
    torch.testing.assert_close(ours, exact, rtol=1e-9, atol=1e-11)
    fast = machine(model, theta.float()).statistics([(data, weights.float()), (states, -probability.float())])
    torch.testing.assert_close(fast.double(), exact, rtol=0, atol=2e-3)


@pytest.mark.parametrize("held", [(), ("label",), ("visible_2", "visible_4")])
def test_no_drift_from_exact_draws(held):
    """Chains drawn from the law stay there, whatever layers are held: each sweep is a Gibbs sweep."""
    model, theta = tiny("sample")
    states, exact = law(model, theta)
    drawn = torch.multinomial(exact, CHAINS, replacement=True, generator=torch.Generator().manual_seed(8))
    state = (*(x[drawn] for x in states), torch.zeros(CHAINS, 3, dtype=torch.uint8))
    end = run(model, theta.float(), state, Noise(2, Stream.GENERATE), steps=4, clamp=Clamp(held))
    assert p_value(joint_index(end, model.spec), exact) > 1e-3
    for i, layer in enumerate(model.spec.observed):
        assert torch.equal(end[i], state[i]) == (layer.name in held)


def test_the_fast_machine_draws_what_the_plain_one_draws(small):
    model, theta = small
    theta = theta.float()
    chains, noise = 3000, Noise(7, Stream.FREE)
    state = tuple(torch.zeros(chains, layer.sites, dtype=torch.uint8) for layer in model.spec.layers)
    kept = Clamp(("label",), {"visible_2": torch.tensor([True, False])})
    plain = model.step(theta, state, noise.at(1), kept)
    fast = machine(model, theta).run(state, noise, steps=1, clamp=kept)
    assert (fast[0][:, 0] == 0).all()
    for expected, found in zip(plain[:-1], fast[:-1], strict=True):
        assert (expected != found).float().mean() < 2e-3  # weights are rounded in the fast one


def test_the_label_chain_holds_every_visible_layer():
    model, theta = tiny("sample")
    states, exact = law(model, theta)
    one = tuple(x[:1] for x in states)
    found = label_chain(machine(model, theta.float()), one, Noise(1, Stream.PREDICT), (20,), chains=4000)[20][
        0
    ].double()
    posterior = exact[:3] / exact[:3].sum()
    assert (found - posterior).abs().max() < 4 * 0.5 / 4000**0.5


# Layers of a data set


def mixed(colours=(2, 3, 1, 2, 4, 3), rows=50, classes=True):
    random = np.random.default_rng(0)
    values = np.stack([random.integers(0, q, rows) for q in colours], 1)
    labels = random.integers(0, 2, rows) if classes else None
    return sr.Dataset.from_arrays(values, labels, columns=[column(f"c{i}", q) for i, q in enumerate(colours)])


def test_layers_hold_the_sites_of_their_number_of_values():
    data = mixed()
    spec = spec_of(data, ModelSettings(hidden=5))
    assert [(layer.name, layer.holds, layer.units) for layer in spec.visible] == [
        ("visible_2", (0, 3), Bernoulli()),
        ("visible_3", (1, 5), Potts(3)),
        ("visible_4", (4,), Potts(4)),
    ]
    assert spec.label == 3
    assert Spec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    state = state_of(data, torch.device("cpu"))
    assert [tuple(x.shape) for x in state] == [(50, 2), (50, 2), (50, 1), (50, 1)]
    values = torch.from_numpy(data.values)
    assert all(torch.equal(a, b) for a, b in zip(parts_of(spec, values), state[:-1], strict=True))
    assert torch.equal(whole_of(spec, state, 6), values)  # the third column has one value, and no layer
    assert spec_of(data, ModelSettings(units="ising")).visible[0].units == Ising()
    assert spec_of(data, ModelSettings(units="ising")).visible[1].units == Potts(3)
    assert spec_of(data, ModelSettings(units="potts")).visible[0].units == Potts(2)
    with pytest.raises(sr.ConfigError, match="gaussian"):
        spec_of(data, ModelSettings(units="gaussian"))
    with pytest.raises(sr.DataError, match="nothing to learn"):
        spec_of(mixed((1, 1)), ModelSettings())


def test_data_of_one_alphabet_have_one_layer_as_before():
    spec = spec_of(sr.read("digits"), ModelSettings(hidden=5))
    assert spec.to_dict()["layers"][0] == {"name": "visible", "sites": 64, "units": {"kind": "bernoulli"}}


def test_memory_maps_stay_in_their_file(tmp_path):
    data = mixed()
    np.save(tmp_path / "x.npy", data.values)
    stored = replace(data, values=np.load(tmp_path / "x.npy", mmap_mode="r"))
    rows = torch.tensor([3, 1, 40])
    for here, there in zip(state_of(data, torch.device("cpu")), state_of(stored, torch.device("cpu")), strict=True):
        assert torch.equal(here[rows], there[rows])


# A table with known dependencies


def people(rows, seed):
    """Return a table where survival and the bit `rich` depend on a class of three; age does too, somewhat."""
    random = np.random.default_rng(seed)
    place = random.choice(3, rows, p=[0.3, 0.3, 0.4])
    rich = random.random(rows) < np.array([0.9, 0.5, 0.1])[place]
    age = np.round(random.normal(50 - 10 * place, 8)).clip(1).astype(int)
    survived = random.random(rows) < np.array([0.8, 0.5, 0.2])[place]
    return pd.DataFrame({
        "age": age,
        "place": np.array(["first", "second", "third"])[place],
        "survived": np.where(survived, "yes", "no"),
        "rich": np.where(rich, "y", "n"),
        "ship": "Titanic",
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("mixed")
    people(3000, 0).to_csv(path / "people.csv", index=False)
    people(1000, 1).to_csv(path / "more.csv", index=False)
    words = ("--label-column", "survived", "--hidden", 24, "--updates", 600, "--seed", 4, "--bins", 6)
    good("train", path / "people.csv", "-o", path / "run", *words)
    return path


@pytest.fixture(scope="module")
def made(folder):
    good("generate", folder / "run", "-n", 4000, "--seed", 2, "-o", folder / "made.csv")
    return pd.read_csv(folder / "made.csv")


def share(frame, what, given):
    """Return the share of rows with a value among those with another, and its standard error."""
    rows = frame[frame[given[0]] == given[1]]
    p = (rows[what[0]] == what[1]).mean()
    return p, (p * (1 - p) / len(rows)) ** 0.5


def test_the_file_that_comes_out_is_like_the_one_that_went_in(folder, made):
    original = pd.read_csv(folder / "people.csv")
    assert list(made.columns) == list(original.columns)
    assert made.dtypes.tolist() == original.dtypes.tolist()
    for name in ("place", "survived", "rich", "ship"):
        assert set(made[name]) == set(original[name])
    assert original["age"].min() <= made["age"].min() < made["age"].max() <= original["age"].max()
    assert made["age"].nunique() > 6  # numbers within the six bins
    assert len(made) == 4000


def test_dependencies_are_those_of_the_data(folder, made):
    """Each conditional share within four standard errors of both samples, and 0.04 for what a short training leaves."""
    original = pd.read_csv(folder / "people.csv")
    for what in (("rich", "y"), ("survived", "yes")):
        for place in ("first", "second", "third"):
            (p, e), (q, f) = (share(frame, what, ("place", place)) for frame in (original, made))
            assert abs(p - q) < 4 * (e**2 + f**2) ** 0.5 + 0.04, (what, place, p, q)
    independent = made["rich"].sample(frac=1, random_state=0).to_numpy()  # what a machine that learned nothing makes
    assert abs(share(made.assign(rich=independent), ("rich", "y"), ("place", "first"))[0] - 0.9) > 0.3
    means = [frame.groupby("place")["age"].mean().to_numpy() for frame in (original, made)]
    assert np.abs(means[0] - means[1]).max() < 2.5  # of 20 between first and third


def test_labels_are_predicted_as_well_as_they_can_be(folder):
    told = good("predict", folder / "run", folder / "more.csv", "-o", folder / "p.csv", "--json").json
    truth = pd.read_csv(folder / "more.csv")
    best = np.where(truth["place"] == "first", "yes", "no")
    sure = (truth["place"] != "second").to_numpy()  # a coin in the second class
    predicted = pd.read_csv(folder / "p.csv")["prediction"].to_numpy()
    assert (predicted == best)[sure].mean() > 0.97
    assert told["accuracy"] == pytest.approx((predicted == truth["survived"]).mean())


def test_other_columns_in_any_order_do_not_matter(folder):
    frame = pd.read_csv(folder / "more.csv")
    frame.assign(extra="?")[["rich", "extra", "place", "ship", "age"]].to_csv(folder / "bare.csv", index=False)
    frame.to_parquet(folder / "more.parquet")
    good("predict", folder / "run", folder / "more.csv", "-o", folder / "a.csv")
    for name in ("bare.csv", "more.parquet"):
        good("predict", folder / "run", folder / name, "-o", folder / "b.csv")
        a, b = (pd.read_csv(folder / file)[["prediction", "p_yes"]] for file in ("a.csv", "b.csv"))
        pd.testing.assert_frame_equal(a, b)


def test_columns_are_held_by_name_and_category(folder):
    fix = ("--fix", "place=first,age=48")
    told = good("generate", folder / "run", "-n", 300, "--label", "no", *fix, "-o", folder / "f.csv")
    assert "age=48 in every row; the machine is told its bin" in told.out + told.err
    fixed = pd.read_csv(folder / "f.csv")
    assert set(fixed["place"]) == {"first"}
    assert set(fixed["age"].astype(float)) == {48}  # the number itself, not others of its bin
    assert set(fixed["survived"]) == {"no"}
    assert share(fixed, ("rich", "y"), ("place", "first"))[0] > 0.75
    words = ("--template", folder / "more.csv", "--keep", "rich,place")
    good("generate", folder / "run", "-n", 50, *words, "-o", folder / "k.csv")
    kept, template = pd.read_csv(folder / "k.csv"), pd.read_csv(folder / "more.csv").head(50)
    assert (kept[["rich", "place"]] == template[["rich", "place"]]).all(axis=None)
    data = sr.generate(folder / "run", n=20, fix={2: "third", 4: "Titanic"})
    assert (data.values[:, 1] == 2).all()


@pytest.mark.parametrize(("suffix", "label"), [(".parquet", {"label_column": "survived"}), (".h5", {}), (".npz", {})])
def test_every_format_of_tables_takes_what_is_generated(folder, suffix, label):
    out = folder / f"g{suffix}"
    good("generate", folder / "run", "-n", 2500, "--seed", 2, "-o", out)
    run_ = sr.Trajectory.open(folder / "run")
    data, same = sr.read(out, **label), sr.generate(run_, n=2500, seed=2)
    assert data.hash == same.hash
    assert data.columns == run_.columns
    told = good("predict", folder / "run", out, "-o", folder / "p.csv", "--json").json
    assert told["samples"] == told["labelled"] == 2500


def test_more_samples_begin_with_fewer_across_batches(folder):
    few, many = (sr.generate(folder / "run", labels="yes", n=n, seed=3) for n in (10, 2100))
    assert (few.values == many.values[:10]).all()


def test_a_run_goes_on_bit_by_bit_and_with_the_same_columns_only(folder, tmp_path):
    shutil.copy(folder / "people.csv", tmp_path)
    words = ("--label-column", "survived", "--hidden", 8, "--seed", 1, "--validation", 0.2)
    good("train", tmp_path / "people.csv", "-o", tmp_path / "whole", *words, "--updates", 40)
    good("train", tmp_path / "people.csv", "-o", tmp_path / "parts", *words, "--updates", 17)
    good("train", "-o", tmp_path / "parts", "--resume", "--updates", 40)
    a, b = (sr.Trajectory.open(tmp_path / name) for name in ("whole", "parts"))
    assert torch.equal(a[-1], b[-1])
    assert a.columns == b.columns
    line = call("train", "-o", tmp_path / "parts", "--resume", "--updates", 50, "--bins", 4).err.splitlines()[-1]
    assert "was trained with another machine" in line
    text = (tmp_path / "people.csv").read_text()
    (tmp_path / "people.csv").write_text(text.replace("Titanic", "Carpathia"))
    line = call("train", "-o", tmp_path / "parts", "--resume", "--updates", 50).err.splitlines()[-1]
    assert "was trained with other columns" in line


def test_what_is_told(folder):
    found = good("info", folder / "run", "--json").json
    assert found["columns"] == {"age": 6, "place": 3, "rich": 2, "ship": 1}
    assert (found["sites"], found["units"]) == (4, "bernoulli, potts")
    result = good("train", folder / "people.csv", "-o", folder / "told", "--updates", 1, "--hidden", 2)
    assert "3,000 samples, 5 columns, 0 classes" in result.out
    note = "numbers: age; 3 categories: place; 2 categories: survived, rich; a single value: ship"
    assert note in result.err
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop(columns="place"), r"no column 'place'"),
        (lambda frame: frame.rename(columns={"rich": "richer"}), "did you mean 'richer'"),
        (lambda frame: frame.replace("first", "frist"), "unknown category 'frist' (did you mean 'first'?)"),
        (lambda frame: frame.replace("Titanic", "Carpathia"), "column 'ship': unknown category 'Carpathia'"),
        (lambda frame: frame.assign(age="old"), "new.csv:2: column 'age': a number expected, got 'old'"),
        (lambda frame: frame.assign(age=None), "new.csv:2: column 'age': a value expected, got ''"),
    ],
)
def test_other_tables_are_refused_in_one_line(folder, tmp_path, change, words):
    change(people(20, 3)).to_csv(tmp_path / "new.csv", index=False)
    assert words in refused("predict", folder / "run", tmp_path / "new.csv")


def test_data_read_otherwise_are_refused(folder):
    other = sr.read(folder / "more.csv", label_column="survived")
    with pytest.raises(sr.DataError, match=r"column 'age' is not coded as.*like=run"):
        sr.predict(folder / "run", other)
    run_ = sr.Trajectory.open(folder / "run")
    same = sr.read(folder / "more.csv", like=run_)
    assert sr.predict(run_, same).accuracy > 0.6
    bits = sr.Dataset.from_arrays(np.zeros((3, 4), int))
    with pytest.raises(sr.DataError, match="columns of different kinds, the data have the binary alphabet"):
        sr.predict(run_, bits)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fix", "plcae=first"), "no column 'plcae' (did you mean 'place'?)"),
        (("--fix", "place=fist"), "column 'place': unknown category 'fist' (did you mean 'first'?)"),
        (("--fix", "age=old"), "column 'age': a number expected, got 'old'"),
        (("--fix", "age=NA"), "column 'age': a value expected, got 'NA'"),
        (("--template", "more.csv", "--keep", "plac"), "no column 'plac' (did you mean 'place'?)"),
    ],
)
def test_impossible_requests(folder, tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(folder)
    assert words in refused("generate", "run", "-o", tmp_path / "g.csv", *options)
    assert not list(tmp_path.iterdir())


def test_missing_labels_and_cells(tmp_path):
    frame = people(400, 5)
    random = np.random.default_rng(0)
    frame.loc[random.random(400) < 0.5, "survived"] = np.nan
    frame.loc[random.random(400) < 0.3, "rich"] = np.nan
    frame.to_csv(tmp_path / "x.csv", index=False)
    words = ("--label-column", "survived", "--missing", "category", "--hidden", 8, "--updates", 60, "--seed", 1)
    good("train", tmp_path / "x.csv", "-o", tmp_path / "run", *words)
    good("generate", tmp_path / "run", "-n", 1000, "-o", tmp_path / "g.csv")
    made = pd.read_csv(tmp_path / "g.csv")
    assert made["survived"].isna().sum() == 0
    assert abs(made["rich"].isna().mean() - frame["rich"].isna().mean()) < 0.08
    run_ = sr.Trajectory.open(tmp_path / "run")
    assert sr.predict(run_, sr.read(tmp_path / "x.csv", like=run_)).accuracy > 0.6
