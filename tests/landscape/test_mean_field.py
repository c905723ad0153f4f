"""T11, T12 and more: mean-field equations against enumeration, their free energy, and the iteration."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch

from conftest import DISCRETE, HIDDEN, all_states, energy, machine
from dictionary import to_bernoulli
from shortrun.errors import ConfigError, DataError
from shortrun.landscape import fixed_points, gamma, solve, stability
from shortrun.landscape.expansion import Expansion
from shortrun.models import RBM, Layer, Spec
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

ORDERS = (1, 2, 3)
WINDOWS = {1: (3.5, 5), 2: (6.5, 10.5), 3: (12, 20)}  # of the errors' ratio when weights are halved
MIXED = (Layer("visible_2", 2, Bernoulli()), Layer("visible_3", 2, Potts(3)), Layer("label", 1, Potts(2)))
orders = pytest.mark.parametrize("order", ORDERS)
pairs = pytest.mark.parametrize(
    ("visible", "hidden", "classes"), [(v, h, k) for v in DISCRETE for h in HIDDEN for k in (None, 3)]
)


def mixed(hidden, seed=0):
    """Return a machine with three observed layers of different units."""
    model = RBM(Spec((*MIXED, Layer("hidden", 4, hidden))))
    generator = torch.Generator().manual_seed(seed)
    return model, 0.8 * torch.randn(model.size(), dtype=torch.float64, generator=generator)


def uniform(*shape):
    """Return numbers between 0 and 1, the same each time."""
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def with_weights(model, theta, scale):
    """Return theta with its weights scaled."""
    theta = theta.clone()
    model.view(theta).weight.mul_(scale)
    return theta


def exact(model, theta):
    """Return the means of observed and hidden features, and -ln Z, by enumeration."""
    states = all_states(model.spec.layers)
    minus_energy = -energy(model, theta, states)
    weights = torch.softmax(minus_energy, 0)
    means = (model.features(states[:-1], theta.dtype), model.spec.hidden.units.features(states[-1], theta.dtype))
    return *(weights @ each for each in means), -torch.logsumexp(minus_energy, 0)


def flat(model, rows=1):
    """Return the means of every feature without fields."""
    mean = torch.cat([la.units.mean(torch.zeros(1, la.width, dtype=torch.float64)) for la in model.spec.observed], 1)
    return mean.expand(rows, -1)


def errors(machines, order, scale):
    """Return root mean square errors of means and of -ln Z, over machines with scaled weights."""
    of_means, of_log_z = [], []
    for model, theta in machines:
        theta = with_weights(model, theta, scale)
        found = solve(model, theta, flat(model), order=order, tolerance=1e-13)
        assert found.converged.all()
        observed, hidden, free = exact(model, theta)
        of_means.append(torch.cat([found.observed[0] - observed, found.hidden[0] - hidden]))
        of_log_z.append(gamma(model, theta, found.observed, found.hidden, order=order) - free)
    return torch.stack([torch.cat(each).square().mean().sqrt() for each in (of_means, of_log_z)])


def check_scaling(machines, order):
    low, high = WINDOWS[order]
    ratio = errors(machines, order, 0.1) / errors(machines, order, 0.05)
    assert ((ratio > low) & (ratio < high)).all(), ratio


@orders
@pairs
def test_errors_shrink_with_the_weights(visible, hidden, classes, order):
    """T11: by 4, 8 and 16 when the weights are halved, of the means and of -ln Z."""
    check_scaling([machine(visible, hidden, classes=classes, hidden_sites=3, seed=seed) for seed in range(4)], order)


@orders
@pytest.mark.parametrize("hidden", HIDDEN)
def test_errors_shrink_with_mixed_layers(hidden, order):
    check_scaling([mixed(hidden, seed) for seed in range(4)], order)


@orders
@pytest.mark.parametrize("hidden", HIDDEN)
def test_gamma_is_stationary_at_solutions(hidden, order):
    model, theta = mixed(hidden)
    found = solve(model, theta, flat(model), order=order, tolerance=1e-13)
    means = (found.observed.requires_grad_(), found.hidden.requires_grad_())
    slopes = torch.autograd.grad(gamma(model, theta, *means, order=order).sum(), means)
    for layer, rows in zip(model.spec.observed, model.slices, strict=True):
        by_site = slopes[0][:, rows].unflatten(1, (layer.sites, -1))
        if layer.units.width > 1:  # along the means that sum to one
            by_site = by_site - by_site.mean(-1, keepdim=True)
        assert by_site.abs().max() < 1e-10
    assert slopes[1].abs().max() < 1e-10


@pytest.mark.parametrize("units", [Bernoulli(), Ising(), Potts(3), Gaussian(0.6)])
def test_cumulants_of_weighted_features(units):
    """Each is the derivative of the one before by a common factor of the weights; slopes are those by the means."""
    generator = torch.Generator().manual_seed(1)
    field = torch.randn(2, 4 * units.width, dtype=torch.float64, generator=generator)
    weight = torch.randn(field.shape[1], 5, dtype=torch.float64, generator=generator)
    mean = units.mean(field).requires_grad_()
    found = units.weighted_cumulants(mean, [weight, weight**2, weight**3])
    for unit in range(5):
        factor = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
        value = units.log_z(field + factor * weight[:, unit]).sum(1)
        for cumulant in found:
            (value,) = torch.autograd.grad(value.sum(), factor, create_graph=True)
            torch.testing.assert_close(cumulant[:, unit], value[:, 0], rtol=0, atol=1e-12)
    factors = [torch.randn(2, 5, dtype=torch.float64, generator=generator) for _ in found]
    total = sum((f * cumulant).sum() for f, cumulant in zip(factors, found, strict=True))
    (slope,) = torch.autograd.grad(total, mean)
    again = units.weighted_slopes(mean.detach(), [weight, weight**2, weight**3], factors)
    torch.testing.assert_close(again, slope, rtol=0, atol=1e-12)


@pytest.mark.parametrize("units", [Bernoulli(), Ising(), Potts(3), Gaussian(0.6)])
def test_entropy_and_covariance(units):
    field = torch.randn(3, 2 * units.width, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    mean = units.mean(field)
    expected = units.log_z(field) - (field * mean).unflatten(1, (2, -1)).sum(-1)
    torch.testing.assert_close(units.entropy(mean), expected, rtol=0, atol=1e-12)
    x = torch.randn_like(field)
    _, slope = torch.func.jvp(units.mean, (field,), (x,))  # d mean / d field is the covariance
    torch.testing.assert_close(units.covariance(mean, x), slope, rtol=0, atol=1e-12)


@pytest.mark.parametrize("elements", [7, 40, 1000])  # a few rows of a site, many rows of one, some sites of all rows
@pytest.mark.parametrize("order", [2, 3])
def test_potts_rows_and_sites_in_pieces(monkeypatch, order, elements):
    units, generator = Potts(4), torch.Generator().manual_seed(4)
    mean = units.mean(torch.randn(50, 6 * 4, dtype=torch.float64, generator=generator))
    weight = torch.randn(24, 5, dtype=torch.float64, generator=generator)
    powers = [weight**n for n in range(1, order + 1)]
    factors = [torch.randn(50, 5, dtype=torch.float64, generator=generator) for _ in powers]
    whole = [*units.weighted_cumulants(mean, powers), units.weighted_slopes(mean, powers, factors)]
    monkeypatch.setattr("shortrun.units._colours.ELEMENTS", elements * 5)
    pieces = [*units.weighted_cumulants(mean, powers), units.weighted_slopes(mean, powers, factors)]
    for a, b in zip(whole, pieces, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


@orders
def test_solutions_do_not_depend_on_coding_or_gauge(order):
    model, theta = machine(Ising(), Ising(), classes=3)
    theta = with_weights(model, theta, 0.3)
    found = solve(model, theta, flat(model), order=order, tolerance=1e-12)
    other, rewritten = to_bernoulli(model, theta)
    again = solve(other, rewritten, flat(other), order=order, tolerance=1e-12)
    torch.testing.assert_close((found.observed[:, :3] + 1) / 2, again.observed[:, :3], rtol=0, atol=1e-10)
    torch.testing.assert_close((found.hidden + 1) / 2, again.hidden, rtol=0, atol=1e-10)
    model.project_(theta)
    gauged = solve(model, theta, flat(model), order=order, tolerance=1e-12)
    torch.testing.assert_close(found.observed, gauged.observed, rtol=0, atol=1e-10)


def test_gaussian_units_are_exact():
    model, theta = machine(Gaussian(0.8), Gaussian(0.5), scale=0.3)
    weight, bias, hidden_bias = model.view(theta)
    inverse = torch.eye(3, dtype=theta.dtype) / 0.8 - 0.5 * weight @ weight.T
    mean = torch.linalg.solve(inverse, bias + 0.5 * weight @ hidden_bias)
    for order in ORDERS:
        found = solve(model, theta, torch.zeros(1, 3, dtype=theta.dtype), order=order, tolerance=1e-12)
        torch.testing.assert_close(found.observed[0], mean, rtol=0, atol=1e-10)


def rank_one(w, sites=500):
    """Return a Bernoulli machine with W = 4 w u v^T, u and v of unit length, without fields in Ising units."""
    ising = RBM(Spec((Layer("visible", sites, Ising()), Layer("hidden", sites, Ising()))))
    theta = torch.zeros(ising.size(), dtype=torch.float64)
    ising.view(theta).weight.fill_(w / sites)
    return to_bernoulli(ising, theta)


@orders
def test_number_of_fixed_points_of_rank_one(order):
    """T12: one below w = 1, two above, within 1 % at 500 sites."""
    for w, expected in ((0.99, 1), (1.01, 2)):
        model, theta = rank_one(w)
        starts = torch.tensor([[0.1], [0.9], [0.4]], dtype=theta.dtype).expand(-1, 500)
        found = fixed_points(model, theta, starts, order=order, tolerance=1e-6)
        assert (len(found), found.unconverged) == (expected, 0)
    assert found.basin.tolist() == [2, 1]
    assert abs(found.gamma[0] - found.gamma[1]) < 1e-6  # one is the other's mirror image


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("hidden_sites", [1, 5, 40])  # fewer than a look at the residual waits for, and more
@pytest.mark.parametrize("scale", [0.0, 0.7])
def test_stability_is_the_largest_singular_value(hidden, hidden_sites, scale, monkeypatch):
    """The plain reference: the covariances as matrices, a singular value decomposition of each point."""
    monkeypatch.setattr(sys.modules["shortrun.landscape.stability"], "ROWS", 3)  # the function has its name
    model, theta = machine(Potts(3), hidden, sites=6, hidden_sites=hidden_sites, classes=2, scale=scale)
    generator = torch.Generator().manual_seed(1)
    fields = [torch.randn(7, width, dtype=theta.dtype, generator=generator) for width in model.shape]
    layers = zip(model.spec.observed, model.slices, strict=True)
    v = torch.cat([layer.units.mean(fields[0][:, rows]) for layer, rows in layers], 1)
    h = hidden.mean(fields[1])
    for row, found in enumerate(stability(model, theta, v, h)):
        blocks = [torch.diag(m) - torch.outer(m, m) for m in (*v[row, :18].split(3), v[row, 18:])]
        values, vectors = torch.linalg.eigh(torch.block_diag(*blocks))
        left = vectors * values.clamp(min=0).sqrt() @ vectors.T
        right = hidden.covariance(h[row : row + 1], torch.ones_like(h[:1]))[0].sqrt()
        expected = torch.linalg.svdvals(left @ model.view(theta).weight * right)[0]
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_stability_is_the_rate_of_convergence():
    model, theta = rank_one(0.9, 50)
    half = torch.full((1, 50), 0.5, dtype=theta.dtype)
    torch.testing.assert_close(stability(model, theta, half, half), torch.tensor([0.9], dtype=theta.dtype))
    model, theta = mixed(Ising())
    found = solve(model, theta, flat(model), order=1, tolerance=1e-13)
    value = stability(model, theta, found.observed, found.hidden)[0]
    near = found.observed + 1e-4 * (flat(model) - found.observed)
    steps = [
        solve(model, theta, near, order=1, tolerance=1e-15, max_iterations=t).observed - found.observed for t in (5, 6)
    ]
    assert steps[1].norm() / steps[0].norm() == pytest.approx(value.item() ** 2, rel=2e-2)
    assert stability(model, theta, found.observed[:0], found.hidden[:0]).shape == (0,)


def glass(units=Bernoulli, sites=100, sigma=4.0):
    """Return a machine of strong random couplings, whose equations of second order do not settle without damping."""
    ising = RBM(Spec((Layer("visible", sites, Ising()), Layer("hidden", sites, Ising()))))
    theta = torch.zeros(ising.size())
    ising.view(theta).weight.normal_(0, sigma / sites**0.5, generator=torch.Generator().manual_seed(0))
    return to_bernoulli(ising, theta) if units is Bernoulli else (ising, theta)


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("units", [Bernoulli, Ising])
def test_rows_find_the_damping_they_need(units, order):
    model, theta = glass(units)
    starts = model.spec.visible[0].units.features((uniform(20, 100) < 0.5).to(torch.uint8))
    found = solve(model, theta, starts, order=order, max_iterations=500)
    assert found.converged.all()
    assert found.residual.max() < 1e-4
    # ... while the same equations, undamped, go on for ever
    expansion, observed, hidden = Expansion(model, theta, order), starts, torch.zeros(20, 100)
    for _ in range(500):
        hidden = expansion.hidden_mean(expansion.sums(observed), hidden)
        old, observed = observed, expansion.observed_mean(observed, hidden)
    assert (observed - old).abs().amax(1).min() > 0.1


def test_rows_do_not_depend_on_each_other(monkeypatch):
    model, theta = machine(Potts(3), Bernoulli(), classes=3, scale=1.5)
    starts = model.features(tuple(x[::7] for x in all_states(model.spec.observed)), theta.dtype)
    together = solve(model, theta, starts)
    alone = [solve(model, theta, row.unsqueeze(0)) for row in starts]
    assert len({each.iterations for each in alone}) > 1  # rows leave at different times
    assert together.iterations == max(each.iterations for each in alone)
    torch.testing.assert_close(together.observed, torch.cat([each.observed for each in alone]), rtol=0, atol=1e-10)
    torch.testing.assert_close(together.residual, torch.cat([each.residual for each in alone]), rtol=0, atol=1e-10)
    monkeypatch.setattr("shortrun.landscape.mean_field.rows_at_once", lambda *_: 4)
    torch.testing.assert_close(solve(model, theta, starts).hidden, together.hidden, rtol=0, atol=1e-10)


def test_rows_that_do_not_converge_are_told():
    model, theta = machine(Bernoulli(), Bernoulli(), scale=2.0)
    starts = uniform(5, 3)
    found = solve(model, theta, starts, max_iterations=2)
    assert not found.converged.any()
    assert (found.residual > 1e-4).all()
    assert found.iterations == 2
    broken = theta.clone()
    broken[0] = float("nan")
    assert not solve(model, broken, starts, max_iterations=5).converged.any()


def test_hidden_means_and_damping_are_starts_only():
    model, theta = machine(Bernoulli(), Ising(), scale=0.5)
    starts, hidden = uniform(4, 3), torch.zeros(4, 4, dtype=theta.dtype)
    plain = solve(model, theta, starts, tolerance=1e-10)
    for other in (
        solve(model, theta, starts, hidden, tolerance=1e-10),
        solve(model, theta, starts, damping=0.8, tolerance=1e-10),
    ):
        torch.testing.assert_close(other.observed, plain.observed, rtol=0, atol=1e-8)
    assert (hidden == 0).all()


def test_no_rows():
    model, theta = machine(Potts(3), Bernoulli())
    found = solve(model, theta, torch.zeros(0, 9, dtype=theta.dtype))
    assert found.observed.shape == (0, 9)
    assert found.hidden.shape == (0, 4)
    assert found.converged.shape == found.residual.shape == (0,)
    assert found.iterations == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"order": 4}, "order: 1 to 3 expected, got 4"),
        ({"order": 0}, "order: 1 to 3 expected, got 0"),
        ({"tolerance": 0.0}, "tolerance: a number greater than 0 expected, got 0"),
        ({"max_iterations": 0}, "max_iterations: at least 1 expected, got 0"),
        ({"damping": 1.0}, "damping: a number less than 1 expected, got 1"),
        ({"damping": -0.1}, "damping: at least 0 expected, got -0.1"),
    ],
)
def test_settings_out_of_range(options, said):
    model, theta = machine(Bernoulli(), Bernoulli())
    with pytest.raises(ConfigError, match=said):
        solve(model, theta, torch.zeros(1, 3, dtype=theta.dtype), **options)


def test_tables_that_do_not_fit():
    model, theta = machine(Bernoulli(), Bernoulli())
    starts = torch.zeros(2, 3, dtype=theta.dtype)
    with pytest.raises(DataError, match=r"observed: means of 3 features in each of 2 rows expected, got \(2, 5\)"):
        solve(model, theta, torch.zeros(2, 5, dtype=theta.dtype))
    with pytest.raises(DataError, match="hidden: means of 4 features"):
        gamma(model, theta, starts, torch.zeros(2, 3, dtype=theta.dtype))
    potts = RBM(Spec((Layer("visible", 2, Bernoulli()), Layer("hidden", 2, Potts(3)))))
    with pytest.raises(ConfigError, match="mean fields of potts units are not known in layer 'hidden'"):
        solve(potts, torch.zeros(potts.size()), torch.zeros(1, 2))
    known = ("width", "levels", "start", "features", "base_energy", "log_z", "mean", "field_of_mean", "sample")
    other = SimpleNamespace(kind="other", **{name: getattr(Bernoulli(), name) for name in known})
    model = RBM(Spec((Layer("visible", 2, other), Layer("hidden", 2, Bernoulli()))))  # pyright: ignore
    with pytest.raises(ConfigError, match="mean fields of other units are not known in layer 'visible'"):
        solve(model, torch.zeros(model.size()), torch.zeros(1, 2))
