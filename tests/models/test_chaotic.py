"""T16 and T17: chaotic networks against closed forms, exact exponents and planted prototypes."""

import itertools
import json
import math

import numpy as np
import pytest
import torch

import shortrun as sr
from campaign import times
from shortrun.data.core.kind import ImageKind
from shortrun.dynamics import Noise, Stream, run, start
from shortrun.engine import machine
from shortrun.errors import ConfigError, DataError
from shortrun.models import (
    ChaoticNetwork,
    Clamp,
    NetworkSpec,
    RateLayer,
    named_blocks,
    random_couplings,
    spec_from_dict,
)
from shortrun.scores.reconstruction import measure, squared_errors
from shortrun.settings import resolve
from shortrun.units import Rate
from shortrun.workflows.reconstruction import reconstruct

SHAPES = {
    "one layer": (("visible", 12),),
    "one layer, label": (("visible", 12), ("label", 3)),
    "two layers": (("visible", 12), ("hidden", 9)),
    "two layers, label": (("visible", 12), ("label", 3), ("hidden", 9)),
    "three layers": (("visible", 12), ("hidden", 9), ("hidden_2", 7)),
    "three layers, label": (("visible", 12), ("label", 3), ("hidden", 9), ("hidden_2", 7)),
}


def network(shape="two layers", **options) -> ChaoticNetwork:
    return ChaoticNetwork(NetworkSpec(layers=tuple(RateLayer(*layer) for layer in SHAPES[shape]), **options))


def parameters(model: ChaoticNetwork, seed: int = 0, size: float = 0.5) -> torch.Tensor:
    theta = size * torch.randn(model.size(), dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    for (i, j), block in zip(model.spec.edges, model.view(theta)[0], strict=True):
        if i == j:
            block.copy_((block + block.T) / 2)
    return theta


def begun(model: ChaoticNetwork, chains: int, seed: int = 0):
    noise = Noise(seed, Stream.GENERATE)
    return tuple(x.double() for x in start(model, noise, chains, {})), noise


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("held", [(), ("visible",), ("label",), ("visible", "label")])
def test_the_engine_steps_as_the_equation_written_out(shape, held):
    model = network(shape)
    held = tuple(name for name in held if name in dict(SHAPES[shape]))
    theta, (state, noise) = parameters(model), begun(model, 5)
    clamp = Clamp(held)
    sites = [layer.sites for layer in model.spec.layers]
    random = random_couplings(model.spec, theta.device, theta.dtype)
    expected = [x.clone() for x in state]
    for _ in range(7):
        rates, new = [torch.tanh(x) for x in expected], []
        for i in range(len(sites)):
            field = model.view(theta)[1][i].expand(5, -1).clone()
            for (a, b), trained, (w, back) in zip(model.spec.edges, model.view(theta)[0], random, strict=True):
                if a == b == i:
                    field += rates[i] @ (w + trained).T / math.sqrt(sites[i])
                elif i == a:  # a feels b
                    field += rates[b] @ (w + trained).T / math.sqrt(sites[b])
                elif i == b:
                    field += rates[a] @ (back + trained) / math.sqrt(sites[a])
            fixed = model.spec.layers[i].name in held
            new.append(expected[i] if fixed else expected[i] + 0.1 * (field - expected[i]))
        expected = new
    found = run(model, theta, state, noise, steps=7, clamp=clamp)
    plain = state
    for _ in range(7):
        plain = model.step(theta, plain, noise, clamp)
    for one, two, three in zip(found, plain, expected, strict=True):
        assert torch.allclose(one, two, atol=1e-13)
        assert torch.allclose(one, three, atol=1e-13)


@pytest.mark.parametrize("settling", ["euler", "exact"])
def test_the_hidden_layer_follows_held_data_by_the_formula(settling):
    # Theory 12.6 and 12.7: exact for the Euler map, 2.6e-5 apart from it in continuous time at T = 10 tau.
    model = network(settling=settling)
    theta, (state, noise) = parameters(model), begun(model, 5)
    simulated = run(model, theta, state, noise, steps=100, clamp=Clamp(("visible",)))
    visible, hidden = machine(model, theta).settle(state[:1], state[1:], 100)
    assert torch.equal(visible, state[0])
    away = (hidden - simulated[1]).abs().max().item()
    field = (hidden - state[1] * math.exp(-10)).abs().max().item()
    assert away < (1e-12 if settling == "euler" else 1e-4 * max(field, 1))
    if settling == "exact":
        assert away > 1e-7, "the continuous form is another one"


def test_two_hidden_layers_are_simulated_with_the_data_held():
    model = network("three layers")
    theta, (state, noise) = parameters(model), begun(model, 4)
    found = machine(model, theta).settle(state[:1], state[1:], 30)
    expected = run(model, theta, state, noise, steps=30, clamp=Clamp(("visible",)))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("power", [1.0, 0.5, 3.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_statistics_are_means_of_products_of_powers_of_rates(shape, power):
    model = network(shape, hebbian=power)
    theta, (state, _) = parameters(model), begun(model, 6)
    weights = torch.rand(6, dtype=torch.float64)
    moments = named_blocks(model, machine(model, theta).statistics([(state, weights), (state, -0.25 * weights)]))
    rates = dict(zip([layer.name for layer in model.spec.layers], map(torch.tanh, state), strict=True))
    for name, found in moments.items():
        kind, *layers = name.replace("hidden_2", "hidden-2").split("_")
        names = [layer.replace("hidden-2", "hidden_2") for layer in layers]
        if kind == "coupling":
            pairs = torch.einsum("ci,cj->cij", rates[names[0]], rates[names[1]])
            expected = torch.einsum("c,cij->ij", 0.75 * weights, pairs.sign() * pairs.abs() ** power)
        else:
            expected = 0.75 * weights @ rates[names[0]]
        assert torch.allclose(found, expected, atol=1e-12), name
    assert sum(block.numel() for block in moments.values()) == model.size()


@pytest.mark.parametrize("shape", SHAPES)
def test_centring_is_the_plain_step_from_rates_less_their_means(shape):
    # In couplings to centred rates the fields are b + sum_y N_y^{-1/2} A m_y: the centred direction must be
    # that of statistics whose rates are centred by the data's means, mapped back.
    model = network(shape)
    theta, (data, _), (free, _) = parameters(model), begun(model, 40, 1), begun(model, 40, 2)
    weights = torch.full((40,), 1 / 40, dtype=torch.float64)
    ready = machine(model, theta)
    direction = ready.statistics([(data, weights), (free, -weights)])
    products, fields = model.view(model.centred(direction, ready.means(data, weights)))
    means = [torch.tanh(x).mean(0) for x in data]
    shifts = [torch.tanh(a).mean(0) - torch.tanh(b).mean(0) for a, b in zip(data, free, strict=True)]
    expected = [shift.clone() for shift in shifts]
    for (i, j), found in zip(model.spec.edges, products, strict=True):
        sides = [
            torch.einsum("ci,cj->ij", torch.tanh(s[i]) - means[i], torch.tanh(s[j]) - means[j]) / 40
            for s in (data, free)
        ]
        assert torch.allclose(found, sides[0] - sides[1], atol=1e-12)
        expected[i] -= found @ means[j] / math.sqrt(len(means[j]))
        if i != j:
            expected[j] -= found.T @ means[i] / math.sqrt(len(means[i]))
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(fields, expected, strict=True))


def test_random_couplings_are_a_function_of_the_seed_with_variance_g():
    layers = (RateLayer("visible", 300), RateLayer("hidden", 200))
    spec = NetworkSpec(layers=layers, gain=1.5, seed=3)
    ((one, back),) = random_couplings(spec, torch.device("cpu"), torch.float32)
    for matrix in (one, back):  # 60,000 numbers: the error of a variance is sqrt(2 / 60,000) = 0.6 % of it
        assert matrix.var().item() == pytest.approx(1.5, rel=5 * math.sqrt(2 / matrix.numel()))
        assert abs(matrix.mean().item()) < 5 * math.sqrt(1.5 / matrix.numel())
    correlation = torch.corrcoef(torch.stack([one.flatten(), back.flatten()]))[0, 1].item()
    assert abs(correlation) < 5 / math.sqrt(one.numel())
    again = NetworkSpec(layers=layers, gain=1.5, seed=4)
    assert not torch.equal(random_couplings(again, torch.device("cpu"), torch.float32)[0][0], one)


@pytest.mark.parametrize(
    ("sizes", "radius"),
    [((784,), math.sqrt(1.5)), ((784, 500), math.sqrt(1.5)), ((784, 500, 100), math.sqrt(math.sqrt(2) * 1.5))],
)
def test_spectral_radii_of_untrained_networks(sizes, radius):
    # Theory 12.17, measured there at 1.238, 1.257 and 1.477: 3 %.
    names = ("visible", "hidden", "hidden_2")
    spec = NetworkSpec(layers=tuple(RateLayer(*it) for it in zip(names, sizes, strict=False)), seed=1)
    model = ChaoticNetwork(spec)
    ready = machine(model, torch.zeros(model.size()))
    places = [0, *itertools.accumulate(sizes)]
    whole = np.zeros((places[-1], places[-1]))
    for c in ready.couplings:
        whole[places[c.source] : places[c.source + 1], places[c.target] : places[c.target + 1]] = c.matrix
    assert abs(np.linalg.eigvals(whole)).max() == pytest.approx(radius, rel=0.03)


def test_without_the_diagonal_no_unit_feels_itself():
    model = network("one layer", diagonal=False)
    (coupling,) = machine(model, parameters(model)).couplings
    assert (coupling.matrix.diagonal() == 0).all()
    assert (machine(network("one layer"), parameters(model)).couplings[0].matrix.diagonal() != 0).all()


def test_values_and_labels_become_potentials_and_back():
    units = Rate(0.0, 1.0)
    values = torch.tensor([[0.0, 0.25, 0.5, 1.0]])
    assert torch.allclose(units.to_values(units.to_potentials(values)), values, atol=1e-7)
    assert torch.allclose(torch.tanh(units.to_potentials(values)), 2 * values - 1, atol=1e-7)
    assert torch.isfinite(units.to_potentials(values)).all()
    codes = Rate(0.0, 1.0, codes=True)
    assert codes.to_values(codes.to_potentials(torch.tensor([[0, 1, 1]]))).tolist() == [[0, 1, 1]]
    model = network("two layers, label")
    state = model.to_state((torch.zeros(3, 12), torch.tensor([[2], [0], [1]])))
    assert model.to_values(state)[1].tolist() == [[2], [0], [1]]
    assert model.label_distribution(torch.zeros(0), state).argmax(1).tolist() == [2, 0, 1]


def test_a_specification_is_its_json():
    spec = network(
        "three layers, label", gain=0.7, seed=5, time_step=0.25, settling="exact", diagonal=False, hebbian=2
    ).spec
    assert spec_from_dict(spec.to_dict()) == spec
    older = network().spec.to_dict()
    del older["hebbian"]
    assert spec_from_dict(older) == network().spec


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        ((("hidden", 3),), {}, "layers"),
        ((("visible", 3), ("hidden_2", 3)), {}, "layers"),
        ((("visible", 3),), {"gain": -1.0}, "chaotic.gain"),
        ((("visible", 3),), {"time_step": 1.5}, "at most tau"),
        ((("visible", 3),), {"time_step": 0.0}, "at most tau"),
        ((("visible", 3),), {"hebbian": 0.0}, "chaotic.hebbian"),
    ],
)
def test_networks_that_are_none(layers, options, message):
    with pytest.raises(ConfigError, match=message):
        NetworkSpec(layers=tuple(RateLayer(*layer) for layer in layers), **options)


# Learning


def planted(seed: int, count: int) -> tuple[sr.Dataset, np.ndarray]:
    """Noisy copies of four prototypes of 64 units, 5 % of them flipped."""
    prototypes = np.random.default_rng(0).choice([-1.0, 1.0], (4, 64))
    random = np.random.default_rng(seed)
    flips = np.where(random.random((count, 64)) < 0.05, -1, 1)
    which = random.integers(0, 4, count)
    data = sr.Dataset.from_arrays((prototypes[which] * flips).astype(np.float32), which, alphabet="continuous")
    return data, prototypes


def chaotic(**assignments) -> sr.Config:
    given = [f"{name.replace('__', '.')}={value}" for name, value in assignments.items()]
    return resolve(preset="chaotic", assignments=given, model={"layers": (40,)})


def second_moment(data: sr.Dataset, made: sr.Dataset) -> float:
    above = np.triu_indices(64, 1)
    difference = (np.cov(made.values.T) - np.cov(data.values.T))[above]
    return float((difference**2).sum() / (64 * 63))


@pytest.fixture(scope="module")
def prototypes_run(tmp_path_factory):
    data, _ = planted(1, 5000)
    config = chaotic(training__updates=500, training__batch=100, training__seed=1)
    return sr.fit(data, out=tmp_path_factory.mktemp("chaotic") / "run", config=config)


@pytest.mark.slow
def test_planted_prototypes_are_generated_at_the_time_of_the_training(prototypes_run):
    # T16. Elsewhere: E2(T) = 7.2e-4, E2(0.3 T) = 2.0e-2 after 500 updates, 95 to 97 % of samples near a prototype.
    test, prototypes = planted(2, 1000)
    made = {steps: sr.generate(prototypes_run, n=1000, steps=steps, seed=5) for steps in (30, 100)}
    assert second_moment(test, made[100]) < 2e-3
    assert second_moment(test, made[100]) < second_moment(test, made[30]) / 5
    overlap = made[100].values @ prototypes.T / 64
    # 0.96 of 1,000 samples is known to 0.006.
    assert (overlap.max(1) > 0.8).mean() > 0.90
    counts = np.bincount(overlap.argmax(1), minlength=4)
    assert counts.min() > 250 - 5 * math.sqrt(1000 * 3 / 16)


def test_samples_are_the_same_however_many_are_made(prototypes_run):
    few, many = (sr.generate(prototypes_run, n=n, seed=3, steps=20) for n in (3, 7))
    assert np.allclose(few.values, many.values[:3], atol=1e-5)  # products of other sizes round differently
    assert few.classes == ()


def test_a_run_is_read_back_and_resumed(tmp_path):
    data, _ = planted(1, 500)
    options = {"training__batch": 50, "training__seed": 2}
    whole = sr.fit(data, out=tmp_path / "whole", config=chaotic(training__updates=12, **options))
    sr.fit(data, out=tmp_path / "part", config=chaotic(training__updates=5, **options))
    resumed = sr.fit(data, out=tmp_path / "part", updates=12, resume=True)
    assert torch.equal(whole[-1], resumed[-1])
    assert sr.Trajectory.open(tmp_path / "whole").spec == whole.spec
    assert whole.info()["hidden"] == [40]


def test_a_hebbian_power_is_kept_and_learned_with(tmp_path):
    # One update from theta = 0 is rate times (data minus free): the couplings' part by the plain powers of rates.
    data, _ = planted(1, 60)
    config = chaotic(training__updates=1, training__batch=60, chaotic__hebbian=3.0, optimiser__rate=1.0)
    trained = sr.fit(data, out=tmp_path / "run", config=config)
    plain = sr.fit(data, out=tmp_path / "plain", config=config.model_copy(update={"chaotic": sr.Config().chaotic}))
    assert trained.spec.to_dict()["hebbian"] == 3.0
    assert sr.Trajectory.open(tmp_path / "run").spec == trained.spec
    (cubed, fields), (products, same) = (run.model.view(run[-1]) for run in (trained, plain))
    assert torch.allclose(fields[0], same[0], atol=1e-6), "fields learn from the rates themselves"
    assert not torch.allclose(cubed[0], products[0], atol=1e-3)
    with pytest.raises(ConfigError, match=r"chaotic\.hebbian.*centring"):
        sr.fit(data, out=tmp_path / "b", config=chaotic(chaotic__hebbian=3.0, optimiser__centred=True))


def test_a_run_of_before_an_option_existed_goes_on(tmp_path):
    data, _ = planted(1, 100)
    trained = sr.fit(data, out=tmp_path / "run", config=chaotic(training__updates=2, training__batch=50))
    header = json.loads((trained.path / "run.json").read_text())
    del header["spec"]["hebbian"], header["config"]["chaotic"]["hebbian"], header["crc32"]
    (trained.path / "run.json").write_text(json.dumps(header))
    assert sr.fit(data, out=tmp_path / "run", updates=4, resume=True).updates == 4


@pytest.mark.slow
@pytest.mark.parametrize("power", [2.0, 0.5][: times(1, 2)])
def test_learning_rests_where_powers_of_rates_agree(tmp_path, power):
    # The chosen moments of free runs become those of the data, but for the error of 2,000 samples and the rate's noise.
    data, _ = planted(1, 3000)
    config = chaotic(training__updates=400, training__batch=100, training__seed=1, chaotic__hebbian=power)
    trained = sr.fit(data, out=tmp_path / "run", config=config)
    first, last = (moments_apart(trained, age) for age in (trained.ages[0], trained.ages[-1]))
    assert last < first / 4


def moments_apart(trained: sr.Trajectory, age: int) -> float:
    """The root mean square of data minus free moments, of 2,000 samples each."""
    data, _ = planted(2, 2000)
    model, theta, noise = trained.model, trained.at(age), Noise(7, Stream.GENERATE)
    ready, weights = machine(model, theta), torch.full((2000,), 1 / 2000)
    held = ready.settle(model.to_state((torch.from_numpy(data.values),)), model.start_hidden(noise, 2000), 100)
    free = run(model, theta, start(model, noise, 2000, {}), noise, steps=100)
    return ready.statistics([(held, weights), (free, -weights)]).square().mean().sqrt().item()


@pytest.mark.slow
def test_a_network_with_classes_generates_and_predicts_them(tmp_path):
    data, prototypes = planted(1, 3000)
    config = chaotic(training__updates=120, training__batch=100, training__seed=1, chaotic__classes=True)
    trained = sr.fit(data, out=tmp_path / "run", config=config)
    test, _ = planted(2, 500)
    # The prototypes are far apart: a nearest-prototype rule errs on no sample.
    assert sr.predict(trained, test).accuracy > 0.95
    made = sr.generate(trained, n=400)
    nearest = (made.values @ prototypes.T).argmax(1)
    asked = np.array([int(made.classes[k]) for k in made.labels])
    assert (nearest == asked).mean() > 0.9


def test_reconstruction_is_the_formula_written_out(prototypes_run):
    # Theory 12.16, with the Euler factor r = (1 - dt / tau)^steps in place of exp(-T / tau). Exact couplings and rates:
    # steps of 8 bits change a field by about 0.003.
    data, _ = planted(4, 30)
    found = reconstruct(prototypes_run, data, steps=40, seed=2)
    model, theta = prototypes_run.model, prototypes_run[-1]
    ready, noise = machine(model, theta), Noise(2, Stream.GENERATE)
    forward, back = (next(c.matrix for c in ready.couplings if c.target == i) for i in (1, 0))
    r = (1 - 0.1) ** 40
    (hidden,), rates = model.start_hidden(noise, 30), torch.from_numpy(data.values)
    h = r * hidden + (1 - r) * (rates @ forward + ready.fields[1])
    start_of_v = torch.special.ndtri(noise.at(0).uniform(0, 30, 64))
    v = r * start_of_v + (1 - r) * (torch.tanh(h) @ back + ready.fields[0])
    assert np.sqrt(np.square(found.values - torch.tanh(v).numpy()).mean()) < 3e-3
    error = squared_errors(data, found)
    assert np.allclose(error, ((data.values - found.values) ** 2).mean(1))
    grey = sr.Dataset.from_arrays(data.values / 2 + 0.5, alphabet="continuous")
    grey = grey.with_kind(image=ImageKind(full_scale=255))
    shifted = found.with_values(found.values / 2 + 0.5).with_kind(image=ImageKind(full_scale=255))
    assert np.allclose(squared_errors(grey, shifted), error, atol=1e-5), "in the units of rates whatever the range"
    ((value, spread, *_),) = measure(data, found)["all"].values()
    assert (value, spread) == pytest.approx((error.mean(), error.std(ddof=1) / math.sqrt(30)))
    # Samples are 5 % flips away from prototypes, which a good network returns: 4 x 0.05 = 0.2.
    assert value < 0.35
    assert reconstruct(prototypes_run, data, age=1).values.std() > 0
    assert squared_errors(data, reconstruct(prototypes_run, data, age=1)).mean() > 0.8, "nothing was learned yet"


def test_only_networks_of_two_layers_reconstruct(tmp_path):
    data, _ = planted(1, 40)
    config = chaotic(training__updates=1, training__batch=20, chaotic__classes=True)
    trained = sr.fit(data, out=tmp_path / "run", config=config)
    with pytest.raises(DataError, match="not a chaotic network with one hidden layer"):
        reconstruct(trained, data)


def test_data_that_rates_cannot_stand_for(tmp_path):
    random = np.random.default_rng(0)
    with pytest.raises(DataError, match="two codes"):
        sr.fit(
            sr.Dataset.from_arrays(random.integers(0, 5, (20, 4)), alphabet="codes"),
            out=tmp_path / "a",
            config=chaotic(),
        )
    wide = sr.Dataset.from_arrays(3 * random.random((20, 4)).astype(np.float32), alphabet="continuous")
    with pytest.raises(DataError, match="-1 to 1"):
        sr.fit(wide, out=tmp_path / "b", config=chaotic())
    unlabelled, _ = planted(1, 20)
    with pytest.raises(DataError, match="classes"):
        sr.fit(unlabelled.with_labels(np.full(20, -1)), out=tmp_path / "c", config=chaotic(chaotic__classes=True))
    assert not any((tmp_path / name).exists() for name in "abc")


def test_a_training_that_diverges_stops_with_the_last_good_age(tmp_path):
    data, _ = planted(1, 200)
    config = chaotic(training__updates=200, training__batch=50, optimiser__rate=1e18, training__seed=1)
    with pytest.raises(DataError, match=r"diverged before update .*lower optimiser\.rate"):
        sr.fit(data, out=tmp_path / "run", config=config)
    kept = sr.Trajectory.open(tmp_path / "run")
    assert len(kept.ages) > 0
    assert all(torch.isfinite(theta).all() for _, theta in kept)


def test_codes_come_back_as_codes(tmp_path):
    data = sr.read("digits").head(200)
    config = chaotic(training__updates=2, training__batch=50)
    made = sr.generate(sr.fit(data, out=tmp_path / "run", config=config), n=4)
    assert made.values.dtype == np.uint8
    assert made.alphabet == data.alphabet


def test_hidden_layers_start_from_the_same_noise_as_a_free_run():
    model = network("three layers")
    noise = Noise(3, Stream.FREE, 7)
    assert all(
        torch.equal(a, b) for a, b in zip(model.start_hidden(noise, 5), start(model, noise, 5, {})[1:], strict=True)
    )
