"""Fixed points of machines that learned planted prototypes: how many, where, whose; and the verb."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from command_line import good, refused
from conftest import machine
from shortrun import plots, workflows
from shortrun.data.core.columns import Column
from shortrun.errors import ConfigError, DataError
from shortrun.landscape import LEFT, Basins, fixed_points, solve
from shortrun.landscape.basins import shares
from shortrun.models import RBM, Layer, Spec
from shortrun.plots.fixed_points import areas
from shortrun.scores._features import features
from shortrun.settings.training import ModelSettings
from shortrun.units import Bernoulli, Ising, Potts

PROTOTYPES, SITES = 3, 30


@pytest.fixture(scope="module")
def planted():
    """Return samples of three prototypes with 5 % of their sites flipped, and the prototypes."""
    rng = np.random.default_rng(0)
    prototypes = rng.integers(0, 2, (PROTOTYPES, SITES))
    labels = np.arange(300) % PROTOTYPES
    values = prototypes[labels] ^ (rng.random((300, SITES)) < 0.05)
    return sr.Dataset.from_arrays(values, [f"p{k}" for k in labels]), prototypes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fixed")


@pytest.fixture(scope="module")
def run(folder, planted):
    return sr.fit(
        planted[0],
        out=folder / "run",
        hidden=16,
        updates=600,
        batch=100,
        scheme=sr.pcd(5),
        rate=0.05,
        seed=1,
    )


@pytest.fixture(scope="module")
def file(folder, planted):
    data, _ = planted
    np.savez(folder / "planted.npz", x=data.values, y=np.array(data.classes)[data.labels])
    return folder / "planted.npz"


@pytest.mark.parametrize("order", [1, 2, 3])
def test_prototypes_are_the_fixed_points(run, planted, order):
    data, prototypes = planted
    found = workflows.fixed_points(run, data, order=order)
    table = found.table()
    assert found.points.unconverged == 0
    assert len(table) == PROTOTYPES
    assert table["basin"].tolist() == [100] * PROTOTYPES
    assert (table["share"] == 1).all()
    assert sorted(table["class"]) == ["p0", "p1", "p2"]
    order_of = [int(name[1]) for name in table["class"]]
    np.testing.assert_array_equal(found.profiles().round(), prototypes[order_of])
    assert (table["stability"] < 1.1).all()
    np.testing.assert_array_equal(found.composition[:, order_of], 100 * np.eye(PROTOTYPES))
    label = found.points.observed[:, -PROTOTYPES:]  # the machine labels its fixed points itself
    assert label.argmax(1).tolist() == order_of


def test_a_young_machine_has_one(run, planted):
    found = workflows.fixed_points(run, planted[0], age=1, n=50)
    assert (len(found.points), found.age, found.points.basin.tolist()) == (1, 1, [50])
    assert found.points.stability[0] < 0.5


def test_random_starts_find_the_same(run, planted):
    data, prototypes = planted
    found = workflows.fixed_points(run, data, starts="random", n=60, seed=3)
    again = workflows.fixed_points(run, data, starts="random", n=60, seed=3)
    assert found.points.basin.sum() == 60
    assert found.table()["class"].isna().all()
    assert found.table()["share"].isna().all()
    rounded = {tuple(row) for row in found.profiles().round().astype(int)}
    assert {tuple(row) for row in prototypes} <= rounded
    pd.testing.assert_frame_equal(found.table(), again.table())


def test_a_choice_of_samples_keeps_their_labels(run, planted):
    found = workflows.fixed_points(run, planted[0], n=40, seed=5)
    assert found.points.basin.sum() == 40
    assert (found.table()["share"] == 1).all()


def test_starts_that_do_not_converge_are_in_no_basin():
    model, theta = machine(Bernoulli(), Bernoulli(), scale=0.3)
    starts = torch.rand(20, 3, dtype=theta.dtype, generator=torch.Generator().manual_seed(0))
    whole = solve(model, theta, starts, order=1, tolerance=1e-12)
    starts[:5] = whole.observed[:5]
    found = fixed_points(model, theta, starts, order=1, max_iterations=2, tolerance=1e-7)
    fast = found.which != LEFT
    assert 5 <= fast.sum() < 20
    assert found.unconverged == (~fast).sum()
    assert found.basin.tolist() == [fast.sum()]
    assert (found.start_residual[~fast] > 1e-7).all()
    assert found.residual[0] == found.start_residual[fast].min()
    none = fixed_points(model, theta, starts + 0.1, max_iterations=1, tolerance=1e-12)
    assert (len(none), none.unconverged, none.observed.shape, none.gamma.shape) == (0, 20, (0, 3), (0,))
    assert none.composition(np.zeros(20, int), 2).shape == (0, 2)


@pytest.mark.parametrize("copies", [1, 25])
def test_eps_does_not_depend_on_the_number_of_sites(copies):
    """The same machine side by side with itself has the same fixed points, at the same distance a site."""
    model = RBM(Spec((Layer("visible", 2 * copies, Ising()), Layer("hidden", 2 * copies, Ising()))))
    theta = torch.zeros(model.size(), dtype=torch.float64)
    weight, bias, _ = model.view(theta)
    weight.copy_(torch.block_diag(*[torch.full((2, 2), 0.7, dtype=theta.dtype)] * copies))
    bias.fill_(0.01)
    starts = torch.tensor([[-1.0], [1.0]], dtype=theta.dtype).expand(-1, 2 * copies)
    observed = solve(model, theta, starts, order=1).observed
    apart = float((observed[1] - observed[0]).abs().mean()) / 2  # two values of a site are at distance 1
    assert len(fixed_points(model, theta, starts, order=1, eps=apart * 1.01)) == 1
    assert len(fixed_points(model, theta, starts, order=1, eps=apart * 0.99)) == 2


def test_means_in_the_order_of_the_data():
    columns = [Column(name, tuple("abc"[:q])) for name, q in (("one", 2), ("two", 3), ("three", 1), ("four", 2))]
    rng = np.random.default_rng(0)
    data = sr.Dataset.from_arrays(
        np.stack([rng.integers(0, len(c.values), 50) for c in columns], 1),
        columns=columns,
        labels=rng.integers(0, 2, 50),
    )
    spec = sr.models.spec_of(data, ModelSettings(hidden=4))
    model = RBM(spec)
    points = fixed_points(model, torch.zeros(model.size()), torch.zeros(1, model.shape[0]))
    found = Basins(points, model, 1, data.labels[:1], data.classes)
    assert found.profiles().shape == (1, features(data).shape[1])
    np.testing.assert_allclose(found.profiles()[0], [1 / 2, 1 / 3, 1 / 3, 1 / 3, 1 / 2], atol=1e-6)


def test_shares_of_colours():
    half = torch.tensor([[0.5, -1.0]])
    np.testing.assert_allclose(shares(Layer("visible", 2, Ising()), half), [[[0.75], [0.0]]])
    two = torch.tensor([[0.3, 0.7, 0.9, 0.1]])
    np.testing.assert_allclose(shares(Layer("visible", 2, Potts(2)), two), [[[0.7], [0.1]]], rtol=1e-6)
    assert shares(Layer("visible", 1, Potts(4)), two).shape == (1, 1, 4)


# The figure


def test_figure(run, planted):
    data, _ = planted
    found = workflows.fixed_points(run, data)
    figure = plots.fixed_points(data, found.profiles(), found.points.basin, found.majority(), title="a title")
    axis = figure.axes[0]
    dots, circles = axis.collections
    assert len(dots.get_offsets()) == 300
    assert len(circles.get_offsets()) == PROTOTYPES
    assert [text.get_text() for text in axis.texts] == ["1", "2", "3"]
    assert axis.get_title() == "a title"
    for k, place in zip(found.majority(), circles.get_offsets(), strict=True):
        nearest = np.asarray(dots.get_offsets())[np.linalg.norm(dots.get_offsets() - place, axis=1).argmin()]
        assert np.linalg.norm(nearest - place) < 0.05, k
    np.testing.assert_allclose(areas(np.array([100, 50, 1])), [500, 250, 25])
    assert areas(np.array([], int)).shape == (0,)


# The verb


def test_verb(run, file, folder):
    words = ("--threads", 1, "-o", folder / "t.csv", "--figure", folder / "f.png", "--means", folder / "m.npz")
    said = good("fixed-points", run.path, file, *words)
    assert said.err == ""
    assert said.out.splitlines()[-1].startswith("3 fixed points, 300 starts, 0 unconverged")
    table = pd.read_csv(folder / "t.csv")
    assert table.columns.tolist() == ["number", "basin", "gamma", "stability", "residual", "class", "share"]
    assert table["basin"].tolist() == [100, 100, 100]
    assert (folder / "f.png").stat().st_size > 1000
    with np.load(folder / "m.npz") as means:
        assert means["visible"].shape == (3, SITES)
        assert means["label"].shape == (3, 1, 3)
        assert means["hidden"].shape == (3, 16)
        assert np.bincount(means["start"]).tolist() == means["basin"].tolist()


def test_json(run, file):
    found = json.loads(good("fixed-points", run.path, file, "--json", "--order", 3, "-n", 90).out)
    assert (found["order"], found["starts"], found["unconverged"], found["age"]) == (3, 90, 0, 600)
    assert sum(row["basin"] for row in found["fixed_points"]) == 90
    assert {name for row in found["fixed_points"] for name in row["classes"]} == {"p0", "p1", "p2"}
    found = json.loads(good("fixed-points", run.path, file, "--json", "--starts", "random", "-n", 5).out)
    assert found["fixed_points"][0]["class"] is None
    assert found["fixed_points"][0]["share"] is None


def test_what_did_not_converge_is_said(run, file, folder):
    said = good("fixed-points", run.path, file, "--max-iterations", 2, "--figure", folder / "none.svg", "-n", 20)
    assert said.err.startswith("warning: 20 of 20 starts did not converge in 2 iterations (largest change ")
    assert said.out.splitlines()[-1].startswith("0 fixed points, 20 starts, 20 unconverged")


def test_sequences_without_labels(folder):
    letters = np.array(list("-ACGU"))[np.random.default_rng(0).integers(0, 5, (40, 6))]
    (folder / "rna.fasta").write_text("".join(f">s{i}\n{''.join(row)}\n" for i, row in enumerate(letters)))
    good("train", folder / "rna.fasta", "-o", folder / "rna", "--hidden", 4, "--updates", 5, "--alphabet", "rna")
    words = ("--means", folder / "rna.npz", "--figure", folder / "rna.png", "-o", folder / "rna.tsv")
    good("fixed-points", folder / "rna", folder / "rna.fasta", *words)
    with np.load(folder / "rna.npz") as means:
        assert means["visible"].shape == (1, 6, 5)
        np.testing.assert_allclose(means["visible"].sum(2), 1, atol=1e-5)
    assert pd.read_csv(folder / "rna.tsv", sep="\t")["class"].isna().all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--order", 4), "order: 1 to 3 expected, got 4"),
        (("--starts", "there"), "starts: 'data' or 'random' expected, got 'there'"),
        (("--eps", 0), "eps: a number greater than 0 expected, got 0"),
        (("--damping", 1), "damping: a number less than 1 expected, got 1"),
        (("--tolerance", -1), "tolerance: a number greater than 0 expected, got -1"),
        (("--age", 7), "has no age 7"),
        (("-o", "t.xls"), "tables are written as .csv, .tsv, .parquet, got '.xls'"),
        (("--figure", "f.gif"), "figures are written as"),
        (("--means", "m.csv"), "means are written as .npz, got '.csv'"),
    ],
)
def test_bad_options(run, file, words, said):
    assert said in refused("fixed-points", run.path, file, *words)


def test_what_has_no_fixed_points(run, file, folder):
    good("train", file, "--model", "chaotic", "--layers", "30,4", "--updates", 2, "-o", folder / "chaotic")
    assert "which has no mean-field fixed points" in refused("fixed-points", folder / "chaotic", file)
    assert "64 sites a sample" in refused("fixed-points", run.path, "digits")
    model, theta = machine(Bernoulli(), Bernoulli())
    with pytest.raises(DataError, match="no starts"):
        fixed_points(model, theta, torch.zeros(0, 3, dtype=theta.dtype))
    with pytest.raises(ConfigError, match="n: at least 1 expected, got 0"):
        workflows.fixed_points(run, sr.read(str(file)), n=0)
