"""The first state of chains that are analysed: as `generate` starts them, in double precision."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from shortrun.dynamics import Noise, Stream, start
from shortrun.engine.chaotic import ChaoticMachine
from shortrun.models import ChaoticNetwork, Clamp
from shortrun.typing import State, Theta


def start_chains(
    model: ChaoticNetwork, theta: Theta, chains: int, held: Mapping[str, Tensor] | None, seed: int
) -> tuple[ChaoticMachine, State, Clamp]:
    """Return the machine in double precision, the first state of the chains, and the clamp.

    Potentials are drawn from N(0, 1) where nothing is held.

    Parameters
    ----------
    model, theta : ChaoticNetwork and Theta
        The network.
    chains : int
        Number of chains.
    held : Mapping[str, Tensor] or None
        Potentials (chains, N) of fixed layers, as made by `ChaoticNetwork.held`.
    seed : int
        Seed of the starts, those of generated samples.
    """
    held, noise = held or {}, Noise(seed, Stream.GENERATE, device=theta.device)
    state = start(model, noise, chains, held)
    return ChaoticMachine(model, theta.double()), tuple(x.double() for x in state), Clamp(tuple(held))
