"""T5: a machine trained on k sweeps is right after k sweeps, and only there (theory 3.2 and 3.3)."""

from __future__ import annotations

import pytest
import torch

from conftest import codes, machine
from enumeration import transition
from shortrun.dynamics import Noise, Stream
from shortrun.learning import rdm
from shortrun.learning.update import Batch, gradient
from shortrun.models import RBM, Layer, Spec
from shortrun.units import Bernoulli, Gaussian

# (data variance, k) -> A = w^2 of the trained mode at unit variances and V_0 = 0.25 (theory 3.3).
GAUSSIAN_FIXED_POINTS = {
    (3.0, 1): 1.4641, (3.0, 2): 0.7891, (3.0, 5): 0.6725, (3.0, 10): 0.6668,
    (8.0, 1): 3.6569, (8.0, 2): 1.3948, (8.0, 5): 0.9451, (8.0, 10): 0.8857,
    (1.5, 1): 0.4495, (1.5, 2): 0.3408,
}  # fmt: skip


def variance_after(a, k, start=0.25):
    """Return Var_k of theory eq. 3.2 at unit variances, which does not exist at A = 1 only in this form."""
    return a**k * a**k * start + (1 - a ** (2 * k)) / (1 - a)


@pytest.mark.parametrize(("variance", "k"), GAUSSIAN_FIXED_POINTS)
def test_gaussian_fixed_point(variance, k):
    """Clamped minus free vanishes at the tabulated A, and training by its exact mean value gets there."""
    a = 0.5
    for _ in range(20_000):
        # <s tau> = w <s^2> in both phases, so the direction of w is w (variance - Var_k).
        a *= 1 + 0.01 * (variance - variance_after(a, k))
    assert a == pytest.approx(GAUSSIAN_FIXED_POINTS[variance, k], abs=1e-3)


@pytest.mark.parametrize(("variance", "k"), [(3.0, 2), (8.0, 2), (3.0, 5)])
def test_our_update_stops_at_the_gaussian_fixed_point(variance, k):
    """At the tabulated A our sampled gradient is zero within 4 standard errors; at the equilibrium A it is not."""
    units = Gaussian(1.0, start_variance=0.25)
    model = RBM(Spec((Layer("visible", 1, units), Layer("hidden", 1, Gaussian()))))
    chains, repeats = 20_000, 30
    data = torch.randn(chains, 1, generator=torch.Generator().manual_seed(0))
    data *= (variance / data.square().mean()).sqrt()  # the second moment, which is what matters, is exact
    batch = Batch((data,), torch.ones(chains), torch.zeros(chains, dtype=torch.bool), False)

    def slope(a):
        theta = torch.tensor([a**0.5, 0.0, 0.0])
        steps = [gradient(model, rdm(k), theta, batch, (None,), Noise(1, Stream.FREE, u)) for u in range(repeats)]
        slopes = torch.stack([step.direction[0] for step in steps])
        return slopes.mean().item(), slopes.std().item() / repeats**0.5

    mean, error = slope(GAUSSIAN_FIXED_POINTS[variance, k])
    assert abs(mean) < 4 * error + 1e-3
    mean, error = slope(1 - 1 / variance)
    assert abs(mean) > 4 * error


@pytest.fixture(scope="module")
def trained():
    """An enumerable machine trained by the exact k = 10 out-of-equilibrium gradient on a bimodal law of 5 bits."""
    k = 10
    model, theta = machine(Bernoulli(), Bernoulli(), sites=5, hidden_sites=4, scale=0.1, seed=1)
    states = codes(model.spec.observed[0])
    ones = states.sum(1)
    target = torch.exp(-1.6 * torch.minimum(ones, 5 - ones).double()) * torch.where(ones > 2, 0.6, 0.4)
    target /= target.sum()
    uniform = torch.full((32,), 1 / 32, dtype=torch.float64)
    velocity = torch.zeros_like(theta)
    for _ in range(3000):
        _, kernel = transition(model, theta)
        after = uniform @ torch.matrix_power(kernel, k)
        direction = model.statistics(theta, (states,), target) - model.statistics(theta, (states,), after)
        velocity = 0.9 * velocity + direction
        theta = theta + 0.1 * velocity
    return model, theta, target, k


def mismatch(model, theta, target, law):
    states = (codes(model.spec.observed[0]),)
    return (model.statistics(theta, states, target) - model.statistics(theta, states, law)).abs().max().item()


def test_moments_match_at_k_and_nowhere_else(trained):
    model, theta, target, k = trained
    _, kernel = transition(model, theta)
    law = torch.full((32,), 1 / 32, dtype=torch.float64)
    errors = {}
    for t in range(1, 3 * k + 1):
        law = law @ kernel
        errors[t] = mismatch(model, theta, target, law)
    equilibrium = torch.softmax(-model.free_energy(theta, (codes(model.spec.observed[0]),)), 0)
    assert errors[k] < 1e-3
    assert min(errors, key=errors.get) == k
    assert errors[3 * k] > 1e-2
    assert mismatch(model, theta, target, equilibrium) > 1e-2
