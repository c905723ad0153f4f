"""The regime of an RBM: its phases, its relaxation times, its learning dynamics."""

from shortrun.phases.autocorrelation import Autocorrelation, Measured, autocorrelation, t_alpha, tau_exp, tau_int
from shortrun.phases.boundaries import Phase, boundaries, ferromagnet_from, phase_at, stable_from, with_ratios
from shortrun.phases.centre import Centre, centre, instabilities, middle
from shortrun.phases.component_laws import Law, law_of
from shortrun.phases.linear_regime import LinearRegime, Transition, linear_regime
from shortrun.phases.placement import Placement, place
from shortrun.phases.recording import Chains, Observables, modes
from shortrun.phases.relaxation import Clusters, agreement, chain_overlaps, jumps, merging_time
from shortrun.phases.replica_symmetric import Ensemble, Order, Solution, solutions, solve
from shortrun.phases.susceptibility import Susceptibility, susceptibility
from shortrun.phases.transition import TransitionMatrix, transition_matrix

__all__ = [
    "Autocorrelation",
    "Centre",
    "Chains",
    "Clusters",
    "Ensemble",
    "Law",
    "LinearRegime",
    "Measured",
    "Observables",
    "Order",
    "Phase",
    "Placement",
    "Solution",
    "Susceptibility",
    "Transition",
    "TransitionMatrix",
    "agreement",
    "autocorrelation",
    "boundaries",
    "centre",
    "chain_overlaps",
    "ferromagnet_from",
    "instabilities",
    "jumps",
    "law_of",
    "linear_regime",
    "merging_time",
    "middle",
    "modes",
    "phase_at",
    "place",
    "solutions",
    "solve",
    "stable_from",
    "susceptibility",
    "t_alpha",
    "tau_exp",
    "tau_int",
    "transition_matrix",
    "with_ratios",
]
