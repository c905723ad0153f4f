"""Starts of the chains of a diagnostic, as those of `generate` but in double precision."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from shortrun.dynamics import Noise, Stream, start
from shortrun.engine.chaotic import ChaoticMachine
from shortrun.models import ChaoticNetwork, Clamp
from shortrun.typing import State, Theta


def begun(
    model: ChaoticNetwork, theta: Theta, chains: int, held: Mapping[str, Tensor] | None, seed: int
) -> tuple[ChaoticMachine, State, Clamp]:
    """Return the machine in double precision, the first state, N(0, 1) except for fixed layers, and the clamp.

    Parameters
    ----------
    held : Mapping[str, Tensor] or None
        Potentials (chains, N) of fixed layers, as made by `ChaoticNetwork.held`.
    """
    held, noise = held or {}, Noise(seed, Stream.GENERATE, device=theta.device)
    state = start(model, noise, chains, held)
    return ChaoticMachine(model, theta.double()), tuple(x.double() for x in state), Clamp(tuple(held))
