"""Update after update of a training: kernel by kernel, or as one CUDA graph where there can be one.

An update is some fifty kernels of microseconds each; one by one the processor launches them more slowly than the GPU
runs them. A captured graph repeats the same kernels on the same memory, so what changes from update to update lives in
tensors: the rows of the minibatch, the rate, the update number (which the noise reads: `Noise.clock`), the chains.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from shortrun import parallel
from shortrun.engine.gpu import GpuMachine
from shortrun.engine.step import Optimiser
from shortrun.models import RBM, Model, Training
from shortrun.typing import NoisePlace, State, Theta

WARM_UP = 3  # updates done directly before the capture: kernels are compiled, chains exist


@runtime_checkable
class Batches(Protocol):
    """The minibatches of a training (`learning.rows.Minibatches`)."""

    size: int

    @property
    def refusal(self) -> str:
        """Why `gathered` does not serve these rows, "" where it does."""
        ...

    def at(self, update: int) -> Any:
        """Return the minibatch of an update, from 1."""
        ...

    def indices(self, update: int) -> Tensor:
        """Return which rows it takes."""
        ...

    def gathered(self, rows: Tensor) -> Any:
        """Return the minibatch of some rows, without waiting for the device."""
        ...


@runtime_checkable
class Update(Protocol):
    """One whole update in place: theta, the moments, the chains (`learning.update.Learner`)."""

    def __call__(
        self,
        training: Training,
        optimiser: Optimiser,
        batch: Any,
        noise: Any,
        rate: float,
        *,
        residuals: bool = False,
    ) -> tuple[float, ...]:
        """Return how far each free run is from the data, if asked for."""
        ...


@runtime_checkable
class Updater(Protocol):
    """Does the updates of a training one after another."""

    @property
    def reason(self) -> str:
        """How it does them, and why so."""
        ...

    def __call__(self, update: int, rate: float, *, residuals: bool = False) -> tuple[float, ...]:
        """Do an update; return how far each free run is from the data, if asked for."""
        ...


def updater(
    model: Model, training: Training, update: Update, optimiser: Optimiser, batches: Batches, noise: NoisePlace
) -> Updater:
    """Return what does the updates of a training: as a CUDA graph where there can be one, else one by one.

    Parameters
    ----------
    model : Model
        The model that learns.
    training : Training
        What every update changes.
    update : Update
        One whole update in place.
    optimiser : Optimiser
        Its rule.
    batches : Batches
        The minibatch of each update.
    noise : NoisePlace
        Noise of the training, on its device.

    Returns
    -------
    Updater
        A function of the number and the rate of an update.
    """
    direct = DirectUpdater(training, update, optimiser, batches, noise, refusal(model, training.theta, batches))
    return direct if direct.refused else GraphUpdater(direct)


def refusal(model: Model, theta: Theta, batches: Batches) -> str:
    """Return why updates cannot be captured as a graph, "" where they can."""
    if parallel.current() is not None:
        return "several processes share it"
    if not theta.is_cuda:
        return f"theta is on {theta.device.type}"
    if not isinstance(model, RBM):
        return "a chaotic network has no Triton kernels"
    return GpuMachine.refusal(model, theta) or batches.refusal


class DirectUpdater:
    """Updates one by one, each launched from Python.

    Parameters
    ----------
    training, update, optimiser, batches, noise : optional
        As of `updater`.
    refused : str, default ""
        Why there is no graph.
    """

    def __init__(
        self,
        training: Training,
        update: Update,
        optimiser: Optimiser,
        batches: Batches,
        noise: NoisePlace,
        refused: str = "",
    ):
        self.training, self.update, self.optimiser = training, update, optimiser
        self.batches, self.noise, self.refused = batches, noise, refused

    @property
    def reason(self) -> str:
        return f"updates one by one, no CUDA graph: {self.refused}"

    def __call__(self, update: int, rate: float, *, residuals: bool = False) -> tuple[float, ...]:
        batch, noise = self.batches.at(update), self.noise.of_update(update)
        return self.update(self.training, self.optimiser, batch, noise, rate, residuals=residuals)


class GraphUpdater:
    """Updates that replay one CUDA graph; those that measure residuals are done directly.

    Parameters
    ----------
    direct : DirectUpdater
        The same updates one by one.
    capture : bool, default True
        False goes through the same tensors without a graph, for tests.
    """

    reason: str = "updates replay a CUDA graph"

    def __init__(self, direct: DirectUpdater, *, capture: bool = True):
        device = direct.training.theta.device
        self.direct, self.training, self.capture = direct, direct.training, capture
        self.rows = torch.zeros(direct.batches.size, dtype=torch.long, device=device)
        self.rate = torch.zeros((), device=device)
        self.clock = torch.zeros((), dtype=torch.long, device=device)
        self.noise = direct.noise.on_clock(self.clock)
        self.optimiser = RateOnDevice(direct.optimiser, self.rate, self.clock)
        self.before: tuple[State | None, ...] | None = None
        self.graph: torch.cuda.CUDAGraph | None = None
        self.warm = 0

    def __call__(self, update: int, rate: float, *, residuals: bool = False) -> tuple[float, ...]:
        if residuals:
            return self.direct(update, rate, residuals=True)
        self.rows.copy_(self.direct.batches.indices(update))
        self.rate.fill_(rate)
        self.clock.fill_(update)
        self._update(update)
        return ()

    def _update(self, update: int) -> None:
        if self.warm < WARM_UP:
            self.warm += 1
            self._launch(update)
            return
        self._take_chains()
        if self.capture and self.graph is None:
            self._capture()
        if self.graph is None:
            self._launch(update)
        else:
            self.graph.replay()
            self.training.chains = self.ends

    def _launch(self, update: int = 0) -> None:
        batch, noise = self.direct.batches.gathered(self.rows), self.noise.of_update(update)
        self.direct.update(self.training, self.optimiser, batch, noise, 1.0)

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
                self._launch()
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

    is_plain: ClassVar[bool] = False

    def __init__(self, optimiser: Optimiser, rate: Tensor, clock: Tensor):
        self.optimiser, self.rate, self.clock = optimiser, rate, clock
        self.moments = optimiser.moments

    def step_(self, theta: Theta, direction: Theta, rate: float, update: int | Tensor) -> None:
        step = torch.zeros_like(theta)
        self.optimiser.step_(step, direction, 1.0, self.clock.double())
        theta.addcmul_(step, self.rate)
