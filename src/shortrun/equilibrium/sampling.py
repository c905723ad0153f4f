"""Samples in equilibrium by replica exchange, and how the chains that gave them moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from shortrun.dynamics import Noise, Stream
from shortrun.equilibrium.held import Held
from shortrun.equilibrium.ladder import Rung, annealed_up
from shortrun.equilibrium.tempering import Tempered, temper
from shortrun.phrases import counted

CLIMB = 3 * 2**30  # where the noise of chains that come up the ladder begins


def in_equilibrium(
    rungs: Sequence[Rung], held: Held, count: int, *, rounds: int, at_once: int, seed: int
) -> Iterator[Tempered]:
    """Yield what `count` chains left at every machine of a ladder, `at_once` of them at a time.

    Samples of the last machine are `states[-1]`, one of each chain.

    Parameters
    ----------
    rungs : Sequence[Rung]
        From independent sites up to the machine (`ladder`).
    held : Held
        What the chains hold.
    count : int
        Number of chains.
    rounds : int
        Sweeps and swaps of every replica, at least 2.
    at_once : int
        Number of chains in memory at one time.
    seed : int
        Seed of the noise.

    Yields
    ------
    Tempered
        The states of some chains, and how they moved.

    Examples
    --------
    >>> import torch
    >>> from shortrun.equilibrium import FREE, in_equilibrium, ladder
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 6, Bernoulli()), Layer("hidden", 4, Bernoulli()))))
    >>> rungs = ladder(model, {10: torch.zeros(model.size())}, rows=torch.arange(20))
    >>> [part.states[-1][0].shape[0] for part in in_equilibrium(rungs, FREE, 5, rounds=2, at_once=3, seed=0)]
    [3, 2]
    """
    replicas, model = [rung.replica for rung in rungs], rungs[0].replica.model
    for first in range(0, count, at_once):
        rows = torch.arange(first, min(first + at_once, count))
        noise = Noise(seed, Stream.GENERATE, update=CLIMB, first_chain=first)
        states = annealed_up(rungs, held.start(model, noise, rows), noise, clamp=held.clamp)
        place = Noise(seed, Stream.GENERATE, first_chain=first)
        yield temper(replicas, states, place, rounds=rounds, clamp=held.clamp)


class Moves:
    """How the chains of an equilibrium sampler moved, some of them at a time."""

    def __init__(self):
        self.parts: list[Tempered] = []

    def add(self, tempered: Tempered) -> None:
        """Take some chains, without their states."""
        nothing = torch.empty(0, 0, 0)
        self.parts.append(tempered._replace(states=(), forward=nothing, backward=nothing))

    def found(self) -> dict[str, float]:
        """Return the numbers: replicas, acceptance, chains that were crossed, journeys a chain; none without chains."""
        if not self.parts:
            return {}
        acceptance = torch.stack([part.acceptance for part in self.parts]).mean(0)
        upward, trips = (torch.cat([getattr(it, name) for it in self.parts]) for name in ("upward", "round_trips"))
        return {
            "replicas": len(acceptance) + 1,
            "lowest_acceptance": acceptance.min().item(),
            "mean_acceptance": acceptance.mean().item(),
            "crossed_chains": (upward > 0).double().mean().item(),
            "crossings": upward.double().mean().item(),
            "round_trips": trips.double().mean().item(),
        }

    def notes(self, recipe: Mapping[str, Any]) -> list[str]:
        """Return lines for a person: what moved, and what is doubtful for a machine trained by such a recipe."""
        it = self.found()
        if not it:
            return []
        accepted = f"swaps accepted {it['mean_acceptance']:.0%} (lowest {it['lowest_acceptance']:.0%})"
        came = f"{it['crossings']:.2g} states of each chain came from independent sites to the top"
        lines = [f"note: {it['replicas']} replicas, {accepted}; {came}"]
        if it["crossed_chains"] < 1:
            lines.append(
                f"warning: in {1 - it['crossed_chains']:.0%} of the chains no state did: they may not be in "
                "equilibrium; try more --steps"
            )
        if recipe["start"] == "random":
            k = counted(recipe["steps"], "sweep")
            lines.append(f"note: this machine was trained to be good after {k} from noise, not in equilibrium")
        return lines
