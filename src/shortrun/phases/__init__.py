"""In which regime an RBM is: its phases, how it relaxes, and how it learns.

What the verbs `mixing`, `phases` and `learning_flow` are made of, and for ensembles of random weights `solve`: the
order parameters for noise, signals, fields and distributions of components beyond those that the diagram is drawn for.
"""

from shortrun.phases.autocorrelation import Autocorrelation, Measured, autocorrelation, t_alpha, tau_exp, tau_int
from shortrun.phases.boundaries import Phase, at_line, boundaries, ferromagnet_line, phase_at, with_ratios
from shortrun.phases.component_distributions import ComponentDistribution, component_distribution
from shortrun.phases.learning_curves import LearningFlow, learned_modes
from shortrun.phases.learning_flow import UnitVariances, flow, growth_rates, mode_fixed_points, model_covariance
from shortrun.phases.linear_regime import LinearRegime, ModeTransition, Prediction, linear_regime
from shortrun.phases.middle import MeanFieldState, fixed_point_near, instabilities, middle
from shortrun.phases.mixing import Mixing, Plan, TimesAtAge, plan, times_at
from shortrun.phases.path import path_point, path_table, transitions
from shortrun.phases.placement import Placement, place
from shortrun.phases.recording import Chains, Observables, leading_modes
from shortrun.phases.relaxation import Clusters, Overlaps, agreement_time, chain_overlaps, jump_rate, merging_time
from shortrun.phases.replica_symmetric import Ensemble, Order, Solution, solutions, solve
from shortrun.phases.samples import all_samples
from shortrun.phases.susceptibility import Susceptibility, susceptibility

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
    "Plan",
    "Prediction",
    "Solution",
    "Susceptibility",
    "TimesAtAge",
    "UnitVariances",
    "agreement_time",
    "all_samples",
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
    "learned_modes",
    "linear_regime",
    "merging_time",
    "middle",
    "mode_fixed_points",
    "model_covariance",
    "path_point",
    "path_table",
    "phase_at",
    "place",
    "plan",
    "solutions",
    "solve",
    "susceptibility",
    "t_alpha",
    "tau_exp",
    "tau_int",
    "times_at",
    "transitions",
    "with_ratios",
]
