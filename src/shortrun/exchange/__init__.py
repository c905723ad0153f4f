"""Machines of other programs: files that they wrote, read, and files that they open, written."""

from shortrun.exchange.format import ModelFormat, by_name, check_file, named, of_file, of_name
from shortrun.exchange.formats.sklearn import of_estimator
from shortrun.exchange.machine import Arrays, Machine, arrays_of, in_binary, model_of, recoded, theta_of, usable
from shortrun.exchange.pairwise import Pairwise

__all__ = [
    "Arrays",
    "Machine",
    "ModelFormat",
    "Pairwise",
    "arrays_of",
    "by_name",
    "check_file",
    "in_binary",
    "model_of",
    "named",
    "of_estimator",
    "of_file",
    "of_name",
    "recoded",
    "theta_of",
    "usable",
]
