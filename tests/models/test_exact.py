"""T1 to T3: energies, conditionals, gradients and the label posterior against enumeration of every state."""

from __future__ import annotations

import pytest
import torch

from conftest import DISCRETE, HIDDEN, all_states, codes, energy, law, machine
from dictionary import to_bernoulli, to_ising
from shortrun.models import RBM, Layer, Spec
from shortrun.units import Bernoulli, Gaussian, Ising, Potts, from_dict, kinds, to_dict

TIGHT = {"rtol": 0, "atol": 1e-10}
pairs = pytest.mark.parametrize(
    ("visible", "hidden", "classes"), [(v, h, k) for v in DISCRETE for h in HIDDEN for k in (None, 3)]
)


@pairs
def test_free_energy_gives_the_marginal(visible, hidden, classes):
    model, theta = machine(visible, hidden, classes=classes)
    observed, exact = law(model, theta)
    free = -model.free_energy(theta, observed)
    log_z = torch.logsumexp(-energy(model, theta, all_states(model.spec.layers)), 0)
    torch.testing.assert_close((free - log_z).exp(), exact, **TIGHT)


@pairs
def test_conditionals(visible, hidden, classes):
    model, theta = machine(visible, hidden, classes=classes)
    states = all_states(model.spec.layers)
    joint = torch.softmax(-energy(model, theta, states), 0)
    h = hidden.features(states[-1], theta.dtype)
    given = 5  # an observed configuration
    observed, _ = law(model, theta)
    same = torch.stack([(x == y[given]).all(1) for x, y in zip(states[:-1], observed, strict=True)]).all(0)
    exact = (joint[same].unsqueeze(1) * h[same]).sum(0) / joint[same].sum()
    field = model.hidden_field(theta, tuple(x[given : given + 1] for x in observed))
    torch.testing.assert_close(hidden.mean(field)[0], exact, **TIGHT)
    # ... and of every observed layer given h.
    same = (states[-1] == states[-1][3]).all(1)
    passed = hidden.features(states[-1][3:4], theta.dtype)
    weight, bias, _ = model.view(theta)
    for layer, rows, x in zip(model.spec.observed, model.slices, states, strict=False):
        features = layer.units.features(x[same], theta.dtype)
        exact = (joint[same].unsqueeze(1) * features).sum(0) / joint[same].sum()
        mean = layer.units.mean(bias[rows] + passed @ weight[rows].T)[0]
        torch.testing.assert_close(mean, exact, **TIGHT)


@pytest.mark.parametrize("units", [Bernoulli(), Ising(), Potts(4), Gaussian(1.7, 0.5)])
def test_units_agree_with_themselves(units):
    field = torch.linspace(-3, 3, 24, dtype=torch.float64).view(2, 12).requires_grad_()
    (slope,) = torch.autograd.grad(units.log_z(field).sum(), field)
    torch.testing.assert_close(slope, units.mean(field).detach(), **TIGHT)  # mean = d ln z / d field
    back = units.mean(units.field_of_mean(units.mean(field)))
    torch.testing.assert_close(back, units.mean(field), **TIGHT)
    assert from_dict(to_dict(units)) == units
    assert units.kind in kinds()


def test_gaussian_log_z_by_quadrature():
    units = Gaussian(0.7)
    grid = torch.linspace(-40, 40, 400_001, dtype=torch.float64)
    for field in (-2.0, 0.0, 1.3):
        numeric = torch.trapezoid(torch.exp(field * grid - grid**2 / (2 * 0.7)), grid).log()
        exact = units.log_z(torch.tensor([[field]], dtype=torch.float64))[0, 0]
        torch.testing.assert_close(exact, numeric, **TIGHT)


@pairs
def test_zero_sum_gauge_keeps_every_probability(visible, hidden, classes):
    model, theta = machine(visible, hidden, classes=classes)
    _, before = law(model, theta)
    model.project_(theta)
    _, after = law(model, theta)
    torch.testing.assert_close(before, after, rtol=0, atol=1e-12)
    weight, bias, _ = model.view(theta)
    for layer, rows in zip(model.spec.observed, model.slices, strict=True):
        if layer.units.width > 1:
            shape = (layer.sites, layer.units.width)
            assert weight[rows].unflatten(0, shape).sum(1).abs().max() < 1e-12
            assert bias[rows].unflatten(0, shape).sum(1).abs().max() < 1e-12


@pytest.mark.parametrize("classes", [None, 3])
def test_dictionary_keeps_every_probability(classes):
    model, theta = machine(Bernoulli(), Bernoulli(), classes=classes)
    _, exact = law(model, theta)
    ising, rewritten = to_ising(model, theta)
    assert ising.spec.hidden.units == Ising()
    torch.testing.assert_close(law(ising, rewritten)[1], exact, rtol=0, atol=1e-12)
    back, again = to_bernoulli(ising, rewritten)
    assert back == model
    torch.testing.assert_close(again, theta, rtol=0, atol=1e-12)
    torch.testing.assert_close(ising.view(rewritten).weight[:3], model.view(theta).weight[:3] / 4)


def model_statistics(model, theta):
    observed, exact = law(model, theta)
    return model.statistics(theta, observed, exact)


@pairs
def test_statistics_are_the_gradient_of_the_log_likelihood(visible, hidden, classes):
    model, theta = machine(visible, hidden, classes=classes)
    observed, _ = law(model, theta)
    data = tuple(x[[1, 4, 4, 7]] for x in observed)
    weights = torch.tensor([0.1, 0.4, 0.2, 0.3], dtype=torch.float64)
    everything = all_states(model.spec.observed)

    def log_likelihood(at):
        log_z = torch.logsumexp(-model.free_energy(at, everything), 0)
        return -(weights * model.free_energy(at, data)).sum() - log_z

    (exact,) = torch.autograd.grad(log_likelihood(theta.requires_grad_()), theta)
    theta = theta.detach()
    ours = model.statistics(theta, data, weights) - model_statistics(model, theta)
    torch.testing.assert_close(ours, exact, rtol=1e-9, atol=1e-11)


def test_gradient_against_finite_differences():
    model, theta = machine(Potts(3), Bernoulli(), classes=2)
    everything = all_states(model.spec.observed)
    data = tuple(x[[3, 11]] for x in everything)

    def log_likelihood(at):
        log_z = torch.logsumexp(-model.free_energy(at, everything), 0)
        return (-model.free_energy(at, data).mean() - log_z).item()

    half = torch.full((2,), 0.5, dtype=torch.float64)
    ours = model.statistics(theta, data, half) - model_statistics(model, theta)
    for p in range(0, model.size(), 5):
        nudge = torch.zeros_like(theta)
        nudge[p] = 1e-5
        numeric = (log_likelihood(theta + nudge) - log_likelihood(theta - nudge)) / 2e-5
        assert abs(ours[p].item() - numeric) < 1e-6 * max(1.0, abs(numeric))


def flipped(model, theta, site, unit):
    """Return the parameters of the same law with one visible site and one hidden unit recoded 0 <-> 1."""
    theta = theta.clone()
    weight, bias, hidden_bias = model.view(theta)
    hidden_bias += weight[site]
    weight[site], bias[site] = -weight[site], -bias[site]
    bias += weight[:, unit]
    weight[:, unit], hidden_bias[unit] = -weight[:, unit], -hidden_bias[unit]
    return theta


@pytest.mark.parametrize("rule", ["centred", "plain"])
def test_centred_step_does_not_see_the_coding_of_a_site(rule):
    model, theta = machine(Bernoulli(), Bernoulli(), classes=3)
    observed, _ = law(model, theta)
    rows = [1, 5, 5, 14]
    weights = torch.full((4,), 0.25, dtype=torch.float64)

    def stepped(theta, flip):
        visible = observed[0][rows].clone()
        visible[:, 1] ^= flip
        clamped = model.statistics(theta, (visible, observed[1][rows]), weights)
        direction = clamped - model_statistics(model, theta)
        means = model.view(clamped)[1:]
        return theta + 1e-3 * (model.centred(direction, means) if rule == "centred" else direction)

    _, straight = law(model, stepped(theta, 0))
    coded, roundabout = law(model, stepped(flipped(model, theta, 1, 2), 1))
    coded[0][:, 1] ^= 1
    order = {tuple(torch.cat(pair).tolist()): p for *pair, p in zip(*coded, roundabout, strict=True)}
    roundabout = torch.stack([order[tuple(torch.cat(pair).tolist())] for pair in zip(*observed, strict=True)])
    error = (straight - roundabout).abs().max()
    assert error < 1e-12 if rule == "centred" else error > 1e-6


@pytest.mark.parametrize("visible", DISCRETE)
@pytest.mark.parametrize("hidden", [*HIDDEN, Gaussian(0.5)])
def test_label_posterior_is_exact(visible, hidden):
    model, theta = machine(visible, hidden, classes=4, scale=0.5)
    grid = codes(model.spec.observed[0])
    every_label = torch.arange(4, dtype=torch.uint8).repeat(len(grid)).unsqueeze(1)
    joint = -model.free_energy(theta, (grid.repeat_interleave(4, 0), every_label))
    exact = torch.softmax(joint.view(-1, 4), 1)
    arbitrary = torch.full((len(grid), 1), 2, dtype=torch.uint8)
    ours = model.label_log_probabilities(theta, (grid, arbitrary)).exp()
    torch.testing.assert_close(ours, exact, **TIGHT)


def test_two_visible_layers_of_different_kinds_make_one_machine():
    layers = (Layer("bits", 2, Bernoulli()), Layer("colours", 2, Potts(3)), Layer("hidden", 2, Bernoulli()))
    model = RBM(Spec(layers))
    theta = torch.randn(model.size(), dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    _, exact = law(model, theta)
    free = -model.free_energy(theta, all_states(model.spec.observed))
    torch.testing.assert_close(torch.softmax(free, 0), exact, **TIGHT)
    assert Spec.from_dict(model.spec.to_dict()) == model.spec
