"""In which regime an RBM is: its phases, how it relaxes, and how it learns.

What the verbs `mixing`, `phases` and `learning_flow` are made of, and for ensembles of random weights `solve`: the
order parameters for noise, signals, fields and distributions of components beyond those that the diagram is drawn for.
"""

from shortrun.regimes.autocorrelation import Autocorrelation, Measured, autocorrelation, t_alpha, tau_exp, tau_int
from shortrun.regimes.boundaries import Phase, at_line, boundaries, ferromagnet_line, phase_at
from shortrun.regimes.component_distributions import ComponentDistribution, component_distribution
from shortrun.regimes.learning_curves import LearningFlow
from shortrun.regimes.learning_flow import UnitVariances, flow, growth_rates, mode_fixed_points
from shortrun.regimes.linear_regime import LinearRegime, ModeTransition, Prediction, linear_regime
from shortrun.regimes.middle import MeanFieldState, fixed_point_near, instabilities, middle
from shortrun.regimes.mixing import Mixing
from shortrun.regimes.path import path_point, transitions
from shortrun.regimes.placement import Placement, place
from shortrun.regimes.recording import Chains, Observables, leading_modes
from shortrun.regimes.relaxation import Clusters, Overlaps, agreement_time, chain_overlaps, jump_rate, merging_time
from shortrun.regimes.replica_symmetric import Ensemble, Order, Solution, solutions, solve
from shortrun.regimes.susceptibility import Susceptibility, susceptibility

__all__ = [
    "Autocorrelation",
    "Chains",
    "Clusters",
    "ComponentDistribution",
    "Ensemble",
    "LearningFlow",
    "LinearRegime",
    "MeanFieldState",
    "Measured",
    "Mixing",
    "ModeTransition",
    "Observables",
    "Order",
    "Overlaps",
    "Phase",
    "Placement",
    "Prediction",
    "Solution",
    "Susceptibility",
    "UnitVariances",
    "agreement_time",
    "at_line",
    "autocorrelation",
    "boundaries",
    "chain_overlaps",
    "component_distribution",
    "ferromagnet_line",
    "fixed_point_near",
    "flow",
    "growth_rates",
    "instabilities",
    "jump_rate",
    "leading_modes",
    "linear_regime",
    "merging_time",
    "middle",
    "mode_fixed_points",
    "path_point",
    "phase_at",
    "place",
    "solutions",
    "solve",
    "susceptibility",
    "t_alpha",
    "tau_exp",
    "tau_int",
    "transitions",
]
