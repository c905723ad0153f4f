"""The same dynamics, as fast as the processor at hand allows; chosen once, never seen by the other rooms."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from shortrun.engine.cpu import CpuMachine
from shortrun.engine.plain import PlainMachine
from shortrun.models import RBM, Clamp
from shortrun.typing import Noise, Observer, State, Theta, Weights


@runtime_checkable
class Machine(Protocol):
    """A model at fixed parameters, ready to run: what is prepared once serves every run and every mean."""

    def run(self, state: State, noise: Noise, *, steps: int, clamp: Clamp, observe: Observer | None = None) -> State:
        """Return the state after `steps` sweeps; `observe(t, state)` sees each of them, t from 1 to `steps`.

        The noise of sweep t is `noise.at(t)`. An observer must copy what it keeps.
        """
        ...

    def statistics(self, state: State, weights: Weights) -> Theta:
        """Return the weighted mean of -dE/dtheta with E[h | x] in place of h, as `RBM.statistics`."""
        ...

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        """Return the exact ln p(label | other observed layers), as `RBM.label_log_probabilities`."""
        ...


def machine(model: RBM, theta: Theta) -> Machine:
    """Return the fastest machine that knows the model's units, on the device and in the precision of theta.

    It may keep views of theta: make a new one after a change.
    """
    if CpuMachine.supports(model, theta):
        return CpuMachine(model, theta)
    return PlainMachine(model, theta)
