"""Chains of a machine with a record: linear observables after every sweep, states at a few times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from shortrun.dynamics import Noise
from shortrun.engine import machine
from shortrun.errors import ConfigError
from shortrun.models import RBM, Clamp
from shortrun.typing import Field, State, Theta


@dataclass(frozen=True, eq=False)
class Observables:
    """Linear functions of the observed layers, which are cheap to record after every sweep.

    Parameters
    ----------
    directions : Float[Tensor, "F D"]
        (F, D) directions that features are projected on.
    sites : Int64[Tensor, " s"]
        (s,) indices of features that are recorded unchanged.
    """

    directions: Float[Tensor, "F D"]
    sites: Int64[Tensor, " s"]

    @property
    def count(self) -> int:
        """The number K = D + s of observables."""
        return self.directions.shape[1] + len(self.sites)

    def of(self, features: Field) -> Float[Tensor, "C K"]:
        """Return their values, projections first."""
        return torch.cat([features @ self.directions, features[:, self.sites]], 1)


@final
class Chains:
    """Chains of a machine with their record and their states at a few times; they can be continued.

    Parameters
    ----------
    model, theta : RBM and Theta
        The machine.
    state : State
        First state of the chains.
    noise : Noise
        Noise of their sweeps; its `update` counts the calls of `go_on`.
    observables : Observables, optional
        Recorded after every sweep, as float32 (T, C, K); None records nothing.
    """

    def __init__(self, model: RBM, theta: Theta, state: State, noise: Noise, observables: Observables | None = None):
        self.machine, self.state, self.noise, self.observables = machine(model, theta), state, noise, observables
        self.model, self.theta, self.time, self.calls = model, theta, 0, 0
        self.seen: list[Float[Tensor, "T C K"]] = []
        self.snapshots: dict[int, State] = {}

    def go_on(self, steps: int, keep: Sequence[int] = ()) -> None:
        """Run more sweeps; states after the sweeps `keep`, counted from the start, are copied."""
        chains, before = len(self.state[0]), self.time
        record = torch.empty(
            steps if self.observables else 0, chains, self.observables.count if self.observables else 0
        )

        def observe(t: int, now: State) -> None:
            if self.observables is not None:
                record[t - 1] = self.observables.of(self.model.features(now, self.theta.dtype))
            if before + t in keep:
                self.snapshots[before + t] = tuple(x.clone() for x in now[:-1])

        noise = replace(self.noise, update=self.noise.update + self.calls)
        times = None if self.observables is not None else {t - before for t in keep}
        last = self.machine.run(self.state, noise, steps=steps, clamp=Clamp(), observe=observe, times=times)
        self.state = tuple(x.clone() for x in last)
        self.time, self.calls = before + steps, self.calls + 1
        self.seen.append(record)

    def values(self, after: int = 0) -> Float[Tensor, "T C K"]:
        """Return the record, without its first sweeps."""
        return torch.cat(self.seen)[after:]


def leading_modes(model: RBM, theta: Theta, count: int) -> Float[Tensor, "F D"]:
    """Return the leading left singular vectors of W, in the zero-sum gauge and with zeros for the label.

    Parameters
    ----------
    model, theta : RBM and Theta
        The machine.
    count : int
        Number of vectors.

    Raises
    ------
    ConfigError
        If `count` is below 1.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.regimes import leading_modes
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 4, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> leading_modes(model, torch.randn(model.size()), 1).shape
    torch.Size([4, 1])
    """
    if count < 1:
        raise ConfigError("modes", f"at least 1 expected, got {count}")
    plain = theta.clone()
    model.project_(plain)
    weight = model.view(plain).weight.double()
    if model.spec.label is not None:
        weight[model.slices[model.spec.label]] = 0
    return torch.linalg.svd(weight, full_matrices=False)[0][:, :count].to(theta.dtype)
