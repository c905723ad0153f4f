"""How a machine of Gaussian units would learn a data set, mode by mode: `learning_flow`."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64
from scipy.sparse.linalg import svds

from shortrun.data import Dataset
from shortrun.errors import ConfigError
from shortrun.models import RBM, Spec, spec_of
from shortrun.models.ising_form import standardised
from shortrun.phases.learning_flow import Units, flow, growth_rates, mode_fixed_points
from shortrun.settings.training import ModelSettings
from shortrun.workflows.phases import whole

MODES, NOISE, FIRST, MOMENTS = 5, 1.0, 1e-3, 200
HIDDEN = 100  # hidden units that are integrated: of so many, random first weights of modes are nearly orthogonal


class LearningFlow(NamedTuple):
    """The flow of the singular values of W from small random weights, and what theory says of each mode.

    Parameters
    ----------
    modes : pd.DataFrame
        A row a mode of the data: mode, variance, growth (early rate s_h (lambda - s_v)), fixed_point (theory 7.2).
    path : pd.DataFrame
        A row a time and singular value: time, mode, value.
    starts : Float64[ndarray, " K"]
        (K,) norms of the first weights along the modes of the data.
    """

    modes: pd.DataFrame
    path: pd.DataFrame
    starts: Float64[np.ndarray, " K"]

    @property
    def times(self) -> Float64[np.ndarray, " T"]:
        """The times of the path."""
        return np.unique(self.path["time"].to_numpy())

    @property
    def values(self) -> Float64[np.ndarray, "T K"]:
        """Singular values of W, a row a time."""
        return self.path["value"].to_numpy().reshape(-1, len(self.modes))


def learning_flow(
    data: Dataset,
    *,
    modes: int = MODES,
    noise: float = NOISE,
    first: float = FIRST,
    time: float | None = None,
    seed: int = 0,
) -> LearningFlow:
    """Integrate dW/dt = C W - C_model W of Gaussian units on the strongest modes of a data set (theory 7.1, 7.2).

    Modes whose variance is above that of the units are learned, one after another, and end where the machine has their
    variance; others are forgotten. Codes count as values of mean 0 and variance 1 at zero fields (-1 and 1, or
    sqrt(q) (delta - 1/q)), other values as they are. Weights begin within the modes, where they stay.

    Parameters
    ----------
    data : Dataset
        Its labels are not looked at.
    modes : int, default MODES
        How many, the strongest.
    noise : float, default NOISE
        s_v, the variance of a visible unit without coupling; that of hidden ones is 1.
    first : float, default FIRST
        Standard deviation of the first weights.
    time : float, optional
        Until when; by default one and a half times what the slowest of the modes needs to grow to 1.
    seed : int, default 0
        Of the first weights.

    Raises
    ------
    ConfigError
        For modes, noise, first weights or a time out of range.
    """
    values = centred(data)
    most = min(values.shape) - 1
    if not 1 <= modes <= most:
        raise ConfigError("modes", f"1 to {most} expected, got {modes}")
    for name, value in (("noise", noise), ("first", first), ("time", 1.0 if time is None else time)):
        if not 0 < value < math.inf:
            raise ConfigError(name, f"a positive number expected, got {value:g}")
    random = np.random.default_rng(seed)
    begin = random.standard_normal(most + 1)
    _, found, _ = svds(values, k=modes, v0=begin)
    variances = np.sort(found)[::-1] ** 2
    units = Units(visible=noise)
    growth = growth_rates(variances, units)
    weight = first * random.standard_normal((modes, HIDDEN))
    moments = np.linspace(0, longest(growth, first) if time is None else time, MOMENTS)
    path = np.linalg.svd(flow(weight, np.diag(variances), moments, units), compute_uv=False)
    numbers = np.arange(1, modes + 1)
    theory = {"variance": variances, "growth": growth, "fixed_point": mode_fixed_points(variances, units)}
    return LearningFlow(
        pd.DataFrame({"mode": numbers, **theory}),
        pd.DataFrame(
            {"time": np.repeat(moments, modes), "mode": np.tile(numbers, len(moments)), "value": path.ravel()}
        ),
        np.linalg.norm(weight, axis=1),
    )


def longest(growth: Float64[np.ndarray, " K"], first: float) -> float:
    """Return one and a half times what the slowest mode that grows needs from its first weights to 1."""
    growing = growth[growth > 0]
    return 1.5 * math.log(max(2.0, 1 / first)) / float(growing.min() if len(growing) else np.abs(growth).min())


def centred(data: Dataset) -> Float64[np.ndarray, "N F"]:
    """Return the features of samples around their weighted mean, times the square root of their share."""
    spec = spec_of(data, ModelSettings(hidden=1))
    visible = Spec((*spec.visible, spec.hidden))
    features = standardised(RBM(visible), whole(data)[: len(spec.visible)], torch.float64).numpy()
    share = data.weights.astype(float) / data.weights.sum(dtype=float)
    return (features - share @ features) * np.sqrt(share)[:, None]
