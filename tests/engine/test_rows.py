"""Tables by rows against tables in registers, every path against the others, and all against the plain machine.

What is drawn, summed and averaged is the same to the last bit: fields are integers, and every path does the same
float32 operations with them.
"""

from __future__ import annotations

import os
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
from shortrun.engine.cpu import CpuMachine
from shortrun.engine.lookup import MOST_ROWS, REGISTERS, ROWS, TILES, LookupMachine, layout_of, step_bits
from shortrun.engine.plain import PlainMachine
from shortrun.models import Clamp
from shortrun.units import Bernoulli, Ising, Potts

PATHS = [name for name in native.PATHS if native.select(name) == name]
native.select(os.environ.get("SHORTRUN_ENGINE") or native.PATHS[-1])
UNITS = st.sampled_from([Bernoulli(), Ising(), *(Potts(q) for q in (2, 3, 5, 6, 21, 32, 33, 64, 65, 255))])
CLAMPS = st.sampled_from([(), ("label",), ("visible",), ("visible", "label")])
pytestmark = [
    pytest.mark.skipif(not PATHS, reason=f"no kernels here: {native.path()}"),
    pytest.mark.usefixtures("_restored"),
]


@pytest.fixture
def _restored():
    """Leave the path and the number of threads as they were."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    native.select(os.environ.get("SHORTRUN_ENGINE") or native.PATHS[-1])


@st.composite
def machines(draw):
    """A model whose fields leave its units undecided; or one with weights of one sign, whose sums are the largest."""
    units = draw(UNITS)
    sites = draw(st.integers(1, 400 if units.width < 6 else 80 if units.width < 64 else 9))
    hidden_sites, classes = draw(st.integers(1, 400)), draw(st.sampled_from([2, 3, 10, 33, 255]))
    model, theta = machine(
        units,
        draw(st.sampled_from([Bernoulli(), Ising()])),
        sites=sites,
        hidden_sites=hidden_sites,
        classes=classes,
        seed=draw(st.integers(0, 9)),
        scale=draw(st.sampled_from([0.3, 1.0, 3.0])) / max(sites, hidden_sites) ** 0.5,
    )
    sign = draw(st.sampled_from([0, 0, 0, 1, -1]))
    if sign:
        weight = model.view(theta).weight
        weight.copy_(sign * weight.abs())
    return model, theta.float()


def layouts(model):
    """Yield every path with each layout that it has."""
    for path in PATHS:
        native.select(path)
        yield path, ROWS
        if layout_of(model) is not ROWS:
            yield path, layout_of(model)


def a_start(model, chains, **noise):
    here = Noise(7, Stream.FREE, **noise)
    return start(model, here, chains, {}), here


def held(model, clamp, keep):
    mask = torch.arange(model.spec.observed[0].sites) % 3 == 0
    return Clamp(clamp, {"visible": mask} if keep and "visible" not in clamp else {})


def rounded(model, theta, bits):
    theta = theta.clone()
    weight = model.view(theta).weight
    weight.copy_(torch.round(weight * 2.0**bits) / 2.0**bits)
    return theta


@settings(max_examples=times(30, 600), deadline=None)
@given(machines(), CLAMPS, st.integers(1, 1100), st.integers(0, 2**31), st.booleans())
def test_every_path_and_layout_gives_the_same_bits(case, clamp, chains, first_chain, keep):
    model, theta = case
    state, noise = a_start(model, chains, first_chain=first_chain)
    weights, clamp = torch.linspace(-1, 2, chains), held(model, clamp, keep)
    results = []
    for number, (_, layout) in enumerate(layouts(model)):
        torch.set_num_threads(1 + number % 3)
        bits = step_bits(model, theta)
        fast = LookupMachine(model, theta, bits, layout)
        end = fast.run(state, noise, steps=3, clamp=clamp)
        statistics = fast.statistics([(state, weights), (end, -weights)])
        means, labels = fast.means(end, weights), fast.label_log_probabilities(end)
        results.append((torch.tensor(bits), *end, statistics, *means, labels))
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@settings(max_examples=times(30, 600), deadline=None)
@given(machines(), CLAMPS, st.integers(1, 600), st.integers(0, 2**31), st.booleans(), st.sampled_from(PATHS))
def test_a_sweep_draws_what_the_rounded_machine_draws(case, clamp, chains, update, keep, path):
    """Equal but for uniforms within float32 rounding of a threshold; a cumulative sum of q colours has q roundings."""
    native.select(path)
    model, theta = case
    bits = step_bits(model, theta)
    state, noise = a_start(model, chains, update=update)
    fast, plain = LookupMachine(model, theta, bits, ROWS), PlainMachine(model, rounded(model, theta, bits))
    expected, found = (m.run(state, noise, steps=1, clamp=held(model, clamp, keep)) for m in (plain, fast))
    for a, b in zip(expected, found, strict=True):
        assert (a != b).sum() <= 2 + 4e-5 * a.numel()


@settings(max_examples=times(10, 200), deadline=None)
@given(machines(), st.integers(2, 900), st.integers(1, 899))
def test_a_chain_does_not_depend_on_its_company(case, chains, cut):
    model, theta = case
    cut = min(cut, chains - 1)
    state, noise = a_start(model, chains, first_chain=3)
    fast = LookupMachine(model, theta, step_bits(model, theta), ROWS)
    whole = fast.run(state, noise, steps=2, clamp=Clamp())
    later = replace(noise, first_chain=noise.first_chain + cut)
    parts = [
        fast.run(tuple(x[rows] for x in state), here, steps=2, clamp=Clamp())
        for rows, here in ((slice(cut), noise), (slice(cut, None), later))
    ]
    assert all(torch.equal(x, torch.cat(both)) for x, both in zip(whole, zip(*parts, strict=True), strict=True))


@settings(max_examples=times(15, 300), deadline=None)
@given(machines(), st.integers(1, 300), st.sampled_from(PATHS))
def test_statistics_means_and_labels(case, chains, path):
    """Against float64; the label's probabilities are those of the weights themselves, not of the rounded ones."""
    native.select(path)
    model, theta = case
    fast = LookupMachine(model, theta, step_bits(model, theta), ROWS)
    exact = PlainMachine(model, rounded(model, theta, fast.bits).double())
    (state, noise), weights = a_start(model, chains), torch.linspace(-1, 2, chains)
    end = fast.run(state, noise, steps=1, clamp=Clamp(("label",)))
    found = fast.statistics([(state, weights), (end, -weights)])
    expected = exact.statistics([(state, weights.double()), (end, -weights.double())])
    scale = 2 * weights.abs().sum()
    assert (found - expected).abs().max() < 4e-6 * scale
    for a, b in zip(fast.means(state, weights), exact.means(state, weights.double()), strict=True):
        assert (a - b).abs().max() < 4e-6 * scale
    error = (fast.label_log_probabilities(state) - model.label_log_probabilities(theta.double(), state)).abs().max()
    sites, hidden = model.spec.observed[0].sites, model.spec.hidden.sites
    assert error < 2e-4 + 2 * hidden * sites**0.5 * 2.0 ** -(fast.bits + 9)


def test_which_machine_and_which_layout():
    """Registers want AVX-512 and 32 colours; real-valued hidden means want float32 products."""
    few, theta = machine(Potts(32), Bernoulli())
    many, _ = machine(Potts(33), Bernoulli())
    for path in PATHS:
        native.select(path)
        assert layout_of(few) is {"avx512": REGISTERS, "amx": TILES}.get(path, ROWS)
        assert layout_of(many) is ROWS
        assert isinstance(machine_at(few, theta.float()), LookupMachine)
    mean, theta = machine(Bernoulli(), Bernoulli(), rule="mean")
    assert type(machine_at(mean, theta.float())) is CpuMachine


@pytest.mark.parametrize("units", [Bernoulli(), Potts(9)])
def test_statistics_of_very_many_rows(units):
    """Sums of more than 2^24 steps go in parts, so that every path rounds alike; means of features lose nothing."""
    model, theta = machine(units, Bernoulli())
    rows = MOST_ROWS + 1000
    random = torch.Generator().manual_seed(1)
    codes = (torch.rand(rows, 3, generator=random) < 0.95).to(torch.uint8)
    state, weights = (codes,), torch.full((rows,), 1 / rows)
    found = []
    for _, layout in layouts(model):
        fast = LookupMachine(model, theta.float(), step_bits(model, theta.float()), layout)
        found.append(fast.statistics([(state, weights)]))
    assert all(torch.equal(found[0], other) for other in found[1:])
    exact = PlainMachine(model, rounded(model, theta, fast.bits)).statistics([(state, weights.double())])
    errors = model.view((found[0] - exact).abs())
    assert errors.weight.max() < 2e-5  # few states: what one row's moments are rounded by, 2^-9 of a step, adds up
    assert errors.bias.max() < 1e-7
