"""Schemes, missing labels, optimisers, starts and the loop, on machines small enough to know the answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import shortrun as sr
from conftest import DISCRETE, HIDDEN, all_states, machine
from shortrun.dynamics import Noise, Stream
from shortrun.engine.plain import PlainMachine
from shortrun.engine.step import penalise_, rescale_label_
from shortrun.errors import ConfigError, DataError
from shortrun.learning import Rows, begin, cd, ff, fit, labels, optimisers, pcd, rates, rdm
from shortrun.learning.fit import Minibatches, ages
from shortrun.learning.monitor import top_singular_value
from shortrun.learning.update import Batch
from shortrun.learning.update import gradient as update_gradient
from shortrun.models import spec_of
from shortrun.settings import Config
from shortrun.settings.training import OptimiserSettings
from shortrun.units import Bernoulli, Gaussian, Potts

CPU = torch.device("cpu")


class Silent:
    """A recorder that keeps everything in memory."""

    def __init__(self):
        self.ages, self.records = {}, []

    def age(self, training):
        self.ages[training.update] = training.theta.clone()

    def log(self, record):
        self.records.append(record)

    def after_update(self, training):
        return False


def config(**sections):
    base = {"training": {"updates": 20, "batch": 20, "validation": 0}}
    return Config.model_validate({key: base.get(key, {}) | sections.get(key, {}) for key in {*base, *sections}})


def toy(q=2, n=60, classes=3, seed=0):
    random = np.random.default_rng(seed)
    values = random.integers(0, q, (n, 6)).astype(np.uint8)
    y = random.integers(0, classes, n) if classes else None
    return sr.Dataset.from_arrays(values, y, alphabet="codes" if q > 2 else None)


@pytest.mark.parametrize("scheme", [ff(3), pcd(3), pcd(3, chains=7), cd(3), rdm(3), ff(2, predict=0)])
@pytest.mark.parametrize("q", [2, 4])
@pytest.mark.parametrize("hidden", ["bernoulli", "ising", "gaussian"])
@pytest.mark.parametrize("rule", ["sample", "mean"])
@pytest.mark.parametrize("missing", [False, True])
def test_every_scheme_trains_every_machine(scheme, q, hidden, rule, missing):
    machine = {"hidden": 5, "hidden_units": hidden, "hidden_rule": rule}
    settings = config(model=machine, optimiser={"rate": 0.05}, training={"updates": 6})  # two rounds of the data
    data = toy(q)
    if missing:
        data = data.with_labels(np.where(np.arange(60) % 3 == 0, -1, data.labels), data.classes)
    model = sr.RBM(spec_of(data, settings.model))
    recorder = Silent()
    end = fit(model, scheme, Rows.of(data, CPU), settings, recorder)
    assert end.update == 6
    assert torch.isfinite(end.theta).all()
    first = recorder.ages[1]
    assert not torch.equal(first, end.theta)
    assert [chains is not None for chains in end.chains] == [run.start == "previous" for run in scheme.free]
    assert {f"residual_{run.task}" for run in scheme.free} <= set(recorder.records[0])


def test_continuous_data_train_gaussian_machines():
    random = np.random.default_rng(0)
    data = sr.Dataset.from_arrays(random.normal(0, 1.5, (200, 4)).astype(np.float32), random.integers(0, 2, 200))
    settings = config(model={"hidden": 3}, training={"updates": 50})
    assert spec_of(data, settings.model).observed[0].units == Gaussian()
    end = fit(sr.RBM(spec_of(data, settings.model)), ff(4), Rows.of(data, CPU), settings, Silent())
    assert torch.isfinite(end.theta).all()


@pytest.mark.parametrize("visible", DISCRETE)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_missing_labels_are_marginalised_exactly(visible, hidden):
    """The statistics of expanded rows are those summed by hand over the label with its exact posterior."""
    model, theta = machine(visible, hidden, classes=3)
    observed = all_states(model.spec.observed)
    rows = [0, 4, 9, 13]
    state = tuple(x[rows] for x in observed)
    weights = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
    missing = torch.tensor([False, True, False, True])
    full, full_weights = labels.expand(PlainMachine(model, theta), state, weights, missing)
    by_hand = torch.zeros_like(theta)
    for n in range(4):
        row = tuple(x[n : n + 1] for x in state)
        posterior = model.label_log_probabilities(theta, row).exp()[0]
        for k in range(3):
            share = posterior[k] if missing[n] else float(state[1][n, 0] == k)
            labelled = (row[0], torch.tensor([[k]], dtype=torch.uint8))
            by_hand += weights[n] * share * model.statistics(theta, labelled, torch.ones(1, dtype=torch.float64))
    torch.testing.assert_close(model.statistics(theta, full, full_weights), by_hand, rtol=0, atol=1e-12)


def test_a_missing_label_is_drawn_from_its_exact_law():
    model, theta = machine(Bernoulli(), Bernoulli(), classes=3)
    n = 50_000
    state = (torch.tensor([[1, 0, 1]], dtype=torch.uint8).expand(n, 3), torch.zeros(n, 1, dtype=torch.uint8))
    missing = torch.ones(n, dtype=torch.bool)
    missing[: n // 10] = False
    drawn = labels.draw(PlainMachine(model, theta.float()), state, missing, Noise(0, Stream.LABELS))[1][:, 0]
    assert (drawn[: n // 10] == 0).all()
    shares = torch.bincount(drawn[n // 10 :].long(), minlength=3) / (0.9 * n)
    exact = model.label_log_probabilities(theta, tuple(x[:1] for x in state)).exp()[0]
    assert ((shares - exact).abs() < 4 * (exact * (1 - exact) / (0.9 * n)).sqrt()).all()


def test_unlabelled_rows_do_not_train_the_prediction():
    """With every label of a minibatch missing, the prediction run contributes nothing."""
    model, theta = machine(Bernoulli(), Bernoulli(), classes=3)
    state = tuple(x[:6] for x in all_states(model.spec.observed))
    batch = Batch(state, torch.ones(6), torch.ones(6, dtype=torch.bool), True)
    noise = Noise(0, Stream.FREE, 1)
    step = update_gradient(model, ff(3), theta.float(), batch, (None, None), noise)
    generate_only = update_gradient(model, ff(3, predict=0), theta.float(), batch, (None,), noise)
    torch.testing.assert_close(step.direction, generate_only.direction)


def test_the_weights_of_the_two_gradients_and_of_samples():
    model, theta = machine(Potts(3), Bernoulli(), classes=3)
    theta, noise = theta.float(), Noise(0, Stream.FREE, 1)
    state = tuple(x[5:11] for x in all_states(model.spec.observed))
    rows = Batch(state, torch.ones(6), torch.zeros(6, dtype=torch.bool), False)

    def direction(scheme, batch=rows):
        return update_gradient(model, scheme, theta, batch, (None,) * len(scheme.free), noise).direction

    both = direction(ff(3, generate=2.0, predict=5.0))
    generate = direction(ff(3, predict=0))
    predict = (direction(ff(3)) - generate) * 5
    torch.testing.assert_close(both, 2 * generate + predict, rtol=1e-4, atol=1e-5)
    # The clamped layers' own biases feel nothing: c of the generation, a of the prediction.
    _, bias, _ = model.view(generate)
    assert bias[model.slices[1]].abs().max() < 1e-6
    # A row of weight zero might as well not be there; doubled weights change nothing.
    weights = torch.tensor([1.0, 1, 1, 1, 1, 0])
    less = Batch(tuple(x[:5] for x in state), torch.ones(5), torch.zeros(5, dtype=torch.bool), False)
    torch.testing.assert_close(direction(ff(3), rows._replace(weights=weights)), direction(ff(3), less))
    torch.testing.assert_close(direction(ff(3), rows._replace(weights=2 * rows.weights)), direction(ff(3)))


@pytest.mark.parametrize("visible", DISCRETE)
def test_labels_are_learnt_to_be_predicted_from_rows_with_swapped_sites(visible):
    """The gradient of swapped rows is that of such rows, made by hand; other gradients stay as they are."""
    model, theta = machine(visible, Bernoulli(), classes=3)
    theta, noise, chains, share = theta.float(), Noise(0, Stream.FREE, 1), 4000, 0.3
    pick = torch.randint(0, len(all_states(model.spec.observed)[0]), (chains,), generator=torch.manual_seed(0))
    state = tuple(x[pick] for x in all_states(model.spec.observed))
    second = Noise(0, Stream.FREE + 1, 1)  # the noise of the second run
    mixed = labels.swapped(PlainMachine(model, theta), state, ff(3).predicting(1.0, share).free[1], second)
    assert mixed[1] is state[1]  # the labels
    moved, candidates = mixed[0] != state[0], state[0] != state[0].roll(-1, 0)
    assert torch.equal(mixed[0][moved], state[0].roll(-1, 0)[moved])
    found, n = moved.sum() / candidates.sum(), candidates.sum()
    assert abs(found - share) < 4 * (share * (1 - share) / n).sqrt()

    def direction(scheme, state):
        rows = Batch(state, torch.ones(chains), torch.zeros(chains, dtype=torch.bool), False)
        return update_gradient(model, scheme, theta, rows, (None,) * len(scheme.free), noise).direction

    whole, generate = ff(3).predicting(2.0, share), ff(3, predict=0)
    predict = direction(ff(3), mixed) - direction(generate, mixed)
    torch.testing.assert_close(direction(whole, state), direction(generate, state) + 2 * predict, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("q", [2, 5])
def test_initial_biases_reproduce_the_frequencies(q):
    data = toy(q, n=200)
    settings = config(model={"hidden": 4}, optimiser={"weight_std": 1e-6})
    model = sr.RBM(spec_of(data, settings.model))
    theta = begin(model, rdm(1), Rows.of(data, CPU), settings).theta
    _, bias, hidden_bias = model.view(theta)
    assert hidden_bias.abs().max() < 1e-3
    units = model.spec.observed[0].units
    found = units.mean(bias[model.slices[0]].unsqueeze(0))[0]
    expected = units.features(torch.from_numpy(data.values)).mean(0)
    torch.testing.assert_close(found, expected, rtol=0, atol=1.5 / 200)  # the pseudo-count is 1 / 201
    constant = sr.Dataset.from_arrays(np.zeros((50, 3), np.uint8), alphabet=data.alphabet)
    model = sr.RBM(spec_of(constant, settings.model))
    theta = begin(model, rdm(1), Rows.of(constant, CPU), settings).theta
    assert model.view(theta).bias.abs().max() < math.log(51 * q) + 1  # a colour never seen is rare, not impossible


def test_optimisers_on_a_parabola():
    for name, rate in (("sgd", 0.1), ("momentum", 0.1), ("adam", 0.05)):
        theta, target = torch.zeros(3), torch.tensor([1.0, -2.0, 0.5])
        optimiser = optimisers.named(name, theta)
        for update in range(1, 501):
            optimiser.step_(theta, target - theta, rate, update)
        torch.testing.assert_close(theta, target, rtol=0, atol=2e-3)


def test_adam_is_the_published_one():
    theta, reference = torch.zeros(2), torch.zeros(2, requires_grad=True)
    ours, theirs = optimisers.Adam(theta), torch.optim.Adam([reference], lr=0.1, maximize=True)
    for update in range(1, 6):
        direction = torch.tensor([0.3, -2.0]) * update
        ours.step_(theta, direction, 0.1, update)
        reference.grad = direction.clone()
        theirs.step()
        torch.testing.assert_close(theta, reference.detach())


def test_rates():
    assert rates.rate_at("constant", 0.3, 77, 100) == 0.3
    risen = [rates.rate_at("warmup", 0.4, update, 100) for update in range(1, 1001)]
    assert 0.1 < risen[0] < 0.11
    assert risen[:150] == sorted(set(risen[:150]))
    assert set(risen[149:]) == {0.4}
    for schedule in ("inverse", "cosine"):
        values = [rates.rate_at(schedule, 0.3, update, 1000) for update in range(1, 1001)]
        assert values[0] == pytest.approx(0.003, rel=0.01)
        assert values[:90] == sorted(values[:90])
        assert values[100:] == sorted(values[100:], reverse=True)
    assert values[500] == pytest.approx(0.15)
    assert 0 < values[-1] < 1e-5
    assert rates.rate_at("inverse", 0.3, 1000, 2000) == pytest.approx(0.15)
    assert rates.rate_at("inverse", 0.3, 700, 1000) == rates.rate_at("inverse", 0.3, 700, 9999)


def test_the_automatic_rate_follows_the_strongest_mode():
    random = np.random.default_rng(0)
    common = random.integers(0, 2, (400, 1))
    values = np.where(random.random((400, 30)) < 0.9, common, 1 - common).astype(np.uint8)
    for data in (sr.Dataset.from_arrays(values, common[:, 0]), toy(5)):
        model, rows = sr.RBM(spec_of(data, config().model)), Rows.of(data, CPU)
        features = model.spec.observed[0].units.features(rows.state[0]).numpy()
        largest = np.linalg.eigvalsh(np.cov(features.T, bias=True))[-1]
        found = rates.strongest_modes(model, rows.state, 1).values.item()
        assert found == pytest.approx(largest, rel=0.02)
        undamped = OptimiserSettings(damped_above=0)
        assert rates.damping_and_rate(model, rows.state, undamped)[1] == pytest.approx(min(0.3, 2 / largest), rel=0.02)
    constant = sr.Dataset.from_arrays(np.zeros((20, 3), np.uint8), alphabet=toy().alphabet)
    for hidden, rate in ((256, 0.3), (1024, 0.3), (2048, 0.15)):
        model = sr.RBM(spec_of(constant, config(model={"hidden": hidden}).model))
        for above, share in ((2.0, 1), (1.0, 2), (0.0, 1)):
            options = OptimiserSettings(damped_above=above)
            assert rates.damping_and_rate(model, Rows.of(constant, CPU).state, options)[1] == share * rate


def test_penalties_pull_weights_only():
    model, theta = machine(Bernoulli(), Bernoulli(), classes=3)
    direction = torch.zeros_like(theta)
    penalise_(model, direction, theta, OptimiserSettings(l1=0.1, l2=0.01, label_l2=0.5))
    weight, bias, hidden_bias = model.view(direction)
    at = model.view(theta).weight
    torch.testing.assert_close(weight[:3], -0.1 * at[:3].sign() - 0.01 * at[:3])
    torch.testing.assert_close(weight[3:], -0.5 * at[3:])
    assert bias.abs().max() == hidden_bias.abs().max() == 0


def test_the_label_has_a_rate_of_its_own():
    model, theta = machine(Bernoulli(), Bernoulli(), classes=3)
    direction = torch.ones_like(theta)
    rescale_label_(model, direction, 5.0)
    weight, bias, hidden_bias = model.view(direction)
    assert (weight[:3] == 1).all()
    assert (bias[:3] == 1).all()
    assert (weight[3:] == 5).all()
    assert (bias[3:] == 5).all()
    assert (hidden_bias == 1).all()


def test_the_ages_of_a_longer_training_contain_those_of_a_shorter_one():
    assert sorted(ages(10, 10)) == [1, 2, 3, 4, 5, 6, 8, 10]
    assert ages(10, 1000) <= ages(10, 10_000)
    assert max(ages(10, 777)) == 777


def test_minibatches_visit_each_row_once_an_epoch():
    data = toy(n=65)
    batches = Minibatches(Rows.of(data, CPU), config())
    seen = torch.cat([batches.at(update).state[0] for update in (1, 2, 3)])
    assert len(seen) == 60  # the incomplete fourth batch is left out
    again = Minibatches(Rows.of(data, CPU), config())
    assert torch.equal(again.at(5).state[0], batches.at(5).state[0])
    assert not torch.equal(batches.at(1).state[0], batches.at(4).state[0])


def test_top_singular_value():
    weight = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    assert top_singular_value(weight.T @ weight) == pytest.approx(torch.linalg.svdvals(weight)[0].item(), rel=1e-3)
    assert top_singular_value(torch.zeros(3, 3)) == 0


def test_a_diverging_training_says_so_and_keeps_the_good_ages():
    data, recorder = toy(), Silent()
    settings = config(model={"hidden": 5}, optimiser={"rate": 1e30}, training={"updates": 50})
    model = sr.RBM(spec_of(data, settings.model))
    with pytest.raises(DataError, match="diverged before update"):
        fit(model, ff(3), Rows.of(data, CPU), settings, recorder)
    assert all(torch.isfinite(theta).all() for theta in recorder.ages.values())


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: ff(0), "steps"),
        (lambda: ff(10, generate=0, predict=0), "scheme"),
        (lambda: ff(10, predict=-1), "weight"),
        (lambda: sr.Run(start="random", steps=1, chains=5), "chains"),
        (lambda: sr.Run(start="random", steps=1, clamp=("hidden",)), "clamp"),
        (lambda: Potts(256), "colours"),
        (lambda: Potts(1), "colours"),
        (lambda: Gaussian(-1.0), "variance"),
        (lambda: sr.Spec((sr.Layer("visible", 3, Bernoulli()),)), "layers"),
        (lambda: optimisers.named("adagrad", torch.zeros(1)), "optimiser"),
    ],
)
def test_impossible_settings(make, key):
    with pytest.raises(ConfigError) as caught:
        make()
    assert caught.value.key == key


def test_a_training_resumed_after_labels_were_learnt_by_heart_goes_on_as_it_was():
    """Held-out labels get worse: first sites are swapped, then the weight falls; a resumed training knows both."""
    settings = config(training={"updates": 130}, model={"hidden": 4}, scheme={"predict": 8.0, "swapped": 0.25})
    data = toy()
    model, rows = sr.RBM(spec_of(data, settings.model)), Rows.of(data, CPU)

    def monitor():
        accuracies = iter((0.9, *[0.5] * 9))
        shares = {"compared": 900, "p_dd": 0.9, "p_gg": 0.5, "nearer": 0.3}
        return lambda *_: shares | {"accuracy": next(accuracies)}

    def trained(recorder, compare, **how):
        scheme = ff(2, predict=settings.scheme.predict)
        return fit(model, scheme, rows, settings, recorder, monitored=compare, **how)

    class Stopping(Silent):
        def after_update(self, training):
            return training.update == 110

    whole, first, second, compare = Silent(), Stopping(), Silent(), monitor()
    end = trained(whole, monitor())
    stopped = trained(first, compare)
    resumed = trained(second, compare, training=stopped, records=first.records)
    assert torch.equal(end.theta, resumed.theta)
    lessons = {(r["predict"], r["swapped"]) for r in whole.records}
    assert lessons == {(8.0, 0.0), (8.0, 0.25), (4.0, 0.25)}
    without_seconds = [[{**r, "seconds": 0} for r in log] for log in (whole.records, first.records + second.records)]
    assert without_seconds[0] == without_seconds[1]


def test_schemes_survive_json():
    for scheme in (ff(7, predict=2.5), pcd(3, chains=9), cd(1), rdm(2)):
        assert sr.Scheme.from_dict(scheme.to_dict()) == scheme
