"""The average of the parameters, the damping of strong modes, and the noise that samples of a class start from."""

import numpy as np
import pytest
import torch

import shortrun as sr
from shortrun.dynamics import Noise, Stream, start
from shortrun.learning import Rows, average, groups_of, profile, rates
from shortrun.learning.rates import Damping
from shortrun.models import LABEL, RBM, Training, spec_of
from shortrun.settings.training import ModelSettings, OptimiserSettings

CPU = torch.device("cpu")


def test_the_average_is_the_weighted_mean_it_says():
    """The closed form: theta after update u has the weight w_u times the product of (1 - w) of those after it."""
    thetas = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    training = Training(0, thetas[0].clone(), (), ())
    for update in range(1, 401):
        training.update = update
        training.theta.copy_(thetas[update - 1])
        average.follow_(training, 0.1)
    seen = [u for u in range(1, 401) if u < average.EVERY or u % average.EVERY == 0]
    expected = torch.zeros(3)
    for u in seen:
        expected += average.weight(u, 0.1) * (thetas[u - 1] - expected)
    torch.testing.assert_close(training.average, expected)


def test_the_average_spans_about_its_share_of_the_updates():
    """Of a theta that grows evenly, theta(u) = u, the average lags by the mean age of what it averages."""
    training = Training(0, torch.zeros(1), (), ())
    for update in range(1, 2001):
        training.update = update
        training.theta.fill_(update)
        average.follow_(training, 0.1)
    lag = (2000 - training.average.item()) / 2000
    assert 0.05 < lag < 0.12
    still = Training(1, torch.zeros(1), (), ())
    average.follow_(still, 0.0)
    assert still.average is None
    assert average.machine_of(still) is still.theta


def two_strong_modes(n=600, sites=20):
    random = np.random.default_rng(1)
    a, b = random.integers(0, 2, (2, n, 1))
    values = np.where(random.random((n, sites)) < 0.85, np.where(np.arange(sites) < 12, a, b), random.integers(0, 2))
    return sr.Dataset.from_arrays(values.astype(np.uint8), (a[:, 0] + b[:, 0]) % 3)


def test_strong_modes_are_those_of_the_covariance():
    data = two_strong_modes()
    model, rows = RBM(spec_of(data, ModelSettings(hidden=4))), Rows.of(data, CPU)
    found = rates.strongest_modes(model, rows.state, 6)
    values, vectors = np.linalg.eigh(np.cov(data.values.T, bias=True))
    np.testing.assert_allclose(found.values[:2], values[::-1][:2], rtol=0.02)
    for mode in range(2):
        overlap = found.vectors[: data.sites, mode].numpy() @ vectors[:, -1 - mode]
        assert abs(overlap) == pytest.approx(1, abs=1e-3)
    assert not found.vectors[data.sites :].any()  # the label is never damped


@pytest.mark.parametrize("centred", [True, False])
def test_damping_multiplies_the_centred_gradient(centred):
    """P = 1 - sum_a (1 - c / lambda_a) u_a u_a^T on the visible rows, after centring: against the plain formula."""
    data = two_strong_modes()
    model, rows = RBM(spec_of(data, ModelSettings(hidden=4))), Rows.of(data, CPU)
    modes = rates.strongest_modes(model, rows.state, 5)
    damping = Damping.of(modes, 0.5)
    assert damping is not None
    strong = modes.values > 0.5
    projector = torch.eye(model.shape[0])
    for value, vector in zip(modes.values[strong], modes.vectors[:, strong].T, strict=True):
        projector -= (1 - 0.5 / value) * torch.outer(vector, vector)
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(model.size(), generator=generator)
    means = tuple(torch.rand(size, generator=generator) * centred for size in model.shape)
    plain = model.view(model.centred(direction, means)).weight
    damped = direction.clone()
    damping(model, damped, means)
    torch.testing.assert_close(model.view(model.centred(damped, means)).weight, projector @ plain)


def test_no_mode_is_damped_below_the_bound():
    data = two_strong_modes()
    model, rows = RBM(spec_of(data, ModelSettings(hidden=4))), Rows.of(data, CPU)
    assert Damping.of(rates.strongest_modes(model, rows.state), 100.0) is None
    assert rates.damping_and_rate(model, rows.state, OptimiserSettings(damped_above=0))[0] is None
    damping, rate = rates.damping_and_rate(model, rows.state, OptimiserSettings(damped_above=0.1))
    assert damping is not None
    assert rate == pytest.approx(0.6 / 0.1)


@pytest.mark.parametrize("colours", [2, 4])
def test_samples_of_a_class_start_with_its_frequencies(colours):
    """Each site by itself has the frequencies of the class, mixed as `profile` says, within 4.5 standard errors."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], [300, 100])
    values = ((random.random((400, 5)) ** (1 + 2 * labels[:, None])) * colours).astype(np.uint8)
    data = sr.Dataset.from_arrays(values, labels, alphabet="codes" if colours > 2 else None)
    spec = spec_of(data, ModelSettings(hidden=3))
    assert spec.start == "profile"
    rows = Rows.of(data, CPU)
    model = RBM(spec, profile(RBM(spec), rows, groups_of(RBM(spec), rows, most=1, seed=0)))
    chains = 20_000
    for code, members in ((0, 300), (1, 100)):
        held = {LABEL: torch.full((chains, 1), code, dtype=torch.uint8)}
        begin = start(model, Noise(3, Stream.GENERATE), chains, held)[0].numpy()
        for value in range(colours):
            every = (values == value).mean(0)
            every = (every * 400 + 1 / colours) / 401
            expected = ((values[labels == code] == value).sum(0) + 5 * every) / (members + 5)
            error = np.sqrt(expected * (1 - expected) / chains)
            assert (np.abs((begin == value).mean(0) - expected) < 4.5 * error + 1e-4).all()
    free = start(model, Noise(3, Stream.GENERATE), chains, {})[0].numpy()  # without a class: uniform
    assert abs((free == 0).mean() - 1 / colours) < 4.5 * np.sqrt(0.25 / free.size)
