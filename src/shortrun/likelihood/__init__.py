"""Probabilities of samples, and samples in equilibrium: partition functions, annealing, replica exchange."""

from shortrun.likelihood.ais import Annealed, ais, independent, log_z_independent, reverse_ais, settled
from shortrun.likelihood.density import log_likelihood
from shortrun.likelihood.estimates import Climb, Estimate, along_training, by_annealing, by_enumeration, uncrossed
from shortrun.likelihood.exact import log_z_exact, possible
from shortrun.likelihood.ladder import TARGET, Rung, annealed_up, bottom, climbed, thinned
from shortrun.likelihood.pseudo import pseudo_log_likelihood
from shortrun.likelihood.replica import Replica
from shortrun.likelihood.tempering import Tempered, acceptance, temper
from shortrun.likelihood.weights import LogMean, Ratio, log_mean, ratio

__all__ = [
    "TARGET",
    "Annealed",
    "Climb",
    "Estimate",
    "LogMean",
    "Ratio",
    "Replica",
    "Rung",
    "Tempered",
    "acceptance",
    "ais",
    "along_training",
    "annealed_up",
    "bottom",
    "by_annealing",
    "by_enumeration",
    "climbed",
    "independent",
    "log_likelihood",
    "log_mean",
    "log_z_exact",
    "log_z_independent",
    "possible",
    "pseudo_log_likelihood",
    "ratio",
    "reverse_ais",
    "settled",
    "temper",
    "thinned",
    "uncrossed",
]
