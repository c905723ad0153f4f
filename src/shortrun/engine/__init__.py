"""The same dynamics, as fast as the processor at hand allows; chosen once, never seen by the other rooms."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from shortrun.engine.chaotic import ChaoticMachine
from shortrun.engine.cpu import CpuMachine
from shortrun.engine.gpu import GpuMachine
from shortrun.engine.lookup import FEWEST_BITS, LookupMachine, step_bits
from shortrun.engine.plain import PlainMachine
from shortrun.models import ChaoticNetwork, Clamp, Model
from shortrun.typing import Noise, Observer, State, Term, Theta, Weights


@runtime_checkable
class Machine(Protocol):
    """A model at fixed parameters, ready to run: what is prepared once serves every run and every mean."""

    @property
    def model(self) -> Model: ...

    def run(
        self,
        state: State,
        noise: Noise,
        *,
        steps: int,
        clamp: Clamp,
        observe: Observer | None = None,
        times: Container[int] | None = None,
    ) -> State:
        """Return the state after `steps` sweeps; `observe(t, state)` sees those of `times`, or each from 1 to `steps`.

        The noise of sweep t is `noise.at(t)`. An observer must copy what it keeps.
        """
        ...

    def statistics(self, terms: Sequence[Term]) -> Theta:
        """Return the sum over terms of their weighted sums of -dE/dtheta, with E[h | x] in place of h.

        Each term is (state, weights), weights (C,) of any sign. A layer that is one tensor in several terms is gone
        through once.
        """
        ...

    def means(self, state: State, weights: Weights) -> tuple[Tensor, ...]:
        """Return the weighted sums of the observed features (F,) and of E[h | x] (H,); of a network those of the rates.

        They are what `centred` of the model takes away.
        """
        ...

    def completed(self, observed: State, hidden: State, steps: int) -> State:
        """Return observed layers with what the hidden ones, from where they start, are after `steps` steps.

        An RBM needs none: its statistics have E[h | x] in place of h.
        """
        ...

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        """Return the exact ln p(label | other observed layers), as `RBM.label_log_probabilities`."""
        ...


def machine(model: Model, theta: Theta) -> Machine:
    """Return the fastest machine that knows the model's units, on the device and in the precision of theta.

    It may keep views of theta: make a new one after a change.
    """
    if isinstance(model, ChaoticNetwork):
        return ChaoticMachine(model, theta)
    if GpuMachine.supports(model, theta):
        return GpuMachine(model, theta)
    if LookupMachine.supports(model, theta) and (bits := step_bits(model, theta)) >= FEWEST_BITS:
        return LookupMachine(model, theta, bits)
    if CpuMachine.supports(model, theta):
        return CpuMachine(model, theta)
    return PlainMachine(model, theta)
