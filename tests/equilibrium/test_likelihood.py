"""Partition functions, log-likelihood and pseudo-likelihood against enumeration of every state; the verb."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from command_line import call, good, refused
from conftest import DISCRETE, HIDDEN, Gaussian, all_states, energy, law, machine
from shortrun import engine, workflows
from shortrun.equilibrium import (
    Replica,
    ais,
    by_annealing,
    independent,
    log_likelihood,
    log_mean,
    log_z_exact,
    log_z_independent,
    possible,
    pseudo_log_likelihood,
    ratio,
    reverse_ais,
)
from shortrun.equilibrium import exact as exactly
from shortrun.equilibrium.estimates import feature_means
from shortrun.errors import ConfigError, DataError
from shortrun.models import RBM, Layer, Spec
from shortrun.settings import resolve
from shortrun.units import Bernoulli, Potts

pairs = pytest.mark.parametrize(
    ("visible", "hidden", "classes"), [(v, h, k) for v in DISCRETE for h in HIDDEN for k in (None, 3)]
)


def brute(model, theta):
    return torch.logsumexp(-energy(model, theta, all_states(model.spec.layers)), 0).item()


# Enumeration


@pairs
def test_both_sides_give_the_same_partition_function(visible, hidden, classes):
    model, theta = machine(visible, hidden, classes=classes)
    expected = brute(model, theta)
    assert log_z_exact(model, theta, "observed") == pytest.approx(expected, abs=1e-10)
    assert log_z_exact(model, theta, "hidden") == pytest.approx(expected, abs=1e-10)
    assert log_z_exact(model, theta) == pytest.approx(expected, abs=1e-10)


def test_parts_of_the_states_add_up(monkeypatch):
    model, theta = machine(Potts(3), Bernoulli(), sites=5, hidden_sites=6)
    expected = log_z_exact(model, theta)
    monkeypatch.setattr(exactly, "ELEMENTS", 7 * 15)
    assert log_z_exact(model, theta, "observed") == pytest.approx(expected, abs=1e-10)
    assert log_z_exact(model, theta, "hidden") == pytest.approx(expected, abs=1e-10)


def test_continuous_sites_are_summed_in_closed_form():
    model, theta = machine(Gaussian(1.7), Bernoulli(), sites=1, hidden_sites=3)
    x = torch.linspace(-30, 30, 60_001, dtype=torch.float64).unsqueeze(1)
    expected = torch.logsumexp(-model.free_energy(theta, (x,)), 0).item() + math.log(60 / 60_000)
    assert log_z_exact(model, theta) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ConfigError, match="infinitely many states"):
        log_z_exact(model, theta, "observed")


def test_large_machines_are_refused():
    model = RBM(Spec((Layer("visible", 30, Bernoulli()), Layer("hidden", 23, Bernoulli()))))
    assert not possible(model)
    with pytest.raises(ConfigError, match=r"2\^23 states of the hidden units, at most 2\^22"):
        log_z_exact(model, torch.zeros(model.size()))


# Annealing


@pairs
def test_annealing_is_unbiased(visible, hidden, classes):
    # The mean of the weights is Z / Z_reference however few the temperatures: within 4 standard errors. Backward, from
    # exact draws of theta, it is Z_reference / Z.
    model, theta = machine(visible, hidden, classes=classes, scale=0.7)
    theta = theta.float()
    expected = log_z_exact(model, theta)
    reference = independent(model, theta)
    chains, options = 3000, {"temperatures": 5, "seed": 3}
    found = ais(model, theta, reference, chains=chains, **options)
    check_mean(found.log_weights, expected - log_z_independent(model, reference))
    observed, p = law(model, theta.double())
    rows = torch.multinomial(p, chains, replacement=True, generator=torch.Generator().manual_seed(1))
    back = reverse_ais(model, theta, reference, tuple(x[rows] for x in observed), **options)
    check_mean(back.log_weights, log_z_independent(model, reference) - expected)
    margin = 4 * math.hypot(found.log_z.error, back.log_z.error)
    assert found.log_z.value - margin < expected < back.log_z.value + margin


def check_mean(log_weights, expected):
    relative = (log_weights - expected).exp()
    assert abs(relative.mean().item() - 1) < 4 * relative.std().item() / len(relative) ** 0.5


def test_any_reference_and_many_temperatures_agree():
    model, theta = machine(Bernoulli(), Bernoulli(), sites=8, hidden_sites=6, classes=3, scale=1.0)
    theta = theta.float()
    data = tuple(x[:500] for x in law(model, theta.double())[0])
    reference = independent(model, theta, feature_means(model, data))
    found = ais(model, theta, reference, chains=500, temperatures=200)
    assert found.log_z.value == pytest.approx(log_z_exact(model, theta), abs=4 * found.log_z.error)
    assert found.log_z.error < 0.05
    assert found.log_z.effective_sample_size > 250


def test_annealing_of_continuous_sites():
    model, theta = machine(Gaussian(0.8), Bernoulli(), sites=4, hidden_sites=5, scale=0.5)
    theta = theta.float()
    data = (torch.randn(50, 4, generator=torch.Generator().manual_seed(0)),)
    found = by_annealing(model, theta, data, chains=200, temperatures=100)
    assert found.log_z == pytest.approx(log_z_exact(model, theta), abs=4 * found.error)
    assert found.upper == pytest.approx(found.lower, abs=0.1)
    assert found.warnings == ()


def test_the_reference_has_the_means_of_the_data():
    model, theta = machine(Potts(3), Bernoulli(), sites=4)
    data = (torch.randint(0, 3, (999, 4), generator=torch.Generator().manual_seed(0)).to(torch.uint8),)
    means = feature_means(model, data)
    plain = model.features(data).mean(0)
    torch.testing.assert_close(means, (999 * plain + 1 / 3) / 1000)
    reference = independent(model, theta.float(), means)
    weight, bias, _ = model.view(reference)
    assert not weight.any()
    torch.testing.assert_close(Potts(3).mean(bias.unsqueeze(0))[0], means)


def test_annealing_warns_where_chains_miss_modes():
    # One step from independent sites to a strongly coupled machine: no chain finds what the data are.
    model, theta = machine(Bernoulli(), Bernoulli(), sites=20, hidden_sites=12, scale=3.0)
    theta = theta.float()
    data = (torch.ones(50, 20, dtype=torch.uint8),)
    few = by_annealing(model, theta, data, chains=50, temperatures=1)
    assert few.effective_sample_size < 10
    assert any("carry the weight" in line for line in few.warnings)
    assert any("miss a part" in line for line in few.warnings)
    many = by_annealing(model, theta, data, chains=100, temperatures=400)
    assert many.log_z == pytest.approx(log_z_exact(model, theta), abs=max(0.1, 4 * many.error))


# Weights


def test_log_means_have_errors_and_sizes():
    random = torch.Generator().manual_seed(0)
    equal = log_mean(torch.full((50,), -700.0, dtype=torch.float64))
    assert equal == pytest.approx((-700.0, 0.0, 50.0))
    log_weights = 0.5 * torch.randn(4000, generator=random, dtype=torch.float64) - 1000
    found = log_mean(log_weights)
    assert found.value == pytest.approx(-1000 + 0.125, abs=4 * found.error)
    assert found.error == pytest.approx(math.sqrt((math.exp(0.25) - 1) / 4000), rel=0.2)
    assert found.effective_sample_size == pytest.approx(4000 / math.exp(0.25), rel=0.05)


def test_ratios_of_normal_laws():
    # Old N(0, 1), new exp(-(x - m)^2 / 2 + c): ln ratio c. The Bennett estimate is nearer than either side.
    random, shifts, c = torch.Generator().manual_seed(0), torch.tensor([0.5, 2.5], dtype=torch.float64), 3.0
    x, y = (torch.randn(20, 400, 1, generator=random, dtype=torch.float64) for _ in range(2))
    forward, backward = (at * shifts - shifts**2 / 2 + c for at in (x, y + shifts))
    found = ratio(forward, -backward)
    errors = found.resamples.std(0)
    assert ((found.value - c).abs() < 4 * errors).all()
    assert (errors < torch.tensor([0.02, 0.1])).all()
    assert (found.forward - c).abs()[0] < 0.05
    assert found.effective_share[0] == pytest.approx(math.exp(-0.25), rel=0.1)
    assert found.effective_share[1] < 0.05


# Samples


@pairs
def test_pseudo_likelihood(visible, hidden, classes):
    model, theta = machine(visible, hidden, classes=classes)
    observed, p = law(model, theta)
    codes = torch.cat(observed, 1)
    expected = torch.zeros(len(codes), dtype=torch.float64)
    for n, row in enumerate(codes):
        for site in range(codes.shape[1]):
            others = [i for i in range(codes.shape[1]) if i != site]
            same = (codes[:, others] == row[others]).all(1)
            expected[n] += (p[n] / p[same].sum()).log()
    torch.testing.assert_close(pseudo_log_likelihood(model, theta, observed), expected, rtol=0, atol=1e-10)


def test_pseudo_likelihood_needs_codes():
    model, theta = machine(Gaussian(), Bernoulli())
    with pytest.raises(ConfigError, match="discrete"):
        pseudo_log_likelihood(model, theta, (torch.zeros(2, 3),))


@pytest.mark.parametrize("visible", DISCRETE)
def test_log_likelihood_with_and_without_the_label(visible):
    model, theta = machine(visible, Bernoulli(), classes=3)
    observed, p = law(model, theta)
    log_z = log_z_exact(model, theta)
    torch.testing.assert_close(log_likelihood(model, theta, observed, log_z).exp(), p, rtol=0, atol=1e-10)
    summed = torch.arange(len(p)) % 2 == 0
    found = log_likelihood(model, theta, observed, log_z, summed)
    marginal = torch.stack([p[(observed[0] == v).all(1)].sum() for v in observed[0]])
    torch.testing.assert_close(found.exp(), torch.where(summed, marginal, p), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("visible", "hidden"), [(v, h) for v in (*DISCRETE, Gaussian()) for h in HIDDEN])
@pytest.mark.parametrize("exact", [True, False])
def test_replicas_know_the_free_energy_of_what_they_run(visible, hidden, exact):
    model, theta = machine(visible, hidden, sites=7, hidden_sites=5, classes=3)
    theta = theta.float()
    replica = Replica(model, theta, exact=exact)
    runs = theta.double().clone()
    if bits := getattr(engine.machine(model, theta, exact=exact), "bits", None):
        weight = model.view(runs).weight
        weight.copy_(torch.round(weight * 2.0**bits) * 2.0**-bits)
    values = torch.randn(37, 7) if visible.levels is None else torch.randint(0, 2, (37, 7), dtype=torch.uint8)
    state = (values, torch.randint(0, 3, (37, 1), dtype=torch.uint8))
    expected = model.free_energy(runs, state)
    torch.testing.assert_close(replica.free_energy(state), expected, rtol=0, atol=1e-5)


# The verb


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    data = sr.read("digits").head(400)
    settings = ["training.ages_per_decade=10", "scheme.name=pcd", "scheme.steps=5"]
    config = resolve(assignments=settings, training={"updates": 150, "batch": 100}, model={"hidden": 8})
    return sr.fit(data, out=tmp_path_factory.mktemp("likelihood") / "run", config=config)


FEW = ("--chains", "60", "--threads", "1")


def test_the_methods_agree(run):
    exact = good("likelihood", run.path, "digits", "--json", *FEW).json
    assert exact["method"] == "exact"
    assert exact["error"] == 0
    assert exact["effective_sample_size"] is None
    for method, sizes in (("ais", ("--temperatures", "200")), ("trajectory", ("--sweeps", "100"))):
        found = good("likelihood", run.path, "digits", "--method", method, *sizes, "--json", *FEW).json
        assert found["log_z"] == pytest.approx(exact["log_z"], abs=4 * found["error"] + 1e-3)
        assert found["error"] < 0.1
        shift = exact["log_z"] - found["log_z"]
        assert found["mean_log_likelihood"] == pytest.approx(exact["mean_log_likelihood"] + shift, abs=1e-9)
        assert found["effective_sample_size"] > 5


def test_the_table_has_every_sample(run, tmp_path):
    table = tmp_path / "table.csv"
    shown = good("likelihood", run.path, "digits", "-o", table, "--pseudo", *FEW)
    assert "nats a sample" in shown.out
    rows = pd.read_csv(table)
    assert list(rows) == ["name", "label", "log_likelihood", "pseudo_log_likelihood"]
    found = good("likelihood", run.path, "digits", "--json", *FEW).json
    assert rows["log_likelihood"].mean() == pytest.approx(found["mean_log_likelihood"], rel=1e-6)
    assert found["per_site"] == pytest.approx(found["mean_log_likelihood"] / 64)
    marginal = good("likelihood", run.path, "digits", "--marginal", "--json", *FEW).json
    assert marginal["mean_log_likelihood"] > found["mean_log_likelihood"]


def test_unknown_labels_are_summed_over(run):
    data = sr.read("digits").head(20)
    unknown = sr.Dataset.from_arrays(data.values, alphabet=data.alphabet)
    expected = workflows.likelihood(run, data, marginal=True)
    found = workflows.likelihood(run, unknown, pseudo=True)
    assert found.mean == pytest.approx(expected.mean)
    assert found.samples["pseudo_log_likelihood"].isna().all()


def test_a_curve_against_the_age(run, tmp_path):
    table, figure = tmp_path / "ages.csv", tmp_path / "ages.png"
    options = ("--ages", "1,10,150", "--train", "digits", "-o", table, "--figure", figure)
    shown = good("likelihood", run.path, "digits", *options, *FEW)
    assert "nats a sample" in shown.out
    rows = pd.read_csv(table)
    assert rows["age"].tolist() == [1, 1, 10, 10, 150, 150]
    assert rows["data"].tolist() == ["test", "train"] * 3
    assert rows["mean_log_likelihood"].iloc[-1] > rows["mean_log_likelihood"].iloc[0] + 1
    assert figure.stat().st_size > 1000
    sampled, told = workflows.likelihood_by_age(
        run,
        {"test": sr.read("digits")},
        ages=(1, 10, 150),
        method="trajectory",
        chains=60,
        sweeps=200,
    )
    assert told == ()
    difference = sampled["log_z"].to_numpy() - rows["log_z"].to_numpy()[::2]
    assert (np.abs(difference) < 4 * sampled["error"] + 1e-3).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--method", "exat"), "did you mean 'exact'"),
        (("--chains", "1"), "chains"),
        (("--sweeps", "2"), "sweeps"),
        (("--method", "trajectory", "--acceptance", "1.5"), "acceptance"),
        (("--figure", "f.png"), "--ages"),
        (("--train", "digits"), "--ages"),
        (("--ages", "all", "--pseudo"), "--pseudo"),
        (("-o", "table.txt"), "tables are written"),
    ],
)
def test_mistakes_are_one_line(run, words, message):
    found = call("likelihood", run.path, "digits", *words)
    assert found.code == 2
    assert found.out == ""
    assert message in found.err.splitlines()[-1]


def test_ages_that_were_not_kept(run):
    found = call("likelihood", run.path, "digits", "--age", "149")
    assert found.code == 2
    assert "no age 149" in found.err


def test_what_has_no_likelihood_is_refused(run, tmp_path):
    with pytest.raises(DataError, match="sites"):
        workflows.likelihood(run, sr.Dataset.from_arrays(np.zeros((3, 5), int)))
    large = sr.fit(sr.read("digits").head(50), out=tmp_path / "large", hidden=30, updates=1, batch=25)
    found = call("likelihood", large.path, "digits", "--method", "exact")
    assert found.code == 2
    assert "2^30 states" in found.err
    data = sr.Dataset.from_arrays(np.random.default_rng(0).choice([-1.0, 1.0], (30, 6)), alphabet="continuous")
    config = resolve(preset="chaotic", assignments=["training.updates=1", "scheme.steps=3"], model={"layers": (5,)})
    chaotic = sr.fit(data, out=tmp_path / "chaotic", config=config)
    with pytest.raises(ConfigError, match="no likelihood"):
        workflows.likelihood(chaotic, data)
    assert "no equilibrium" in refused("generate", chaotic.path, "--sampler", "ptt", "-o", tmp_path / "g.npz")
