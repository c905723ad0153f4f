"""In which regime a machine is: phases of an RBM and how it learns; whether a network is chaotic."""

from shortrun.phases.boundaries import Phase, boundaries, ferromagnet_from, phase_at, stable_from, with_ratios
from shortrun.phases.centre import Centre, centre, instabilities
from shortrun.phases.component_laws import Law, law_of
from shortrun.phases.energy import lyapunov_function
from shortrun.phases.fixed_points import FixedPoints, fixed_points, residual
from shortrun.phases.linear_regime import LinearRegime, Transition, linear_regime
from shortrun.phases.lyapunov import Exponent, exponent
from shortrun.phases.placement import Placement, place
from shortrun.phases.replica_symmetric import Ensemble, Order, Solution, solutions, solve
from shortrun.phases.stability import coupling_matrix, critical_gain, linear_exponent, measured_critical_gain, radius
from shortrun.phases.susceptibility import Susceptibility, susceptibility

__all__ = [
    "Centre",
    "Ensemble",
    "Exponent",
    "FixedPoints",
    "Law",
    "LinearRegime",
    "Order",
    "Phase",
    "Placement",
    "Solution",
    "Susceptibility",
    "Transition",
    "boundaries",
    "centre",
    "coupling_matrix",
    "critical_gain",
    "exponent",
    "ferromagnet_from",
    "fixed_points",
    "instabilities",
    "law_of",
    "linear_exponent",
    "linear_regime",
    "lyapunov_function",
    "measured_critical_gain",
    "phase_at",
    "place",
    "radius",
    "residual",
    "solutions",
    "solve",
    "stable_from",
    "susceptibility",
    "with_ratios",
]
