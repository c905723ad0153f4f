"""T4: the law of k sweeps is p_0 T^k, engines draw what the reference draws, and no sweep drifts from equilibrium."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from conftest import DISCRETE, HIDDEN, codes, law, machine
from enumeration import index_of, p_value, transition
from shortrun.dynamics import Noise, Stream, label_chain, recorded, run, start
from shortrun.engine import cpu, native
from shortrun.engine import machine as machine_at
from shortrun.models import Clamp
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

CHAINS = 100_000
every_pair = pytest.mark.parametrize(("visible", "hidden"), [(v, h) for v in DISCRETE for h in HIDDEN])


@every_pair
def test_the_law_of_k_sweeps(visible, hidden):
    model, theta = machine(visible, hidden, sites=5 if visible.levels == 2 else 3, hidden_sites=3)
    states, kernel = transition(model, theta)
    noise, times = Noise(5, Stream.GENERATE), (1, 3, 10)
    theta = theta.float()
    found = list(recorded(model, theta, CHAINS, noise, times=times, held={}, at_once=20_000))
    for k in times:
        exact = torch.full((len(states),), 1 / len(states), dtype=torch.float64) @ torch.matrix_power(kernel, k)
        sample = torch.cat([index_of(part[k][0], visible.levels) for part in found])
        assert p_value(sample.numpy(), exact) > 1e-3


@pytest.mark.parametrize("rule", ["sample", "mean"])
@every_pair
def test_no_drift_from_exact_draws(visible, hidden, rule, record_property):
    """Chains drawn from the exact law stay there for any number of sweeps; how far the mean rule drifts is recorded."""
    model, theta = machine(visible, hidden, classes=3, rule=rule, hidden_sites=3)
    observed, exact = law(model, theta)
    draws = torch.multinomial(exact, CHAINS, replacement=True, generator=torch.Generator().manual_seed(2))
    state = (*(x[draws] for x in observed), torch.zeros(CHAINS, 3, dtype=torch.uint8))
    end = run(model, theta.float(), state, Noise(1, Stream.GENERATE), steps=7)
    joint = torch.stack([index_of(x, layer.units.levels) for x, layer in zip(end, model.spec.observed, strict=False)])
    number = joint[0] * model.spec.observed[1].units.levels + joint[1]
    counts = torch.bincount(number, minlength=len(exact)) / CHAINS
    distance = (counts - exact).abs().sum().item() / 2
    # The mean of a total variation distance of n draws is sum sqrt(2 p (1 - p) / (pi n)) / 2, its spread below that of
    # one count; four standard errors of each count bound it with room.
    floor = (2 / torch.pi * exact * (1 - exact) / CHAINS).sqrt().sum().item() / 2
    spread = 0.5 / CHAINS**0.5
    if rule == "sample":
        assert distance < floor + 4 * spread
    else:
        record_property("total_variation_drift", distance)
        assert distance > floor + 4 * spread  # were there no drift, the two rules would be the same thing


def test_gaussian_visibles_do_not_drift():
    model, theta = machine(Gaussian(), Bernoulli(), sites=2, hidden_sites=2, scale=0.4)
    hidden = codes(model.spec.hidden)
    weight, bias, hidden_bias = model.view(theta)
    mean_given = bias + hidden.double() @ weight.T
    p_hidden = torch.softmax(hidden.double() @ hidden_bias + mean_given.square().sum(1) / 2, 0)
    generator = torch.Generator().manual_seed(3)
    which = torch.multinomial(p_hidden, CHAINS, replacement=True, generator=generator)
    v = (mean_given[which] + torch.randn(CHAINS, 2, dtype=torch.float64, generator=generator)).float()
    blank = torch.zeros(CHAINS, 2, dtype=torch.uint8)
    end = run(model, theta.float(), (v, blank), Noise(4, Stream.GENERATE), steps=5)[0].double()
    exact_mean = p_hidden @ mean_given
    exact_second = torch.eye(2, dtype=torch.float64) + (p_hidden.unsqueeze(1) * mean_given).T @ mean_given
    error = end.var(0).sqrt() / CHAINS**0.5
    assert ((end.mean(0) - exact_mean).abs() < 4 * error).all()
    products = end.unsqueeze(2) * end.unsqueeze(1)
    assert ((products.mean(0) - exact_second).abs() < 4 * products.std(0) / CHAINS**0.5).all()


@pytest.mark.skipif(not native.available(), reason="the kernels are not built here")
@pytest.mark.parametrize("clamp", [(), ("label",), ("visible",)])
@pytest.mark.parametrize("rule", ["sample", "mean"])
@pytest.mark.parametrize("visible", [*DISCRETE, Potts(21)])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_fused_step_draws_what_the_reference_draws(visible, hidden, clamp, rule):
    """Same noise, same answer, but for uniforms that lie within rounding of a threshold: under 1 in 10,000 draws."""
    model, theta = machine(visible, hidden, sites=37, hidden_sites=29, classes=5, rule=rule, scale=0.3)
    theta, noise = theta.float(), Noise(9, Stream.FREE, update=3, first_chain=11)
    state = start(model, noise, 200, {})
    assert not cpu.CpuMachine.refusal(model, theta)
    fused = cpu.CpuMachine(model, theta)
    differing = drawn = 0
    for update in range(1, 5):
        here = replace(noise, update=update)
        expected = model.step(theta, state, here.at(1), Clamp(clamp))
        found = fused.run(state, here, steps=1, clamp=Clamp(clamp))
        for layer, a, b in zip(model.spec.layers, expected, found, strict=True):
            if rule == "mean" and layer.name == "hidden":
                torch.testing.assert_close(a, b, rtol=0, atol=2e-6)
            else:
                differing, drawn = differing + (a != b).sum().item(), drawn + a.numel()
        state = tuple(x.clone() for x in expected)
    assert differing <= 1e-4 * drawn


def test_a_chain_does_not_depend_on_its_batch_or_company():
    model, theta = machine(Potts(4), Bernoulli(), classes=3)
    theta, noise = theta.float(), Noise(2, Stream.GENERATE)
    held = {"label": torch.arange(30, dtype=torch.uint8).remainder(3).unsqueeze(1)}
    whole = next(recorded(model, theta, 30, noise, times=(2, 5), held=held))
    parts = list(recorded(model, theta, 30, noise, times=(2, 5), held=held, at_once=7))
    for t in (2, 5):
        assert torch.equal(whole[t][0], torch.cat([part[t][0] for part in parts]))


@pytest.mark.parametrize("engine", ["fused", "reference"])
def test_clamped_sites_stay_and_the_rest_follows_the_conditional_law(engine, monkeypatch):
    if engine == "reference":
        monkeypatch.setattr(cpu.CpuMachine, "refusal", lambda *_: "not asked for")
    model, theta = machine(Bernoulli(), Bernoulli(), sites=3)
    mask = torch.tensor([True, False, False])
    values = torch.ones(CHAINS, 3, dtype=torch.uint8)
    kept = {"visible": (mask, values)}
    end = next(
        recorded(
            model,
            theta.float(),
            CHAINS,
            Noise(3, Stream.GENERATE),
            times=(60,),
            held={},
            kept_sites=kept,
            at_once=CHAINS,
        )
    )[60][0]
    assert (end[:, 0] == 1).all()
    observed, exact = law(model, theta)
    given = exact * (observed[0][:, 0] == 1)
    assert p_value(index_of(end, 2).numpy(), given / given.sum()) > 1e-3


def test_label_chain_tends_to_the_exact_posterior():
    """T3: the average of p(label | h) over long chains is p(label | v) within 4 standard errors."""
    model, theta = machine(Bernoulli(), Bernoulli(), classes=3, scale=0.7)
    v = torch.tensor([[1, 0, 1]], dtype=torch.uint8).expand(20_000, 3)
    state = (v, torch.zeros(20_000, 1, dtype=torch.uint8))
    found = label_chain(machine_at(model, theta.float()), state, Noise(6, Stream.PREDICT), (40,))[40].double()
    exact = model.label_log_probabilities(theta, tuple(x[:1] for x in state)).exp()[0]
    assert ((found.mean(0) - exact).abs() < 4 * found.std(0) / 20_000**0.5).all()


def test_random_starts_are_uniform():
    for units in (Bernoulli(), Ising(), Potts(7), Potts(255)):
        x = units.start(Noise(1, Stream.FREE).uniform(0, 1000, 100)).flatten()
        exact = torch.full((units.levels,), 1 / units.levels, dtype=torch.float64)
        assert p_value(x.numpy(), exact) > 1e-3
    assert Noise(1, Stream.FREE).uniform(0, 500, 100).mean().item() == pytest.approx(0.5, abs=4 * 0.2887 / 50_000**0.5)
