"""The Triton kernels against the formulas in float64: run by engine/test_gpu.py, in the interpreter or on a GPU."""

from __future__ import annotations

import inspect
import itertools
import random
from dataclasses import replace

import pytest
import torch

from campaign import times
from conftest import law, machine
from shortrun import philox
from shortrun.dynamics import Noise, Stream, start
from shortrun.engine import launch, updates
from shortrun.engine import machine as machine_at
from shortrun.engine.gpu import GpuMachine
from shortrun.engine.launch import LOW, ROUNDING, KernelSettings
from shortrun.engine.uniforms import uniform
from shortrun.engine.updates import DirectUpdater, GraphUpdater
from shortrun.learning import begin, optimisers
from shortrun.learning.rows import Minibatches
from shortrun.learning.update import Learner
from shortrun.models import RBM, Clamp, Layer, Spec
from shortrun.units import Bernoulli, Ising, Potts
from small_training import problem

DEVICE = torch.device("cpu" if launch.interpreted() else "cuda")
ON_GPU = DEVICE.type == "cuda"
# The interpreter runs the programs of a grid one after another in Python. There, 66 columns are a whole tile and the
# border of a second one: a third tile takes no other branch. On a GPU, where tiles run side by side, it is tried too.
WIDE = 130 if ON_GPU else 66
CHAINS = 2000 if ON_GPU else 500  # tolerances are in standard errors, and draws one by one are compared elsewhere
FEW, MORE = (4, 2) if ON_GPU else (2, 1)  # sweeps: the kernels of the second are those of the first
WARM_UP = updates.WARM_UP if ON_GPU else 0  # before the chains are copied, on a GPU once and then again
NOISE = Noise(0xFEDCBA9876543210, Stream.GENERATE, 2**32 - 3, first_chain=2**32 - 7, device=DEVICE)
UNITS = [Bernoulli(), Ising(), *(Potts(q) for q in (2, 3, 5, 21, 32, 255))]
PRECISIONS = ["bf16x2", "ieee", "bf16", "tf32"]
EPSILON = 2.0**-24  # of float32
ROUNDED = 1e-6  # of a probability: exponentials, cumulative sums of up to 255 of them
needs_gpu = pytest.mark.skipif(not ON_GPU, reason="needs a GPU; this is Triton's interpreter")


@pytest.fixture(scope="module", autouse=True)
def _patched_once():
    """The interpreter patches Triton's language for a kernel, and again for each function that it calls: a fifth of
    the time, to find what is patched already."""
    interpreter = None if ON_GPU else pytest.importorskip("triton.runtime.interpreter")
    if not hasattr(interpreter, "_patch_lang"):
        yield
        return
    patch, patched = interpreter._patch_lang, set()

    def once(function):
        modules = {id(it) for it in function.__globals__.values() if inspect.ismodule(it)}
        if modules <= patched:
            return None
        scope, before = patch(function), set(patched)
        patched.update(modules)
        restore = scope.restore

        def restored():
            restore()
            patched.clear()
            patched.update(before)

        scope.restore = restored
        return scope

    with pytest.MonkeyPatch.context() as here:
        here.setattr(interpreter, "_patch_lang", once)
        yield


def case(units, seed, *, hidden=None, rule=None):
    """Return a machine of odd sizes, float32 parameters and a first state."""
    choose = random.Random(seed)
    sites = choose.choice([1, 3, 7] if getattr(units, "colours", 0) > 5 else [1, 15, 33, 65, 70])
    layers = [Layer("visible", sites, units), Layer("label", 1, Potts(choose.choice([2, 5, 17])))]
    choose.shuffle(layers)
    top = Layer("hidden", choose.choice([1, 16, 63, 65, WIDE]), hidden or choose.choice([Bernoulli(), Ising()]))
    model = RBM(Spec((*layers, top), rule or choose.choice(["sample", "sample", "mean"])))
    theta = 0.4 * torch.randn(model.size(), generator=torch.Generator().manual_seed(seed))
    theta = theta.to(DEVICE)
    return model, theta, start(model, NOISE, choose.choice([1, 13, 66]), {}), choose


def field_error(precision, before, x, weight):
    """Return the bound on a field's error: of the rounded weights, and of the sums in float32."""
    size = x.abs() @ weight.abs()
    return ROUNDING[precision] * size + (len(weight) + 2) * EPSILON * (size + before.abs())


def wrong_binary(codes, field, error, low, u):
    """Return (draws that are not the reference's, how many of them rounding does not excuse, expected number)."""
    p = torch.sigmoid((1 - low) * field)
    margin = ROUNDED + (1 - low) / 4 * error
    wrong = (codes == 1) != (u < p)
    return wrong.sum(), (wrong & ((u - p).abs() > margin)).sum(), 2 * margin.sum()


def wrong_potts(codes, field, error, colours, u):
    """As `wrong_binary`: a colour is right if u is between the cumulative probabilities on its two sides."""
    cumulative = torch.softmax(field.unflatten(1, (-1, colours)), -1).cumsum(-1)
    margin = ROUNDED + error.unflatten(1, (-1, colours)).amax(-1) / 2
    below = torch.nn.functional.pad(cumulative, (1, 0)).gather(-1, codes.long().unsqueeze(-1)).squeeze(-1)
    above = cumulative.gather(-1, codes.long().unsqueeze(-1)).squeeze(-1)
    above = torch.where(codes == colours - 1, 1.0, above)
    wrong = (u < below) | (u >= above)
    return wrong.sum(), ((u < below - margin) | (u >= above + margin)).sum(), 2 * margin.sum() * colours


def check_sweep(model, theta, old, new, noise, clamp, precision):
    """Assert that `new` follows from `old` but for draws within rounding of a threshold; return how many those are."""
    theta = theta.double()
    weight, bias, hidden_bias = model.view(theta)
    units, index = model.spec.hidden.units, len(model.spec.observed)
    x = model.features(old, torch.float64)
    field, error = model.hidden_field(theta, old), field_error(precision, hidden_bias, x, weight)
    differ, expected = torch.zeros((), device=DEVICE), torch.zeros((), device=DEVICE)
    if model.spec.hidden_rule == "mean":
        assert ((new[-1] - units.mean(field)).abs() <= 2 * ROUNDED + error).all()
        passed = new[-1].double()
    else:
        u = noise.uniform(index, *new[-1].shape).double()
        found, bad, mean = wrong_binary(new[-1], field, error, LOW[units], u)
        assert bad == 0
        differ, expected = differ + found, expected + mean
        passed = units.features(new[-1], torch.float64)
    for i, (layer, rows) in enumerate(zip(model.spec.observed, model.slices, strict=True)):
        if layer.name in clamp.layers:
            assert torch.equal(new[i], old[i])
            continue
        field = bias[rows] + passed @ weight[rows].T
        error = field_error(precision, bias[rows], passed, weight[rows].T) + ROUNDING[precision] * passed.abs().amax()
        u, codes = noise.uniform(i, *new[i].shape).double(), new[i]
        if layer.name in clamp.sites:
            held = clamp.sites[layer.name]
            assert torch.equal(codes[:, held], old[i][:, held])
            codes = layer.units.sample(field, u.float())
            codes[:, ~held] = new[i][:, ~held]
        if isinstance(layer.units, Potts):
            found, bad, mean = wrong_potts(codes, field, error, layer.units.colours, u)
        else:
            found, bad, mean = wrong_binary(codes, field, error, LOW[layer.units], u)
        assert bad == 0
        differ, expected = differ + found, expected + mean
    assert differ <= expected + 4 * expected.sqrt() + 1
    return int(differ)


def clamps(model, choose):
    """Return a clamp: none, a layer, both, or some sites."""
    sites = model.spec.observed[0].sites
    mask = torch.arange(sites, device=DEVICE) % 3 == 1
    some = Clamp(sites={model.spec.observed[0].name: mask})
    return choose.choice([Clamp(), Clamp(("visible",)), Clamp(("label",)), Clamp(("visible", "label")), some])


@pytest.mark.parametrize("sites", [1, 16, 65, 150])
def test_noise_is_the_contract(sites):
    for rows, seed, update, place, first in ((3, 0, 0, 0, 0), (20, 2**64 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 2)):
        expected = philox.uniform_reference(seed, update, place, first, rows, sites, DEVICE)
        assert torch.equal(uniform(seed, update, place, first, rows, sites, DEVICE), expected)
        clock = torch.tensor(update, device=DEVICE)
        assert torch.equal(uniform(seed, clock, place, first, rows, sites, DEVICE), expected)


CASES = [(units, seed) for n, units in enumerate(UNITS) for seed in range(3) if ON_GPU or times(seed == n % 3, True)]


@pytest.mark.parametrize(("units", "seed"), CASES, ids=str)
def test_draws_are_the_reference_s_within_rounding(units, seed):
    model, theta, state, choose = case(units, seed)
    clamp = clamps(model, choose)
    gather = KernelSettings("bf16x2" if seed else "ieee", "gather")
    for settings, steps in ((KernelSettings(PRECISIONS[seed]), MORE), (gather, MORE)):
        seen, here = [state], GpuMachine(model, theta, settings)

        def observe(t, now, seen=seen):
            seen.append(tuple(x.clone() for x in now))

        end = here.run(state, NOISE, steps=steps, clamp=clamp, observe=observe)
        for t in range(1, steps + 1):
            check_sweep(model, theta, seen[t - 1], seen[t], NOISE.at(t), clamp, settings.precision)
        assert all(torch.equal(x, y) for x, y in zip(end, seen[steps], strict=True))


RULES = list(itertools.product(PRECISIONS, ["sample", "mean"], [Bernoulli(), Ising()]))


@pytest.mark.parametrize(("precision", "rule", "hidden"), RULES if ON_GPU else RULES[::3], ids=str)
def test_draws_of_every_rule(precision, rule, hidden):
    model, theta, state, _ = case(Potts(3), 7, hidden=hidden, rule=rule)
    end = GpuMachine(model, theta, KernelSettings(precision)).run(state, NOISE, steps=1, clamp=Clamp())
    check_sweep(model, theta, state, end, NOISE.at(1), Clamp(), precision)


def test_runs_agree_with_the_reference():
    """Sweeps of exact products: no draw fell within rounding of its threshold."""
    model, theta, state, _ = case(Bernoulli(), 3, rule="sample")
    expected = state
    for t in range(1, FEW + 1):
        expected = model.step(theta, expected, NOISE.at(t), Clamp(("label",)))
    found = GpuMachine(model, theta, KernelSettings("ieee")).run(state, NOISE, steps=FEW, clamp=Clamp(("label",)))
    assert all(torch.equal(x, y) for x, y in zip(found, expected, strict=True))


# The second draws colours, and its hidden units are binary.
@pytest.mark.parametrize("units", [Bernoulli(), Potts(21)][0 if ON_GPU else times(1, 0) :], ids=str)
def test_chains_are_their_numbers_not_their_rows(units):
    model, theta, _, _ = case(units, 4, rule="sample")
    first = replace(NOISE, first_chain=0)
    state, here = start(model, first, 70, {}), GpuMachine(model, theta)
    whole = here.run(state, first, steps=1, clamp=Clamp())
    part = here.run(tuple(x[61:] for x in state), replace(first, first_chain=61), steps=1, clamp=Clamp())
    assert all(torch.equal(x[61:], y) for x, y in zip(whole, part, strict=True))


MEANS = list(itertools.product([Bernoulli(), Ising(), Potts(21)], ["bf16x2", "bf16", "ieee"]))


@pytest.mark.parametrize(("units", "precision"), MEANS[:: 1 if ON_GPU else times(4, 1)], ids=str)
def test_means_and_label_probabilities(units, precision):
    model, theta, state, _ = case(units, 11)
    if (units, precision) not in MEANS[:: 1 if ON_GPU else len(MEANS)]:  # in the interpreter the first has all tiles
        state = tuple(x[:13] for x in state)
    other = start(model, replace(NOISE, stream=1), 9, {})
    other = (state[0][:9], *other[1:])
    weights = [torch.rand(len(x[0]), generator=torch.Generator().manual_seed(1)).to(DEVICE) for x in (state, other)]
    terms = [(state, weights[0]), (other, -weights[1]), ((state[0], *state[1:]), 0.5 * weights[0])]
    here, exact = GpuMachine(model, theta, KernelSettings(precision)), theta.double()
    weight, _, hidden_bias = model.view(exact)
    error = field_error(precision, hidden_bias, model.features(state, torch.float64), weight).max()
    per_chain = error / 2 + ROUNDING[precision] + 2 * ROUNDED
    expected = sum(model.statistics(exact, s, w.double()) for s, w in terms)
    found = here.statistics(terms)
    total = sum(w.abs().sum() for _, w in terms)
    assert (found - expected).abs().max() <= total * per_chain
    observed, hidden = here.means(state, weights[0])
    moments = model.view(model.statistics(exact, state, weights[0].double()))
    assert (observed - moments.bias).abs().max() <= 1e-6 * weights[0].sum()
    assert (hidden - moments.hidden_bias).abs().max() <= weights[0].sum() * per_chain
    units_above = model.spec.hidden.sites
    posterior = here.label_log_probabilities(state) - model.label_log_probabilities(exact, state)
    assert posterior.abs().max() <= 2 * units_above * (error + 2 * ROUNDED)


@pytest.mark.parametrize("precision", ["bf16x2", "bf16"])
def test_no_drift_from_the_machine_with_rounded_weights(precision):
    """The law of the rounded machine is stationary, and as near as the rounding says to that of the exact one."""
    model, theta = machine(Potts(3), Bernoulli(), sites=2, hidden_sites=3)
    theta, chains = theta.float().to(DEVICE), CHAINS
    near = theta.clone()
    rounded = launch.Weights.of(model.view(theta).weight, precision)
    rest = rounded.rest if precision == "bf16x2" else torch.zeros_like(rounded.high)
    model.view(near).weight.copy_(rounded.high.float() + rest.float())
    (states,), p = law(model, near.double().cpu())
    _, exact = law(model, theta.double().cpu())
    shift = ROUNDING[precision] * model.view(theta).weight.abs().double().sum().cpu()
    assert (p - exact).abs().sum() / 2 <= torch.expm1(2 * shift) / 2 + 1e-12
    first = torch.multinomial(p, chains, replacement=True, generator=torch.Generator().manual_seed(3))
    state = (states[first].to(DEVICE), torch.zeros(chains, 3, dtype=torch.uint8, device=DEVICE))
    end = GpuMachine(model, theta, KernelSettings(precision)).run(state, NOISE, steps=MORE, clamp=Clamp())[0].cpu()
    index = (end.long() * torch.tensor([3, 1])).sum(1)
    counts = torch.bincount(index, minlength=9)
    assert ((counts - chains * p).abs() <= 4 * (chains * p * (1 - p)).sqrt()).all()


@pytest.mark.parametrize("scheme", ["ff", "pcd"][: 2 if ON_GPU else times(1, 2)])
def test_an_update_through_tensors_is_the_update(scheme, monkeypatch):
    """Rate, number and rows in tensors; on a GPU captured and replayed. One is direct, later ones are not."""
    monkeypatch.setattr(updates, "WARM_UP", WARM_UP)
    ends = []
    for graphed in (False, True):
        task = problem(scheme, steps=MORE)
        rows = replace(
            task.rows,
            state=tuple(x.to(DEVICE) for x in task.rows.state),
            weights=task.rows.weights.to(DEVICE),
            missing=task.rows.missing.to(DEVICE),
        )
        training = begin(task.model, task.scheme, rows, task.config)
        rule, batches = optimisers.named("sgd", training.theta), Minibatches(rows, task.config)
        assert isinstance(machine_at(task.model, training.theta), GpuMachine)
        learner = Learner(task.model, task.scheme, task.config.optimiser)
        direct = DirectUpdater(training, learner, rule, batches, Noise(3, Stream.FREE, device=DEVICE))
        update = GraphUpdater(direct, capture=ON_GPU) if graphed else direct
        for n in range(1, WARM_UP + 2 + MORE):
            update(n, 0.1 * n, residuals=n == min(WARM_UP, 1) + 1)
        ends.append(training.theta)
    assert not ON_GPU or update.graph is not None
    assert (ends[0] - ends[1]).abs().max() <= 1e-5


@needs_gpu
def test_large_and_small_tiles_draw_the_same():
    model = RBM(Spec((Layer("visible", 784, Bernoulli()), Layer("hidden", 1024, Bernoulli()))))
    theta = 0.05 * torch.randn(model.size(), generator=torch.Generator().manual_seed(0)).to(DEVICE)
    noise = replace(NOISE, first_chain=0)
    state, here = start(model, noise, 8000, {}), GpuMachine(model, theta)
    whole = here.run(state, noise, steps=1, clamp=Clamp())
    part = here.run(tuple(x[:100] for x in state), noise, steps=1, clamp=Clamp())
    assert all(torch.equal(x[:100], y) for x, y in zip(whole, part, strict=True))


@needs_gpu
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("units", [Bernoulli(), Potts(21)], ids=str)
def test_draws_of_a_machine_of_real_size(units, precision):
    sites = 784 if units == Bernoulli() else 430
    layers = (Layer("visible", sites, units), Layer("label", 1, Potts(10)), Layer("hidden", 1024, Bernoulli()))
    model = RBM(Spec(layers))
    theta = 0.05 * torch.randn(model.size(), generator=torch.Generator().manual_seed(0)).to(DEVICE)
    state = start(model, NOISE, 500, {})
    for colours in ("product", "gather"):
        end = GpuMachine(model, theta, KernelSettings(precision, colours)).run(state, NOISE, steps=1, clamp=Clamp())
        check_sweep(model, theta, state, end, NOISE.at(1), Clamp(), precision)
