"""How probable samples are, and samples in equilibrium: partition functions, annealing, replica exchange."""

from shortrun.likelihood.ais import Annealed, ais, independent, log_z_independent, reverse_ais, settled
from shortrun.likelihood.density import log_likelihood
from shortrun.likelihood.exact import log_z_exact, possible
from shortrun.likelihood.ladder import Rung, bottom, climbed, thinned
from shortrun.likelihood.pseudo import pseudo_log_likelihood
from shortrun.likelihood.replica import Replica
from shortrun.likelihood.tempering import Tempered, temper
from shortrun.likelihood.weights import LogMean, Ratio, log_mean, ratio

__all__ = [
    "Annealed",
    "LogMean",
    "Ratio",
    "Replica",
    "Rung",
    "Tempered",
    "ais",
    "bottom",
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
]
