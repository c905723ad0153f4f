"""Euler steps of a chaotic network whose rates and couplings are whole numbers of steps: sums are exact in any order.

A rate is q / 127, q the whole number nearest to 127 tanh x; a coupling is s w, w from -127 to 127 and s a step of its
target unit. This network trains, generates and predicts: bit for bit the same by the kernels of every instruction set
and by the torch formulas below, which run where there are no kernels.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from shortrun.engine import native
from shortrun.engine.chaotic import ChaoticMachine, remaining
from shortrun.engine.structures import MOST_COUPLINGS, MOST_RATE_LAYERS, CCoupling, CEuler, CRates
from shortrun.models import ChaoticNetwork, Clamp, Coupling
from shortrun.parallel import Group
from shortrun.typing import NoisePlace, Observer, State, Term, Theta, Weights

RATE_STEPS = 127  # as in csrc/network.h, as are the next two
OFFSET, PANEL = 128, 32
FARTHEST = 3.5  # potentials beyond have the rate 1 in these steps
LARGEST_ERROR = 1 / 16  # of a field, for a gain of 1 or less; it grows like the field that random couplings cause
MOST_SITES = 2**16  # of a layer, so that sums of products stay below 2^31
EXACT = 2**24 // RATE_STEPS**2  # products of steps whose sum float32 holds exactly
MOST_CHAINS = 42  # that a thread moves together: their potentials stay in its cache


class WholeCoupling(NamedTuple):
    """What one layer feels of another, in steps."""

    source: int
    target: int
    whole: Tensor  # (N_source, N_target) float32, from -127 to 127
    step: Tensor  # (N_target,), of products with rates in steps

    @classmethod
    def of(cls, coupling: Coupling) -> WholeCoupling:
        """Return the nearest coupling in steps of which 127 are the largest that a unit feels."""
        step = coupling.matrix.abs().amax(0) / RATE_STEPS
        step = torch.where(step > 0, step, torch.ones_like(step))
        whole = torch.round(coupling.matrix / step).clamp_(-RATE_STEPS, RATE_STEPS)  # more of steps near underflow
        return cls(coupling.source, coupling.target, whole, step / RATE_STEPS)

    @property
    def error(self) -> float:
        """What rounding changes of a unit's field, at most: the standard deviation of N errors of up to half a step."""
        return self.step.amax().item() * RATE_STEPS * math.sqrt(len(self.whole) / 12)

    def sums(self, rates: Tensor) -> Tensor:
        """Return the sums (C, N_target) of whole rates (C, N_source) times whole couplings."""
        if len(self.whole) <= EXACT:
            return rates @ self.whole
        return (rates.double() @ self.whole.double()).float()

    def packed(self, group: int) -> tuple[Tensor, Tensor]:
        """Return the weights as the kernels read them, and the offset of each column (csrc/network.h)."""
        sites, columns = self.whole.shape
        padded = self.whole.new_zeros(-(-sites // group) * group, -(-columns // PANEL) * PANEL)
        padded[:sites, :columns] = self.whole
        panels = (
            padded.to(torch.int8 if group == 4 else torch.int16).unflatten(0, (-1, group)).unflatten(2, (-1, PANEL))
        )
        return panels.permute(2, 0, 3, 1).contiguous(), (padded.sum(0) * -OFFSET).to(torch.int32)


class Move(NamedTuple):
    """How a layer moves: x <- remain x + pull + pace (what is felt), each (N,)."""

    held: bool
    pace: Tensor
    remain: Tensor
    pull: Tensor


def whole_rates(x: Tensor) -> Tensor:
    """Return 127 tanh x, rounded: Lambert's continued fraction to its fifth term, off by 0.06 of a step at most.

    The operations are those of csrc/network.inc, one by one, each rounded to float32.
    """
    x = x.clamp(-FARTHEST, FARTHEST)
    square = x * x
    above = ((square + 105) * square + 945) * x
    below = (square * 15 + 420) * square + 945
    return (above / below * RATE_STEPS).round_()


class RoundedMachine(ChaoticMachine):
    """A chaotic network with rates and couplings in steps, at fixed parameters."""

    name: str = "rounded"

    def __init__(self, model: ChaoticNetwork, theta: Theta):
        super().__init__(model, theta)
        self.reason = self.way()
        self.wholes = [WholeCoupling.of(coupling) for coupling in self.couplings]
        self.group = native.network_group() if native.available() else 0
        self.packed = [each.packed(self.group) for each in self.wholes] if self.group else []

    @staticmethod
    def way() -> str:
        """Return how such a machine computes."""
        return (
            f"Euler steps in {f'C ({native.path()})' if native.available() else 'torch'}, rates and couplings of 8 bits"
        )

    @staticmethod
    def refusal(model: ChaoticNetwork, theta: Theta) -> str:
        """Return why a network does not run in steps, whatever its couplings are; "" where it does."""
        if not theta.is_cpu or theta.dtype != torch.float32:
            return f"steps are for float32 on the CPU, theta is {str(theta.dtype)[6:]} on {theta.device.type}"
        if max(layer.sites for layer in model.spec.layers) > MOST_SITES:
            return f"a layer has more than {MOST_SITES:,} units"
        return ""

    @classmethod
    def attempt(cls, model: ChaoticNetwork, theta: Theta) -> RoundedMachine | str:
        """Return the machine, or why there is none."""
        if reason := cls.refusal(model, theta):
            return reason
        ready = cls(model, theta)
        error, allowed = max(each.error for each in ready.wholes), LARGEST_ERROR * max(1, model.spec.gain) ** 0.5
        if not error <= allowed:
            return f"couplings are too large for 8 bits: fields would be off by {error:.2g}, allowed are {allowed:.2g}"
        return ready

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
        pace, at = self.model.spec.time_step, 0
        for t in range(1, steps + 1):
            look = observe if times is None or t in times else None
            if look or t == steps:
                state, at = self.steps(state, t - at, clamp, pace), t
            if look:
                look(t, state)
        return state

    def settle(self, observed: State, hidden: State, steps: int) -> State:
        held = Clamp(tuple(layer.name for layer in self.model.spec.observed))
        if len(hidden) != 1:
            return self.steps((*observed, *hidden), steps if hidden else 0, held, self.model.spec.time_step)
        *_, field = self.steps((*observed, *hidden), 1, held, 1.0)
        left = remaining(self.model.spec, steps)
        return (*observed, field.mul_(1 - left).add_(left * hidden[0]))  # not `alpha`, which rounds some sites once

    def statistics(self, terms: Sequence[Term], group: Group | None = None) -> Theta:
        """Return the statistics of the interface; of several processes each gathers those of its part of the rows."""
        return sum((self._moments(*term, group) for term in terms), torch.zeros_like(self.theta))

    def _moments(self, state: State, weights: Weights, group: Group | None) -> Theta:
        """Return the moments of rates in steps: exact in any order where all rows weigh the same, but for powers."""
        rows = slice(None) if group is None else group.part(len(weights))
        whole = [whole_rates(x[rows]) for x in state]
        if len(weights) == 0 or (weights != weights[0]).any() or self.model.spec.hebbian != 1:
            some = self.model.moments([q / RATE_STEPS for q in whole], weights[rows])
            return some if group is None else group.added(some)
        found = torch.zeros_like(self.theta, dtype=torch.float64)
        for part in zip(*(q.split(EXACT) for q in whole), strict=True):
            found += self.model.moments(part, torch.ones(len(part[0])))
        if group is not None:
            group.total(found)
        products, _ = self.model.view(found.mul_(weights[0].item() / RATE_STEPS))
        for each in products:
            each.div_(RATE_STEPS)
        return found.float()

    def means(self, state: State, weights: Weights) -> tuple[Tensor, ...]:
        return tuple(weights @ (whole_rates(x) / RATE_STEPS) for x in state)

    def steps(self, state: State, count: int, clamp: Clamp, pace: float) -> State:
        """Return the state after some steps x <- (1 - pace) x + pace (b + what is felt), pace dt / tau."""
        moves = [self._move(i, clamp, pace) for i in range(len(state))]
        paced = [each._replace(step=each.step * moves[each.target].pace) for each in self.wholes]
        assert all(x.dtype is torch.float32 for x in state)
        ends = tuple(
            x if move.held else x.clone(memory_format=torch.contiguous_format)
            for move, x in zip(moves, state, strict=True)
        )
        advance_ = self._by_kernel if self.group else by_torch
        advance_(ends, moves, paced, count)
        return ends

    def _move(self, i: int, clamp: Clamp, pace: float) -> Move:
        name, field = self.model.spec.layers[i].name, self.fields[i]
        paces = torch.full_like(field, pace)
        if name in clamp.sites:
            paces[clamp.sites[name]] = 0  # exactly: x <- 1 x + 0
        return Move(name in clamp.layers, paces, 1 - paces, paces * field)

    def _by_kernel(self, state: State, moves: Sequence[Move], paced: Sequence[WholeCoupling], count: int) -> None:
        alive: list[Tensor] = []  # what the kernel reads

        def address(x: Tensor) -> int:
            alive.append(x.contiguous())
            return alive[-1].data_ptr()

        def padded(x: Tensor) -> int:
            return address(torch.nn.functional.pad(x, (0, -len(x) % PANEL)))

        layers = (
            CRates(address(x), x.shape[1], padded(move.remain), padded(move.pull), move.held)
            for x, move in zip(state, moves, strict=True)
        )
        couplings = (
            CCoupling(address(weights), padded(each.step), address(offset), each.source, each.target)
            for each, (weights, offset) in zip(paced, self.packed, strict=True)
        )
        chains, threads = len(state[0]), torch.get_num_threads()
        tasks = max(1, -(-chains // (threads * MOST_CHAINS))) * threads
        sizes = (len(state), len(paced), chains, count, max(1, -(-chains // tasks)))
        arguments = CEuler((CRates * MOST_RATE_LAYERS)(*layers), (CCoupling * MOST_COUPLINGS)(*couplings), *sizes)
        native.run_network(self.group, arguments)


def by_torch(state: State, moves: Sequence[Move], paced: Sequence[WholeCoupling], count: int) -> None:
    """Move the layers that are not held, in place: the reference of the kernels, with the same roundings."""
    moving = [i for i, move in enumerate(moves) if not move.held]
    inputs = {i: [each for each in paced if each.target == i] for i in moving}
    rates = [whole_rates(x) for x in state]
    pulls = {i: moves[i].pull for i in moving}
    for i in moving:
        for each in inputs[i]:
            if moves[each.source].held:
                pulls[i] = pulls[i] + each.step * each.sums(rates[each.source])
    for _ in range(count):
        for i in moving:
            state[i].mul_(moves[i].remain).add_(pulls[i])
            for each in inputs[i]:
                if not moves[each.source].held:
                    state[i].add_(each.step * each.sums(rates[each.source]))
        for i in moving:
            rates[i] = whole_rates(state[i])
