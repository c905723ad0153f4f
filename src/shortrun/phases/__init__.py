"""In which regime a network is: chaotic or not, where its late states are."""

from shortrun.phases.energy import lyapunov_function
from shortrun.phases.fixed_points import FixedPoints, fixed_points, residual
from shortrun.phases.lyapunov import Exponent, exponent
from shortrun.phases.stability import coupling_matrix, critical_gain, linear_exponent, measured_critical_gain, radius

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
