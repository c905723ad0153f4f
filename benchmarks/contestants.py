"""The contestants of a race of updates: each is a function that does one complete update of the same machine.

| contestant | one update |
|---|---|
| `ours` | `learning.update.Learner` with the engine in use |
| `reference` | `Learner` with the plain machine: torch with the noise of `ours`, which is slow to generate there |
| `eager`, `eager_tuned` | the same estimator with torch's own random numbers: `plain_torch.Eager`, `Tuned` |
| `products` | only the float32 matrix products of such an update: the unit of the comparison |
| `authors`, `rbms`, `annadca`, `sklearn` | other programs: `peers` |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch

from benchmarks.cases import Problem
from benchmarks.plain_torch import Eager, Tuned
from shortrun.dynamics import Noise, Stream
from shortrun.engine import choice, native
from shortrun.learning import Training, optimisers
from shortrun.learning.update import Learner

RATE = 1e-3  # small, so that the machine hardly changes during a race


@dataclass(frozen=True)
class Contestant:
    """One way to do an update.

    Parameters
    ----------
    update : Callable[[], object]
        Does the update.
    note : str, default ""
        A remark necessary for comparing its time.
    around : Callable[[], AbstractContextManager], default nullcontext
        Set up before the clock starts and undone after it stops.
    """

    update: Callable[[], object]
    note: str = ""
    around: Callable[[], AbstractContextManager] = nullcontext


Maker = Callable[[Problem], Contestant]


def ours(problem: Problem) -> Contestant:
    """Return the package's own update."""
    theta = problem.theta.clone()
    training = Training(0, theta, (), (None,) * len(problem.scheme.free))
    optimiser = optimisers.named("sgd", theta)
    learner = Learner(problem.model, problem.scheme, problem.config.optimiser, problem.config.scheme.missing)

    def update() -> None:
        training.update += 1
        noise = Noise(0, Stream.FREE, training.update)
        learner(training, optimiser, problem.batch, noise, RATE)

    return Contestant(update, note=f"engine {choice(problem.model, theta).name}, kernels: {native.path()}")


def reference(problem: Problem) -> Contestant:
    """Return the package's update without its kernels."""
    return Contestant(ours(problem).update, note="plain torch, our counter-based noise", around=without_kernels)


@contextmanager
def without_kernels() -> Iterator[None]:
    """Make every machine created in this context a plain one."""
    before = native.path()
    native.select("reference")
    try:
        yield
    finally:
        native.select(before if before in native.PATHS else "reference")


def in_torch(kind: type[Eager], note: str) -> Maker:
    """Return the maker of an update in plain torch."""

    def make(problem: Problem) -> Contestant:
        scheme, options = problem.config.scheme, problem.config.optimiser
        trained = kind(
            problem.model,
            problem.theta.clone(),
            steps=scheme.steps,
            generate=scheme.generate,
            predict=scheme.predict,
            label_l2=options.label_l2,
        )
        codes, labels = problem.batch.state
        return Contestant(lambda: trained.update(codes, labels[:, 0], RATE), note)

    return make


def products(problem: Problem) -> Contestant:
    """Return the float32 matrix products of a plain F&F update, each by `torch.mm(out=)`.

    With B rows, F visible features (sites x colours, 1 a bit), K classes, H hidden units:

    - generation: k times (B, F+K) (F+K, H) and (B, H) (H, F);
    - prediction: k times (B, F+K) (F+K, H), though the visibles are held, and (B, H) (H, K);
    - statistics: for each of data, generated and predicted (B, F+K) (F+K, H) and (F+K, B) (B, H).

    3 k + 6 products of 2 B F H operations, 36 for k = 10, and small ones for the label. No draws, no sums, no step.
    """
    sizes, model = problem.sizes, problem.model
    rows, steps, visible = sizes["batch"], sizes["steps"], model.slices[0]
    weight = model.view(problem.theta.clone()).weight
    features = model.features(problem.batch.state)
    hidden, moments = torch.rand(rows, sizes["hidden"]), torch.empty_like(weight)
    field, label_field = torch.empty(rows, visible.stop), torch.empty(rows, sizes["classes"])
    forth, back = (features, weight, hidden.clone()), (features.T, hidden, moments)
    to_visible, to_label = (hidden, weight[visible].T, field), (hidden, weight[visible.stop :].T, label_field)
    sequence = [forth, to_visible] * steps + [forth, to_label] * steps + [forth, back] * 3

    def update() -> None:
        for a, b, out in sequence:
            torch.mm(a, b, out=out)

    return Contestant(update, note=f"{3 * steps + 6} products of {gigaflop(problem):.2f} GFLOP")


def gigaflop(problem: Problem) -> float:
    """Return 2 B F H in units of 1e9."""
    sizes = problem.sizes
    return 2e-9 * sizes["batch"] * problem.model.slices[0].stop * sizes["hidden"]


OURS: dict[str, Maker] = {
    "ours": ours,
    "reference": reference,
    "eager": in_torch(Eager, "plain torch as most would write it"),
    "eager_tuned": in_torch(Tuned, "plain torch with its fastest draws"),
    "products": products,
}
