"""Which engine runs a model, and that every one keeps to the interface of its family."""

from __future__ import annotations

import ctypes
import os

import pytest
import torch

from conftest import machine as small
from shortrun import engine
from shortrun.dynamics import Noise, Stream, label_chain, label_probabilities, start
from shortrun.engine import native, structures
from shortrun.engine.plain import PlainMachine
from shortrun.models import ChaoticNetwork, Clamp, Model, NetworkSpec, RateLayer
from shortrun.units import Bernoulli, Gaussian, Ising, Potts

has_kernels = pytest.mark.skipif(not native.available(), reason=f"no kernels: {native.path()}")


@pytest.fixture
def _restored():
    yield
    native.select(os.environ.get("SHORTRUN_ENGINE") or native.PATHS[-1])


def network():
    layers = (RateLayer("visible", 5), RateLayer("label", 3), RateLayer("hidden", 4))
    return ChaoticNetwork(NetworkSpec(layers=layers))


def some(model):
    return 0.1 * torch.randn(model.size(), generator=torch.Generator().manual_seed(1))


@has_kernels
def test_a_choice_says_what_and_why():
    model, theta = small(Bernoulli(), Bernoulli(), classes=3)
    taken = engine.choice(model, theta.float())
    assert taken.name == "lookup" == engine.machine(model, theta.float()).name
    assert taken.reason == engine.machine(model, theta.float()).reason
    assert list(taken.passed_over) == ["gpu"]
    taken = engine.choice(model, theta)
    assert taken.name == "plain"
    assert taken.passed_over["cpu"] == "the kernels take float32 on the CPU, theta is float64 on cpu"


@has_kernels
@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        ({}, "lookup", None),
        ({"rule": "mean"}, "cpu", "the hidden rule is 'mean'"),
        ({"scale": 1e5}, "cpu", "too large for sums of 16 bits"),
    ],
)
def test_why_tables_are_passed_over(change, name, why):
    model, theta = small(Potts(4), Ising(), **change)
    taken = engine.choice(model, theta.float())
    assert taken.name == name
    assert why is None or why in taken.passed_over["lookup"]


def test_units_without_kernels_and_exact_weights_are_for_the_plain_machine():
    model, theta = small(Gaussian(), Bernoulli())
    taken = engine.choice(model, theta.float())
    assert taken.name == "plain"
    assert not native.available() or taken.passed_over["cpu"] == "the kernels know no gaussian units"
    model, theta = small(Bernoulli(), Bernoulli())
    taken = engine.choice(model, theta.float(), exact=True)
    assert (taken.name, set(taken.passed_over.values())) == ("plain", {"exact weights were asked for"})
    assert engine.choice(network(), some(network()), exact=True).name == "chaotic"


@pytest.mark.usefixtures("_restored")
def test_without_kernels_the_choice_says_so():
    native.select("reference")
    model, theta = small(Bernoulli(), Bernoulli())
    taken = engine.choice(model, theta.float())
    assert (taken.name, taken.passed_over["cpu"]) == ("plain", "SHORTRUN_ENGINE=reference asks for it")


def test_every_machine_is_one_of_its_family():
    model, theta = small(Bernoulli(), Bernoulli(), classes=3)
    for ready in (engine.machine(model, theta), engine.machine(model, theta.float())):
        assert isinstance(ready, engine.EnergyMachine)
        assert engine.label_posterior(ready) is not None
    ready = engine.machine(network(), some(network()))
    assert isinstance(ready, engine.Machine)
    assert not isinstance(ready, engine.HasLabelPosterior | engine.HasEnergy)
    assert engine.label_posterior(ready) is None


@pytest.mark.parametrize("model", [network(), small(Potts(3), Bernoulli(), classes=3)[0]])
def test_every_model_has_the_interface(model):
    assert isinstance(model, Model)
    theta, noise = some(model), Noise(1, Stream.FREE)
    state = start(model, noise, 4, {})
    moved = model.step(theta, state, noise.at(1), Clamp())
    assert [x.shape for x in moved] == [x.shape for x in state]
    assert sum(block.numel() for block, _ in model.weights(theta)) < model.size()
    assert model.main_weights(theta).ndim == 2
    assert model.label_distribution(theta, moved).sum(1).allclose(torch.ones(4))
    assert all(matrix.ndim == 2 for matrix in model.weight_matrices(theta).values())
    sites = model.spec.visible[0].sites
    assert model.receptive_fields(theta, sites, 2).shape == (2, sites)


def test_labels_are_exact_where_there_is_a_formula_and_else_the_end_of_a_run():
    noise = Noise(2, Stream.PREDICT)
    model, theta = small(Bernoulli(), Bernoulli(), classes=3)
    state, ready = start(model, noise, 6, {}), PlainMachine(model, theta)
    found = label_probabilities(ready, state[:-1], noise, 5)
    assert torch.equal(found, model.label_log_probabilities(theta, state).exp())
    ready = engine.machine(network(), some(network()))
    state = start(ready.model, noise, 6, {})
    expected = label_chain(ready, state, noise, (7,), 2)[7]
    assert torch.equal(label_probabilities(ready, state, noise, 7, 2), expected)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("units", [Bernoulli(), Ising(), Potts(5)])
def test_free_energies_are_those_of_the_model(units, exact):
    model, theta = small(units, Bernoulli(), sites=7, classes=3, scale=0.1)
    state = start(model, Noise(3, Stream.FREE), 9, {})
    found = engine.machine(model, theta.float(), exact=exact).free_energy(state)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, model.free_energy(theta, state), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("units", [Bernoulli(), Potts(21)])
def test_kept_layers_change_no_statistics(units):
    """A layer of several terms is gone through once if it is kept; what comes out is the same sum."""
    model, theta = small(units, Bernoulli(), sites=40, hidden_sites=17, classes=3, scale=0.1)
    noise, weights = Noise(4, Stream.FREE), torch.full((30,), 1 / 30)
    data = start(model, noise, 30, {})[:-1]
    results = []
    for keeps in (False, True):
        ready = engine.machine(model, theta.float())
        if keeps:
            ready.keep(data)
        begin = start(model, noise.of_update(1), 30, {"label": data[1]})
        end = ready.run(begin, noise, steps=2, clamp=Clamp(("label",)))
        assert end[1] is data[1]
        results.append(ready.statistics([(data, weights), (end, -weights)]))
        if keeps and ready.name == "lookup":
            shared = ready.shared(1, [(data, weights), (end, -weights)], [weights, weights])
            assert len(shared) == 1
            assert ready._sums(0, data[0]) is ready._sums(0, data[0])
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)


# Structures


@has_kernels
def test_the_structures_of_the_library_are_ours():
    assert structures.disagreement(native._library) == ""


@has_kernels
@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("change", ["order", "type", "missing"])
def test_a_library_with_other_structures_is_refused(change, monkeypatch):
    fields = list(structures.CBound._fields_)
    if change == "order":
        fields[1], fields[2] = fields[2], fields[1]
    elif change == "type":
        fields[1] = (fields[1][0], ctypes.c_int32)
    else:
        del fields[-1]

    class Other(ctypes.Structure):
        _fields_ = fields

    monkeypatch.setitem(structures.STRUCTURES, "bound", Other)
    path = native.select()
    assert not native.available()
    assert path.startswith("torch: the kernels were compiled for another layout of bound")
    model, theta = small(Bernoulli(), Bernoulli())
    assert engine.machine(model, theta.float()).name == "plain"


@pytest.mark.usefixtures("_restored")
def test_what_a_training_is_told_of_its_engine():
    """The slow one says why it is taken and what it costs."""
    (binary, _), (real, _) = small(Bernoulli(), Bernoulli()), small(Gaussian(), Bernoulli())
    device = torch.device("cpu")
    if native.available():
        assert engine.foreseen(binary, device) == f"C kernels ({native.path()})"
        assert engine.foreseen(network(), device).startswith(f"Euler steps in C ({native.path()})")
        assert engine.foreseen(real, device) == "plain torch, the kernels know no gaussian units"
    native.select("reference")
    told = "plain torch, SHORTRUN_ENGINE=reference asks for it: an update takes 10 to 20 times as long as with them"
    assert engine.foreseen(binary, device) == told
    assert engine.foreseen(network(), device).startswith("Euler steps in torch")
