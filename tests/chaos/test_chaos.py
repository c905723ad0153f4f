"""T17: regimes of chaotic networks against exact exponents, spectra and planted states."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import shortrun as sr
from command_line import call
from lyapunov_function import lyapunov_function
from shortrun import workflows
from shortrun.chaos import (
    coupling_matrix,
    critical_gain,
    lyapunov_exponent,
    measured_critical_gain,
    rest_states,
    spectral_radius,
)
from shortrun.chaos.lyapunov import labels_in_turn
from shortrun.chaos.rest_states import speed
from shortrun.chaos.starts import start_chains
from shortrun.dynamics import Noise, Stream
from shortrun.engine import machine
from shortrun.engine.chaotic import random_couplings
from shortrun.errors import ConfigError
from shortrun.models import ChaoticNetwork, Clamp, NetworkSpec, RateLayer
from shortrun.settings import resolve

NAMES = ("visible", "hidden", "hidden_2")


def network(*sizes: int, label: int = 0, **options) -> ChaoticNetwork:
    layers = [RateLayer(name, n) for name, n in zip(NAMES, sizes, strict=False)]
    if label:
        layers.insert(1, RateLayer("label", label))
    return ChaoticNetwork(NetworkSpec(layers=tuple(layers), **options))


def untrained(model: ChaoticNetwork) -> torch.Tensor:
    return torch.zeros(model.size())


def some(model: ChaoticNetwork, size: float = 1.0, seed: int = 0) -> torch.Tensor:
    return size * torch.randn(model.size(), generator=torch.Generator().manual_seed(seed))


def linear_exponent(model: ChaoticNetwork, theta: torch.Tensor) -> float:
    """Return lambda tau of the Euler map at x = 0: max over mu of ln |1 + (dt/tau) (mu - 1)| / (dt/tau).

    It is the exact exponent of a subcritical network without fields, all of whose trajectories end there.
    """
    pace, mu = model.spec.time_step, np.linalg.eigvals(coupling_matrix(model, theta))
    return float(np.log(abs(1 + pace * (mu - 1))).max() / pace)


# Exponents


@pytest.mark.parametrize("sizes", [(300,), (200, 120), (150, 90, 60)])
def test_subcritical_exponents_are_those_of_the_linear_map(sizes):
    # Exact: max over mu of ln |1 + (dt/tau)(mu - 1)| / (dt/tau). The transient leaves rates so small that the map is
    # linear; a pair of complex mu makes the growth oscillate, which 200 tau average over.
    model = network(*sizes, gain=0.3 if len(sizes) == 3 else 0.5, seed=2)
    pace, mu = 0.1, np.linalg.eigvals(coupling_matrix(model, untrained(model)))
    expected = np.log(np.abs(1 + pace * (mu - 1))).max() / pace
    assert linear_exponent(model, untrained(model)) == pytest.approx(expected, rel=1e-12)
    found = lyapunov_exponent(model, untrained(model), chains=4, time=200, transient=150)
    assert found.value == pytest.approx(expected, rel=0.02)


def test_a_supercritical_network_is_chaotic():
    # Theory 12.8: 0.07 at g = 3 for one layer of 784; three seeds spread by about 0.02.
    model = network(784, gain=3.0)
    found = lyapunov_exponent(model, untrained(model), chains=4, time=60, transient=40)
    assert found.value == pytest.approx(0.07, abs=0.03)
    assert found.value > 5 * found.error


@pytest.mark.parametrize(("sizes", "label", "held"), [((40, 30), 0, False), ((40, 30, 20), 3, True), ((40,), 3, False)])
def test_exponents_are_those_of_two_trajectories_close_by(sizes, label, held):
    # Benettin's method with two runs whose distance is set back to 1e-7 after every step, which share nothing with the
    # tangent map but the plain step.
    model = network(*sizes, label=label, gain=3.0, seed=1)
    theta = some(model, 0.3)
    potentials = {"label": torch.linspace(-2, 2, 5 * label).view(5, label)} if held else {}
    found = lyapunov_exponent(model, theta, chains=5, time=30, transient=20, windows=3, held=potentials)
    ready, state, clamp = start_chains(model, theta, 5, potentials, 0)
    moving = [i for i, layer in enumerate(model.spec.layers) if layer.name not in clamp.layers]
    other, noise = [x.clone() for x in state], Noise(0, Stream.GENERATE, step=1)
    logs = []
    for i in moving:
        other[i] += torch.special.ndtri(noise.uniform(i, *other[i].shape))
    for step in range(501):
        apart = {i: other[i] - state[i] for i in moving}
        length = sum(x.square().sum(1, keepdim=True) for x in apart.values()).sqrt()
        logs.append((length / 1e-7).log().squeeze(1))
        other = [state[i] + apart[i] * (1e-7 / length) if i in moving else x for i, x in enumerate(state)]
        if step < 500:
            state = model.step(ready.couplings, ready.fields, state, clamp)
            other = model.step(ready.couplings, ready.fields, tuple(other), clamp)
    expected = torch.stack(logs[201:]).mean(0) / 0.1
    assert np.allclose(found.chains, expected, atol=1e-4)  # the same trajectories: what is left is the distance, 1e-7
    assert expected.abs().max() > 1e-3


def test_errors_are_those_of_means_over_chains_and_windows():
    model = network(60, gain=3.0)
    found = lyapunov_exponent(model, untrained(model), chains=6, time=20, transient=5, windows=4)
    assert found.growth.shape == (4, 6)
    assert found.error_chains == pytest.approx(found.growth.mean(0).std(ddof=1) / math.sqrt(6))
    assert found.error_windows == pytest.approx(found.growth.mean(1).std(ddof=1) / 2)
    assert found.error == max(found.error_chains, found.error_windows)
    one = lyapunov_exponent(model, untrained(model), chains=1, time=20, transient=5, windows=4)
    assert math.isnan(one.error_chains)
    assert one.error == one.error_windows


@pytest.mark.parametrize("options", [{"chains": 0}, {"windows": 0}, {"time": 0.5}, {"transient": -1.0}])
def test_exponents_of_nothing(options):
    model = network(10)
    with pytest.raises(ConfigError, match="windows"):
        lyapunov_exponent(model, untrained(model), **options)


# Silence and when it becomes unstable


@pytest.mark.parametrize(("sizes", "expected"), [((784,), 1.0), ((784, 500), 1.0), ((784, 500, 100), math.sqrt(0.5))])
def test_critical_gains_are_those_of_the_theory(sizes, expected):
    assert critical_gain(network(*sizes).spec) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("sizes", [(250,), (150, 100), (120, 80, 60)])
def test_measured_critical_gains_are_near_those_of_large_networks(sizes):
    model = network(*sizes, seed=1)
    found = measured_critical_gain(model)
    # Without trained couplings the radius is sqrt(g) times that at g = 1.
    unit = spectral_radius(ChaoticNetwork(replace(model.spec, gain=1.0)), untrained(model))
    assert found == pytest.approx(unit**-2, rel=1e-5)
    # Radii of 250 units deviate by a few percent (3 % at 784), their squares by twice that.
    assert found == pytest.approx(critical_gain(model.spec), rel=0.15)


def test_a_network_whose_trained_couplings_suffice_needs_no_gain():
    model = network(30, 20, gain=0.5)
    theta = some(model, 3.0)
    assert spectral_radius(ChaoticNetwork(replace(model.spec, gain=0.0)), theta) > 1
    assert measured_critical_gain(model, theta) == 0.0


def test_the_coupling_matrix_is_what_units_feel():
    model = network(12, 7, 5, label=3)
    theta = some(model)
    ready, state, _ = start_chains(model, theta, 4, None, 0)
    after = model.step(ready.couplings, ready.fields, state, Clamp())
    x, new, fields = torch.cat(state, 1), torch.cat(after, 1), torch.cat(ready.fields)
    felt = torch.tanh(x) @ torch.from_numpy(coupling_matrix(model, theta)).T
    assert torch.allclose(new, x + 0.1 * (felt + fields - x), atol=1e-12)


# Symmetric couplings


def symmetric(model: ChaoticNetwork, theta: torch.Tensor):
    """Return a machine whose back couplings are the transposed ones; of one layer its symmetric part."""
    ready = machine(model, theta.double())
    random = random_couplings(model.spec, ready.theta.device, ready.theta.dtype)
    both = [(w, w) if i != j else ((w + w.T) / 2,) * 2 for (i, j), (w, _) in zip(model.spec.edges, random, strict=True)]
    ready.couplings = model.couplings(ready.theta, both)
    return ready


@pytest.mark.parametrize("sizes", [(60,), (50, 30), (40, 30, 20)])
def test_symmetric_networks_run_down_their_lyapunov_function(sizes):
    model = network(*sizes, gain=3.0, time_step=0.01)
    theta = some(model)
    _, fields = model.view(theta)
    if len(sizes) == 1:
        block = model.view(theta)[0][0]
        block.copy_((block + block.T) / 2)
    assert all(field.abs().max() > 0.1 for field in fields)
    ready = symmetric(model, theta)
    _, state, _ = start_chains(model, theta, 8, None, 0)
    values = [lyapunov_function(ready, state)]
    for _ in range(600):
        state = model.step(ready.couplings, ready.fields, state, Clamp())
        values.append(lyapunov_function(ready, state))
    steps = torch.stack(values).diff(dim=0)
    assert (steps <= 1e-12).all()
    assert (values[-1] < values[0] - 1).all(), "it has moved"
    with pytest.raises(ConfigError, match="two directions"):
        lyapunov_function(machine(model, theta.double()), state)


def test_two_layers_have_the_function_of_the_theory():
    # (12.18) written out: D = diag(sqrt(N_h), sqrt(N_v)), the integral of arctanh by quadrature.
    model = network(5, 3, gain=2.0)
    theta = some(model)
    ready = symmetric(model, theta)
    _, state, _ = start_chains(model, theta, 2, None, 0)
    weights = np.concatenate([np.full(5, math.sqrt(3)), np.full(3, math.sqrt(5))])
    matrix = np.zeros((8, 8))
    for c in ready.couplings:
        rows, columns = (slice(0, 5) if i == 0 else slice(5, 8) for i in (c.target, c.source))
        matrix[rows, columns] = c.matrix.T
    fields = torch.cat(ready.fields).numpy()
    for chain, found in enumerate(lyapunov_function(ready, state)):
        rates = np.tanh(torch.cat(state, 1)[chain].numpy())
        grid = (np.arange(200_000) + 0.5) / 200_000
        integrals = np.array([np.arctanh(rate * grid).mean() * rate for rate in rates])
        expected = -rates @ (weights[:, None] * matrix) @ rates / 2 - (weights * fields) @ rates + weights @ integrals
        assert found.item() == pytest.approx(expected / math.sqrt(15), rel=1e-5)


# Fixed points


def planted(count: int = 2, units: int = 200, strength: float = 4.0) -> tuple[ChaoticNetwork, torch.Tensor, np.ndarray]:
    """Return one layer with couplings strength / N^{1/2} sum of p p^T, few random ones, and the patterns p."""
    model = network(units, gain=0.01, seed=3)
    patterns = np.random.default_rng(0).choice([-1.0, 1.0], (count, units))
    theta = untrained(model)
    model.view(theta)[0][0].copy_(torch.from_numpy(strength * patterns.T @ patterns / math.sqrt(units)))
    return model, theta, patterns


def test_planted_patterns_are_the_fixed_points():
    # Two patterns, each with its mirror image: four fixed points, and no start ends elsewhere (mixtures of two patterns
    # are no attractors).
    model, theta, patterns = planted()
    found = rest_states(model, theta, chains=200, first=50, last=200)
    assert found.converged.all()
    assert (found.residual <= 1e-8).all()
    assert len(found.counts) == 4
    rates = torch.tanh(found.states[0]).numpy()
    overlaps = np.sign(rates) @ patterns.T / 200
    assert sorted(np.rint(overlaps[np.arange(4), abs(overlaps).argmax(1)])) == [-1, -1, 1, 1]
    assert sorted(abs(overlaps).argmax(1)) == [0, 0, 1, 1]
    assert (abs(overlaps).max(1) > 0.95).all()
    # Their basins are nearly alike: 50 of 200 starts each, with a standard error of 6.
    assert found.counts.sum() == 200
    assert (np.diff(found.counts) <= 0).all()
    assert found.counts.min() > 50 - 5 * 6.1
    for d, count in enumerate(found.counts):
        ends = torch.tanh(found.late[0])[torch.from_numpy(found.which == d)]
        assert len(ends) == count
        assert ((ends - torch.tanh(found.states[0][d])).square().mean(1).sqrt() < 1e-3).all()


def test_chaotic_networks_do_not_stop():
    model = network(150, gain=9.0)
    found = rest_states(model, untrained(model), chains=10, first=20, last=60)
    assert not found.converged.any()
    assert len(found.counts) == 0
    assert (found.residual > 0.1).all()
    assert (found.time == 60).all()


def test_a_subcritical_network_has_one_fixed_point_and_is_left_when_it_stops():
    model = network(100, 50, gain=0.25)
    found = rest_states(model, untrained(model), chains=20, first=10, last=400)
    assert found.counts.tolist() == [20]
    assert found.states[0].abs().max() < 1e-6
    assert found.time.max() < 100
    assert rest_states(model, untrained(model), chains=1, first=10, last=400).counts.tolist() == [1]
    _, state, clamp = start_chains(model, untrained(model), 20, None, 0)
    assert (speed(start_chains(model, untrained(model), 20, None, 0)[0], state, clamp) > 0.1).all()


def test_held_layers_stay_and_do_not_count():
    model = network(30, 20, label=3, gain=0.25)
    potentials = torch.linspace(-2, 2, 18).view(6, 3)
    found = rest_states(model, some(model, 0.1), chains=6, first=50, last=200, held={"label": potentials})
    assert torch.equal(found.late[1], potentials.double())
    assert found.converged.all()
    assert len(found.counts) == 6, "each held label has a fixed point of its own"
    with pytest.raises(ConfigError, match="first"):
        rest_states(model, untrained(model), first=10, last=5)


# The verb


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    random = np.random.default_rng(0)
    prototypes = random.choice([-1.0, 1.0], (3, 20)).astype(np.float32)
    data = sr.Dataset.from_arrays(prototypes[random.integers(0, 3, 300)], alphabet="continuous")
    settings = ["training.updates=20", "training.batch=30", "scheme.steps=30", "chaotic.gain=3.0"]
    config = resolve(preset="chaotic", assignments=settings, model={"layers": (15,)})
    return sr.fit(data, out=tmp_path_factory.mktemp("chaos") / "run", config=config)


FEW = ("--chains", "3", "--time", "20", "--threads", "1")


def test_exponents_of_a_run_by_age(run):
    table = workflows.lyapunov(run, ages=(1, 20), gains=(0.25, 3.0), chains=3, time=20.0)
    assert table["age"].tolist() == [1, 20, 0, 0]
    assert table["gain"].tolist() == [3.0, 3.0, 0.25, 3.0]
    expected = lyapunov_exponent(run.model, run.at(20), chains=3, time=20.0, transient=10.0)
    assert table["exponent"][1] == expected.value
    assert table["exponent"][2] < 0


def test_python_takes_the_words_of_the_command_line(run):
    table = sr.lyapunov(run, ages="last", gains=(0.25,), chains=3, time=20.0)
    assert table["age"].tolist() == [20, 0]
    assert set(sr.lyapunov(run, untrained=True, gains=(0.25,), chains=3, time=20.0)["network"]) == {"untrained"}
    with pytest.raises(ConfigError, match="gains: at least 0"):
        sr.lyapunov(run, gains=(-1.0,))


def test_the_verb_prints_tables_and_json(run):
    found = call("lyapunov", run.path, "--ages", "last", *FEW)
    assert found.code == 0
    assert "lambda tau" in found.out
    found = call("lyapunov", run.path, "--untrained", "--gains", "0.25,4", "--json", *FEW)
    assert found.code == 0
    assert found.json["critical_gain"] == pytest.approx(1.0)
    rows = found.json["exponents"]
    assert [row["gain"] for row in rows] == [0.25, 4.0]
    assert {row["network"] for row in rows} == {"untrained"}
    assert rows[0]["verdict"] == "stable"


def test_a_label_is_held_class_by_class(tmp_path):
    data = sr.read("digits").head(100)
    config = resolve(
        preset="chaotic", assignments=["training.updates=2", "chaotic.classes=true"], model={"layers": (15,)}
    )
    run = sr.fit(data, out=tmp_path / "run", config=config)
    options = {"ages": (2,), "chains": 12, "time": 10.0}
    held, free = (workflows.lyapunov(run, hold_label=hold, **options)["exponent"][0] for hold in (True, False))
    assert held != free
    potentials = labels_in_turn(run.model, 12)["label"]
    assert potentials.argmax(1).tolist() == [*range(10), 0, 1]


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--gains", "a"], "a number expected"), (["--age", "7"], "no age 7"), (["--time", "0.1"], "windows")],
)
def test_mistakes_are_one_line(run, words, message):
    found = call("lyapunov", run.path, *words)
    assert found.code == 2
    assert found.out == ""
    assert message in found.err.splitlines()[-1]


def test_an_rbm_has_no_exponent(tmp_path):
    data = sr.Dataset.from_arrays(np.random.default_rng(0).integers(0, 2, (50, 5)))
    sr.fit(data, out=tmp_path / "rbm", hidden=4, updates=2, batch=25)
    found = call("lyapunov", tmp_path / "rbm")
    assert found.code == 2
    assert len(found.err.splitlines()) == 1
    assert "RBM" in found.err
