"""The first updates, with small weights, in which every mode of the data grows independently (theory 2.7)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from scipy.optimize import root_scalar
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM
from shortrun.models.ising_form import hidden_variance, rows_around, zero_means
from shortrun.typing import State, Theta, Weights

MOST_FEATURES = 8192  # largest covariance that is decomposed
ROWS = 4096  # rows of the data at a time
SHRUNK = 1e-6  # growth factor of a mode that a single update would carry beyond zero

Matrix = Float[Tensor, "F F"]


@dataclass(frozen=True, eq=False)
class LinearRegime:
    """Modes of the covariance between sites: dW = rate x C_h (C - C_within) W per update.

    C_within is the covariance of the features within each site, which the fields alone can learn; C_h is the variance
    of a hidden unit without field, 1/4 for Bernoulli units.

    Parameters
    ----------
    model : RBM
        The machine to be trained.
    mean : Float[Tensor, " F"]
        (F,) of the features.
    values : Float[Tensor, " F"]
        (F,) eigenvalues lambda of C - C_within, largest first.
    vectors : Matrix
        (F, F), one mode per column.
    """

    model: RBM
    mean: Float[Tensor, " F"]
    values: Float[Tensor, " F"]
    vectors: Matrix

    @property
    def hidden_variance(self) -> float:
        """C_h."""
        return float(hidden_variance(self.model, zero_means(self.model, self.mean.new_zeros(self.model.size()))[1])[0])

    def growth(self, rate: float) -> Float[Tensor, " F"]:
        """Return the growth of the logarithm of each mode per update, ln(1 + rate C_h lambda).

        For small rates it is the exponent rate lambda / 4 of (theory 2.7); for larger ones it is exact.
        """
        return torch.log1p((rate * self.hidden_variance * self.values).clamp(min=SHRUNK - 1))

    def weights(self, theta: Theta, updates: float, rate: float) -> Float[Tensor, "F H"]:
        """Return the weights after more updates: each mode of theta times its exponential growth."""
        start = self.model.view(theta.double()).weight
        factors = torch.exp(self.growth(rate) * updates)
        return self.vectors @ (factors.unsqueeze(1) * (self.vectors.T @ start))

    def instability(self, theta: Theta, updates: float, rate: float) -> float:
        """Return the s of (theory 7.14) that the weights will have after more updates, around the data's mean."""
        grown = theta.double().clone()
        self.model.view(grown).weight.copy_(self.weights(theta, updates, rate))
        rows = rows_around(self.model, grown, self.mean)
        smaller = rows.T @ rows if rows.shape[0] > rows.shape[1] else rows @ rows.T
        return math.sqrt(float(torch.linalg.eigvalsh(smaller)[-1]) * self.hidden_variance)

    def leading_mode(self, theta: Theta, rate: float) -> ModeTransition:
        """Return n* = ln(w_c / w_0) / ln(1 + rate C_h lambda_1) of the leading mode alone (theory 2.7).

        w_0 is the norm of the weights along it, w_c the one at which s = 1.
        """
        mode, start = self.vectors[:, 0], self.model.view(theta.double()).weight
        alone = theta.new_zeros(self.model.size(), dtype=torch.float64)
        self.model.view(alone).weight[:, 0] = mode
        unit = float(rows_around(self.model, alone, self.mean)[:, 0].norm()) * math.sqrt(self.hidden_variance)
        first, critical = float((mode @ start).norm()), 1 / unit
        growth = float(self.growth(rate)[0])
        return ModeTransition(max(math.log(critical / first), 0.0) / growth, growth, first, critical)

    def first_transition(self, theta: Theta, rate: float, *, start: int = 0, points: int = 20) -> Prediction:
        """Return when s comes to 1 for weights theta at age `start`, and the curve of s until then."""
        leading, together = self.leading_mode(theta, rate), self.all_modes(theta, rate)
        updates = np.append(0.0, np.geomspace(1, max(together, 2), points))
        curve = pd.DataFrame({"age": start + updates, "s": [self.instability(theta, n, rate) for n in updates]})
        return Prediction(start + leading.updates, start + together, leading.growth, start, curve)

    def all_modes(self, theta: Theta, rate: float) -> float:
        """Return the number of updates after which s = 1, every mode growing together."""
        longest = 1.0
        while self.instability(theta, longest, rate) < 1:
            longest *= 2
        if longest == 1.0 and self.instability(theta, 0.0, rate) >= 1:
            return 0.0
        return root_scalar(lambda n: self.instability(theta, n, rate) - 1, bracket=(0.0, longest), xtol=0.1).root


@dataclass(frozen=True)
class ModeTransition:
    """The transition of a mode that grows alone.

    Parameters
    ----------
    updates : float
        n*, from the given weights.
    growth : float
        Growth of ln w in an update.
    first, critical : float
        w_0 and w_c.
    """

    updates: float
    growth: float
    first: float
    critical: float


@dataclass(frozen=True)
class Prediction:
    """The first transition as the linear regime of learning predicts it (theory 2.7).

    Parameters
    ----------
    age : float
        Age at which s of the leading mode alone comes to 1, n* updates after `start`.
    age_of_all : float
        Age at which s of all modes together does.
    growth : float
        Growth of the logarithm of the leading mode in an update, about rate x lambda_1 / 4.
    start : int
        First age that was kept; the weights grow from there.
    curve : pd.DataFrame
        Age, s of the linear regime, until it is 1.
    """

    age: float
    age_of_all: float
    growth: float
    start: int
    curve: pd.DataFrame


def linear_regime(model: RBM, state: State, weights: Weights) -> LinearRegime:
    """Return the modes of samples.

    Parameters
    ----------
    model : RBM
        The machine that learns.
    state : State
        Observed layers, filled.
    weights : Weights
        (C,) the weight of each sample.

    Raises
    ------
    ConfigError
        If there are too many features for a matrix of covariances, or no features vary together.

    Examples
    --------
    >>> import torch
    >>> from shortrun.models import RBM, Layer, Spec
    >>> from shortrun.units import Bernoulli
    >>> model = RBM(Spec((Layer("visible", 4, Bernoulli()), Layer("hidden", 2, Bernoulli()))))
    >>> from shortrun.regimes import linear_regime
    >>> states = (torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0]], dtype=torch.uint8),)
    >>> round(linear_regime(model, states, torch.ones(2)).values[0].item(), 3)
    0.75
    """
    if model.shape[0] > MOST_FEATURES:
        raise ConfigError("data", f"at most {MOST_FEATURES} features expected for their modes, got {model.shape[0]}")
    mean, second = _moments(model, state, weights)
    between = without_sites(model, second - torch.outer(mean, mean))
    values, vectors = torch.linalg.eigh(between)
    if not values[-1] > 0:
        raise ConfigError("data", "sites that vary together expected: no mode would grow")
    return LinearRegime(model, mean, values.flip(0), vectors.flip(1))


def _moments(model: RBM, state: State, weights: Weights) -> tuple[Float[Tensor, " F"], Matrix]:
    """Return <x> and <x x^T> of the features, in double precision."""
    share = (weights / weights.sum()).double()
    mean = share.new_zeros(model.shape[0])
    second = share.new_zeros(model.shape[0], model.shape[0])
    for rows in torch.arange(len(share)).split(ROWS):
        x = model.features(tuple(layer[rows] for layer in state), torch.float64)
        mean += share[rows] @ x
        second += x.T @ (share[rows].unsqueeze(1) * x)
    return mean, second


def without_sites(model: RBM, covariance: Matrix) -> Matrix:
    """Return a covariance with zeros between features of the same site."""
    between = covariance.clone()
    for layer, at in zip(model.spec.observed, model.slices, strict=True):
        site = torch.arange(layer.width) // layer.units.width
        same = site.unsqueeze(0) == site.unsqueeze(1)
        between[at, at] = torch.where(same, 0.0, between[at, at])
    return between
