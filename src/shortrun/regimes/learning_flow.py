"""How a machine of Gaussian units learns: exactly solvable, mode by mode (DFF17; theory 7.1, 7.2).

E = |s|^2 / (2 s_v) + |tau|^2 / (2 s_h) - s W tau with variances s_v, s_h; gradient flow dW/dt = <s tau^T>_data -
<s tau^T>_model = s_h (C - C_model) W, C the covariance of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.integrate import solve_ivp

from shortrun.errors import ConfigError, DataError

TOLERANCE = 1e-10  # relative error of the integration

Matrix = Float64[np.ndarray, "_ _"]
Modes = Float64[np.ndarray, " K"]


@dataclass(frozen=True)
class UnitVariances:
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


UNIT = UnitVariances()


def model_covariance(weight: Matrix, units: UnitVariances = UNIT) -> Matrix:
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


def velocity(weight: Matrix, covariance: Matrix, units: UnitVariances = UNIT) -> Matrix:
    """Return dW/dt = s_h (C - C_model) W."""
    return units.hidden * (covariance - model_covariance(weight, units)) @ weight


def growth_rates(variances: Modes, units: UnitVariances = UNIT) -> Modes:
    """Return the growth rates of small w_a: s_h (lambda_a - s_v); a mode with a variance below s_v is forgotten.

    Parameters
    ----------
    variances : Modes
        lambda_a of the data.
    units : UnitVariances, optional
        Variances of the units, 1 by default.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.regimes import growth_rates
    >>> growth_rates(np.array([4.0, 0.5])).tolist()
    [3.0, -0.5]
    """
    return units.hidden * (variances - units.visible)


def mode_fixed_points(variances: Modes, units: UnitVariances = UNIT) -> Modes:
    """Return the final w_a: w_a^2 = (1 / s_v - 1 / lambda_a) / s_h where lambda_a > s_v, else 0 (theory 7.2).

    Parameters
    ----------
    variances : Modes
        lambda_a of the data.
    units : UnitVariances, optional
        Variances of the units, 1 by default.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.regimes import mode_fixed_points
    >>> mode_fixed_points(np.array([2.0, 0.5])).round(3).tolist()
    [0.707, 0.0]
    """
    return np.sqrt(np.maximum(1 / units.visible - 1 / variances, 0) / units.hidden)


def flow(
    weight: Matrix, covariance: Matrix, times: Sequence[float] | np.ndarray, units: UnitVariances = UNIT
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
    units : UnitVariances, optional
        Variances of the units, 1 by default.

    Raises
    ------
    DataError
        For shapes that do not fit, or weights without an equilibrium measure.
    ConfigError
        For times that do not increase.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.regimes import flow
    >>> flow(np.full((1, 1), 0.01), np.full((1, 1), 2.0), [0.0, 30.0])[-1].round(3).tolist()
    [[0.707]]
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
