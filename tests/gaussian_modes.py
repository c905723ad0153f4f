"""Gaussian machines relax and learn mode by mode, in closed form: what estimators and integrations must find.

Along the singular mode alpha of W a visible projection is an AR(1) process with coefficient A = sv2 sh2 w_alpha^2 per
sweep: E[s' | s] = sv2 W E[tau | s] = sv2 sh2 W W^T s.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float64
from scipy.optimize import root_scalar
from torch import Tensor

from shortrun.errors import ConfigError
from shortrun.models import RBM
from shortrun.regimes import UnitVariances
from shortrun.typing import Theta
from shortrun.units import Gaussian

UNIT = UnitVariances()
STRONGEST = 1e6  # of A, among which the fixed point out of equilibrium is looked for

Matrix = Float64[np.ndarray, "_ _"]
Modes = Float64[np.ndarray, " K"]


def coefficients(model: RBM, theta: Theta) -> Float64[Tensor, " R"]:
    """Return A of every mode, slowest first; the machine has an equilibrium if all are below 1.

    Raises
    ------
    ConfigError
        If not all units are Gaussian, or there are several visible layers.
    """
    layers = model.spec.layers
    visible, hidden = layers[0].units, layers[-1].units
    if len(layers) != 2 or not (isinstance(visible, Gaussian) and isinstance(hidden, Gaussian)):
        raise ConfigError("units", "one visible and one hidden layer of Gaussian units expected")
    weight = model.view(theta.detach().cpu().double()).weight
    return visible.variance * hidden.variance * torch.linalg.svdvals(weight).square()


def autocorrelation_time(coefficient: float) -> float:
    """Return tau_int = (1 + A) / (1 - A) of a mode; infinite without an equilibrium."""
    return (1 + coefficient) / (1 - coefficient) if coefficient < 1 else math.inf


def relaxation_time(coefficient: float) -> float:
    """Return tau_exp = -1 / ln A of a mode, whose rho(t) is A^t; infinite without an equilibrium."""
    return -1 / math.log(coefficient) if coefficient < 1 else math.inf


def variance_after(coefficient: float, steps: int, start: float, variance: float = 1.0) -> float:
    """Return Var_k = A^(2k) V_0 + sv2 (1 - A^(2k)) / (1 - A) of a mode after k sweeps (V_0 + 2 k sv2 at A = 1).

    Parameters
    ----------
    start : float
        V_0, the variance over chains at the start.
    variance : float, default 1.0
        sv2, the variance of a visible unit without couplings.
    """
    if coefficient == 1:
        return start + 2 * steps * variance
    left = coefficient ** (2 * steps)
    return left * start + variance * (1 - left) / (1 - coefficient)


def mean_error(deviation: float, time: float, chains: int, sweeps: int) -> float:
    """Return the standard error of an average over chains and sweeps: deviation sqrt(tau_int / (C T)).

    Parameters
    ----------
    deviation : float
        Standard deviation of the observable.
    time : float
        Its tau_int in sweeps.
    """
    return deviation * math.sqrt(time / (chains * sweeps))


def mode_velocity(values: Modes, variances: Modes, units: UnitVariances = UNIT) -> Modes:
    """Return dw_a/dt = s_h w_a (<s_a^2>_data - s_v / (1 - s_v s_h w_a^2)) of each mode (theory 7.1).

    Parameters
    ----------
    values : Modes
        w_a.
    variances : Modes
        Of the data along u^a, the left singular vectors.
    """
    return units.hidden * values * (variances - units.visible / (1 - units.visible * units.hidden * values**2))


class Rotations(NamedTuple):
    """A_ab = u^a . du^b/dt and B_ab = v^a . dv^b/dt, antisymmetric, (K, K)."""

    visible: Matrix
    hidden: Matrix


def rotations(weight: Matrix, covariance: Matrix, units: UnitVariances = UNIT) -> Rotations:
    """Return how fast the singular vectors turn (theory 7.3).

    A_ab = s_h <s_a s_b> (w_b^2 + w_a^2) / (w_b^2 - w_a^2), B_ab = s_h <s_a s_b> 2 w_a w_b / (w_b^2 - w_a^2); the Omega
    of the source are 2 A and -2 B. Infinite for equal values: `flow` moves W itself and needs none of them.
    """
    left, values, _ = np.linalg.svd(weight, full_matrices=False)
    together = left.T @ covariance @ left
    square = values**2
    apart = square[None, :] - square[:, None]
    np.fill_diagonal(apart, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        visible = units.hidden * together * (square[None, :] + square[:, None]) / apart
        hidden = units.hidden * together * 2 * np.outer(values, values) / apart
    return Rotations(visible, hidden)


def out_of_equilibrium_fixed_point(variance: float, steps: int, *, start: float = 1.0, visible: float = 1.0) -> float:
    """Return A = s_v s_h w^2 at which Var_k is the data's variance: where training by k sweeps from V_0 ends (3.3).

    Beyond V_0 + 2 k s_v it is above 1: the trained energy has no equilibrium measure, and is right at step k all the
    same. 0 where A = 0 has the variance already, or more.

    Parameters
    ----------
    variance : float
        Of the data along the mode.
    steps : int
        k, at least 1.
    start : float, default 1.0
        V_0.
    visible : float, default 1.0
        s_v.

    Raises
    ------
    ConfigError
        For less than one step, or a variance out of reach.
    """
    if steps < 1:
        raise ConfigError("steps", f"at least 1 expected, got {steps}")

    def excess(square: float) -> float:
        return variance_after(square, steps, start, visible) - variance

    if excess(0.0) >= 0:
        return 0.0
    high = 1.0
    while excess(high) < 0:
        high *= 2
        if not high < STRONGEST:
            raise ConfigError("variance", f"a finite variance expected, got {variance:g}")
    return root_scalar(excess, bracket=(0.0, high), xtol=1e-14).root
