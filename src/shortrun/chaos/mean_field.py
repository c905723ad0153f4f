"""The largest Lyapunov exponent of an untrained network of infinitely many units, by dynamic mean-field theory.

Sompolinsky, Crisanti, Sommers, Phys. Rev. Lett. 61, 259 (1988), for the Euler map.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64
from numpy.polynomial.hermite_e import hermegauss

from shortrun.models import NetworkSpec

NODES = 41  # of the Gaussian integrals
POINTS = 200  # of the covariance, between 0 and the variance
NEGLIGIBLE = 1e-6  # share of the variance at which the covariance counts as 0
LONGEST = 4000  # steps either way

Function = Callable[[np.ndarray], np.ndarray]


def expected_exponent(spec: NetworkSpec) -> float:
    """Return lambda tau of the Euler map of large untrained layers; nan unless each feels one layer, itself or another.

    Those are one layer, and two without a label. A smaller network differs with its size and its random couplings.

    Parameters
    ----------
    spec : NetworkSpec
        Layers, gain and time step.

    Examples
    --------
    >>> from shortrun.chaos import expected_exponent
    >>> from shortrun.models import NetworkSpec, RateLayer
    >>> round(expected_exponent(NetworkSpec(layers=(RateLayer("visible", 50),), gain=4.0)), 3)
    0.112
    """
    alone = len(spec.layers) - (spec.label is not None) == len(spec.layers) <= 2
    return exponent_at(spec.gain, spec.time_step) if alone else math.nan


def exponent_at(gain: float, pace: float) -> float:
    """Return lambda tau at a variance of the couplings, for steps of `pace` tau; in the limit of 0 it is the flow's.

    Up to the critical gain all units are silent. Beyond it the covariance D_m of a unit with itself m steps later obeys
    [1 + r^2] D_m - r (D_{m+1} + D_{m-1}) = pace^2 g <tanh x tanh y>_{D_m}, r = 1 - pace, and a separation grows by the
    factor rho a step at which the lowest eigenvalue of the same operator for separations,
    [rho^2 + r^2] psi_m - rho r (psi_{m+1} + psi_{m-1}) - pace^2 g <tanh' x tanh' y>_{D_m} psi_m, is 0.

    Parameters
    ----------
    gain : float
        Variance g of the random couplings.
    pace : float
        dt / tau.
    """
    if gain <= 1:
        return math.log(1 - pace + pace * math.sqrt(gain)) / pace
    from scipy.linalg import eigh_tridiagonal
    from scipy.optimize import brentq

    variance = variance_at(gain)
    after = covariances(gain, variance, pace)
    grid = np.linspace(0, variance, POINTS)
    felt = np.interp(after, grid, expectation(slope, grid, variance))
    both, rest = np.concatenate([felt[:0:-1], felt]), 1 - pace

    def lowest(rho: float) -> float:
        diagonal = rho**2 + rest**2 - pace**2 * gain * both
        beside = np.full(len(both) - 1, -rho * rest)
        return float(eigh_tridiagonal(diagonal, beside, eigvals_only=True, select="i", select_range=(0, 0))[0])

    factor = brentq(lowest, 1 - pace / 2, 1 - pace + pace * math.sqrt(gain))
    return math.log(float(factor)) / pace  # pyright: ignore[reportArgumentType]


def slope(x: np.ndarray) -> np.ndarray:
    """Return the derivative of tanh."""
    return 1 - np.tanh(x) ** 2


def log_cosh(x: np.ndarray) -> np.ndarray:
    """Return the integral of tanh."""
    return np.logaddexp(x, -x) - math.log(2)


def expectation(f: Function, covariance: np.ndarray, variance: float) -> Float64[np.ndarray, " D"]:
    """Return <f(x) f(y)> of Gaussian x and y of one variance, at each covariance from 0 to the variance."""
    nodes, weights = hermegauss(NODES)
    weights = weights / weights.sum()
    shared, own = (np.sqrt(np.maximum(it, 0)) for it in (covariance, variance - covariance))
    inner = (f(shared[:, None, None] * nodes[:, None] + own[:, None, None] * nodes) * weights).sum(-1)
    return (np.square(inner) * weights).sum(-1)


def kinetic(gain: float, covariance: np.ndarray, variance: float) -> np.ndarray:
    """Return the squared slope of the covariance that dies out, D^2 - 2 g (<Phi Phi>_D - <Phi>^2), Phi' = tanh."""
    independent = expectation(log_cosh, np.zeros(1), variance)
    return covariance**2 - 2 * gain * (expectation(log_cosh, covariance, variance) - independent)


def variance_at(gain: float) -> float:
    """Return the variance of a unit: the slope of its covariance is 0 at no delay."""
    from scipy.optimize import brentq

    found = brentq(lambda it: float(kinetic(gain, np.array([it]), it)[0]) / it**2, 1e-3 * (gain - 1), 2 * gain)
    return float(found)  # pyright: ignore[reportArgumentType]


def covariances(gain: float, variance: float, pace: float) -> Float64[np.ndarray, " M"]:
    """Return the covariance of a unit with itself 0, 1, 2, ... steps later, until it is negligible.

    Its flow is integrated from the top; an Euler step of `pace` counts as pace / sqrt(1 - pace) of its time.
    """
    # D = variance (1 - s^2) near the top, so that the time is a smooth integral over s; then over ln D.
    s = np.sqrt(1 - np.geomspace(1, NEGLIGIBLE, 20 * POINTS))
    covariance = variance * (1 - s**2)
    table = tabled(gain, variance)
    first = math.sqrt(np.interp(covariance[1], *table))
    middle = (covariance[1:] + covariance[:-1]) / 2
    between = np.sqrt(np.maximum(np.interp(middle, *table), 1e-300))
    passed = -np.diff(covariance) / between
    passed[0] = 2 * (variance - covariance[1]) / first  # the speed grows as the root of the distance from the top
    time = np.concatenate([[0.0], np.cumsum(passed)])
    delays = np.arange(LONGEST) * pace / math.sqrt(1 - pace)
    return np.interp(delays, time, covariance, right=0.0)[: int(np.searchsorted(delays, time[-1])) + 1]


def tabled(gain: float, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return covariances and the square of the slope there, closer together towards both ends."""
    share = (1 - np.cos(np.linspace(0, math.pi, 2 * POINTS))) / 2
    return share * variance, kinetic(gain, share * variance, variance)
