"""Learning of a machine of Gaussian units, exactly solvable mode by mode (DFF17; theory 7.1 to 7.3, 3.2, 3.3).

E = |s|^2 / (2 s_v) + |tau|^2 / (2 s_h) - s W tau with variances s_v, s_h; gradient flow dW/dt = <s tau^T>_data -
<s tau^T>_model = s_h (C - C_model) W, C the covariance of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.integrate import solve_ivp
from scipy.optimize import root_scalar

from shortrun.errors import ConfigError, DataError
from shortrun.phases.gaussian_modes import variance_after

TOLERANCE = 1e-10  # relative error of the integration
STRONGEST = 1e6  # largest A in the search for the fixed point out of equilibrium

Matrix = Float64[np.ndarray, "_ _"]
Modes = Float64[np.ndarray, " K"]


@dataclass(frozen=True)
class Units:
    """Variances s_v and s_h of visible and hidden units without coupling.

    Raises
    ------
    ConfigError
        If a variance is not positive.
    """

    visible: float = 1.0
    hidden: float = 1.0

    def __post_init__(self):
        if min(self.visible, self.hidden) <= 0:
            raise ConfigError("variance", f"positive variances expected, got {self.visible:g}, {self.hidden:g}")


UNIT = Units()


def model_covariance(weight: Matrix, units: Units = UNIT) -> Matrix:
    """Return the covariance (1 / s_v - s_h W W^T)^{-1} of the visible units (theory 1.18).

    Raises
    ------
    DataError
        If s_v s_h w^2 >= 1 for some singular value: the energy has no equilibrium measure.
    """
    values, vectors = np.linalg.eigh(weight @ weight.T)
    if units.visible * units.hidden * values[-1] >= 1:
        raise DataError(f"s_v s_h w^2 < 1 expected of every mode, got {units.visible * units.hidden * values[-1]:.4g}")
    return (vectors / (1 / units.visible - units.hidden * values)) @ vectors.T


def velocity(weight: Matrix, covariance: Matrix, units: Units = UNIT) -> Matrix:
    """Return dW/dt = s_h (C - C_model) W."""
    return units.hidden * (covariance - model_covariance(weight, units)) @ weight


def mode_velocity(values: Modes, variances: Modes, units: Units = UNIT) -> Modes:
    """Return dw_a/dt = s_h w_a (<s_a^2>_data - s_v / (1 - s_v s_h w_a^2)) of each mode (theory 7.1).

    Parameters
    ----------
    values : Modes
        w_a.
    variances : Modes
        Variances of the data along u^a, the left singular vectors.
    """
    return units.hidden * values * (variances - units.visible / (1 - units.visible * units.hidden * values**2))


def growth_rates(variances: Modes, units: Units = UNIT) -> Modes:
    """Return the growth rates of small w_a: s_h (lambda_a - s_v); a mode with a variance below s_v is forgotten."""
    return units.hidden * (variances - units.visible)


def mode_fixed_points(variances: Modes, units: Units = UNIT) -> Modes:
    """Return the final w_a: w_a^2 = (1 / s_v - 1 / lambda_a) / s_h where lambda_a > s_v, else 0 (theory 7.2)."""
    return np.sqrt(np.maximum(1 / units.visible - 1 / variances, 0) / units.hidden)


class Rotations(NamedTuple):
    """A_ab = u^a . du^b/dt and B_ab = v^a . dv^b/dt, antisymmetric, (K, K)."""

    visible: Matrix
    hidden: Matrix


def rotations(weight: Matrix, covariance: Matrix, units: Units = UNIT) -> Rotations:
    """Return the rates at which the singular vectors rotate (theory 7.3).

    A_ab = s_h <s_a s_b> (w_b^2 + w_a^2) / (w_b^2 - w_a^2), B_ab = s_h <s_a s_b> 2 w_a w_b / (w_b^2 - w_a^2); the Omega
    of the source are 2 A and -2 B. They are infinite for equal values; `flow` integrates W itself without them.
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


def flow(
    weight: Matrix, covariance: Matrix, times: Sequence[float] | np.ndarray, units: Units = UNIT
) -> Float64[np.ndarray, "T N H"]:
    """Return W at each of `times`, from W(0) = weight, by integrating dW/dt itself.

    Parameters
    ----------
    weight : Matrix
        (N, H), with an equilibrium measure.
    covariance : Matrix
        (N, N) of the data.
    times : Sequence[float] or ndarray
        Increasing, from 0 or later.

    Raises
    ------
    DataError
        For shapes that do not fit, or weights without an equilibrium measure.
    ConfigError
        For times that do not increase.
    """
    moments = np.asarray(times, float)
    if covariance.shape != (len(weight), len(weight)):
        raise DataError(f"a covariance of {len(weight)} sites expected, got {covariance.shape}")
    if len(moments) == 0 or moments[0] < 0 or (np.diff(moments) <= 0).any():
        raise ConfigError("times", "times that go up from 0 or later expected")
    model_covariance(weight, units)
    path = solve_ivp(
        lambda _, flat: velocity(flat.reshape(weight.shape), covariance, units).ravel(),
        (0, moments[-1] or 1.0),
        weight.ravel(),
        method="DOP853",
        t_eval=moments,
        rtol=TOLERANCE,
        atol=TOLERANCE * 1e-4,
    )
    return path.y.T.reshape(-1, *weight.shape)


def out_of_equilibrium_fixed_point(variance: float, steps: int, *, start: float = 1.0, visible: float = 1.0) -> float:
    """Return A = s_v s_h w^2 at which Var_k is the data's variance, the end of training by k sweeps from V_0 (3.3).

    For variances above V_0 + 2 k s_v it is above 1: the trained energy has no equilibrium measure, but is right at step
    k. It is 0 where the variance at A = 0 is already large enough.

    Parameters
    ----------
    variance : float
        Variance of the data along the mode.
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
