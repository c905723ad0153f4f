"""A machine that several processes run together: each moves its part of the chains, and all of them get the whole.

Noise belongs to chains, and the fields of the C kernels are sums of integers, so that chains end in the same state in
whatever process they run. Statistics of the kernels are shared out by sites: each process gathers those of its own from
all rows, and no sum depends on how many processes there are. Other machines add up sums over parts of the rows: chaotic
networks in steps exactly, if all rows weigh the same.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from jaxtyping import Float
from torch import Tensor

from shortrun.engine.interface import EnergyMachine, HasEnergy, HasLabelPosterior, Machine, Runs, RunsWithEnergy
from shortrun.engine.lookup import LookupMachine
from shortrun.engine.rounded import RoundedMachine
from shortrun.models import Clamp, Model
from shortrun.parallel import Group
from shortrun.typing import NoisePlace, Observer, State, Term, Theta, Weights


class SharedRuns:
    """A machine whose chains are shared out among processes.

    Parameters
    ----------
    own : Runs
        The machine of this process; those of the others have the same parameters.
    group : Group
        The processes.
    """

    def __init__(self, own: Runs, group: Group):
        self.own, self.group = own, group
        self._parts: list[tuple[Tensor, Tensor]] = []  # of kept layers: all rows, and ours

    @property
    def model(self) -> Model:
        return self.own.model

    @property
    def theta(self) -> Theta:
        return self.own.theta

    def _part(self, x: Tensor) -> Tensor:
        """Return our rows of a layer; of a kept layer always the same tensor."""
        kept = next((part for whole, part in self._parts if whole is x), None)
        return x[self.group.part(len(x))] if kept is None else kept

    def _cut(self, state: State) -> State:
        return tuple(map(self._part, state))

    def _whole(self, mine: Tensor, rows: int) -> Tensor:
        return self.group.whole(mine, rows)

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
        rows = len(state[0])
        held = [layer.name in clamp.layers for layer in self.model.spec.layers]

        def whole(mine: State) -> State:
            """The layers that move, of all processes; what is held is known to all."""
            moved = iter(self.group.wholes([y for is_held, y in zip(held, mine, strict=True) if not is_held], rows))
            return tuple(x if is_held else next(moved) for is_held, x in zip(held, state, strict=True))

        seen: dict[int, State] = {}  # the last one

        def look(t: int, now: State) -> None:
            assert observe is not None
            seen.clear()
            seen[t] = whole(now)
            observe(t, seen[t])

        ours = self._cut(state)
        first = noise.from_chain(noise.first_chain + self.group.part(rows).start)
        if rows < self.group.count:  # too few to share out: everyone runs them all
            return self.own.run(state, noise, steps=steps, clamp=clamp, observe=observe, times=times)
        end = self.own.run(ours, first, steps=steps, clamp=clamp, observe=observe and look, times=times)
        return seen[steps] if steps in seen else whole(end)

    def label_distribution(self, state: State) -> Float[Tensor, "C K"]:
        return self.own.label_distribution(state)


class SharedEnergies(SharedRuns):
    """The same of an RBM: its sums over states, each process those of its rows."""

    own: RunsWithEnergy

    def hidden_log_z(self, state: State) -> Weights:
        return self._whole(self.own.hidden_log_z(self._cut(state)), len(state[0]))

    def free_energy(self, state: State) -> Weights:
        return self._whole(self.own.free_energy(self._cut(state)), len(state[0]))


class SharedMachine(SharedRuns):
    """A machine whose chains, rows and statistics are shared out among processes."""

    own: Machine

    @property
    def name(self) -> str:
        return self.own.name

    @property
    def reason(self) -> str:
        return f"{self.own.reason}; shared by {self.group.count} processes"

    def keep(self, state: State) -> None:
        self.own.keep(state)
        for x in state:
            if all(whole is not x for whole, _ in self._parts):
                self._parts.append((x, x[self.group.part(len(x))]))
        self.own.keep(self._cut(state))

    def settle(self, observed: State, hidden: State, steps: int) -> State:
        if not hidden or not isinstance(hidden[0], Tensor) or self.model.family == "rbm":
            return self.own.settle(observed, hidden, steps)
        rows = len(observed[0])
        end = self.own.settle(self._cut(observed), self._cut(hidden), steps)
        return (*observed, *(self._whole(x, rows) for x in end[len(observed) :]))

    def statistics(self, terms: Sequence[Term]) -> Theta:
        if isinstance(self.own, LookupMachine | RoundedMachine):
            return self.own.statistics(terms, self.group)
        return self.group.added(self.own.statistics([(self._cut(state), self._part(w)) for state, w in terms]))

    def means(self, state: State, weights: Weights) -> tuple[Tensor, ...]:
        return self.own.means(state, weights)


class SharedEnergyMachine(SharedMachine, SharedEnergies):
    """A machine of an RBM that processes share."""

    own: EnergyMachine  # pyright: ignore[reportIncompatibleVariableOverride]

    def label_log_probabilities(self, state: State) -> Float[Tensor, "C K"]:
        if len(state[0]) < self.group.count:
            return self.own.label_log_probabilities(state)
        return self._whole(self.own.label_log_probabilities(self._cut(state)), len(state[0]))


def shared(own: Machine, group: Group | None) -> Machine:
    """Return a machine as the processes share it; as it is for one that works alone."""
    if group is None or group.count == 1:
        return own
    is_energy = isinstance(own, HasEnergy) and isinstance(own, HasLabelPosterior)
    return SharedEnergyMachine(own, group) if is_energy else SharedMachine(own, group)
