"""The machine of a process that has some of the visible sites: what travels are fields of hidden units, never weights.

A field of a hidden unit is a sum over sites. Each process looks up what its sites add, in integer steps; the sums are
added, exactly in whatever order, and every process then draws the same hidden units, and its own sites from them. An
exchange has 4 bytes a chain and hidden unit; there is one a sweep, one for each kept layer, and one for each term of
the statistics.
"""

from __future__ import annotations

from collections.abc import Container

from jaxtyping import Float
from torch import Tensor

from shortrun.engine.lookup import SWEEPS, LookupMachine
from shortrun.engine.plain import bias_term
from shortrun.models import Clamp
from shortrun.typing import NoisePlace, Observer, State, Weights


class SitesMachine(LookupMachine):
    """A part of a machine (`models.RBMPart`) that moves together with the others."""

    @property
    def reason(self) -> str:
        return f"{super().reason}; sites shared out"

    def _add(self, index: int, mine: Tensor, *, again: bool = False) -> Tensor:
        """Add what other processes' sites of a layer add, if it is divided; `again` as of `Group.total`."""
        group = self.model.adds(index)
        return mine if group is None else group.total(mine, again=again)

    def _summed(self, index: int, codes: Tensor, up: Tensor) -> Float[Tensor, "H R"]:
        return self._add(index, super()._summed(index, codes, up))

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
        moving = [i for i, layer in enumerate(self.model.spec.observed) if layer.name not in clamp.layers]
        *_, last = None, *(i for i in moving if self.model.adds(i) is not None)
        end = self._copied(state, clamp)
        sweeps, kept_alive = self._sweeps(end, noise.at(1), clamp)
        sweeps.count = 1
        for t in range(1, steps + 1):
            more = [observe is None and (t < steps or i != last) for i in moving]  # what an observer sums is unknown
            # Until the sweep is done the kernel holds pointers to them.
            fields = [self._fields(i, end, again=again) for i, again in zip(moving, more, strict=True)]
            for i, field in zip(moving, fields, strict=True):
                sweeps.layer[i].sums = field.data_ptr()
            self._place(sweeps, noise.at(t))
            self._run(SWEEPS, sweeps, self._parts(sweeps.chains)[0])
            if observe is not None and (times is None or t in times):
                observe(t, end)
        del kept_alive
        return end

    def _fields(self, index: int, state: State, *, again: bool) -> Float[Tensor, "H R"]:
        mine = super()._summed(index, state[index], self.tables[index].up)
        return self._add(index, mine, again=again)

    def free_energy(self, state: State) -> Weights:
        energy, bias = -self.hidden_log_z(state), self.model.view(self.theta).bias.double()
        for i, (layer, rows) in enumerate(zip(self.model.spec.observed, self.model.slices, strict=True)):
            energy += self._add(i, layer.units.base_energy(state[i]) - bias_term(layer, state[i], bias[rows]))
        return energy
