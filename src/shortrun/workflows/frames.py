"""Noise becoming samples, for moving pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from shortrun.data import Dataset
from shortrun.data.core.parts import joined
from shortrun.dynamics import Noise, Stream, start
from shortrun.models import LABEL, whole_of
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened
from shortrun.workflows.generation import stream


def frames(
    run: Trajectory | Path | str,
    *,
    label: str | None = None,
    n: int = 25,
    times: Sequence[int],
    seed: int = 0,
    age: int | None = None,
) -> dict[int, Dataset]:
    """Return the noise that samples come from, at time 0, and the same chains after each of `times` sweeps.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    label : str, optional
        Their class; by default the classes in the proportions of the training data.
    n : int, default 25
        Number of samples.
    times : Sequence[int]
        Sweeps, from 1.
    seed, age : int, optional
        As for `generate`.

    Raises
    ------
    ConfigError
        For an unknown class, times or a number below 1.
    """
    run = opened(run)
    parts = [*stream(run, times=times, labels=label, n=n, seed=seed, age=age)]
    found = {time: joined([part[time] for part in parts]) for time in sorted(set(times))}
    first = found[min(times)]
    held = {LABEL: torch.from_numpy(first.labels).to(torch.uint8).unsqueeze(1)} if run.classes else {}
    noise = whole_of(run.spec, run.model.shown(start(run.model, Noise(seed, Stream.GENERATE), n, held)), run.sites)
    return {0: first.with_values(noise.numpy()), **found}
