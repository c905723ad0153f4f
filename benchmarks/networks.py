"""The update of a chaotic network compared with plain torch: the case `chaotic` of `benchmarks.updates`.

| contestant | one update |
|---|---|
| `ours` | `learning.update.Learner` with the engine in use |
| `float32` | the same with rates and couplings in float32, products by torch |
| `eager` | the same estimator in plain torch with torch's random numbers, a straightforward implementation |
| `products` | only the float32 matrix products of such an update: the unit of the comparison |

The network is that of FU24: 784 and 500 units, T = 100 steps of dt = tau / 10, minibatches of 500. The cost depends on
these numbers only, so the data are random.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

import shortrun as sr
from benchmarks.cases import WEIGHT_STD, Problem
from benchmarks.contestants import RATE, Contestant, ours
from shortrun.engine import RoundedMachine
from shortrun.engine.choosing import ENGINES
from shortrun.learning import Rows, from_settings
from shortrun.models import ChaoticNetwork, random_couplings
from shortrun.models.build import network_of
from shortrun.settings import resolve

CASE = "chaotic"


@dataclass(frozen=True, eq=False)
class NetworkProblem(Problem):
    """Everything an update of a network of two layers needs."""

    model: ChaoticNetwork  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes that determine the cost."""
        visible, hidden = (layer.sites for layer in self.model.spec.layers)
        return {"sites": visible, "hidden": hidden, "batch": len(self.batch.weights), "steps": self.scheme.steps}


def problem(
    *, batch: int | None = None, hidden: int | None = None, steps: int | None = None, sites: int = 784
) -> NetworkProblem:
    """Return the problem: couplings with the standard deviation of the other cases, and random grey values."""
    batch, hidden, steps = batch or 500, hidden or 500, steps or 100
    config = resolve(preset=CASE, model={"layers": (hidden,)}, scheme={"steps": steps})
    values = np.random.default_rng(0).uniform(-1, 1, (batch, sites)).astype(np.float32)
    data = sr.Dataset.from_arrays(values, alphabet="continuous")
    model = ChaoticNetwork(network_of(data, config))
    theta = WEIGHT_STD * torch.randn(model.size(), generator=torch.Generator().manual_seed(0))
    rows = Rows.of(data, torch.device("cpu")).batch(torch.arange(batch))
    return NetworkProblem(CASE, "random", model, from_settings(config.scheme, labelled=False), config, rows, theta)


class EagerNetwork:
    """A straightforward update in plain torch, from the equations (FU24 eq. 4 to 7)."""

    def __init__(self, at: NetworkProblem):
        self.theta, self.model, self.steps = at.theta.clone(), at.model, at.scheme.steps
        ((self.coupling,), (self.field, self.hidden_field)) = at.model.view(self.theta)
        ((self.random, self.back),) = random_couplings(at.model.spec, torch.device("cpu"), torch.float32)
        self.pace = at.model.spec.time_step

    @torch.no_grad()
    def update(self, rates: Tensor, rate: float) -> None:
        """Move the parameters by one minibatch of rates (C, S)."""
        visible, hidden = self.coupling.shape
        down = (self.random + self.coupling).T / math.sqrt(hidden)
        up = (self.back + self.coupling) / math.sqrt(visible)
        kept = (1 - self.pace) ** self.steps
        settled = kept * torch.randn(len(rates), hidden) + (1 - kept) * (rates @ up + self.hidden_field)
        v, h = torch.randn_like(rates), torch.randn(len(rates), hidden)
        for _ in range(self.steps):
            field, hidden_field = torch.tanh(h) @ down + self.field, torch.tanh(v) @ up + self.hidden_field
            v, h = v + self.pace * (field - v), h + self.pace * (hidden_field - h)
        self.learn((rates, torch.tanh(settled)), (torch.tanh(v), torch.tanh(h)), rate)

    def learn(self, data: tuple[Tensor, Tensor], free: tuple[Tensor, Tensor], rate: float) -> None:
        """Take the step along clamped minus free."""
        self.coupling += rate * (data[0].T @ data[1] - free[0].T @ free[1]) / len(data[0])
        self.field += rate * (data[0].mean(0) - free[0].mean(0))
        self.hidden_field += rate * (data[1].mean(0) - free[1].mean(0))


def in_float32(at: NetworkProblem) -> Contestant:
    """Return the package's update with the engine that rounds nothing."""
    refused = {RoundedMachine.name: lambda _model, _theta: "float32 was asked for"}
    return Contestant(ours(at).update, "ours in float32", lambda: patch.dict(ENGINES[at.model.family], refused))


def eager(at: NetworkProblem) -> Contestant:
    """Return the update in plain torch."""
    trained, rates = EagerNetwork(at), at.batch.state[0]
    return Contestant(lambda: trained.update(rates, RATE), "plain torch as most would write it")


def products(at: NetworkProblem) -> Contestant:
    """Return the float32 matrix products of an update, each by `torch.mm(out=)`.

    With B rows, V visible and H hidden units: T times (B, H) (H, V) and (B, V) (V, H); (B, V) (V, H) for the hidden
    layer that follows the data; (V, B) (B, H) for the statistics of data and free runs. 2 T + 3 of 2 B V H operations.
    """
    sizes = at.sizes
    rows, visible, hidden, steps = (sizes[key] for key in ("batch", "sites", "hidden", "steps"))
    coupling = torch.randn(visible, hidden)
    v, h = torch.rand(rows, visible), torch.rand(rows, hidden)
    field, hidden_field, moments = torch.empty_like(v), torch.empty_like(h), torch.empty_like(coupling)
    up, down, back = (v, coupling, hidden_field), (h, coupling.T, field), (v.T, h, moments)
    sequence = [down, up] * steps + [up] + [back] * 2

    def update() -> None:
        for a, b, out in sequence:
            torch.mm(a, b, out=out)

    return Contestant(update, note=f"{2 * steps + 3} products of {2e-9 * rows * visible * hidden:.2f} GFLOP")


NETWORKS: dict[str, Callable[[Any], Contestant]] = {
    "ours": ours,
    "float32": in_float32,
    "eager": eager,
    "products": products,
}
