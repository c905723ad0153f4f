"""Small machines whose every state can be written down, and the real data where they are at hand."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
import torch

import lean_checks

gc.disable()  # until all tests are collected: nothing of what is imported is garbage
lean_checks.install()  # before anything of shortrun is imported

from shortrun.models import RBM, Layer, Spec  # noqa: E402
from shortrun.scores import _judges  # noqa: E402
from shortrun.units import Bernoulli, Gaussian, Ising, Potts  # noqa: E402

LONGEST = (
    *("test_docs.py", "test_report.py", "test_benchmarks.py", "test_processes.py", "test_plots.py", "test_gpu.py"),
    *("test_scores_of_data.py", "test_resume.py", "test_cli.py", "test_estimators.py", "test_scale.py"),
    *("test_scores_of_domains.py", "test_chaotic.py", "test_evaluate.py", "test_mixing.py", "test_damage.py"),
    *("test_couplings.py", "test_chaotic_cli.py", "test_chaos.py", "test_mean_field.py", "test_mixed_tables.py"),
)

# What `--quick` runs, on a package as it is installed: the kernels against their references, training, runs, files,
# the command line. They need the extra [test] only.
QUICK = (
    *("engine/test_native.py", "engine/test_lookup.py", "dynamics/test_dynamics.py", "models/test_exact.py"),
    *("learning/test_learning.py", "store/test_store.py", "data/test_dataset.py", "data/test_fasta.py"),
    *("data/test_tables.py", "data/test_in_memory.py", "settings/test_training_settings.py"),
    *("workflows/test_workflows.py", "cli/test_cli_bad_input.py"),
)

DISCRETE = [Bernoulli(), Ising(), Potts(3)]
HIDDEN = [Bernoulli(), Ising()]


def machine(visible, hidden, *, sites=3, hidden_sites=4, classes=None, rule="sample", seed=0, scale=0.8):
    """Return (model, theta float64) with random parameters; `classes` adds a label layer."""
    layers = [Layer("visible", sites, visible)]
    if classes:
        layers.append(Layer("label", 1, Potts(classes)))
    model = RBM(Spec((*layers, Layer("hidden", hidden_sites, hidden)), rule))
    generator = torch.Generator().manual_seed(seed)
    return model, scale * torch.randn(model.size(), dtype=torch.float64, generator=generator)


def codes(layer):
    """Return every configuration of a discrete layer, (levels ** sites, sites) uint8."""
    grid = torch.cartesian_prod(*[torch.arange(layer.units.levels, dtype=torch.uint8)] * layer.sites)
    return grid.view(-1, layer.sites)


def all_states(layers):
    """Return every joint configuration of discrete layers, one tensor a layer."""
    parts = [codes(layer) for layer in layers]
    index = torch.cartesian_prod(*[torch.arange(len(part)) for part in parts]).view(-1, len(parts))
    return tuple(part[index[:, i]] for i, part in enumerate(parts))


def energy(model, theta, state):
    """Return E(x, h) from its definition, with loops over the sums of FF23 eq. 1-2."""
    weight, bias, hidden_bias = model.view(theta)
    x = model.features(state[:-1], theta.dtype)
    h = model.spec.hidden.units.features(state[-1], theta.dtype)
    total = torch.zeros(len(x), dtype=theta.dtype)
    for f in range(x.shape[1]):
        total -= bias[f] * x[:, f]
        for m in range(h.shape[1]):
            total -= x[:, f] * weight[f, m] * h[:, m]
    for m in range(h.shape[1]):
        total -= hidden_bias[m] * h[:, m]
    return total


def law(model, theta):
    """Return (states of the observed layers, their exact probabilities) by summing over everything."""
    states = all_states(model.spec.layers)
    joint = torch.softmax(-energy(model, theta, states), 0)
    hidden_states = len(codes(model.spec.hidden))
    observed = tuple(x[::hidden_states] for x in states[:-1])
    return observed, joint.view(-1, hidden_states).sum(1)


TREES = _judges.TREES


@pytest.fixture(scope="session", autouse=True)
def _few_trees():
    """Forests of a tenth of their trees: they take most of the time of a score, and two other kinds judge too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_judges, "TREES", TREES // 10)
        yield


@pytest.fixture
def all_trees(monkeypatch):
    """Judges as users have them."""
    monkeypatch.setattr(_judges, "TREES", TREES)


@pytest.fixture(scope="session")
def shared():
    """Return the folder of real data sets, or skip."""
    folder = Path(os.environ.get("SHORTRUN_SHARED", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real data sets are not here: set SHORTRUN_SHARED to their folder")
    return folder


__all__ = ["DISCRETE", "HIDDEN", "Gaussian", "all_states", "codes", "energy", "law", "machine"]


def pytest_addoption(parser):
    """Offer the quick part of the tests."""
    parser.addoption("--quick", action="store_true", help="only the files that check an installed package")


def pytest_ignore_collect(collection_path, config):
    """Pass over files that are not quick, if only those are wanted."""
    wanted = {Path(__file__).parent / name for name in QUICK}
    if config.getoption("--quick") and collection_path.is_file() and collection_path not in wanted:
        return True
    return None


def pytest_collection_modifyitems(items):
    """Begin with the longest files: a process takes whole ones, and none should wait for the other at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish():
    """Look for garbage among what the tests make only, and less often: that takes a tenth of their time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
