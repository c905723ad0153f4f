"""T9 and T18: how machines learn where it can be solved."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from conftest import law, machine
from gaussian_modes import mode_velocity, out_of_equilibrium_fixed_point, rotations
from shortrun import plots
from shortrun.cli import main as cli
from shortrun.errors import ConfigError, DataError
from shortrun.models import RBM
from shortrun.regimes import linear_regime
from shortrun.regimes.learning_flow import (
    UnitVariances,
    flow,
    growth_rates,
    mode_fixed_points,
    model_covariance,
    velocity,
)
from shortrun.regimes.linear_regime import without_sites
from shortrun.units import Bernoulli, Ising, Potts

UNITS = [UnitVariances(), UnitVariances(0.7, 1.8)]


def random_case(units, seed=0, sites=6, hidden=4):
    """Return weights with an equilibrium and a covariance of data."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(sites, sites))
    weight = rng.normal(size=(sites, hidden))
    weight *= 0.7 / math.sqrt(units.visible * units.hidden) / np.linalg.norm(weight, 2)
    return weight, root @ root.T / 3


@pytest.mark.parametrize("units", UNITS)
def test_covariance_of_the_model(units):
    """The inverse of the visible block's Schur complement of the precision of (s, tau)."""
    weight, _ = random_case(units)
    sites, hidden = weight.shape
    precision = np.block([[np.eye(sites) / units.visible, -weight], [-weight.T, np.eye(hidden) / units.hidden]])
    np.testing.assert_allclose(model_covariance(weight, units), np.linalg.inv(precision)[:sites, :sites], rtol=1e-10)


@pytest.mark.parametrize("units", UNITS)
def test_singular_values_move_as_theory_7_1(units):
    weight, covariance = random_case(units)
    left, values, right = np.linalg.svd(weight, full_matrices=False)
    moved = np.diag(left.T @ velocity(weight, covariance, units) @ right.T)
    variances = np.diag(left.T @ covariance @ left)
    np.testing.assert_allclose(moved, mode_velocity(values, variances, units), rtol=1e-10)


@pytest.mark.parametrize("units", UNITS)
def test_learning_ends_at_the_fixed_point(units):
    weight, covariance = random_case(units)
    last = flow(0.01 * weight, covariance, [300.0], units)[0]
    variances = np.linalg.eigvalsh(covariance)[::-1]
    left, values, _ = np.linalg.svd(last, full_matrices=False)
    np.testing.assert_allclose(values, mode_fixed_points(variances, units)[:4], atol=1e-3)
    _, vectors = np.linalg.eigh(covariance)
    kept = int((values > 1e-2).sum())
    assert kept >= 2
    overlap = np.abs((left[:, :kept] * vectors[:, ::-1][:, :kept]).sum(0))
    np.testing.assert_allclose(overlap, 1, atol=1e-3)


def test_early_growth():
    _, covariance = random_case(UnitVariances())
    vectors = np.linalg.eigh(covariance)[1][:, ::-1]
    start = 1e-6 * vectors[:, :4] @ np.eye(4)
    path = flow(start, covariance, [0.0, 0.1])
    grown = np.log((vectors[:, :4] * path[1]).sum(0) / 1e-6) / 0.1
    np.testing.assert_allclose(grown, growth_rates(np.linalg.eigvalsh(covariance)[::-1][:4]), rtol=1e-5)
    assert len(path) == 2


@pytest.mark.parametrize("units", UNITS)
def test_rotations_against_finite_differences(units):
    """T9: u^a . du^b/dt and v^a . dv^b/dt from two nearby points of the flow, 1e-4."""
    weight, covariance = random_case(units, seed=2)
    found, step = rotations(weight, covariance, units), 1e-5
    sides = [weight + sign * step * velocity(weight, covariance, units) for sign in (-1, 1)]
    left, _, right = np.linalg.svd(weight, full_matrices=False)
    moved = []
    for side in sides:
        u, _, v = np.linalg.svd(side, full_matrices=False)
        signs = np.sign((u * left).sum(0))
        moved.append((u * signs, v.T * signs))
    turned = left.T @ (moved[1][0] - moved[0][0]) / (2 * step), right @ (moved[1][1] - moved[0][1]) / (2 * step)
    np.testing.assert_allclose(found.visible, turned[0], atol=1e-4)
    np.testing.assert_allclose(found.hidden, turned[1], atol=1e-4)
    np.testing.assert_allclose(found.visible, -found.visible.T, atol=1e-12)


def test_what_has_no_flow():
    weight, covariance = random_case(UnitVariances())
    with pytest.raises(DataError, match="expected of every mode"):
        flow(2 * weight, covariance, [1.0])
    with pytest.raises(DataError, match="covariance of 6 sites"):
        flow(weight, covariance[:5, :5], [1.0])
    for times in ([], [2.0, 1.0], [-1.0]):
        with pytest.raises(ConfigError):
            flow(weight, covariance, times)
    with pytest.raises(ConfigError):
        UnitVariances(0.0)


# (data variance, k) -> A at unit variances and V_0 = 0.25 (theory 3.3)
TABLE = {
    (3.0, 1): 1.4641, (3.0, 2): 0.7891, (3.0, 5): 0.6725, (3.0, 10): 0.6668, (3.0, 200): 0.6667,
    (8.0, 1): 3.6569, (8.0, 2): 1.3948, (8.0, 5): 0.9451, (8.0, 10): 0.8857, (8.0, 400): 0.8750,
    (1.5, 1): 0.4495, (1.5, 2): 0.3408, (1.5, 100): 0.3333,
}  # fmt: skip


@pytest.mark.parametrize(("variance", "k"), TABLE)
def test_fixed_points_out_of_equilibrium(variance, k):
    assert out_of_equilibrium_fixed_point(variance, k, start=0.25) == pytest.approx(TABLE[variance, k], abs=1e-4)


def test_out_of_equilibrium_edges():
    assert out_of_equilibrium_fixed_point(0.5, 3) == 0
    # exactly A = 1 where the variance is V_0 + 2 k s_v
    assert out_of_equilibrium_fixed_point(0.25 + 2 * 3, 3, start=0.25) == pytest.approx(1, abs=1e-9)
    with pytest.raises(ConfigError):
        out_of_equilibrium_fixed_point(2.0, 0)


# The linear regime


def expected_step(model: RBM, theta, states, target):
    """Return the weights' part of the exact centred gradient for data of an enumerated law."""
    weight, _, hidden_bias = model.view(theta)
    observed, probabilities = law(model, theta)
    data = model.statistics(theta, states, target)
    step = data - model.statistics(theta, observed, probabilities)
    x = model.features(states, theta.dtype)
    means = target @ x, target @ model.spec.hidden.units.mean(x @ weight + hidden_bias)
    return model.view(model.centred(step, means)).weight


@pytest.mark.parametrize("hidden", [Bernoulli(), Ising()])
@pytest.mark.parametrize(
    ("visible", "classes"), [(Bernoulli(), None), (Ising(), None), (Potts(3), None), (Bernoulli(), 3)]
)
def test_linear_regime_against_enumeration(visible, hidden, classes):
    """T18: dW = C_h (C - C_within) W of (2.7) within 1e-3 at weights of 1e-4, with a label as one more site."""
    model, theta = machine(visible, hidden, sites=3, hidden_sites=3, classes=classes, scale=1e-4)
    states, _ = law(model, theta)
    target = torch.softmax(
        torch.randn(len(states[0]), dtype=torch.float64, generator=torch.Generator().manual_seed(1)), 0
    )
    regime = linear_regime(model, states, target)
    weight, bias, hidden_bias = model.view(theta)
    for layer, at in zip(model.spec.observed, model.slices, strict=True):
        bias[at] = layer.units.field_of_mean(regime.mean[at].unsqueeze(0))[0]
    hidden_bias.copy_(-regime.mean @ weight)
    step = expected_step(model, theta, states, target)
    predicted = (regime.weights(theta, 1.0, 1e-6) - weight) / 1e-6
    assert float((step - predicted).norm() / predicted.norm()) < 1e-3
    values = regime.vectors @ torch.diag(regime.values) @ regime.vectors.T @ weight * regime.hidden_variance
    torch.testing.assert_close(values, predicted, rtol=1e-4, atol=1e-12)


def test_covariance_within_sites_is_left_out():
    model, _ = machine(Potts(3), Bernoulli(), sites=2, classes=2)
    between = without_sites(model, torch.ones(8, 8))
    assert between[:3, :3].sum() == between[3:6, 3:6].sum() == between[6:, 6:].sum() == 0
    assert between.sum() == 64 - 9 - 9 - 4


def test_time_to_the_first_transition():
    """One mode alone: s = (1 + rate lambda / 4)^n s_0 comes to 1 at n = ln(1 / s_0) / ln(1 + rate lambda / 4)."""
    model, theta = machine(Bernoulli(), Bernoulli(), sites=8, hidden_sites=5)
    pattern = torch.randint(0, 2, (8,), generator=torch.Generator().manual_seed(3)).to(torch.uint8)
    states = (torch.stack([pattern, 1 - pattern]),)
    regime = linear_regime(model, states, torch.ones(2))
    assert regime.values[0].item() == pytest.approx(7 / 4)
    weight = model.view(theta).weight
    weight.copy_(1e-3 * torch.outer(regime.vectors[:, 0], torch.randn(5, dtype=torch.float64)))
    first = regime.instability(theta, 0.0, 0.1)
    alone = regime.leading_mode(theta, 0.1)
    assert alone.updates == pytest.approx(math.log(1 / first) / math.log1p(0.1 * 7 / 16), rel=1e-9)
    assert regime.instability(theta, alone.updates, 0.1) == pytest.approx(1, rel=1e-9)
    assert regime.all_modes(theta, 0.1) == pytest.approx(alone.updates, abs=0.1)
    weight *= 1e6
    assert regime.leading_mode(theta, 0.1).updates == regime.all_modes(theta, 0.1) == 0


def test_data_without_modes():
    model, _ = machine(Bernoulli(), Bernoulli())
    with pytest.raises(ConfigError, match="vary together"):
        linear_regime(model, (torch.zeros(4, 3, dtype=torch.uint8),), torch.ones(4))


def test_figure_of_learning_curves():
    weight, covariance = random_case(UnitVariances())
    times = np.linspace(0, 20, 30)
    values = np.linalg.svd(flow(0.01 * weight, covariance, times), compute_uv=False)
    variances = np.linalg.eigvalsh(covariance)[::-1][:4]
    figure = plots.learning_curves(times, values, growth_rates(variances), mode_fixed_points(variances))
    assert len(figure.axes[0].lines) >= 8


def test_verb_finds_the_modes_of_data(tmp_path, capsys):
    arguments = ["digits", "--modes", "4", "--noise", "2", "-o", str(tmp_path / "flow.csv"), "--json"]
    assert cli(["learning-flow", *arguments, "--figure", str(tmp_path / "flow.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    spins = 2.0 * sr.read("digits").values - 1
    variances = np.linalg.eigvalsh(np.cov(spins.T, bias=True))[::-1][:4]
    for row, variance in zip(found["modes"], variances, strict=True):
        assert row["variance"] == pytest.approx(variance, rel=1e-6)
        assert row["fixed_point"] == pytest.approx(math.sqrt(max(0, 1 / 2 - 1 / variance)), rel=1e-6)
    path = pd.read_csv(tmp_path / "flow.csv")
    ends = path[path["time"] == path["time"].max()]["value"].to_numpy()
    expressed = variances > 2.2
    np.testing.assert_allclose(ends[expressed], [math.sqrt(1 / 2 - 1 / v) for v in variances[expressed]], rtol=1e-3)
    assert (tmp_path / "flow.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("option", "value"), [("modes", "0"), ("modes", "65"), ("noise", "0"), ("time", "-1"), ("first", "nan")]
)
def test_verb_refuses(option, value, capsys):
    assert cli(["learning-flow", "digits", f"--{option}", value]) == 2
    assert option in capsys.readouterr().err
