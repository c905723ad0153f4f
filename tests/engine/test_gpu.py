"""The GPU engine: the kernels in Triton's interpreter and on a GPU, and all of it that needs neither."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from shortrun import engine
from shortrun.dynamics import Noise, Stream
from shortrun.engine import launch, native
from shortrun.engine.gpu import GpuMachine
from shortrun.engine.updates import DirectUpdater, GraphUpdater
from shortrun.errors import ConfigError
from shortrun.learning import begin, optimisers
from shortrun.learning.rows import Minibatches
from shortrun.learning.update import Learner
from small_training import problem

HERE = Path(__file__).parents[1]
# Triton reads the source of a kernel, so the one page with kernels is not instrumented.
CHECKED = [
    "typing",
    "models",
    "dynamics",
    "learning",
    "engine.gpu",
    "engine.launch",
    "engine.uniforms",
    "philox",
    "units",
    "typing",
]


def _version(package):
    return tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])


PACKAGES = ",".join(f"shortrun.{room}" for room in CHECKED)
OPTIONS = f"-q -p jaxtyping --strict-markers --jaxtyping-packages={PACKAGES},beartype.beartype"
has_triton = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
# Triton 3.6 makes integers of arrays in a way that NumPy 2.4 refuses.
interprets = pytest.mark.skipif(
    has_triton.args[0] or (_version("triton") < (3, 7) and _version("numpy") >= (2, 4)),
    reason="Triton's interpreter does not work with this NumPy: triton>=3.7 expected",
)
has_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU: kernels and graphs are not tried on one")


def _kernel_tests(**environment):
    """Run gpu_kernels.py in a process of its own: Triton decides at its import whether it interprets."""
    command = [sys.executable, "-m", "pytest", str(HERE / "gpu_kernels.py"), "-o", f"addopts={OPTIONS}", "-x"]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, cwd=HERE.parent)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
    return done.stdout


@has_triton
@interprets
@pytest.mark.slow
def test_kernels_in_the_interpreter():
    assert " passed" in _kernel_tests(TRITON_INTERPRET="1")


@has_triton
@has_gpu
@pytest.mark.slow
def test_kernels_on_the_gpu():
    assert "skipped" not in _kernel_tests(TRITON_INTERPRET="0")


@pytest.fixture
def _restored():
    yield
    launch.select()
    launch._kernels.cache_clear()
    launch._fault.cache_clear()


@pytest.mark.usefixtures("_restored")
def test_without_triton_torch_computes_and_says_why(monkeypatch):
    task = problem("ff")
    theta = begin(task.model, task.scheme, task.rows, task.config).theta
    assert GpuMachine.refusal(task.model, theta) == "no GPU"
    assert launch.path("cpu").startswith("torch: ")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setitem(sys.modules, "triton", None)
    monkeypatch.delitem(sys.modules, "shortrun.engine.triton_kernels", raising=False)
    launch._kernels.cache_clear()
    launch._fault.cache_clear()
    assert launch.path("cpu") == "torch: triton is not installed"
    assert GpuMachine.refusal(task.model, theta) == "triton is not installed"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu():
    assert launch.path() == "torch: no GPU"


@pytest.mark.usefixtures("_restored")
def test_precision_is_chosen_by_name(monkeypatch):
    assert launch.select("tf32").precision == "tf32"
    with pytest.raises(ConfigError, match="bf16x2"):
        launch.select("bf16x3")
    monkeypatch.setenv("SHORTRUN_GPU_PRECISION", "ieee")
    assert runpy.run_path(launch.__file__)["settings"]().precision == "ieee"


@pytest.mark.parametrize("precision", ["bf16x2", "bf16", "ieee"])
def test_rounding_of_weights_is_bounded(precision):
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(200, 300, generator=generator) * 10 ** torch.empty(200, 1).uniform_(-6, 3, generator=generator)
    rounded = launch.Weights.of(weight, precision)
    rest = rounded.rest.double() if precision == "bf16x2" else 0
    relative = ((rounded.high.double() + rest - weight) / weight).abs().max()
    assert relative <= launch.ROUNDING[precision]
    assert relative >= launch.ROUNDING[precision] / 4  # the bound says how exact it is


@pytest.fixture
def _plain():
    """Take the machine that reads the update number from its tensor, as the kernels do."""
    native.select("reference")
    yield
    native.select(os.environ.get("SHORTRUN_ENGINE") or native.PATHS[-1])


def _trained(scheme, optimiser, graphed, capture=False):
    """Return theta and chains after updates, of which the sixth is done directly, as a logged one is."""
    task = problem(scheme, optimiser)
    training = begin(task.model, task.scheme, task.rows, task.config)
    rule, batches = optimisers.named(optimiser, training.theta), Minibatches(task.rows, task.config)
    learner = Learner(task.model, task.scheme, task.config.optimiser)
    direct = DirectUpdater(training, learner, rule, batches, Noise(3, Stream.FREE))
    update = GraphUpdater(direct, capture=capture) if graphed else direct
    for n in range(1, 9):
        update(n, 0.01 * n, residuals=n == 6)
    return training


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("scheme", ["ff", "pcd", "cd", "rdm"])
def test_an_update_through_tensors_is_the_update(scheme, optimiser):
    """All of a graphed update but the graph: rate, number, rows and chains in tensors."""
    expected, found = _trained(scheme, optimiser, False), _trained(scheme, optimiser, True)
    # Adam divides by the moments: where these are roundings of zero, rounding decides.
    assert (expected.theta - found.theta).abs().max() <= (1e-4 if optimiser == "adam" else 1e-6)
    for a, b in zip(expected.chains, found.chains, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a or (), b or (), strict=True))


def test_graph_is_for_gpus_and_labelled_rows():
    task = problem("ff")
    training, batches = begin(task.model, task.scheme, task.rows, task.config), Minibatches(task.rows, task.config)
    learner, rule = Learner(task.model, task.scheme, task.config.optimiser), optimisers.named("sgd", training.theta)
    direct = engine.updater(task.model, training, learner, rule, batches, Noise(3, Stream.FREE))
    assert direct.reason == "updates one by one, no CUDA graph: theta is on cpu"
    assert batches.refusal == ""
    assert Minibatches(problem("ff", missing=True).rows, task.config).refusal == "some rows have no label"


@pytest.mark.usefixtures("_plain")
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_training_goes_on_without_its_graph():
    expected = _trained("pcd", "sgd", True)
    with pytest.warns(UserWarning, match="no CUDA graph"):
        found = _trained("pcd", "sgd", True, capture=True)
    assert torch.equal(expected.theta, found.theta)
