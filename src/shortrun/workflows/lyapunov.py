"""Whether a network is chaotic, and how that changes with training and gain: `lyapunov`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from shortrun.chaos import Exponent, critical_gain, exponent
from shortrun.errors import ConfigError
from shortrun.models import LABEL, ChaoticNetwork
from shortrun.store import Trajectory
from shortrun.typing import Theta
from shortrun.workflows._runs import opened, spread

AGES = 6
GAINS = (0.25, 0.5, 1.0, 1.5, 2.25, 4.0)
COLUMNS = ("network", "age", "gain", "exponent", "error", "error_chains", "error_windows", "chains", "time")

Progress = Callable[[int, int], None]
Network = tuple[str, int, ChaoticNetwork, Theta]


def lyapunov(
    run: Trajectory | Path | str,
    *,
    ages: Sequence[int] | None = None,
    gains: Sequence[float] = (),
    chains: int = 20,
    time: float = 200.0,
    transient: float | None = None,
    hold_label: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure the largest Lyapunov exponent of a chaotic network against its age, and untrained against the gain.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained run or its folder.
    ages : Sequence[int], optional
        Of the training; by default six of those that were kept, evenly on a logarithmic scale, with the last.
    gains : Sequence[float], default ()
        Variances g of the random couplings of an untrained network of the same layers and seed.
    chains : int, default 20
        Starts that are followed at once.
    time, transient : float, optional
        Tau that are averaged over, and tau before; half the time by default.
    hold_label : bool, default True
        Whether a label is held while a network with classes moves, as when it generates; chains take the classes in
        turn.
    seed : int, default 0
        Of the starts.
    progress : Progress, optional
        Called after each network with (networks done, networks).

    Returns
    -------
    pandas.DataFrame
        columns network ("trained", "untrained"), age, gain, exponent (lambda tau), error (the larger of the next two),
        error_chains, error_windows (standard errors over chains and over windows of time), chains, time. Errors do not
        hold the spread over random couplings: those of the run are one draw

    Raises
    ------
    ConfigError
        For a run that is an RBM, gains that are no variances, times without a step.
    StoreError
        For ages that were not kept.
    """
    run = opened(run)
    model = network_of(run)
    every = [*trained(run, model, spread(run.ages, AGES) if ages is None else ages), *untrained(model, gains)]
    rows = []
    for done, (kind, age, network, theta) in enumerate(every, 1):
        held = labels_in_turn(network, chains) if hold_label else {}
        options = {"chains": chains, "time": time, "transient": time / 2 if transient is None else transient}
        found = exponent(network, theta, held=held, seed=seed, **options)
        rows.append((kind, age, network.spec.gain, *numbers(found), chains, time))
        if progress is not None:
            progress(done, len(every))
    return pd.DataFrame([dict(zip(COLUMNS, row, strict=True)) for row in rows])


def network_of(run: Trajectory) -> ChaoticNetwork:
    """Return the network of a run.

    Raises
    ------
    ConfigError
        If it is an RBM.
    """
    if not isinstance(run.model, ChaoticNetwork):
        raise ConfigError("run", f"a chaotic network expected, {run.path} is an RBM, whose noise is drawn")
    return run.model


def critical_gain_of(run: Trajectory | Path | str) -> float:
    """Return the gain at which a large untrained network of a run's layers becomes chaotic."""
    return critical_gain(network_of(opened(run)).spec)


def trained(run: Trajectory, model: ChaoticNetwork, ages: Sequence[int]) -> Iterator[Network]:
    """Yield the network at each age."""
    for age in ages:
        yield "trained", age, model, run.at(age)


def untrained(model: ChaoticNetwork, gains: Sequence[float]) -> Iterator[Network]:
    """Yield the network without trained couplings and fields at each gain."""
    for gain in gains:
        yield "untrained", 0, ChaoticNetwork(replace(model.spec, gain=gain)), torch.zeros(model.size())


def labels_in_turn(model: ChaoticNetwork, chains: int) -> dict[str, Tensor]:
    """Return the label layer of chains that hold one class after another, none where there is no label."""
    label = model.spec.label
    if label is None:
        return {}
    codes = torch.arange(chains) % model.spec.layers[label].sites
    return {LABEL: model.held((*[torch.empty(chains, 0)] * label, codes.unsqueeze(1)))[label]}


def numbers(found: Exponent) -> tuple[float, float, float, float]:
    """Return an exponent with its errors."""
    return found.value, found.error, found.error_chains, found.error_windows
