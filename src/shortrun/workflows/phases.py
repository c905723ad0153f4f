"""Which phases a machine goes through while it learns: `phases`, and what its data predict: `first_transition`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from shortrun.data import Dataset
from shortrun.errors import ConfigError, DataError
from shortrun.models.ising_form import check_discrete
from shortrun.regimes import Prediction, linear_regime, path_point
from shortrun.regimes.path import path_table
from shortrun.regimes.samples import all_samples
from shortrun.settings import takes
from shortrun.settings.regimes import PhasesSettings
from shortrun.store import Trajectory
from shortrun.workflows._runs import check_kind, chosen_ages, opened, rbm_of

AGES = 30

Progress = Callable[[int, int], None]


@takes(PhasesSettings)
def phases(run: Trajectory | Path | str, *, settings: PhasesSettings, progress: Progress | None = None) -> pd.DataFrame:
    """Place a machine on the phase diagram at many ages, and measure how near each of its modes is to a transition.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained RBM with discrete units, or its folder; the label is a Potts site among the visible ones. Thirty of
        its ages by default, evenly on a logarithmic scale, with the last.
    progress : Progress, optional
        Called after each age with (ages done, ages).

    Returns
    -------
    pandas.DataFrame
        age, sigma, kappa, outliers (K), phase, stable (replica-symmetric), x = w_1 / sigma, y = 1 / sigma, w_1, ...
        (signals without noise; NaN within the bulk), s_1, s_2, ... (theory 7.14 in the middle), fixed (the first s of
        the mean-field fixed point found from there; NaN without), residual (of that), settled (whether K is); with
        `susceptibility` also chi_1, ... and within_1, ..., the part of it within single chains

    Raises
    ------
    ConfigError
        For a chaotic network, Gaussian units, or a number of modes out of range.
    StoreError
        For ages that were not kept.

    Examples
    --------
    >>> import tempfile
    >>> import shortrun as sr
    >>> run = sr.fit(sr.read("digits"), hidden=4, updates=2, out=tempfile.mkdtemp() + "/run")
    >>> sr.phases(run, modes=1)["phase"].tolist()
    ['paramagnet', 'paramagnet']
    """
    run = opened(run, raw=settings.raw)
    model = rbm_of(run, "place on the phase diagram of RBMs")
    check_discrete(model)
    if settings.modes > min(model.shape):
        raise ConfigError("modes", f"1 to {min(model.shape)} expected, got {settings.modes}")
    ages = sorted(chosen_ages(run, settings.ages, AGES))
    points = {}
    for done, age in enumerate(ages, 1):
        points[age] = path_point(model, run.at(age), settings)
        if progress is not None:
            progress(done, len(ages))
    return path_table(points)


def first_transition(run: Trajectory | Path | str, data: Dataset, *, points: int = 20) -> Prediction:
    """Predict from the training data and the first weights at which age a machine leaves its single state.

    Each mode of the covariance between sites grows as (1 + rate lambda / 4)^n; s (theory 7.14) is taken around the mean
    of the data. Holds for plain gradient steps of a constant rate from small weights.

    Parameters
    ----------
    run : Trajectory or Path or str
        A trained RBM with discrete units, or its folder.
    data : Dataset
        What it was trained on.
    points : int, default 20
        Number of points of the predicted curve.

    Returns
    -------
    Prediction
        The age, the rate of growth, and the curve of s.

    Raises
    ------
    ConfigError
        For a chaotic network, Gaussian units, another optimiser than "sgd", a rate that changes, damped modes.
    DataError
        For data of another kind, or another number of labels than the machine has.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import shortrun as sr
    >>> from shortrun.settings import resolve
    >>> data = sr.Dataset.from_arrays(np.repeat([[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 1]], 20, axis=0))
    >>> plain = ["optimiser.rate=0.1", "optimiser.schedule=constant", "optimiser.damped_above=0"]
    >>> config = resolve(assignments=[*plain, "training.updates=1"])
    >>> run = sr.fit(data, out=tempfile.mkdtemp() + "/run", config=config)
    >>> sr.first_transition(run, data).age > 1
    True
    """
    run = opened(run)
    model = rbm_of(run, "phase diagram of RBMs")
    check_discrete(model)
    check_kind(run, data)
    rate = constant_rate(run)
    if run.classes != data.classes:
        raise DataError(f"the {len(run.classes)} classes of {run.called} expected, the data have {len(data.classes)}")
    regime = linear_regime(model, all_samples(data), torch.from_numpy(np.asarray(data.weights)))
    return regime.first_transition(run[0], rate, start=run.ages[0], points=points)


def constant_rate(run: Trajectory) -> float:
    """Return the constant rate that a run learned with.

    Raises
    ------
    ConfigError
        If it had none.
    """
    optimiser = run.config["optimiser"]
    rate = optimiser["rate"]
    plain = optimiser["name"] == "sgd" and optimiser["schedule"] == "constant" and not optimiser["damped_above"]
    if not (plain and isinstance(rate, int | float)):
        raise ConfigError(
            "optimiser",
            "a first transition is predicted for plain steps (sgd) of a constant rate (--schedule constant "
            f"--damped-above 0); {run.called} had others",
        )
    return float(rate)
