"""T15: replica exchange against exact laws, and samples in equilibrium."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import binom, chi2

import shortrun as sr
from command_line import call, good, refused
from conftest import DISCRETE, HIDDEN, law, machine
from shortrun.dynamics import Noise, Stream
from shortrun.equilibrium import (
    Replica,
    along_training,
    log_z_exact,
    log_z_independent,
    ratio,
    temper,
)
from shortrun.equilibrium.estimates import uncrossed
from shortrun.equilibrium.ladder import accepts, bottom, climbed, thinned
from shortrun.equilibrium.tempering import acceptance, work
from shortrun.models import RBM, Layer, Spec
from shortrun.settings import resolve
from shortrun.units import Bernoulli

SITES, HIDDEN_SITES = 30, 12
NOISE = Noise(5, Stream.GENERATE)


def bimodal(coupling=0.1, field=0.002):
    """Return a ferromagnet: Ising couplings and a field that prefers up, in the parameters of {0, 1}."""
    model = RBM(Spec((Layer("visible", SITES, Bernoulli()), Layer("hidden", HIDDEN_SITES, Bernoulli()))))
    theta = torch.empty(model.size())
    weight, bias, hidden_bias = model.view(theta)
    weight.fill_(4 * coupling)
    bias.fill_(2 * field - 2 * coupling * HIDDEN_SITES)
    hidden_bias.fill_(-2 * coupling * SITES)
    return model, theta


def weight_of_up(model, theta):
    """Return p(more than half of the sites are 1) + p(half) / 2: given the number of hidden ones, a binomial tail."""
    weight, bias, hidden_bias = (block.double() for block in model.view(theta))
    n = torch.arange(HIDDEN_SITES + 1, dtype=torch.float64)
    field = bias[0] + n * weight[0, 0]
    ways = torch.tensor([math.comb(HIDDEN_SITES, int(k)) for k in n]).double()
    log_p = ways.log() + n * hidden_bias[0] + SITES * torch.nn.functional.softplus(field)
    tail = binom.sf(SITES // 2, SITES, torch.sigmoid(field)) + binom.pmf(SITES // 2, SITES, torch.sigmoid(field)) / 2
    return float(torch.softmax(log_p, 0).numpy() @ tail)


def share_up(x):
    ones = x.long().sum(1)
    return (ones > SITES // 2).double() + 0.5 * (ones == SITES // 2)


def down(chains):
    return (torch.zeros(chains, SITES, dtype=torch.uint8),)


@pytest.mark.slow
def test_a_bimodal_machine_gets_its_modes_and_its_partition_function():
    # All chains start down; 200 chains, the mean over the rounds of each. Gibbs chains stay where they start.
    model, theta = bimodal()
    expected, chains = weight_of_up(model, theta), 200
    assert 0.5 < expected < 0.7
    replicas = [Replica(model, s * theta) for s in np.linspace(0, 1, 8)]
    begin = temper(replicas, [down(chains)] * 8, NOISE, rounds=100).states
    seen = []
    found = temper(
        replicas, begin, NOISE, rounds=400, first=100, watch=lambda _, states: seen.append(share_up(states[-1][0]))
    )
    means = torch.stack(seen).mean(0)
    error = means.std().item() / chains**0.5
    assert error < 0.03
    assert means.mean().item() == pytest.approx(expected, abs=3 * error)
    steps = ratio(found.forward, found.backward)
    log_z = log_z_independent(model, replicas[0].theta) + steps.value.sum().item()
    assert log_z == pytest.approx(log_z_exact(model, theta), abs=0.05)
    assert steps.resamples.sum(1).std() < 0.02
    forward = log_z_independent(model, replicas[0].theta) + steps.forward.sum().item()
    assert forward == pytest.approx(log_z_exact(model, theta), abs=0.1)
    assert (found.round_trips > 0).all()
    assert uncrossed(found) == []
    stuck = replicas[-1].sweep(down(chains), NOISE, sr.models.Clamp(), 200)
    assert share_up(stuck[0]).mean() < 0.1


def test_chains_that_do_not_cross_are_told():
    # Two replicas far apart: nothing comes up, ln Z from the two sides is far apart, and both are said.
    model, theta = bimodal(coupling=0.3, field=0.1)
    rungs = climbed(model, torch.zeros_like(theta), {10: theta}, down(40), NOISE, target=1e-9)
    far = [rungs[0], rungs[-1]]
    found = along_training(far, {10: theta}, rounds=20)
    told = " ".join(found.estimates[10].warnings)
    assert "40 of 40 chains no state came" in told
    assert "accept only 0.0%" in told
    assert "overlap too little" in told


def test_ordinary_chains_of_each_age_do_where_they_mix():
    model, theta = bimodal(coupling=0.05)
    rungs = climbed(model, torch.zeros_like(theta), {10: theta}, down(100), NOISE, target=0.8)
    found = along_training(rungs, {10: theta}, rounds=100, exchange=False)
    estimate = found.estimates[10]
    assert estimate.log_z == pytest.approx(log_z_exact(model, theta), abs=max(0.01, 4 * estimate.error))
    assert estimate.warnings == ()
    assert not found.tempered.upward.any()


@pytest.mark.parametrize(("visible", "hidden"), [(v, h) for v in DISCRETE for h in HIDDEN])
def test_swaps_leave_the_product_law_as_it_is(visible, hidden):
    # The exact kernel of a swap on every pair of states of two different machines.
    (model, one), (_, other) = (machine(visible, hidden, classes=2, seed=seed) for seed in (0, 1))
    observed, p = law(model, one)
    q = law(model, other)[1]
    young, old = Replica(model, one, exact=True), Replica(model, other, exact=True)
    count = len(p)
    i, j = torch.arange(count).repeat_interleave(count), torch.arange(count).repeat(count)
    x, y = (tuple(layer[rows] for layer in observed) for rows in (i, j))
    swap = acceptance(*work(young, old, x, y)).view(count, count)
    product = torch.outer(p, q)
    after = product * (1 - swap) + (product * swap).T
    torch.testing.assert_close(after, product, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("visible", "classes"), [(v, k) for v in DISCRETE for k in (None, 2)])
def test_every_replica_has_its_own_law(visible, classes):
    # 10,000 chains from the same state: after 30 rounds every state of every replica as often as it should be.
    model, theta = machine(visible, Bernoulli(), sites=2, classes=classes)
    thetas = [s * theta.float() for s in (0.0, 0.5, 1.0)]
    chains = 10_000
    begin = tuple(torch.zeros(chains, layer.sites, dtype=torch.uint8) for layer in model.spec.observed)
    found = temper([Replica(model, each) for each in thetas], [begin] * 3, NOISE, rounds=30)
    for each, state in zip(thetas, found.states, strict=True):
        observed, p = law(model, each.double())
        all_codes, codes = torch.cat(observed, 1), torch.cat(state, 1)
        counts = torch.stack([(codes == row).all(1).sum() for row in all_codes]).numpy()
        statistic = ((counts - chains * p.numpy()) ** 2 / (chains * p.numpy())).sum()
        assert chi2.sf(statistic, len(p) - 1) > 1e-3


def test_held_layers_stay_and_chains_are_conditional():
    model, theta = machine(Bernoulli(), Bernoulli(), sites=3, classes=3)
    theta, chains = theta.float(), 9000
    label = (torch.arange(chains) % 3).to(torch.uint8).unsqueeze(1)
    begin = (torch.zeros(chains, 3, dtype=torch.uint8), label)
    replicas = [Replica(model, s * theta) for s in (0.0, 0.5, 1.0)]
    found = temper(replicas, [begin] * 3, NOISE, rounds=20, clamp=sr.models.Clamp(("label",)))
    assert all(torch.equal(state[1], label) for state in found.states)
    observed, p = law(model, theta.double())
    for k in range(3):
        rows = observed[1][:, 0] == k
        expected = (p[rows] / p[rows].sum()) @ observed[0][rows].double()
        got = found.states[-1][0][label[:, 0] == k].double()
        assert ((got.mean(0) - expected).abs() < 4 * got.std(0) / len(got) ** 0.5).all()


def test_runs_go_on_and_do_not_depend_on_how_many_chains_there_are():
    model, theta = bimodal()
    replicas = [Replica(model, s * theta) for s in (0.0, 0.5, 1.0)]
    whole = temper(replicas, [down(10)] * 3, NOISE, rounds=6).states
    half = temper(replicas, [down(10)] * 3, NOISE, rounds=3).states
    rest = temper(replicas, half, NOISE, rounds=3, first=3).states
    some = temper(replicas, [down(4)] * 3, NOISE, rounds=6).states
    assert all(torch.equal(a[0], b[0]) for a, b in zip(whole, rest, strict=True))
    assert all(torch.equal(a[0][:4], b[0]) for a, b in zip(whole, some, strict=True))


# Ladders


def test_a_ladder_bridges_gaps_and_leaves_out_what_it_can():
    model, theta = bimodal(coupling=0.15)
    rungs = climbed(model, torch.zeros_like(theta), {100: theta}, down(200), NOISE, target=0.5)
    assert rungs[0].age == 0
    assert rungs[-1].age == 100
    assert len(rungs) > 3
    assert min(accepts(a, b) for a, b in pairwise(rungs)) > 0.4
    few = thinned(rungs, 0.1)
    assert 2 < len(few) < len(rungs)
    assert (few[0].age, few[-1].age) == (0, 100)
    middle = rungs[len(rungs) // 2].age
    assert middle in [rung.age for rung in thinned(rungs, 0.001, keep=(middle,))]


def test_the_bottom_is_next_to_a_machine_with_small_weights():
    model, theta = machine(Bernoulli(), Bernoulli(), sites=6, hidden_sites=5, classes=3)
    theta = theta.clone()
    model.view(theta).weight.mul_(0.01)
    independent = bottom(model, theta)
    assert not model.view(independent).weight.any()
    (observed, p), q = law(model, theta), law(model, independent)[1]
    assert (p - q).abs().max() < 1e-4 * p.max()
    assert len(observed) == 2


# Samples


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = sr.read("digits").head(400)
    settings = ["training.ages_per_decade=10", "scheme.name=pcd", "scheme.steps=5"]
    config = resolve(assignments=settings, training={"updates": 150, "batch": 100}, model={"hidden": 8})
    return sr.fit(data, out=tmp_path_factory.mktemp("tempering") / "run", config=config)


@pytest.mark.parametrize("sampler", ["ptt", "pt"])
def test_generated_samples_are_in_equilibrium(run, sampler):
    # The mean of every site given the label against the exact one, by enumeration of the 2^8 hidden states.
    model, theta = run.model, run.at(run.best()).double()
    weight, bias, hidden_bias = model.view(theta)
    h = torch.cartesian_prod(*[torch.arange(2.0, dtype=torch.float64)] * 8)
    fields = bias[:64] + h @ weight[:64].T
    log_p = h @ hidden_bias + torch.nn.functional.softplus(fields).sum(1) + h @ weight[64 + 3]
    expected = torch.softmax(log_p, 0) @ torch.sigmoid(fields)
    samples = sr.generate(run, labels="3", n=1000, steps=60, sampler=sampler)
    assert set(samples.labels) == {3}
    spread = (expected * (1 - expected) / 1000).sqrt()
    deviations = (torch.from_numpy(samples.values).double().mean(0) - expected) / spread
    assert deviations.square().sum() < chi2.isf(1e-4, 64)


def test_the_verb_says_how_chains_moved(run, tmp_path):
    out = tmp_path / "g.npz"
    found = good("generate", run.path, "--sampler", "ptt", "-n", "30", "--steps", "60", "-o", out, "--json")
    assert found.json["sampler"] == "ptt"
    assert found.json["replicas"] >= 2
    assert found.json["crossings"] > 1
    assert "swaps accepted" in found.err
    assert "in equilibrium" not in found.err
    short = good("generate", run.path, "--sampler", "ptt", "-n", "30", "--steps", "2", "-o", out)
    assert "warning" in short.err
    held = sr.read(tmp_path / "g.npz")
    assert held.class_counts.sum() == 30
    good("generate", run.path, "--sampler", "pt", "-n", "20", "--steps", "20", "--fix", "1=1,2=1", "-o", out)
    assert sr.read(out).values[:, :2].all()


def test_equilibrium_of_a_machine_that_was_not_trained_for_it(tmp_path):
    sr.fit(sr.read("digits").head(100), out=tmp_path / "run", hidden=5, updates=2, batch=50)
    found = good("generate", tmp_path / "run", "--sampler", "ptt", "-n", "5", "--steps", "9", "-o", tmp_path / "g.npz")
    assert "sweeps from noise, not in equilibrium" in found.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sampler", "pttt"), "did you mean 'ptt'"),
        (("--sampler", "ptt", "--record", "1,2"), "at its end only"),
        (("--sampler", "ptt", "--steps", "1"), "at least 2"),
        (("--sampler", "ptt", "--acceptance", "0"), "acceptance"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, words, message):
    assert message in refused("generate", run.path, "-o", tmp_path / "g.npz", *words)
    assert call("generate", run.path, "--sampler", "ptt", "--age", "149", "-o", tmp_path / "g.npz").code == 2
