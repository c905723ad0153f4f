"""What a machine is: a model at fixed parameters, ready to run."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from shortrun.models import Clamp, Model
from shortrun.typing import NoisePlace, Observer, State, Term, Theta, Weights


@runtime_checkable
class Runs(Protocol):
    """Moves chains."""

    @property
    def model(self) -> Model:
        """What moves."""
        ...

    @property
    def theta(self) -> Theta:
        """(P,) its parameters."""
        ...

    def run(
        self,
        state: State,
        noise: NoisePlace,
        *,
        steps: int,
        clamp: Clamp,
        observe: Observer | None = None,
        times: Container[int] | None = None,
    ) -> State:
        """Return the state after some sweeps.

        Parameters
        ----------
        state : State
            Where chains are: observed layers, then hidden ones.
        noise : NoisePlace
            That of sweep t is `noise.at(t)`.
        steps : int
            Number of sweeps.
        clamp : Clamp
            What stays as it is.
        observe : Observer, optional
            Called as `observe(t, state)`; it must copy what it keeps.
        times : Container[int], optional
            The sweeps that it sees, each from 1 to `steps` if None.
        """
        ...

    def label_distribution(self, state: State) -> Float[Tensor, "C K"]:
        """Return the probabilities of the classes given the other layers of a state in a run."""
        ...


@runtime_checkable
class Learns(Protocol):
    """Gives the statistics that learning compares."""

    def keep(self, state: State) -> None:
        """Declare observed layers that nobody will write to: work on them is done once while the machine lives."""
        ...

    def settle(self, observed: State, hidden: State, steps: int) -> State:
        """Return observed layers with the hidden ones, from where they start, after `steps` steps beside them.

        An RBM needs none: its statistics have E[h | x] in place of h.
        """
        ...

    def statistics(self, terms: Sequence[Term]) -> Theta:
        """Return the sum over terms of their weighted sums of -dE/dtheta, with E[h | x] in place of h.

        Each term is (state, weights), weights (C,) of any sign. A kept layer of several terms is gone through once.
        """
        ...

    def means(self, state: State, weights: Weights) -> tuple[Tensor, ...]:
        """Return what `model.centred` subtracts: weighted sums of features (F,) and of E[h | x] (H,), or of rates."""
        ...


@runtime_checkable
class Machine(Runs, Learns, Protocol):
    """A model at fixed parameters, ready to run: what is prepared once serves every run and every mean."""

    @property
    def name(self) -> str:
        """Of the engine."""
        ...

    @property
    def reason(self) -> str:
        """How it computes, in one line."""
        ...


@runtime_checkable
class HasEnergy(Protocol):
    """Knows sums over all states of the hidden layer, of exactly the weights that it runs with."""

    def hidden_log_z(self, state: State) -> Weights:
        """Return sum_mu ln z_mu(b + x W), (C,) float64."""
        ...

    def free_energy(self, state: State) -> Weights:
        """Return F(x) = -ln sum_h exp(-E(x, h)), (C,) float64."""
        ...


@runtime_checkable
class RunsWithEnergy(Runs, HasEnergy, Protocol):
    """What Monte Carlo methods need: chains, and the free energies of the machine that moves them."""


@runtime_checkable
class HasLabelPosterior(Protocol):
    """Knows its label exactly."""

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        """Return the exact ln p(label | other observed layers); the label in `state` is not used."""
        ...


@runtime_checkable
class EnergyMachine(Machine, HasEnergy, HasLabelPosterior, Protocol):
    """A machine of an RBM."""
