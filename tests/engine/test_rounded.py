"""Chaotic networks in whole steps: the kernels of every instruction set against the torch formulas, bit for bit."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

from shortrun import engine
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import native
from shortrun.engine.chaotic import ChaoticMachine
from shortrun.engine.rounded import EXACT, MOST_CHAINS, RATE_STEPS, RoundedMachine, WholeCoupling, whole_rates
from shortrun.models import ChaoticNetwork, Clamp, Coupling, NetworkSpec, RateLayer

LAYERS = {  # sites of each layer: whole panels of 32 columns, halves, and neither; groups of 4 rates and ragged ones
    "one layer": {"visible": 37},
    "one layer, label": {"visible": 16, "label": 3},
    "two layers": {"visible": 64, "hidden": 48},
    "two layers, label": {"visible": 85, "label": 2, "hidden": 31},
    "three layers, label": {"visible": 5, "label": 10, "hidden": 33, "hidden_2": 1},
}
CLAMPS = (Clamp(), Clamp(("visible",)), Clamp(("hidden", "label")), Clamp((), {"visible": torch.arange(200) % 3 == 0}))
FREE = Clamp()


def network(layers: dict[str, int], **options) -> ChaoticNetwork:
    return ChaoticNetwork(NetworkSpec(layers=tuple(RateLayer(*it) for it in layers.items()), **options))


def some(model: ChaoticNetwork, size: float = 0.3) -> torch.Tensor:
    return size * torch.randn(model.size(), generator=torch.Generator().manual_seed(1))


def begun(model: ChaoticNetwork, chains: int) -> tuple[tuple[torch.Tensor, ...], Noise]:
    noise = Noise(4, Stream.GENERATE)
    return start(model, noise, chains, {}), noise


@pytest.fixture
def _restored() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    native.select(os.environ.get("SHORTRUN_ENGINE") or native.PATHS[-1])


def machines(model: ChaoticNetwork, theta: torch.Tensor) -> Iterator[RoundedMachine]:
    """That of torch, then those of every instruction set, with every number of rates multiplied at once."""
    for path in ("reference", *native.PATHS):
        if native.select(path) not in (path, "torch: SHORTRUN_ENGINE=reference asks for it"):
            continue
        ready = engine.machine(model, theta)
        assert isinstance(ready, RoundedMachine)
        yield ready
        if ready.group == 4:  # a processor of this instruction set without products of bytes
            ready.group, ready.packed = 2, [each.packed(2) for each in ready.wholes]
            yield ready


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("chains", [1, 2 * MOST_CHAINS + 7])
def test_kernels_end_where_the_reference_ends(layers, chains):
    model = network(layers)
    state, noise = begun(model, chains)
    for clamp in CLAMPS:
        held = Clamp(clamp.layers, {name: sites[: layers[name]] for name, sites in clamp.sites.items()})
        expected = None
        for i, ready in enumerate(machines(model, some(model))):
            torch.set_num_threads(1 + i % 2)
            found = ready.run(state, noise, steps=6, clamp=held)
            expected = expected or found
            assert all(map(torch.equal, found, expected))
            for x, before, layer in zip(found, state, model.spec.layers, strict=True):
                kept = held.sites.get(layer.name, torch.full((layer.sites,), layer.name in held.layers))
                assert torch.equal(x[:, kept], before[:, kept])


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("settling", ["euler", "exact"])
def test_hidden_layers_settle_alike(settling):
    for name in ("two layers, label", "three layers, label"):
        model = network(LAYERS[name], settling=settling)
        state, noise = begun(model, 9)
        found = [ready.settle(state[:2], state[2:], 20) for ready in machines(model, some(model))]
        assert all(all(map(torch.equal, each, found[0])) for each in found)
        if settling == "euler":
            free = engine.machine(model, some(model)).run(state, noise, steps=20, clamp=Clamp(("visible", "label")))
            assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(free, found[0], strict=True))


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_statistics_are_moments_of_rates_in_steps_and_exact_for_equal_weights(power):
    model = network({"visible": 20, "label": 3, "hidden": 15}, hebbian=power)
    theta, rows = some(model), 2 * EXACT + 9
    ready, (state, _) = engine.machine(model, theta), begun(model, rows)
    rates = [whole_rates(x).double() / RATE_STEPS for x in state]
    for weights in (torch.full((rows,), -1 / rows), torch.rand(rows) / rows, torch.zeros(rows)):
        found = ready.statistics([(state, weights)])
        assert torch.allclose(found.double(), model.moments(rates, weights.double()), atol=1e-6)
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(0))
    torch.set_num_threads(2)
    weights = torch.full((rows,), 1 / rows)
    one, other = (ready.statistics([(part, weights)]) for part in (state, tuple(x[order] for x in state)))
    assert torch.equal(one, other) or power != 1
    assert all(
        torch.allclose(a, b.mean(0).float(), atol=1e-6) for a, b in zip(ready.means(state, weights), rates, strict=True)
    )


def test_a_chain_is_the_same_among_any_others_and_in_any_pieces_of_a_run():
    model = network(LAYERS["two layers, label"])
    ready, (state, noise), seen = engine.machine(model, some(model)), begun(model, 150), {}
    whole = ready.run(state, noise, steps=12, clamp=FREE)
    few = ready.run(tuple(x[90:93] for x in state), noise, steps=12, clamp=FREE)
    assert all(torch.equal(a, b[90:93]) for a, b in zip(few, whole, strict=True))
    ready.run(state, noise, steps=12, clamp=FREE, observe=seen.__setitem__, times=(5, 12))
    later = ready.run(seen[5], noise, steps=7, clamp=FREE)
    assert list(seen) == [5, 12]
    assert all(torch.equal(a, b) and torch.equal(a, c) for a, b, c in zip(whole, seen[12], later, strict=True))


def test_rates_are_the_nearest_steps_to_tanh_but_for_six_hundredths():
    x = torch.linspace(-6, 6, 100_001)
    exact = RATE_STEPS * torch.tanh(x.double())
    assert (whole_rates(x) - exact).abs().max() < 0.56
    assert whole_rates(torch.tensor([-1e30, -0.0, 1e30])).tolist() == [-RATE_STEPS, 0, RATE_STEPS]


def test_a_step_is_near_that_of_exact_rates_and_couplings():
    model = network({"visible": 300, "hidden": 200})
    theta, (state, noise) = some(model), begun(model, 50)
    ready, exact = engine.machine(model, theta), ChaoticMachine(model, theta)
    for one, other in zip(*(it.run(state, noise, steps=1, clamp=FREE) for it in (ready, exact)), strict=True):
        assert 1e-4 < (one - other).square().mean().sqrt() < 3e-3  # a tenth of 1 % of a field of size 1.3


@pytest.mark.parametrize("size", [0.0, 3e38])
def test_sums_hold_the_largest_couplings(size):
    # All couplings equal: every product is the largest there is.
    whole = WholeCoupling.of(Coupling(0, 1, torch.full((300, 5), size)))
    assert whole.whole.unique().tolist() == [RATE_STEPS if size else 0]
    sums = whole.sums(torch.full((2, 300), float(RATE_STEPS)))
    assert torch.isfinite(sums * whole.step).all() or size * 300 > torch.finfo(torch.float32).max


@pytest.mark.usefixtures("_restored")
def test_strong_couplings_of_many_units_do_not_overflow():
    model = network({"visible": 2000}, gain=0.0)
    theta = torch.cat([torch.full((2000 * 2000,), 20.0), torch.zeros(2000)])
    state, noise = (torch.full((3, 2000), 9.0),), Noise(0, Stream.GENERATE)
    for ready in machines(model, theta):
        (found,) = ready.run(state, noise, steps=1, clamp=FREE)
        assert torch.allclose(found, torch.tensor(0.9 * 9 + 0.1 * 20 * 2000**0.5), rtol=1e-6)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda theta: theta.double(), "steps are for float32 on the CPU, theta is float64 on cpu"),
        (lambda theta: theta.index_fill(0, torch.tensor([3]), 1e4), "couplings are too large for 8 bits"),
        (lambda theta: theta.index_fill(0, torch.tensor([3]), float("nan")), "couplings are too large for 8 bits"),
    ],
)
def test_what_steps_cannot_hold_runs_in_float32(spoil, why):
    model = network({"visible": 300, "hidden": 200})
    taken = engine.choice(model, spoil(some(model)))
    assert taken.name == "chaotic"
    assert taken.passed_over["rounded"].startswith(why)
    assert engine.choice(model, some(model), exact=True).passed_over["rounded"] == "exact weights were asked for"
    assert engine.choice(model, some(model)).name == "rounded"
