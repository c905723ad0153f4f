"""Whether a chaotic network is chaotic: Lyapunov exponents, rest states, the critical gain.

`lyapunov_exponent` and `critical_gain` are behind the verb `lyapunov`. The others are tools for any network and theta:
`rest_states` finds where chains stop, `measured_critical_gain` the gain at which a given network becomes unstable.
"""

from shortrun.chaos.lyapunov import LyapunovExponent, lyapunov_exponent
from shortrun.chaos.mean_field import expected_exponent
from shortrun.chaos.rest_states import RestStates, rest_states
from shortrun.chaos.stability import coupling_matrix, critical_gain, measured_critical_gain, spectral_radius

__all__ = [
    "LyapunovExponent",
    "RestStates",
    "coupling_matrix",
    "critical_gain",
    "expected_exponent",
    "lyapunov_exponent",
    "measured_critical_gain",
    "rest_states",
    "spectral_radius",
]
