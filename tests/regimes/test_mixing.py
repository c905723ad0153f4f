"""T8: relaxation times against closed forms, exact spectra and enumeration; what is too short says so."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import chi2
from threadpoolctl import threadpool_limits

import shortrun as sr
from campaign import times
from command_line import call, good, refused
from conftest import DISCRETE, HIDDEN, energy, law, machine
from gaussian_modes import autocorrelation_time, coefficients, mean_error, relaxation_time, variance_after
from shortrun import plots, workflows
from shortrun.dynamics import Noise, Stream, start
from shortrun.errors import ConfigError, DataError
from shortrun.models import RBM, Layer, Spec
from shortrun.regimes import (
    Chains,
    Clusters,
    Observables,
    agreement_time,
    autocorrelation,
    chain_overlaps,
    jump_rate,
    leading_modes,
    merging_time,
    t_alpha,
    tau_exp,
    tau_int,
)
from shortrun.regimes.relaxation import settling_time, standard_errors_apart
from shortrun.units import Bernoulli, Gaussian, Potts
from transition_matrix import transition_matrix

NOISE = Noise(5, Stream.GENERATE)
NO_SITES = torch.tensor([], dtype=torch.int64)


def gaussian(*squares: float) -> tuple[RBM, torch.Tensor]:
    """Return a Gaussian machine, variances 0.8 and 1.25, with modes of these A = sv2 sh2 w^2 in random directions."""
    n, generator = len(squares), torch.Generator().manual_seed(0)
    model = RBM(Spec((Layer("visible", n, Gaussian(0.8)), Layer("hidden", n, Gaussian(1.25)))))
    u, v = (torch.linalg.qr(torch.randn(n, n, generator=generator))[0] for _ in range(2))
    theta = torch.zeros(model.size())
    model.view(theta).weight.copy_(u @ torch.diag(torch.tensor(squares).sqrt()) @ v.T)
    return model, theta


def followed(model, theta, chains, sweeps, observables, left_out=0, state=None, noise=NOISE):
    """Return the record of chains from noise, or from a state."""
    run = Chains(model, theta, start(model, noise, chains, {}) if state is None else state, noise, observables)
    run.go_on(left_out + sweeps)
    return run.values(left_out)


def ar1(coefficient, sweeps=400, chains=50, seed=0):
    """Return (T, C, 1) of the stationary process x' = A x + sqrt(1 - A^2) noise, whose rho(t) is A^t."""
    noise = torch.randn(sweeps, chains, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    rows = [noise[0]]
    for each in noise[1:]:
        rows.append(coefficient * rows[-1] + math.sqrt(1 - coefficient**2) * each)
    return torch.stack(rows).unsqueeze(2)


# T8: a Gaussian machine is AR(1) along every mode


@pytest.fixture(scope="module")
def record():
    # 3e6 sweeps: standard errors are below 3.2% (tau_exp at A = 0.9; checked below), so that 10% are three of them at
    # least; the first 200 sweeps, 21 tau_exp of the slowest mode, are left out. A campaign's are half as large.
    model, theta = gaussian(0.9, 0.64, 0.3)
    chains = times(1000, 4000)
    return followed(model, theta, chains, 3000, Observables(leading_modes(model, theta, 3), NO_SITES), left_out=200)


@pytest.mark.parametrize(("mode", "a"), [(0, 0.9), (1, 0.64), (2, 0.3)])
def test_times_of_a_gaussian_machine(record, mode, a):
    rho = autocorrelation(record[:, :, mode : mode + 1], lags=300)
    for found, exact in (tau_exp(rho), relaxation_time(a)), (tau_int(rho), autocorrelation_time(a)):
        assert found.resolved
        assert found.value == pytest.approx(exact, rel=0.1)
        assert found.error < 0.032 * exact
        assert abs(found.value - exact) < 4 * found.error
    t = torch.arange(6)
    assert bool(((rho.rho[:6] - a**t).abs() <= 4 * rho.error[:6] + 1e-12).all())
    assert abs(t_alpha(rho).value - math.ceil(math.log(0.1) / math.log(a))) <= max(1, 4 * t_alpha(rho).error)


def test_observables_together_count_by_their_variance(record):
    together, variances = autocorrelation(record, lags=50), [1 / (1 - a) for a in (0.9, 0.64, 0.3)]
    exact = sum(v * torch.tensor(a) ** torch.arange(51) for a, v in zip((0.9, 0.64, 0.3), variances, strict=True))
    exact = exact / sum(variances)
    assert bool(((together.rho - exact).abs() <= 4.5 * together.error + 1e-12).all())


def test_closed_forms_of_gaussian_modes():
    model, theta = gaussian(0.9, 0.64, 0.3)
    assert coefficients(model, theta).tolist() == pytest.approx([0.9, 0.64, 0.3], rel=1e-5)
    # theory 3.3: where the variance after k sweeps from 0.25 is 3, the fixed points of out-of-equilibrium training
    for k, a in ((1, 1.4641), (2, 0.7891), (5, 0.6725), (10, 0.6668)):
        assert variance_after(a, k, 0.25) == pytest.approx(3, rel=2e-3)
    assert variance_after(1.0, 3, 0.5, 2.0) == 12.5
    assert autocorrelation_time(1.2) == relaxation_time(1.2) == math.inf
    with pytest.raises(ConfigError, match="Gaussian"):
        coefficients(*machine(Bernoulli(), Bernoulli()))


def test_variance_of_gaussian_chains_from_noise():
    model, theta = gaussian(0.9, 0.3)
    record = followed(model, theta, 20_000, 5, Observables(leading_modes(model, theta, 2), NO_SITES))
    for mode, a in ((0, 0.9), (1, 0.3)):
        for k in (1, 2, 5):
            exact = variance_after(a, k, 1.0, 0.8)  # standard error of a variance: sqrt(2 / C) = 1%
            assert float(record[k - 1, :, mode].var()) == pytest.approx(exact, rel=0.04)


# Estimators


def test_autocorrelation_is_the_sum_over_origins():
    values = ar1(0.7, 40, 3).repeat(1, 1, 2)
    values[:, :, 1] *= 2
    values = values + 5
    found, deviations = autocorrelation(values, 10), values - values.mean((0, 1))
    plain = [(deviations[: 40 - t] * deviations[t:]).sum((1, 2)).mean() for t in range(11)]
    assert found.rho.tolist() == pytest.approx([float(x / plain[0]) for x in plain], rel=1e-9)


def test_errors_are_the_spread_of_repetitions():
    # 60 repetitions know a standard deviation to 9%: four of these
    found = [autocorrelation(ar1(0.6, 300, 20, seed), 60) for seed in range(60)]
    for estimate in (tau_int, lambda rho: (float(rho.rho[2]), float(rho.error[2]))):
        values, errors = (np.array([estimate(rho)[i] for rho in found]) for i in (0, 1))
        assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.37)


def test_error_of_a_time_average():
    values = torch.stack([ar1(0.8, 500, 10, seed)[:, :, 0].mean() for seed in range(200)])
    assert mean_error(1.0, autocorrelation_time(0.8), 10, 500) == pytest.approx(float(values.std()), rel=0.2)  # 4 x 5%


def test_a_short_run_gives_bounds_and_says_so():
    values = ar1(0.998, 200, 100)  # tau_exp 500, tau_int 999
    rho = autocorrelation(values)
    found = {"tau_int": tau_int(rho), "tau_exp": tau_exp(rho), "t": t_alpha(rho)}
    assert not any(it.resolved for it in found.values())
    assert 50 < found["tau_int"].value < 999
    assert found["tau_exp"].value < 500
    assert found["t"].value == 100
    assert math.isnan(found["t"].error)


def test_chains_that_never_move_are_not_mixed():
    stuck = torch.randn(1, 30, 1, generator=torch.Generator().manual_seed(0)).expand(100, -1, -1)
    rho = autocorrelation(stuck)
    assert rho.rho.tolist() == pytest.approx([1.0] * 51)
    assert not tau_int(rho).resolved
    assert not tau_exp(rho).resolved
    assert tau_int(rho).value == pytest.approx(101)


def test_a_slow_part_of_small_weight_is_not_missed():
    frozen = 0.2 * torch.randn(1, 2000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    rho = autocorrelation(ar1(0.0, 300, 2000) + frozen)
    assert float(rho.rho[1]) == pytest.approx(0.04 / 1.04, abs=4 * float(rho.error[1]))
    assert not tau_int(rho).resolved
    assert not tau_exp(rho).resolved
    assert tau_exp(rho).value > 100


def test_an_observable_that_is_constant_has_no_times():
    rho = autocorrelation(torch.ones(50, 4, 1))
    for found in (tau_int(rho), tau_exp(rho), t_alpha(rho)):
        assert math.isnan(found.value)
        assert not found.resolved


def test_independent_sweeps_have_time_one():
    rho = autocorrelation(ar1(0.0, 300, 200))
    assert tau_int(rho).value == pytest.approx(1, abs=4 * tau_int(rho).error)
    assert tau_exp(rho).value == 0
    assert t_alpha(rho).value == 1


def test_autocorrelation_needs_chains_and_lags():
    with pytest.raises(ConfigError, match="two chains"):
        autocorrelation(torch.zeros(10, 1, 1))
    with pytest.raises(ConfigError, match="more sweeps than lags"):
        autocorrelation(torch.zeros(10, 2, 1), lags=10)


def test_settled_is_the_first_time_from_which_on_it_holds():
    assert settling_time((1, 2, 4, 8), (True, False, True, True)) == (4, 2, True)
    assert settling_time((1, 2, 4, 8), (True,) * 4) == (1, 1, True)
    last = settling_time((1, 2, 4, 8), (True, True, True, False))
    assert (last.value, last.resolved) == (8, False)
    assert agreement_time((1, 2), (5.0, 2.9)) == (2, 1, True)


def test_distance_counts_standard_errors():
    apart = [
        standard_errors_apart(torch.randn(2, 400, generator=g).double()[0], torch.randn(400, generator=g).double())
        for g in gens()
    ]
    assert np.mean(np.square(apart)) == pytest.approx(1, abs=4 * math.sqrt(2 / 100))


def gens():
    """Return a hundred generators."""
    return [torch.Generator().manual_seed(seed) for seed in range(100)]


def test_jumps_are_counted_a_chain_and_sweep():
    clusters = torch.tensor([[0, 0, 1], [1, 0, 1], [1, 0, 0], [0, 0, 0]])
    assert jump_rate(clusters).value == pytest.approx(3 / 9)
    never = jump_rate(torch.zeros(11, 3, dtype=torch.int64))
    assert (never.value, never.resolved) == (3 / 30, False)
    with pytest.raises(ConfigError, match="two sweeps"):
        jump_rate(clusters[:1])


def test_clusters_of_two_clouds():
    generator = torch.Generator().manual_seed(0)
    clouds = torch.randn(60, 5, generator=generator) * 0.1
    clouds[:20] += 1
    found = Clusters.of(clouds, 2)
    code = found.nearest((clouds @ found.directions).unsqueeze(0))[0]
    assert len(set(code[:20].tolist())) == len(set(code[20:].tolist())) == 1
    assert code[0] != code[-1]
    with pytest.raises(ConfigError, match="2 to 60"):
        Clusters.of(clouds, 1)


# Tiny machines, exactly


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda units: units.kind)
@pytest.mark.parametrize("visible", DISCRETE, ids=lambda units: units.kind)
@pytest.mark.parametrize("classes", [None, 3])
def test_transition_matrix_of_every_unit_pair(visible, hidden, classes):
    model, theta = machine(visible, hidden, classes=classes)
    found, (states, exact) = transition_matrix(model, theta), law(model, theta)
    for ours, theirs in zip(found.states, states, strict=True):
        assert torch.equal(ours, theirs)
    assert torch.allclose(found.law, exact, atol=1e-12)
    assert torch.allclose(found.matrix.sum(1), torch.ones_like(exact), atol=1e-12)
    assert torch.allclose(exact @ found.matrix, exact, atol=1e-12)
    flow = exact.unsqueeze(1) * found.matrix
    assert torch.allclose(flow, flow.T, atol=1e-12)  # detailed balance
    plain = torch.linalg.eigvals(found.matrix)
    assert float(plain.imag.abs().max()) < 1e-7
    assert torch.allclose(plain.real.sort(descending=True)[0], found.eigenvalues, atol=1e-7)
    assert float(found.eigenvalues[0]) == pytest.approx(1, abs=1e-12)
    assert float(found.eigenvalues.min()) >= 0


def test_transition_matrix_by_its_definition():
    model, theta = machine(Potts(3), Bernoulli(), sites=2, hidden_sites=3)
    found, hidden = transition_matrix(model, theta), torch.cartesian_prod(*[torch.arange(2, dtype=torch.uint8)] * 3)
    x = found.states[0]
    joint = torch.stack([energy(model, theta, (x, h.expand(len(x), -1))) for h in hidden], 1).neg().exp()
    expected = (joint / joint.sum(1, keepdim=True)) @ (joint / joint.sum(0)).T
    assert torch.allclose(found.matrix, expected, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 3, 10])
@pytest.mark.parametrize("visible", [Bernoulli(), Potts(3)], ids=lambda units: units.kind)
def test_chains_after_k_sweeps_follow_the_exact_law(visible, steps):
    # chi^2 of 40,000 chains over the states, p > 1e-3
    model, theta = machine(visible, Bernoulli(), scale=1.2)
    exact, count = transition_matrix(model, theta), 40_000
    expected = exact.after(steps) * count
    run = Chains(model, theta.float(), start(model, NOISE, count, {}), NOISE)
    run.go_on(steps, (steps,))
    place = torch.zeros(count, dtype=torch.int64)
    for site in run.snapshots[steps][0].long().T:
        place = place * visible.levels + site
    counts = torch.bincount(place, minlength=len(expected)).double()
    usual = expected > 5
    square = float(((counts - expected)[usual].square() / expected[usual]).sum())
    assert chi2.sf(square, int(usual.sum()) - 1) > 1e-3


def slow_machine():
    """Return a machine of two valleys, all sites 0 or all 1, with its transition matrix."""
    model = RBM(Spec((Layer("visible", 5, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    theta = torch.zeros(model.size())
    model.view(theta).weight[:] = 2.6
    model.view(theta).bias[:] = -2.6
    model.view(theta).hidden_bias[:] = -6.5
    return model, theta, transition_matrix(model, theta)


def test_measured_times_are_those_of_the_spectrum():
    model, theta, exact = slow_machine()
    assert 5 < exact.relaxation_time < 100
    record = followed(model, theta, 1000, 1500, Observables(leading_modes(model, theta, 1), NO_SITES), left_out=500)
    rho = autocorrelation(record)
    slowest = tau_exp(rho)
    assert slowest.resolved
    assert slowest.value == pytest.approx(exact.relaxation_time, rel=0.05)
    assert abs(slowest.value - exact.relaxation_time) < 4 * slowest.error
    observable = exact.states[0].double() @ leading_modes(model, theta, 1).double()[:, 0]
    expected = exact.autocorrelation(observable, 60)
    assert bool(((rho.rho[:61] - expected).abs() < 4.5 * rho.error[:61] + 1e-9).all())
    found = tau_int(rho)
    assert abs(found.value - (2 * float(exact.autocorrelation(observable, 2000).sum()) - 1)) < 4 * found.error


def test_overlaps_and_two_starts_of_two_valleys():
    model, theta, exact = slow_machine()
    times, noise, chains = tuple(2**i for i in range(12)), Noise(9, Stream.GENERATE), 600
    held = {"visible": torch.ones(chains, 5, dtype=torch.uint8)}
    runs = [Chains(model, theta, start(model, noise, chains, given), noise) for given in ({}, held)]
    for run in runs:
        run.go_on(2048, times)
    merged = merging_time(chain_overlaps(model.spec, runs[0].snapshots))
    assert merged.resolved
    assert exact.relaxation_time / 2 < merged.value < 10 * exact.relaxation_time
    means = [[run.snapshots[t][0].double().mean(1) for t in times] for run in runs]
    agreed = agreement_time(times, [standard_errors_apart(a, b) for a, b in zip(*means, strict=True)])
    assert agreed.resolved
    # from all ones the mean is off by about exp(-t / tau), which 600 chains see down to a few per cent: 2 to 5 tau
    assert exact.relaxation_time < agreed.value < 10 * exact.relaxation_time


def test_overlaps_of_chains_that_are_stuck():
    model, _ = machine(Bernoulli(), Bernoulli(), sites=20)
    state = start(model, NOISE, 50, {})[:-1]
    found = merging_time(chain_overlaps(model.spec, dict.fromkeys((1, 2, 4), state)))
    assert (found.value, found.resolved) == (2, False)
    with pytest.raises(ConfigError, match="t / 2"):
        merging_time(chain_overlaps(model.spec, {1: state}))


def test_large_machines_in_the_one_state_phase():
    # theory 6.2: rho(t) = s^{2t} at large N, s = w_1 / 4 at zero Ising fields; 5% for N_v = 1600 at s = 0.6
    model = RBM(Spec((Layer("visible", 1600, Bernoulli()), Layer("hidden", 400, Bernoulli()))))
    theta, generator = torch.zeros(model.size()), torch.Generator().manual_seed(0)
    u, v = torch.randn(1600, generator=generator), torch.randn(400, generator=generator)
    weight = 4 * 0.6 * torch.outer(u / u.norm(), v / v.norm())
    view = model.view(theta)
    view.weight.copy_(weight)
    view.bias.copy_(-weight.sum(1) / 2)
    view.hidden_bias.copy_(-weight.sum(0) / 2)
    record = followed(model, theta, 400, 200, Observables(leading_modes(model, theta, 1), NO_SITES), left_out=20)
    rho = autocorrelation(record, 5)
    assert float(rho.rho[1]) == pytest.approx(0.36, rel=0.05)


def test_transition_matrices_are_of_tiny_discrete_machines():
    with pytest.raises(ConfigError, match="discrete"):
        transition_matrix(*gaussian(0.5))
    with pytest.raises(ConfigError, match="hidden_rule"):
        transition_matrix(*machine(Bernoulli(), Bernoulli(), rule="mean"))
    with pytest.raises(ConfigError, match=r"8,192 and 16"):
        transition_matrix(*machine(Bernoulli(), Bernoulli(), sites=13))


# Recording


def test_going_on_is_one_run_and_records_what_was_asked():
    model, theta = machine(Potts(3), Bernoulli(), classes=2)
    theta = theta.float()
    observables = Observables(leading_modes(model, theta, 2), torch.tensor([0, 4]))
    run = Chains(model, theta, start(model, NOISE, 7, {}), NOISE, observables)
    run.go_on(3, (2,))
    run.go_on(4, (4, 7))
    assert run.values().shape == (7, 7, 4)
    assert [*run.snapshots] == [2, 4, 7]
    for t, state in run.snapshots.items():
        assert torch.allclose(run.values()[t - 1], observables.of(model.features(state, torch.float32)), atol=1e-5)


def test_modes_are_of_the_visible_weights_in_their_gauge():
    model, theta = machine(Potts(3), Bernoulli(), classes=2)
    directions = leading_modes(model, theta, 2)
    assert directions.T @ directions == pytest.approx(np.eye(2), abs=1e-6)
    assert float(directions[model.slices[1]].abs().max()) == 0
    assert float(directions[:9].view(3, 3, 2).sum(1).abs().max()) < 1e-6
    with pytest.raises(ConfigError, match="modes"):
        leading_modes(model, theta, 0)


# The verb


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixing") / "run"
    good("train", "digits", "-o", folder, "--scheme", "pcd", "--hidden", 16, "--updates", 30, "--seed", 1)
    return folder


SHORT = ("--chains", 20, "--sweeps", 64, "--ages", "1,30")


def test_verb_writes_table_and_figures(run, tmp_path):
    paths = [tmp_path / name for name in ("table.csv", "times.png", "rho.svg")]
    result = good("mixing", run, *SHORT, "-o", paths[0], "--figure", paths[1], "--functions", paths[2])
    assert all(path.stat().st_size > 1000 for path in paths)
    table = pd.read_csv(paths[0])
    assert [*table.columns] == ["age", "observable", "estimator", "value", "error", "resolved", "sweeps"]
    assert {*table["estimator"]} == {"t-0.1", "tau-int", "tau-exp", "overlap", "two-start", "jumps"}
    observables = {"sites", "mode 1", "mode 3", "from noise", "from data", "energy", "second-moment", "clusters"}
    assert {*table["observable"]} == observables | {"mode 2"}
    assert {*table["age"]} == {1, 30}
    young = table.loc[(table["age"] == 1) & (table["estimator"] == "tau-int") & (table["observable"] == "sites")]
    assert young["value"].item() == pytest.approx(1, abs=0.2)  # without weights every sweep is new
    assert "tau_int" in result.out
    assert "age 30 (2 of 2)" in result.err


def test_verb_gives_one_document_the_same_each_time(run):
    first, second = (good("mixing", run, *SHORT, "--json").json for _ in range(2))
    assert first == second
    assert first["start"] == "data"
    assert first["k"] == 10
    assert {"age", "observable", "estimator", "value", "error", "resolved", "sweeps"} == {*first["times"][0]}


def test_runs_too_short_are_told_of(run):
    result = good("mixing", run, "--chains", 4, "--sweeps", 16, "--ages", "last")
    assert "at age 30 is only a bound" in result.err


def test_without_data_chains_start_from_noise(run, tmp_path):
    found = workflows.mixing(run, chains=10, sweeps=32, ages=(30,))
    assert found.start == "random"
    assert {*found.table["estimator"]} == {"t-0.1", "tau-int", "tau-exp", "overlap"}
    assert {*found.functions["observable"]} == {"sites", "mode 1", "mode 2", "mode 3"}


@pytest.mark.parametrize("kind", ["dna", "table"])
def test_other_kinds_of_data(kind, tmp_path):
    rng = np.random.default_rng(0)
    if kind == "dna":
        data = sr.Dataset.from_arrays(rng.integers(0, 5, (80, 9)).astype(np.uint8), alphabet="dna")
    else:
        path = tmp_path / "table.csv"
        rows = {"a": rng.choice(["x", "y"], 80), "b": rng.choice(["u", "v", "w"], 80), "c": rng.choice(["x", "y"], 80)}
        pd.DataFrame(rows).to_csv(path, index=False)
        data = sr.read(path)
    trained = sr.fit(data, scheme=sr.rdm(3), hidden=6, updates=5, out=tmp_path / "run")
    found = workflows.mixing(trained, data, chains=10, sweeps=32, ages=(5,), clusters=3)
    assert not np.isnan(found.table["value"].to_numpy(float)).any()


def test_bad_input_is_refused_in_a_line(run, tmp_path):
    assert "chains: at least 4" in refused_last("mixing", run, "--chains", 1)
    assert "sweeps: at least 16" in refused_last("mixing", run, "--sweeps", 3)
    assert "modes: at least 1" in refused_last("mixing", run, "--modes", 0)
    assert "numbers to record" in refused_last("mixing", run, "--sweeps", 10**6)
    assert "has no age 7" in refused_last("mixing", run, "--ages", "1,7")
    assert "clusters" in refused_last("mixing", run, "--clusters", 1)
    assert "tables are written as" in refused("mixing", run, "-o", tmp_path / "table.txt")
    assert "figures are written as" in refused("mixing", run, "--functions", tmp_path / "rho.gif")
    assert refused("mixing", tmp_path / "nothing")
    network = ("--model", "chaotic", "--layers", "64,5", "--updates", 1, "--steps", 5)
    good("train", "digits", "-o", tmp_path / "net", *network)
    assert "an RBM expected" in refused_last("mixing", tmp_path / "net")


def refused_last(*words):
    """Return the line of an error that comes after what was read."""
    result = call(*words)
    assert result.code == 2, result
    return result.err.splitlines()[-1]


def test_unlabelled_data_cannot_start_a_machine_with_labels(run):
    data = sr.read("digits")
    with pytest.raises(DataError, match="no labels"):
        workflows.mixing(run, data.with_labels([""] * len(data)))


def test_figures_need_their_columns():
    for draw in (plots.mixing, plots.autocorrelations):
        with pytest.raises(DataError, match="expected"):
            draw(pd.DataFrame({"age": [1]}))
    rows = {"age": [1], "observable": ["clusters"], "estimator": ["jumps"], "value": [0.1], "resolved": [True]}
    with pytest.raises(DataError, match="no times"):
        plots.mixing(pd.DataFrame(rows))


def test_clusters_do_not_depend_on_the_number_of_threads():
    features = torch.from_numpy(np.random.default_rng(0).random((2000, 300), np.float32))
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(Clusters.of(features, 20))
    assert torch.equal(found[0].centres, found[1].centres)
    assert torch.equal(found[0].directions, found[1].directions)
