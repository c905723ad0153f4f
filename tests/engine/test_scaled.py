"""Machines between independent sites and a machine: draws and free energies of the plain one with the same weights."""

from __future__ import annotations

import pytest
import torch

from conftest import machine
from shortrun import engine
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import native
from shortrun.engine.cpu import BINARY
from shortrun.engine.lookup import LookupMachine, step_bits
from shortrun.engine.plain import PlainMachine
from shortrun.engine.scaled import FACTORS, ScaledMachine, hidden_log_z
from shortrun.equilibrium import independent
from shortrun.models import Clamp
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

needs_kernels = pytest.mark.skipif(not native.available(), reason="the kernels were not built")
NOISE = Noise(3, Stream.GENERATE)
PLACES = (0.0, 0.3, 0.77, 1.0)


@pytest.fixture(params=[(v, h) for v in (Bernoulli(), Ising(), Potts(5)) for h in (Bernoulli(), Ising())], ids=str)
def ends(request):
    """A model, parameters without couplings and others."""
    model, theta = machine(*request.param, sites=23, hidden_sites=37, classes=3, scale=0.4)
    theta = theta.float()
    reference = independent(model, theta) + 0.1 * independent(model, theta.flip(0))
    return model, reference, theta


@needs_kernels
@pytest.mark.parametrize("s", PLACES)
def test_a_machine_of_a_line_is_the_plain_one_with_scaled_rounded_weights(ends, s):
    model, reference, theta = ends
    whole = LookupMachine(model, theta, step_bits(model, theta))
    weight = model.view(theta).weight
    weight.copy_(torch.round(weight * 2.0**whole.bits) * whole.step)
    at, plain = engine.line(model, reference, theta)(s), PlainMachine(model, torch.lerp(reference, theta, s))
    assert isinstance(at, ScaledMachine)
    state = start(model, NOISE, 200, {})
    moved = [each.run(state, NOISE, steps=3, clamp=Clamp()) for each in (at, plain)]
    for a, b in zip(*moved, strict=True):  # roundings may decide a draw whose probability is at its uniform number
        assert (a != b).any(1).float().mean() < 0.02
    exact = model.free_energy(torch.lerp(reference, theta, s).double(), moved[0])
    torch.testing.assert_close(at.free_energy(moved[0][:-1]), exact, rtol=0, atol=2e-5)


@needs_kernels
def test_at_its_end_a_line_has_the_machine_itself(ends):
    model, reference, theta = ends
    whole, end = engine.machine(model, theta), engine.line(model, reference, theta)(1.0)
    assert isinstance(whole, LookupMachine)
    state = whole.run(start(model, NOISE, 100, {}), NOISE, steps=2, clamp=Clamp())
    for a, b in zip(state, end.run(start(model, NOISE, 100, {}), NOISE, steps=2, clamp=Clamp()), strict=True):
        assert torch.equal(a, b)
    torch.testing.assert_close(whole.free_energy(state[:-1]), end.free_energy(state[:-1]), rtol=0, atol=3e-5)


@needs_kernels
def test_two_machines_of_a_line_sum_a_state_once(ends, monkeypatch):
    model, reference, theta = ends
    at, calls = engine.line(model, reference, theta), []
    summed = LookupMachine._summed
    monkeypatch.setattr(LookupMachine, "_summed", lambda self, *given: calls.append(given[0]) or summed(self, *given))
    one, other = (start(model, NOISE.at(t), 9, {})[:-1] for t in (1, 2))
    found = [at(s).free_energy(state) for state, s in ((one, 0.2), (one, 0.4), (other, 0.4))]
    assert len(calls) == 2 * len(one)
    fresh = [engine.line(model, reference, theta)(s).free_energy(x) for x, s in ((one, 0.2), (one, 0.4), (other, 0.4))]
    assert all(torch.equal(a, b) for a, b in zip(found, fresh, strict=True))
    machine_of_it = at(0.2)
    assert isinstance(machine_of_it, ScaledMachine)
    assert len(machine_of_it.line.sums) == 2 * len(one)
    del one
    assert len(machine_of_it.line.sums) == len(other)  # nothing is kept of a state that is gone


def test_without_tables_each_machine_of_a_line_is_made_anew():
    model, theta = machine(Gaussian(), Bernoulli())
    reference = independent(model, theta)
    at = engine.line(model, reference, theta)
    assert torch.equal(at(0.25).theta, torch.lerp(reference, theta, 0.25))


@needs_kernels
@pytest.mark.parametrize("units", [Bernoulli(), Ising()])
@pytest.mark.parametrize("count", [1, FACTORS, 3 * FACTORS + 5])
def test_logarithms_of_products_are_sums_of_logarithms(units, count):
    generator = torch.Generator().manual_seed(count)
    sums = [torch.randint(-900, 900, (count, 64), generator=generator).float() for _ in range(2)]
    bias, step = torch.randn(count, generator=generator), 2.0**-7
    sums[0][0, :4] = torch.tensor([2e4, -2e4, 0.0, 88 / step])
    exact = units.log_z(bias.double().unsqueeze(1) + step * (sums[0].double() + sums[1].double())).sum(0)
    found = hidden_log_z(sums, bias, step, BINARY[units])
    torch.testing.assert_close(found, exact, rtol=2e-7, atol=2e-5)
    alone = hidden_log_z([x[:, 32:].contiguous() for x in sums], bias, step, BINARY[units])
    assert torch.equal(alone, found[32:])  # of a chain the same, whatever others there are
