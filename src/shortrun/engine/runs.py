"""A run as sweeps one after another, for machines that have a function for one sweep."""

from __future__ import annotations

from collections.abc import Callable, Container

from shortrun.typing import NoisePlace, Observer, State


def run_sweeps(
    sweep: Callable[[State, NoisePlace], State],
    state: State,
    noise: NoisePlace,
    steps: int,
    observe: Observer | None,
    times: Container[int] | None,
) -> State:
    """Return the state after `steps` sweeps; the observer sees those of `times`."""
    for t in range(1, steps + 1):
        state = sweep(state, noise.at(t))
        if observe is not None and (times is None or t in times):
            observe(t, state)
    return state
