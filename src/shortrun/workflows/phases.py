"""Through which phases a machine goes while it learns: `phases`, and what the data predict of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from shortrun.data import Dataset
from shortrun.errors import ConfigError, DataError
from shortrun.models import RBM, Stored, state_of
from shortrun.models.ising_form import check_discrete, ising_weights, sizes
from shortrun.phases import Placement, centre, instabilities, linear_regime, middle, phase_at, place, with_ratios
from shortrun.phases import susceptibility as measured
from shortrun.store import Trajectory
from shortrun.typing import Theta
from shortrun.workflows._runs import check_kind, opened, rbm_of, spread

AGES = 30
MODES = 3
THRESHOLD = 1.0  # of w_a and of s_a

Progress = Callable[[int, int], None]


def phases(
    run: Trajectory | Path | str,
    *,
    ages: Sequence[int] | None = None,
    modes: int = MODES,
    susceptibility: bool = False,
    chains: int = 500,
    steps: int = 200,
    burn: int = 200,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Place a machine on the phase diagram at many ages, and measure how near each of its modes is to a transition.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained RBM with discrete units, or its folder; the label is a Potts site among the visible ones.
    ages : Sequence[int], optional
        Of the training; by default thirty of those that were kept, evenly on a logarithmic scale, with the last.
    modes : int, default MODES
        How many of the largest are told.
    susceptibility : bool, default False
        Whether samples are drawn to measure it.
    chains, steps, burn : int, optional
        Of these, from random starts: sweeps that are looked at, and sweeps before.
    seed : int, default 0
        Of their noise.
    progress : Progress, optional
        Called after each age with (ages done, ages).

    Returns
    -------
    pandas.DataFrame
        age, sigma, kappa, outliers (K), phase, stable (replica-symmetric), x = w_1 / sigma, y = 1 / sigma, w_1, ...
        (signals without noise; NaN within the bulk), s_1, s_2, ... (theory 7.14 in the middle), fixed (the first s of
        the mean-field fixed point found from there; NaN without), residual (of that), settled (whether K is); with
        `susceptibility` also chi_1, ... and within_1, ... the part of it that chains have in their own time

    Raises
    ------
    ConfigError
        For a chaotic network, Gaussian units, or less than one mode.
    StoreError
        For ages that were not kept.
    """
    run = opened(run)
    model = rbm_of(run, "place on the phase diagram of RBMs")
    check_discrete(model)
    if not 1 <= modes <= min(model.shape):
        raise ConfigError("modes", f"1 to {min(model.shape)} expected, got {modes}")
    chosen = tuple(spread(run.ages, AGES) if ages is None else ages)
    options = {"chains": chains, "steps": steps, "burn": burn, "seed": seed}
    rows = []
    for done, age in enumerate(sorted(chosen), 1):
        theta = run.at(age)
        vectors, placed = spectrum(model, theta, modes)
        chi = sampled(model, theta, vectors, options) if susceptibility else {}
        rows.append({"age": age, **point(placed, modes), **stability(model, theta, modes), **chi})
        if progress is not None:
            progress(done, len(chosen))
    return with_ratios(pd.DataFrame(rows).rename(columns={"w_1": "w"})).rename(columns={"w": "w_1"})


def spectrum(model: RBM, theta: Theta, modes: int) -> tuple[Float[Tensor, "F K"], Placement]:
    """Return the leading left singular vectors of the Ising weights, and these as noise and signals."""
    left, values, _ = torch.linalg.svd(ising_weights(model, theta.double()), full_matrices=False)
    visible, hidden = sizes(model)
    return left[:, :modes].to(theta.dtype), place(values[: min(visible, hidden)].numpy(), visible, hidden)


def point(placed: Placement, modes: int) -> dict[str, float | int | str | bool]:
    """Return where the weights of an age lie."""
    phase = phase_at(placed.sigma, placed.leading, placed.kappa)
    return {
        "sigma": placed.sigma,
        "kappa": placed.kappa,
        "outliers": placed.outliers,
        "phase": phase.name,
        "stable": phase.stable,
        "settled": placed.converged,
        **numbered("w", placed.signals, modes),
    }


def stability(model: RBM, theta: Theta, modes: int) -> dict[str, float]:
    """Return s_1, s_2, ... in the middle, and the first of the fixed point near it, NaN if there is none."""
    values = instabilities(model, theta, middle(model, theta))[:modes].numpy()
    found = centre(model, theta)
    fixed = float(instabilities(model, theta, found)[0]) if found.converged else math.nan
    return {**numbered("s", values, modes), "fixed": fixed, "residual": found.residual}


def sampled(model: RBM, theta: Theta, vectors: Float[Tensor, "F K"], options: dict[str, int]) -> dict[str, float]:
    """Return chi_1, ... and within_1, ... of samples of an age."""
    found = measured(model, theta, vectors, **options)
    count = vectors.shape[1]
    return numbered("chi", found.total, count) | numbered("within", found.within, count)


def numbered(name: str, values: np.ndarray, count: int) -> dict[str, float]:
    """Return name_1, name_2, ... of the first values, NaN where there are no more."""
    return {f"{name}_{i + 1}": float(values[i]) if i < len(values) else math.nan for i in range(count)}


def transitions(table: pd.DataFrame, name: str) -> list[float]:
    """Return the ages at which w_1, w_2, ... (or s_1, s_2, ...) first cross 1 upwards, NaN where they do not.

    Between two ages the values are taken as a power of the age.

    Parameters
    ----------
    table : pd.DataFrame
        Of `phases`.
    name : str
        "w" or "s".
    """
    ages = table["age"].to_numpy(float)
    columns = [column for column in table.columns if column.startswith(f"{name}_")]
    return [crossing(ages, table[column].to_numpy(float)) for column in columns]


def crossing(ages: np.ndarray, values: np.ndarray) -> float:
    """Return the first age at which values come to 1, NaN if they do not."""
    known = np.isfinite(values) & (values > 0)
    ages, values = ages[known], values[known]
    above = np.flatnonzero(values >= THRESHOLD)
    if len(above) == 0:
        return math.nan
    last = above[0]
    if last == 0:
        return float(ages[0])
    (low, high), logs = np.log(values[last - 1 : last + 1]), np.log(ages[last - 1 : last + 1])
    return float(np.exp(logs[0] - low / (high - low) * (logs[1] - logs[0])))


@dataclass(frozen=True)
class Prediction:
    """The first transition as the linear regime of learning has it (theory 2.7).

    Parameters
    ----------
    age : float
        At which s of the leading mode alone comes to 1, n* updates after `start`.
    age_of_all : float
        At which s of all modes together does.
    growth : float
        Of the logarithm of the leading mode in an update, about rate x lambda_1 / 4.
    start : int
        First age that was kept, whose weights are gone on from.
    curve : pd.DataFrame
        Age, s of the linear regime, until it is 1.
    """

    age: float
    age_of_all: float
    growth: float
    start: int
    curve: pd.DataFrame


def first_transition(run: Trajectory | Path | str, data: Dataset, *, points: int = 20) -> Prediction:
    """Predict from the training data and the first weights at which age a machine leaves its one state.

    Each mode of the covariance between sites grows as (1 + rate lambda / 4)^n; s (theory 7.14) is taken around the mean
    of the data. Holds for plain steps of a constant rate from small weights.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained RBM with discrete units, or its folder.
    data : Dataset
        What it was trained on.
    points : int, default 20
        Of the predicted curve.

    Raises
    ------
    ConfigError
        For a chaotic network, Gaussian units, another optimiser than "sgd", a rate that changes.
    DataError
        For data of another kind, or not as many labels as the machine has.
    """
    run = opened(run)
    model = rbm_of(run, "phase diagram of RBMs")
    check_discrete(model)
    check_kind(run, data)
    rate = rate_of(run)
    if run.classes != data.classes:
        raise DataError(f"the {len(run.classes)} classes of {run.path} expected, the data have {len(data.classes)}")
    start, theta = run.ages[0], run[0]
    regime = linear_regime(model, whole(data), torch.from_numpy(np.asarray(data.weights)))
    leading, together = regime.leading_mode(theta, rate), regime.all_modes(theta, rate)
    updates = np.append(0.0, np.geomspace(1, max(together, 2), points))
    curve = pd.DataFrame({"age": start + updates, "s": [regime.instability(theta, n, rate) for n in updates]})
    return Prediction(start + leading.updates, start + together, leading.growth, start, curve)


def rate_of(run: Trajectory) -> float:
    """Return the constant rate that a run learned with.

    Raises
    ------
    ConfigError
        If it had none.
    """
    optimiser = run.config["optimiser"]
    rate = optimiser["rate"]
    if optimiser["name"] != "sgd" or optimiser["schedule"] != "constant" or not isinstance(rate, int | float):
        raise ConfigError(
            "optimiser",
            f"a first transition is predicted of plain steps (sgd) of a constant rate only; {run.path} had others",
        )
    return float(rate)


def whole(data: Dataset) -> tuple[Tensor, ...]:
    """Return all samples as the layers of a machine."""
    parts = state_of(data, torch.device("cpu"))
    return tuple(part[torch.arange(len(part))] if isinstance(part, Stored) else part for part in parts)
