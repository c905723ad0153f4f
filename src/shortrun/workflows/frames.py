"""Noise becoming samples, sweep by sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from shortrun.data import Dataset
from shortrun.data.core.parts import joined
from shortrun.dynamics import Noise, Stream, start
from shortrun.errors import ConfigError
from shortrun.models import LABEL, whole_of
from shortrun.settings import MOST_STEPS, AnimateSettings, StreamSettings, takes
from shortrun.store import Trajectory
from shortrun.workflows._runs import opened
from shortrun.workflows.generation import stream
from shortrun.workflows.time_courses import times_up_to

FRAMES = 60  # the most that a movie has
MOST_DIGITS = 20  # of a number of sweeps


@takes(AnimateSettings)
def frames(
    run: Trajectory | Path | str, *, times: Sequence[int] | None = None, settings: AnimateSettings
) -> dict[int, Dataset]:
    """Return the noise that samples come from, at time 0, and the same chains after each of `times` sweeps.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    times : Sequence[int], optional
        Sweeps, from 1; by default at most 60 on a logarithmic grid up to `until`.

    Returns
    -------
    dict[int, Dataset]
        {sweep: samples}.

    Raises
    ------
    ConfigError
        For an unknown class, times below 1, or if `until` is no number of sweeps.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), out=tempfile.mkdtemp() + "/run", hidden=8, updates=2)
    >>> found = sr.frames(run, n=4, times=(1, 5))
    >>> [(time, len(samples)) for time, samples in found.items()]
    [(0, 4), (1, 4), (5, 4)]
    """
    run = opened(run, raw=settings.raw)
    k = run.recipe["steps"]
    times = times_up_to(last_sweep(settings.until, k), k, FRAMES) if times is None else times
    parts = [*stream(run, times=times, settings=settings.shared(StreamSettings))]
    found = {time: joined([part[time] for part in parts]) for time in sorted(set(times))}
    first = found[min(times)]
    held = {LABEL: torch.from_numpy(first.labels).to(torch.uint8).unsqueeze(1)} if run.classes else {}
    noise = Noise(settings.seed, Stream.GENERATE)
    begin = whole_of(run.spec, run.model.to_values(start(run.model, noise, len(first), held)), run.sites)
    return {0: first.with_values(begin.numpy()), **found}


def last_sweep(text: str, k: int) -> int:
    """Return the sweeps of a text: "30", or "3k" for 3 times k.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    number = text.removesuffix("k")
    if not number.isdecimal() or len(number) > MOST_DIGITS or int(number) < 1:
        raise ConfigError("until", f"a number of sweeps, or a multiple of k such as 3k expected, got '{text}'")
    last = int(number) * (k if text.endswith("k") else 1)
    if last > MOST_STEPS:
        raise ConfigError("until", f"at most {MOST_STEPS:,} sweeps expected, got '{text}'")
    return last
