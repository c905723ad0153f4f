"""The fused step of ascent against its parts one by one, in float64."""

from __future__ import annotations

import pytest
import torch

from conftest import machine
from shortrun.engine import fused_step, native
from shortrun.engine.step import penalise_, rescale_label_
from shortrun.settings.training import OptimiserSettings
from shortrun.units import Bernoulli, Ising, Potts

pytestmark = pytest.mark.skipif(not native.available(), reason=f"no kernels: {native.path()}")
SETTINGS = OptimiserSettings(l1=0.01, l2=0.02, label_l2=0.03, label_rate=2.0)


@pytest.fixture
def _restored():
    threads, path = torch.get_num_threads(), native.path()
    yield
    torch.set_num_threads(threads)
    native.select(path)


def _case(units, hidden_sites):
    model, theta = machine(units, Bernoulli(), sites=75, hidden_sites=hidden_sites, classes=4)
    generator = torch.Generator().manual_seed(3)
    direction = torch.randn(model.size(), generator=generator)
    features, hidden = model.shape
    means = torch.rand(features, generator=generator) / 10, torch.rand(hidden, generator=generator) / 10
    return model, theta.float(), direction, means


@pytest.mark.parametrize("hidden_sites", [1, 29, 64, 130])
@pytest.mark.parametrize("units", [Bernoulli(), Ising(), Potts(3), Potts(21)])
def test_one_pass_does_what_the_parts_do(units, hidden_sites):
    model, theta, direction, means = _case(units, hidden_sites)
    found = theta.clone()
    fused_step.fused_step_(model, found, direction, means, 0.1, SETTINGS)
    expected = theta.double()
    step = model.centred(direction.double(), tuple(x.double() for x in means))
    penalise_(model, step, expected, SETTINGS)
    rescale_label_(model, step, 2.0)
    expected += 0.1 * step
    model.project_(expected)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=2e-5)


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("units", [Bernoulli(), Potts(5)])
def test_every_path_and_any_number_of_threads_give_the_same_bits(units):
    model, theta, direction, means = _case(units, 77)
    results = []
    for path in native.PATHS:
        for threads in (1, 2, 3, 8):
            native.select(path)  # the best there is up to this one
            torch.set_num_threads(threads)
            results.append(theta.clone())
            fused_step.fused_step_(model, results[-1], direction, means, 0.1, SETTINGS)
    assert all(torch.equal(results[0], other) for other in results[1:])
    assert not torch.equal(results[0], theta)
