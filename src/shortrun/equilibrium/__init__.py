"""Probabilities of samples, and samples in equilibrium: partition functions, annealing, replica exchange."""

from shortrun.equilibrium.ais import Annealed, ais, independent, log_z_independent, reverse_ais
from shortrun.equilibrium.density import log_likelihood
from shortrun.equilibrium.estimates import (
    Climb,
    Estimate,
    along_training,
    by_annealing,
    by_enumeration,
)
from shortrun.equilibrium.exact import log_z_exact, possible
from shortrun.equilibrium.held import FREE, Held
from shortrun.equilibrium.ladder import Rung, ladder
from shortrun.equilibrium.pseudo import pseudo_log_likelihood
from shortrun.equilibrium.replica import Replica
from shortrun.equilibrium.samples import Likelihood
from shortrun.equilibrium.sampling import Moves, in_equilibrium
from shortrun.equilibrium.spacing import spaced
from shortrun.equilibrium.tempering import Tempered, temper
from shortrun.equilibrium.weights import LogMean, Ratio, log_mean, ratio

__all__ = [
    "FREE",
    "Annealed",
    "Climb",
    "Estimate",
    "Held",
    "Likelihood",
    "LogMean",
    "Moves",
    "Ratio",
    "Replica",
    "Rung",
    "Tempered",
    "ais",
    "along_training",
    "by_annealing",
    "by_enumeration",
    "in_equilibrium",
    "independent",
    "ladder",
    "log_likelihood",
    "log_mean",
    "log_z_exact",
    "log_z_independent",
    "possible",
    "pseudo_log_likelihood",
    "ratio",
    "reverse_ais",
    "spaced",
    "temper",
]
