"""How the modes of a data set are learned by a machine of Gaussian units: which, in which order, and how far."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64
from scipy.sparse.linalg import svds

from shortrun.data import Dataset
from shortrun.errors import ConfigError
from shortrun.models import RBM, Spec, spec_of
from shortrun.models.ising_form import standardised
from shortrun.phrases import counted, first_of
from shortrun.regimes.learning_flow import UnitVariances, flow, growth_rates, mode_fixed_points
from shortrun.regimes.samples import all_samples
from shortrun.settings.regimes import LearningFlowSettings
from shortrun.settings.training import ModelSettings
from shortrun.shown import ROWS, Shown

TIMES = 200  # at which the path is kept
HIDDEN = 100  # hidden units that are integrated: with so many, random first weights of modes are nearly orthogonal


@dataclass(frozen=True, eq=False, repr=False)
class LearningFlow(Shown):
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

    def said(self) -> tuple[str, str]:
        """Return how many modes there are, and how many of them are learned."""
        learned = int((self.modes["growth"] > 0).sum())
        first = f"LearningFlow of {counted(len(self.modes), 'mode')}, up to time {self.times[-1]:.4g}"
        return first, f"  {learned:,} of them grow, to singular values {first_of(self.values[-1].round(3).tolist())}"

    def first_rows(self) -> pd.DataFrame:
        """Return the strongest modes as a frame."""
        return self.modes.head(ROWS)

    @property
    def times(self) -> Float64[np.ndarray, " T"]:
        """The times of the path."""
        return np.unique(self.path["time"].to_numpy())

    @property
    def values(self) -> Float64[np.ndarray, "T K"]:
        """Singular values of W, a row a time."""
        return self.path["value"].to_numpy().reshape(-1, len(self.modes))


def learned_modes(data: Dataset, settings: LearningFlowSettings) -> LearningFlow:
    """Return how a machine of Gaussian units learns the strongest modes of a data set; see `workflows.learning_flow`.

    Raises
    ------
    ConfigError
        For more modes than the data have.
    """
    values = _centred(data)
    most = min(values.shape) - 1
    if settings.modes > most:
        raise ConfigError("modes", f"1 to {most} expected, got {settings.modes}")
    random = np.random.default_rng(settings.seed)
    begin = random.standard_normal(most + 1)
    _, found, _ = svds(values, k=settings.modes, v0=begin)
    variances, units = np.sort(found)[::-1] ** 2, UnitVariances(visible=settings.noise)
    weight = settings.first * random.standard_normal((settings.modes, HIDDEN))
    growth = growth_rates(variances, units)
    times = np.linspace(0, settings.time or _longest(growth, settings.first), TIMES)
    path = np.linalg.svd(flow(weight, np.diag(variances), times, units), compute_uv=False)
    numbers = np.arange(1, settings.modes + 1)
    theory = {"variance": variances, "growth": growth, "fixed_point": mode_fixed_points(variances, units)}
    return LearningFlow(
        pd.DataFrame({"mode": numbers, **theory}),
        pd.DataFrame(
            {"time": np.repeat(times, len(numbers)), "mode": np.tile(numbers, len(times)), "value": path.ravel()}
        ),
        np.linalg.norm(weight, axis=1),
    )


def _longest(growth: Float64[np.ndarray, " K"], first: float) -> float:
    """Return one and a half times what the slowest mode that grows needs from its first weights to 1."""
    growing = growth[growth > 0]
    return 1.5 * math.log(max(2.0, 1 / first)) / float(growing.min() if len(growing) else np.abs(growth).min())


def _centred(data: Dataset) -> Float64[np.ndarray, "N F"]:
    """Return the features of samples around their weighted mean, times the square root of their share."""
    spec = spec_of(data, ModelSettings(hidden=1))
    visible = Spec((*spec.visible, spec.hidden))
    features = standardised(RBM(visible), all_samples(data)[: len(spec.visible)], torch.float64).numpy()
    share = data.weights.astype(float) / data.weights.sum(dtype=float)
    return (features - share @ features) * np.sqrt(share)[:, None]
