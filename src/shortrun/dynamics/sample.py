"""Many independent runs, a bounded number at a time: generation and the label chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.dynamics.noise import Noise
from shortrun.dynamics.run import start
from shortrun.engine import Machine, label_posterior
from shortrun.engine import machine as machine_at
from shortrun.models import LABEL, Clamp, Model
from shortrun.typing import State, Theta

CHAINS_AT_ONCE = 2000


def recorded(
    model: Model,
    theta: Theta,
    count: int,
    noise: Noise,
    *,
    times: tuple[int, ...],
    held: Mapping[str, Tensor],
    kept_sites: Mapping[str, tuple[Tensor, Tensor]] | None = None,
    at_once: int = CHAINS_AT_ONCE,
) -> Iterator[dict[int, State]]:
    """Yield chains from noise, `at_once` at a time, as {time: observed layers} for each time asked for.

    The result does not depend on `at_once`: a chain's noise is that of its index.

    Parameters
    ----------
    count : int
        Number of chains.
    times : tuple[int, ...]
        Sweeps after which a chain is recorded; the last one ends the run.
    held : Mapping[str, Tensor]
        (count, S) values of the layers that are clamped.
    kept_sites : Mapping[str, tuple[Tensor, Tensor]], optional
        For a layer that moves, a mask (S,) of sites that are clamped and (T, S) values that chains take there in turn.
    """
    kept_sites = kept_sites or {}
    clamp = Clamp(tuple(held), {name: mask for name, (mask, _) in kept_sites.items()})
    machine = machine_at(model, theta)
    for first in range(0, count, at_once):
        rows = slice(first, min(first + at_once, count))
        here = noise.from_chain(first)
        state = start(model, here, rows.stop - first, {name: values[rows] for name, values in held.items()})
        state = _with_kept(model, state, kept_sites, rows)
        yield _records(machine, state, here, times, clamp)


def _with_kept(model: Model, state: State, kept: Mapping[str, tuple[Tensor, Tensor]], rows: slice) -> State:
    names = [layer.name for layer in model.spec.layers]
    return tuple(
        torch.where(kept[name][0], _in_turn(kept[name][1], rows), x) if name in kept else x
        for name, x in zip(names, state, strict=True)
    )


def _in_turn(values: Tensor, rows: slice) -> Tensor:
    return values[torch.arange(rows.start, rows.stop, device=values.device) % len(values)]


def _records(machine: Machine, state: State, noise: Noise, times: tuple[int, ...], clamp: Clamp) -> dict[int, State]:
    found: dict[int, State] = {}
    observed = len(machine.model.spec.observed)

    def keep(t: int, now: State) -> None:
        found[t] = tuple(x.clone() for x in now[:observed])

    machine.run(state, noise, steps=max(times), clamp=clamp, observe=keep, times=times)
    return found


def label_chain(
    machine: Machine, state: State, noise: Noise, times: Sequence[int], chains: int = 1
) -> dict[int, Float[Tensor, "C K"]]:
    """Return the distribution of the label after each of `times` sweeps with the other layers clamped, (C, K).

    The label starts from p0; its distribution is the mean over `chains` independent chains of p(label | h) after that
    sweep. One chain is the papers' classifier (FF24 fig. 1): its answer is one noisy draw of this distribution.
    """
    spec = machine.model.spec
    assert spec.label is not None
    rows = len(state[0])
    held = {
        layer.name: x.repeat_interleave(chains, 0)
        for layer, x in zip(spec.observed, state, strict=False)
        if layer.name != LABEL
    }
    many = noise.from_chain(noise.first_chain * chains)
    found: dict[int, Tensor] = {}

    def look(t: int, now: State) -> None:
        found[t] = machine.label_distribution(now).unflatten(0, (rows, chains)).mean(1)

    begin = start(machine.model, many, rows * chains, held)
    machine.run(begin, many, steps=max(times), clamp=Clamp(tuple(held)), observe=look, times=times)
    return found


def label_probabilities(
    machine: Machine, state: State, noise: Noise, steps: int, chains: int = 1
) -> Float[Tensor, "C K"]:
    """Return p(label | other layers): exact where there is a formula, else after `steps` sweeps of label chains."""
    posterior = label_posterior(machine)
    if posterior is None:
        return label_chain(machine, state, noise, (steps,), chains)[steps]
    return posterior(state).exp()
