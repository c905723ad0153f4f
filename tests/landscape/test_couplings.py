"""Effective couplings against the expansion of the law itself, state by state, and against the published form."""

from __future__ import annotations

import math
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from command_line import good, refused
from conftest import all_states, machine
from dictionary import to_bernoulli, to_ising
from shortrun import workflows
from shortrun.errors import ConfigError
from shortrun.landscape import fields, pair_strengths, pairs, sites_of, triples
from shortrun.models import RBM, Layer, Spec
from shortrun.settings import resolve
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

VISIBLE = [Bernoulli(), Ising(), Potts(3)]


def expansion(model, theta, chosen, label=None):
    """Return J of chosen sites by its definition: -F averaged over the others' states, less its means over colours."""
    layers = model.spec.observed
    values = -model.free_energy(theta, all_states(layers))
    levels = [layer.units.levels for layer in layers for _ in range(layer.sites)]
    table = values.view(*levels)
    if label is not None:
        table = table[..., label]
    rest = [axis for axis in range(table.ndim) if axis not in chosen]
    table = table.mean(rest) if rest else table
    for axis in range(table.ndim):
        table = table - table.mean(axis, keepdim=True)
    return table


def published(model, theta, chosen, nodes=50):
    """Return J2 or J3 of Ising sites by Gauss-Hermite quadrature of the published formula (DFNS24 eq. 6 and 7)."""
    weight, _, bias = model.view(theta)
    rest = weight.square().sum(0) - weight[list(chosen)].square().sum(0)
    points, density = (torch.from_numpy(each) for each in np.polynomial.hermite_e.hermegauss(nodes))
    density = density / density.sum()
    total = 0.0
    for spins in torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * len(chosen)):
        field = bias + spins @ weight[list(chosen)]
        x = field + points.unsqueeze(1) * rest.sqrt()
        total += spins.prod() * (density @ torch.logaddexp(x, -x)).sum()
    return float(total) / 2 ** len(chosen)


def relative(found, exact):
    """Return the relative distance of two tables."""
    return float((found - exact).norm() / exact.norm())


@pytest.fixture(params=[Bernoulli(), Ising(), Gaussian(0.7)], ids=lambda units: units.kind)
def hidden(request):
    return request.param


@pytest.fixture(params=VISIBLE, ids=lambda units: units.kind)
def visible(request):
    return request.param


@pytest.mark.parametrize("classes", [None, 3])
def test_the_exact_method_is_the_expansion_of_the_law(visible, hidden, classes):
    model, theta = machine(visible, hidden, sites=4, hidden_sites=3, classes=classes)
    sites = sites_of(model, theta)
    found = pairs(sites)
    for i in range(4):
        torch.testing.assert_close(fields(sites)[sites.of(i)], expansion(model, theta, [i]), atol=1e-7, rtol=0)
    for i, j in combinations(range(4), 2):
        block = found[sites.of(i), sites.of(j)]
        torch.testing.assert_close(block, expansion(model, theta, [i, j]), atol=1e-7, rtol=0)
        torch.testing.assert_close(block, found[sites.of(j), sites.of(i)].T)
    for i, j, block in triples(sites, [(0, 1), (2, 0)]):
        rest = next(k for k in (3, 1) if k not in (i, j))
        expected = expansion(model, theta, sorted([i, j, rest]))
        order = [sorted([i, j, rest]).index(k) for k in (i, j, rest)]
        torch.testing.assert_close(block[..., sites.of(rest)], expected.permute(order), atol=1e-7, rtol=0)
        assert (block[..., sites.of(i)] == 0).all()


def test_weights_of_any_size_do_not_matter_to_the_exact_method(visible):
    for scale in (0.01, 4.0, 12.0):
        model, theta = machine(visible, Bernoulli(), sites=5, hidden_sites=2, scale=scale, seed=3)
        sites = sites_of(model, theta)
        assert relative(pairs(sites)[sites.of(1), sites.of(4)], expansion(model, theta, [1, 4])) < 1e-6
        assert relative(fields(sites)[sites.of(2)], expansion(model, theta, [2])) < 1e-6


@pytest.mark.parametrize("sites", [6, 10, 14])
def test_the_gaussian_formula_is_near_the_exact_one(sites):
    """T14: below 2 % for two colours at weights of 2 / sqrt(N_v); the published accuracy of J1 and J2."""
    model, theta = machine(Bernoulli(), Bernoulli(), sites=sites, hidden_sites=20, scale=2 / math.sqrt(sites))
    of = sites_of(model, theta)
    assert relative(pairs(of, "gaussian"), pairs(of)) < 0.02
    assert relative(fields(of, "gaussian"), fields(of)) < 0.02


def test_the_gaussian_formula_is_near_the_exact_one_for_colours():
    model, theta = machine(Potts(3), Bernoulli(), sites=6, hidden_sites=12, scale=0.6)
    sites = sites_of(model, theta)
    assert relative(pairs(sites, "gaussian"), pairs(sites)) < 0.02


def test_the_gaussian_method_is_the_published_formula():
    """Plane waves against Gauss-Hermite nodes, for pairs and triples of Ising sites."""
    model, theta = machine(Ising(), Ising(), sites=9, hidden_sites=5, scale=0.5, seed=2)
    sites = sites_of(model, theta)
    found = pairs(sites, "gaussian")[1::2, 1::2]
    assert found[2, 7] == pytest.approx(published(model, theta, (2, 7)), rel=1e-5)
    ((_, _, block),) = triples(sites, [(0, 3)], "gaussian")
    assert block[1, 1, 2 * 8 + 1] == pytest.approx(published(model, theta, (0, 3, 8)), rel=1e-4)


def test_the_gauge_does_not_matter():
    model, theta = machine(Potts(4), Bernoulli(), sites=5, hidden_sites=3, classes=2)
    projected = theta.clone()
    model.project_(projected)
    before, after = sites_of(model, theta), sites_of(model, projected)
    assert (theta - projected).abs().max() > 0.1
    torch.testing.assert_close(pairs(before), pairs(after), atol=1e-12, rtol=0)
    torch.testing.assert_close(fields(before), fields(after), atol=1e-11, rtol=0)


@pytest.mark.parametrize("method", ["exact", "gaussian"])
def test_the_coding_of_two_values_does_not_matter(method):
    model, theta = machine(Bernoulli(), Bernoulli(), sites=6, hidden_sites=4)
    ising, same = to_ising(model, theta)
    before, after = sites_of(model, theta), sites_of(ising, same)
    torch.testing.assert_close(pairs(before, method), pairs(after, method), atol=1e-8, rtol=0)
    torch.testing.assert_close(fields(before, method), fields(after, method), atol=1e-8, rtol=0)
    assert to_bernoulli(ising, same)[0] == model


def test_a_class_can_be_held():
    model, theta = machine(Potts(3), Bernoulli(), sites=3, hidden_sites=4, classes=3)
    sites = sites_of(model, theta, label=2)
    assert len(sites.colours) == 3
    expected = expansion(model, theta, [0, 2], label=2)
    torch.testing.assert_close(pairs(sites)[sites.of(0), sites.of(2)], expected, atol=1e-8, rtol=0)


def test_layers_of_different_colours_stand_in_the_order_of_the_data():
    layers = (
        Layer("visible_2", 2, Bernoulli(), (3, 0)),
        Layer("visible_3", 2, Potts(3), (2, 5)),
        Layer("hidden", 4, Bernoulli()),
    )
    model = RBM(Spec(layers))
    theta = torch.randn(model.size(), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    sites = sites_of(model, theta)
    assert sites.places == (0, 2, 3, 5)
    assert sites.colours.tolist() == [2, 3, 2, 3]
    # site 0 of the data is the second of the first layer, site 2 the first of the second one
    expected = expansion(model, theta, [1, 2])
    torch.testing.assert_close(pairs(sites)[sites.of(0), sites.of(1)], expected, atol=1e-8, rtol=0)


def test_strengths_are_norms_of_blocks():
    model, theta = machine(Potts(3), Bernoulli(), sites=4)
    sites = sites_of(model, theta)
    found = pairs(sites)
    expected = found.view(4, 3, 4, 3).square().sum((1, 3)).sqrt()
    torch.testing.assert_close(pair_strengths(sites, found), expected)


def test_continuous_sites_have_no_colours():
    with pytest.raises(ConfigError, match="discrete units expected, layer 'visible' has gaussian ones"):
        sites_of(*machine(Gaussian(), Bernoulli(), scale=0.1))


# closing the loop, and the verb


@pytest.mark.slow
def test_couplings_of_a_lattice_are_found_again(tmp_path):
    """T14: a two-dimensional Edwards-Anderson model of 4 x 4 spins with couplings +-0.3, from 100,000 exact samples."""
    rng = np.random.default_rng(0)
    truth = np.zeros((16, 16))
    for a, b in combinations(range(16), 2):
        if (b == a + 1 and b % 4) or b == a + 4:
            truth[a, b] = truth[b, a] = rng.choice([-0.3, 0.3])
    bits = (np.arange(2**16)[:, None] >> np.arange(16)) & 1
    spins = 2.0 * bits - 1
    law = np.exp(((spins @ truth) * spins).sum(1) / 2)
    data = sr.Dataset.from_arrays(bits[rng.choice(len(law), 100_000, p=law / law.sum())])
    config = resolve(
        model={"units": "ising", "hidden_units": "ising", "hidden": 40},
        scheme={"name": "pcd", "steps": 3, "chains": 500},
        optimiser={"rate": 0.2, "schedule": "cosine"},
        training={"updates": 2000, "batch": 500, "validation": 0.0, "seed": 0},
    )
    run = workflows.fit(data, out=tmp_path / "run", config=config)
    for method in ("exact", "gaussian"):
        found = workflows.couplings(run, method=method).picture
        assert found is not None
        assert np.linalg.norm(found - truth) < 0.15 * np.linalg.norm(truth)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("couplings")


@pytest.fixture(scope="module")
def bits(folder):
    """Return a PCD run on 12 bits: 1 and 2 are equal, 5 and 6 opposite."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2, (2000, 12))
    values[:, 1], values[:, 5] = values[:, 0], 1 - values[:, 4]
    noise = rng.random(values.shape) < 0.05
    np.save(folder / "bits.npy", (values ^ noise).astype(np.uint8))
    options = ("--scheme", "pcd", "--hidden", 24, "--updates", 300, "--batch", 200, "--lr", 0.5, "--threads", 1)
    options += ("--schedule", "cosine", "--validation", 0, "--set", "model.units=ising")
    good("train", folder / "bits.npy", "-o", folder / "bits", *options)
    return folder / "bits"


@pytest.fixture(scope="module")
def coloured(folder):
    """Return a run on RNA with labels."""
    codes = np.random.default_rng(0).integers(0, 5, (100, 6))
    lines = [f">s{n}\n{''.join('-ACGU'[c] for c in row)}\n" for n, row in enumerate(codes)]
    (folder / "rna.fasta").write_text("".join(lines))
    (folder / "labels.csv").write_text("name,label\n" + "".join(f"s{n},{'xy'[n % 2]}\n" for n in range(100)))
    data = (folder / "rna.fasta", "--labels", folder / "labels.csv", "--alphabet", "rna", "--validation", 0)
    good("train", *data, "-o", folder / "rna", "--hidden", 6, "--updates", 30, "--scheme", "pcd")
    return folder / "rna"


def test_the_verb_lists_the_strongest_pairs(bits, folder):
    result = good("couplings", bits, "--json", "--figure", folder / "pairs.png")
    first, second = result.json["couplings"][:2]
    signs = {(row["i"], row["j"]): np.sign(row["coupling"]) for row in (first, second)}
    assert signs == {(1, 2): 1, (5, 6): -1}
    assert len(result.json["couplings"]) == 66
    assert result.err == ""
    assert "66 pairs, J for values -1 and +1" in good("couplings", bits).out


def test_the_verb_lists_triples(bits, folder):
    every = good("couplings", bits, "--order", 3, "--json").json["couplings"]
    assert len(every) == 12 * 11 * 10 / 6
    size = [abs(row["coupling"]) for row in every]
    assert size == sorted(size, reverse=True)
    known = {(row["i"], row["j"], row["k"]): row["coupling"] for row in every}
    chosen = good("couplings", bits, "--order", 3, "--triples", "10-8-9,1-2-3", "--json").json["couplings"]
    assert {(row["i"], row["j"], row["k"]): row["coupling"] for row in chosen} == pytest.approx(
        {of: known[of] for of in ((1, 2, 3), (8, 9, 10))}
    )
    good("couplings", bits, "--order", 3, "--top", 5, "-o", folder / "j3.npz")
    with np.load(folder / "j3.npz") as arrays:
        assert arrays["triples"].shape == (5, 3)
        assert arrays["values"].reshape(5, 2, 2, 2)[0, 1, 1, 1] == pytest.approx(every[0]["coupling"])


def test_few_of_many_triples_are_looked_at(bits, monkeypatch):
    every = workflows.couplings(bits, order=3)
    monkeypatch.setattr(sys.modules["shortrun.landscape.coupling_tables"], "TRIPLES", 4 * 24 * 5)
    few = workflows.couplings(bits, order=3)
    assert every.pairs_looked_at == (66, 66)
    assert few.pairs_looked_at == (5, 66)
    merged = few.table.merge(every.table, on=["i", "j", "k"])
    assert 0 < len(merged) == len(few.table) < len(every.table)
    assert np.allclose(merged["coupling_x"], merged["coupling_y"])


def test_the_verb_lists_fields(coloured, bits, folder):
    fields_ = good("couplings", coloured, "--order", 1, "--json", "--figure", folder / "f.svg").json["couplings"]
    assert len(fields_) == 30
    assert {row["colour"] for row in fields_} == set("-ACGU")
    assert sum(row["field"] for row in fields_ if row["site"] == 2) == pytest.approx(0, abs=1e-9)
    assert len(good("couplings", bits, "--order", 1, "--json", "--figure", folder / "g.svg").json["couplings"]) == 12


def test_pairs_of_colours_have_a_strength_and_a_largest_element(coloured, folder):
    good("couplings", coloured, "-o", folder / "pairs.csv")
    good("couplings", coloured, "-o", folder / "pairs.npz")
    table = pd.read_csv(folder / "pairs.csv")
    assert table["strength"].is_monotonic_decreasing
    with np.load(folder / "pairs.npz") as arrays:
        row = table.iloc[0]
        block = arrays["pairs"].reshape(6, 5, 6, 5)[row["i"] - 1, :, row["j"] - 1]
        assert np.linalg.norm(block) == pytest.approx(row["strength"])
        place = "-ACGU".index(row["colour_i"]), "-ACGU".index(row["colour_j"])
        assert block[place] == pytest.approx(row["coupling"])
        assert arrays["letters"].tolist() == [*"-ACGU"] * 6
    held = [workflows.couplings(coloured, label=name).table["strength"].iloc[0] for name in "xy"]
    assert held[0] != held[1]
    assert len(good("couplings", coloured, "--order", 3, "--top", 4, "--json").json["couplings"]) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--order", 4), "order: 1 to 3 expected, got 4"),
        (("--method", "gauss"), "did you mean 'gaussian'?"),
        (("--label", "z"), "label: 'z' is no class: one of x, y expected"),
        (("--order", 3, "--triples", "1-2"), "three sites such as 3-10-25 expected, got '1-2'"),
        (("--order", 3, "--triples", "1-2-7"), "no site 7, sites are 1 to 6"),
        (("--order", 3, "--triples", "1-2-2"), "three different sites expected, got 1-2-2"),
        (("--triples", "1-2-3"), "these are couplings of order 3, not 2"),
        (("--order", 3, "--figure", "x.png"), "triples cannot"),
        (("-o", "x.txt"), "tables are written as"),
        (("--figure", "x.gif"), "figures are written as"),
        (("--age", 777), "has no age 777"),
    ],
)
def test_wrong_options_are_refused(coloured, options, message):
    assert message in refused("couplings", coloured, *options)


def test_continuous_data_have_no_couplings(folder):
    good("train", "digits", "--grey", "-o", folder / "grey", "--hidden", 4, "--updates", 2, "--scheme", "pcd")
    assert "discrete units expected" in refused("couplings", folder / "grey")
