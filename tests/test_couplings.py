"""Effective couplings against the expansion of the law itself, state by state, and against the published form."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from conftest import all_states, machine
from shortrun.errors import ConfigError
from shortrun.landscape import fields, pair_strengths, pairs, sites_of, triples
from shortrun.models import RBM, Layer, Spec, to_bernoulli, to_ising
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
