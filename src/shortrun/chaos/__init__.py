"""Chaos in rate networks: Lyapunov exponents, fixed points, the critical gain."""

from shortrun.chaos.energy import lyapunov_function
from shortrun.chaos.fixed_points import FixedPoints, fixed_points, residual
from shortrun.chaos.lyapunov import Exponent, exponent
from shortrun.chaos.stability import coupling_matrix, critical_gain, linear_exponent, measured_critical_gain, radius

__all__ = [
    "Exponent",
    "FixedPoints",
    "coupling_matrix",
    "critical_gain",
    "exponent",
    "fixed_points",
    "linear_exponent",
    "lyapunov_function",
    "measured_critical_gain",
    "radius",
    "residual",
]
