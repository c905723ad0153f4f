"""Fields looked up in tables against the plain machine with the same rounded weights: no code is shared."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign import times
from conftest import machine
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import machine as machine_at
from shortrun.engine import native
from shortrun.engine.lookup import FEWEST_BITS, LARGEST_SUM, LookupMachine, step_bits
from shortrun.engine.plain import PlainMachine
from shortrun.models import Clamp
from shortrun.units import Bernoulli, Ising, Potts

pytestmark = pytest.mark.skipif(not native.available(), reason=f"no kernels here: {native.path()}")

COLOURS = (2, 3, 4, 5, 6, 7, 8, 16, 20, 21, 31, 32)  # every way of grouping, and its ends
UNITS = st.sampled_from([Bernoulli(), Ising(), *(Potts(q) for q in COLOURS)])
CLAMPS = st.sampled_from([(), ("label",), ("visible",), ("visible", "label")])


@st.composite
def machines(draw):
    """A model with float32 parameters of a size that leaves the hidden units undecided."""
    sites, hidden_sites = draw(st.integers(1, 400)), draw(st.integers(1, 400))
    classes = draw(st.integers(2, 32))
    model, theta = machine(
        draw(UNITS),
        draw(st.sampled_from([Bernoulli(), Ising()])),
        sites=sites,
        hidden_sites=hidden_sites,
        classes=classes,
        seed=draw(st.integers(0, 9)),
        scale=draw(st.sampled_from([0.3, 1.0, 3.0])) / max(sites, hidden_sites) ** 0.5,
    )
    return model, theta.float()


def rounded(model, theta, bits):
    """Return theta with the weights as the tables hold them."""
    theta = theta.clone()
    weight = model.view(theta).weight
    weight.copy_(torch.round(weight * 2.0**bits) / 2.0**bits)
    return theta


def both(model, theta):
    """Return the machine under test and the plain one that it must equal."""
    bits = step_bits(model, theta)
    return LookupMachine(model, theta, bits), PlainMachine(model, rounded(model, theta, bits))


def a_start(model, chains, **noise):
    here = Noise(7, Stream.FREE, **noise)
    return start(model, here, chains, {}), here


@settings(max_examples=times(30, 600), deadline=None)
@given(machines(), CLAMPS, st.integers(1, 600), st.integers(0, 2**31), st.integers(0, 2**31), st.booleans())
def test_a_sweep_draws_what_the_rounded_machine_draws(case, clamp, chains, update, first_chain, keep):
    """Equal but for uniforms within float32 rounding of a threshold: 2 in 100,000 draws, and one more."""
    model, theta = case
    fast, plain = both(model, theta)
    state, noise = a_start(model, chains, update=update, first_chain=first_chain)
    mask = torch.arange(model.spec.observed[0].sites) % 3 == 0
    held = Clamp(clamp, {"visible": mask} if keep and "visible" not in clamp else {})
    expected, found = (m.run(state, noise, steps=1, clamp=held) for m in (plain, fast))
    differing = sum((a != b).sum().item() for a, b in zip(expected, found, strict=True))
    assert differing <= 1 + 2e-5 * sum(x.numel() for x in expected)


@settings(max_examples=times(10, 200), deadline=None)
@given(machines(), CLAMPS, st.integers(1, 700))
def test_the_same_bits_for_any_number_of_threads(case, clamp, chains):
    model, theta = case
    state, noise = a_start(model, chains)
    weights = torch.linspace(-1, 2, chains)
    threads, results = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3, 8):
            torch.set_num_threads(count)
            fast = LookupMachine(model, theta, step_bits(model, theta))
            end = fast.run(state, noise, steps=3, clamp=Clamp(clamp))
            statistics = fast.statistics([(state, weights), (end, -weights)])
            results.append((*end, statistics, *fast.means(end, weights), fast.label_log_probabilities(end)))
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@settings(max_examples=times(20, 400), deadline=None)
@given(machines(), st.integers(1, 300))
def test_statistics_and_means(case, chains):
    """Terms that share a layer, of any sign, against float64; the error is that of float32 fields and sums."""
    model, theta = case
    fast, _ = both(model, theta)
    exact = PlainMachine(model, rounded(model, theta, fast.bits).double())
    (state, noise), weights = a_start(model, chains), torch.linspace(-1, 2, chains)
    generated = fast.run(state, noise, steps=1, clamp=Clamp(("label",)))
    predicted = fast.run(state, replace(noise, update=1), steps=1, clamp=Clamp(("visible",)))
    terms = [(state, weights), (generated, -weights), (predicted, -2 * weights), (predicted, weights.abs())]
    found = fast.statistics(terms)
    expected = exact.statistics([(x, w.double()) for x, w in terms])
    scale = sum(w.abs().sum().item() for _, w in terms)
    assert (found - expected).abs().max() < 2e-6 * scale
    for a, b in zip(fast.means(state, weights), exact.means(state, weights.double()), strict=True):
        assert (a - b).abs().max() < 2e-6 * scale


@settings(max_examples=times(20, 400), deadline=None)
@given(machines(), st.integers(1, 100))
def test_label_probabilities_are_those_of_the_weights_themselves(case, chains):
    """Not of the rounded ones: 2^-9 of a step for each of S sites, through a sum over H units of slope at most 2."""
    model, theta = case
    fast, _ = both(model, theta)
    state, _ = a_start(model, chains)
    expected = model.label_log_probabilities(theta.double(), state)
    error = (fast.label_log_probabilities(state) - expected).abs().max()
    sites, hidden = model.spec.observed[0].sites, model.spec.hidden.sites
    assert error < 1e-4 + 2 * hidden * sites**0.5 * 2.0 ** -(fast.bits + 9)


@pytest.mark.parametrize("units", [Bernoulli(), Ising(), Potts(3), Potts(21)])
@pytest.mark.parametrize("sign", [1, -1])
def test_no_sum_overflows_when_all_weights_have_one_sign(units, sign):
    """The worst case for 16 bits: every site adds its most; the bits are the most that LARGEST_SUM allows."""
    model, theta = machine(units, Bernoulli(), sites=500, hidden_sites=500, classes=2, scale=0)
    theta = theta.float()
    weight, bias, hidden_bias = model.view(theta)
    weight.fill_(sign * 0.013)
    fast, plain = both(model, theta)
    block = 5 * 32  # of hidden units; those of Potts sites are shorter
    factor = 2 if units == Ising() else 1
    assert 2.0 ** (fast.bits + 1) > LARGEST_SUM / (factor * block * 0.013) >= 2.0**fast.bits
    state, noise = a_start(model, 40)
    state = (torch.full_like(state[0], 1), *state[1:])
    hidden_bias.fill_(-fast.theta.new_tensor(sign * 0.013 * 500).item())
    bias.fill_(-sign * 0.013 * 250)
    fast, plain = both(model, theta)
    expected, found = (m.run(state, noise, steps=1, clamp=Clamp()) for m in (plain, fast))
    assert all((a != b).sum() <= 1 for a, b in zip(expected, found, strict=True))


def test_observers_see_every_sweep_and_may_ask_the_machine():
    """What the machine keeps about a layer must not outlive the layer's values, which the kernels overwrite."""
    model, theta = machine(Bernoulli(), Bernoulli(), sites=40, hidden_sites=30, classes=4, scale=0.3)
    theta = theta.float()
    fast, plain = both(model, theta)
    state, noise = a_start(model, 100)
    weights, seen = torch.full((100,), 0.01), []

    def look(t, now):
        seen.append(t)
        torch.testing.assert_close(fast.means(now, weights), plain.means(now, weights), rtol=0, atol=1e-5)

    end = fast.run(state, noise, steps=5, clamp=Clamp(("label",)), observe=look)
    assert seen == [1, 2, 3, 4, 5]
    silent = fast.run(state, noise, steps=5, clamp=Clamp(("label",)))
    assert all(torch.equal(a, b) for a, b in zip(end, silent, strict=True))


def test_a_run_leaves_its_start_alone():
    model, theta = machine(Potts(5), Bernoulli(), classes=3)
    state, noise = a_start(model, 50)
    before = tuple(x.clone() for x in state)
    machine_at(model, theta.float()).run(state, noise, steps=3, clamp=Clamp())
    assert all(torch.equal(a, b) for a, b in zip(before, state, strict=True))


def test_weights_too_large_for_fine_steps_are_multiplied_out():
    model, theta = machine(Bernoulli(), Bernoulli(), sites=200, hidden_sites=200, scale=0.1)
    theta = theta.float()
    assert step_bits(model, theta) >= FEWEST_BITS
    assert isinstance(machine_at(model, theta), LookupMachine)
    large = 100 * theta
    assert step_bits(model, large) < FEWEST_BITS
    assert not isinstance(machine_at(model, large), LookupMachine)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_parameters_that_are_not_finite_are_left_to_others(value):
    model, theta = machine(Potts(4), Bernoulli(), sites=50, hidden_sites=50)
    theta = theta.float()
    model.view(theta).weight[17, 23] = value
    assert step_bits(model, theta) == -1
    assert not isinstance(machine_at(model, theta), LookupMachine)
