"""One whole update as one CUDA graph: captured once, then replayed with other rows, another rate, another number.

An update is some fifty kernels of microseconds each; one by one the processor launches them more slowly than the GPU
runs them. A captured graph repeats the same kernels on the same memory, so what changes from update to update lives in
tensors: the rows of the minibatch, the rate, the update number (which the noise reads: `Noise.clock`), the chains.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from shortrun.dynamics import Noise
from shortrun.engine import GpuMachine
from shortrun.learning.optimisers import Optimiser
from shortrun.learning.update import Batch, Gradient
from shortrun.models import Model
from shortrun.typing import State, Theta

WARM_UP = 3  # updates done directly before the capture: kernels are compiled, chains exist


@runtime_checkable
class Chained(Protocol):
    """What goes on from update to update besides theta and the moments, which are changed in place (`Training`)."""

    chains: tuple[State | None, ...]


class GraphedUpdate:
    """An update as a function of its number, rows and rate, that does the same as `advance` and syncs with nothing.

    Parameters
    ----------
    advance : Callable[[Batch, Optimiser, Noise], Gradient]
        One whole update in place, given its batch, optimiser and noise; its own rate must be 1.
    training : Chained
        Whose chains `advance` reads and replaces.
    optimiser : Optimiser
        The rule, wrapped here so that it takes rate and number from tensors.
    state, weights : State or Tensor
        All rows of the data, on the device; none lacks a label.
    size : int
        Of a minibatch.
    noise : Noise
        Of the training, on the device.
    capture : bool, default True
        False goes through the same tensors without a graph, for tests.
    """

    def __init__(
        self,
        advance: Callable[[Batch, Optimiser, Noise], Gradient],
        training: Chained,
        optimiser: Optimiser,
        state: State,
        weights: Tensor,
        size: int,
        noise: Noise,
        *,
        capture: bool = True,
    ):
        device = weights.device
        self.advance, self.training, self.capture = advance, training, capture
        self.state, self.weights = state, weights
        self.rows = torch.zeros(size, dtype=torch.long, device=device)
        self.labelled = torch.zeros(size, dtype=torch.bool, device=device)  # none is missing
        self.rate = torch.zeros((), device=device)
        self.clock = torch.zeros((), dtype=torch.long, device=device)
        self.noise = replace(noise, clock=self.clock)
        self.optimiser = RateOnDevice(optimiser, self.rate, self.clock)
        self.before: tuple[State | None, ...] | None = None
        self.graph: torch.cuda.CUDAGraph | None = None
        self.result: Gradient | None = None
        self.warm = 0

    @staticmethod
    def supports(model: Model, theta: Theta, missing: Tensor) -> bool:
        """Whether updates can be captured: kernels for every layer, on a GPU, and every row with its label.

        A missing label becomes as many rows as there are classes, so the shapes of an update would not be constant.
        """
        return theta.is_cuda and GpuMachine.supports(model, theta) and not bool(missing.any())

    def __call__(self, update: int, rows: Tensor, rate: float) -> Gradient:
        """Do an update; what it returns is overwritten by the next."""
        self.rows.copy_(rows)
        self.rate.fill_(rate)
        self.clock.fill_(update)
        if self.warm < WARM_UP:
            self.warm += 1
            return self._advance(update)
        self._take_chains()
        if self.capture and self.graph is None:
            self._capture()
        if self.graph is None or self.result is None:
            return self._advance(update)
        self.graph.replay()
        self.training.chains = self.ends
        return self.result

    def _advance(self, update: int = 0) -> Gradient:
        state = tuple(x.index_select(0, self.rows) for x in self.state)
        batch = Batch(state, self.weights.index_select(0, self.rows), self.labelled, False)
        return self.advance(batch, self.optimiser, replace(self.noise, update=update))

    def _take_chains(self) -> None:
        """Copy the chains to where the graph reads them."""
        if self.before is None:
            self.before = tuple(state and tuple(x.clone() for x in state) for state in self.training.chains)
        for mine, now in zip(self.before, self.training.chains, strict=True):
            for x, y in zip(mine or (), now or (), strict=True):
                x.copy_(y)
        self.training.chains = self.before

    def _capture(self) -> None:
        """Record an update without doing it; without a graph the training goes on all the same."""
        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self.result = self._advance()
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            warnings.warn(f"no CUDA graph, updates are launched kernel by kernel: {reason}", stacklevel=2)
            self.capture, self.training.chains = False, self.before or ()
        else:
            self.graph, self.ends = graph, self.training.chains


class RateOnDevice:
    """An optimiser that reads the rate and the update number from tensors.

    Every rule adds to theta in proportion to the rate, whatever theta is: theta + rate * (its step from 0 at rate 1).
    """

    def __init__(self, optimiser: Optimiser, rate: Tensor, clock: Tensor):
        self.optimiser, self.rate, self.clock = optimiser, rate, clock
        self.moments = optimiser.moments

    def step_(self, theta: Theta, direction: Theta, rate: float, update: int | Tensor) -> None:
        step = torch.zeros_like(theta)
        self.optimiser.step_(step, direction, 1.0, self.clock.double())
        theta.addcmul_(step, self.rate)
