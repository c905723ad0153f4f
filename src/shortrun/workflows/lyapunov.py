"""Whether a network is chaotic, and how that changes with training and gain: `lyapunov`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from shortrun.chaos import critical_gain, expected_exponent, lyapunov_exponent
from shortrun.chaos.lyapunov import labels_in_turn, untrained
from shortrun.errors import ConfigError
from shortrun.models import ChaoticNetwork
from shortrun.settings import takes
from shortrun.settings.regimes import GAINS, LyapunovSettings
from shortrun.store import Trajectory
from shortrun.typing import Theta
from shortrun.workflows._runs import chosen_ages, opened

AGES = 6

Progress = Callable[[int, int], None]
Network = tuple[str, int, ChaoticNetwork, Theta]


@takes(LyapunovSettings)
def lyapunov(
    run: Trajectory | Path | str, *, settings: LyapunovSettings, progress: Progress | None = None
) -> pd.DataFrame:
    """Measure the largest Lyapunov exponent of a chaotic network against its age, and untrained against the gain.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder; six of its ages by default, evenly on a logarithmic scale, with the last. While
        the label is held chains take the classes in turn.
    progress : Progress, optional
        Called after each network with (networks done, networks).

    Returns
    -------
    pandas.DataFrame
        columns network ("trained", "untrained"), age, gain, mean_field (of an untrained network of infinitely many
        units; nan for three layers and with labels), exponent (lambda tau), error (the larger of the next two),
        error_chains, error_windows (standard errors over chains and over windows of time), chains, time. Errors do not
        include the spread over random couplings: those of the run are one draw

    Raises
    ------
    ConfigError
        For a run that is an RBM, gains that are no variances, times without a step.
    StoreError
        For ages that were not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> from shortrun.settings import resolve
    >>> data = sr.Dataset.from_arrays([[0.5, -1.0], [1.0, -0.5]] * 20, alphabet="continuous")
    >>> config = resolve(preset="chaotic", model={"layers": (5,)}, training={"updates": 1})
    >>> run = sr.fit(data, out=tempfile.mkdtemp() + "/run", config=config)
    >>> sr.lyapunov(run, gains=(0.25,), ages="last", chains=2, time=10)["network"].tolist()
    ['trained', 'untrained']
    """
    run = opened(run, raw=settings.raw)
    every = [*networks(run, settings)]
    rows = []
    for done, (kind, age, model, theta) in enumerate(every, 1):
        expected = expected_exponent(model.spec) if kind == "untrained" else math.nan
        about = {"network": kind, "age": age, "gain": model.spec.gain, "mean_field": expected}
        rows.append(about | measured(model, theta, settings))
        if progress is not None:
            progress(done, len(every))
    return pd.DataFrame(rows)


def network_of(run: Trajectory) -> ChaoticNetwork:
    """Return the network of a run.

    Raises
    ------
    ConfigError
        If it is an RBM.
    """
    if not isinstance(run.model, ChaoticNetwork):
        raise ConfigError("run", f"a chaotic network expected, {run.called} is an RBM, whose noise is drawn")
    return run.model


def critical_gain_of(run: Trajectory | Path | str) -> float:
    """Return the gain at which a large untrained network of a run's layers becomes chaotic."""
    return critical_gain(network_of(opened(run)).spec)


def networks(run: Trajectory, settings: LyapunovSettings) -> Iterator[Network]:
    """Yield the network at each age, and without its training at each gain."""
    model, only_gains = network_of(run), settings.untrained and settings.ages is None
    if model.spec.label is None:
        settings.refuse(("hold_label",), "a network that learned labels")
    for age in () if only_gains else chosen_ages(run, settings.ages, AGES):
        yield "trained", age, model, run.at(age)
    for gain in settings.gains or (GAINS if settings.untrained else ()):
        yield "untrained", 0, *untrained(model, gain)


def measured(model: ChaoticNetwork, theta: Theta, settings: LyapunovSettings) -> dict[str, float]:
    """Return the exponent of a network with its errors, and what it was measured with."""
    held = labels_in_turn(model, settings.chains) if settings.hold_label else {}
    before = settings.time / 2 if settings.transient is None else settings.transient
    how = {"chains": settings.chains, "time": settings.time, "transient": before, "seed": settings.seed}
    found = lyapunov_exponent(model, theta, held=held, **how)
    errors = {name: getattr(found, name) for name in ("error", "error_chains", "error_windows")}
    return {"exponent": found.value, **errors, "chains": settings.chains, "time": settings.time}
