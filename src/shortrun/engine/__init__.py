"""The same dynamics, as fast as the processor at hand allows: one door.

`machine(model, theta)` is a model at fixed parameters, ready to run; `choice(model, theta)` says which engine that is
and why, `foreseen(model, device)` which one a training will take; `line(model, reference, theta)` is the machines that
annealing passes; `updater(...)` does the updates of a training. No
other room asks which engine is in use.
"""

from shortrun.engine.choosing import Choice, choice, foreseen, label_posterior, line, machine, sites_refusal
from shortrun.engine.interface import EnergyMachine, HasEnergy, HasLabelPosterior, Learns, Machine, Runs, RunsWithEnergy
from shortrun.engine.lookup import LookupMachine
from shortrun.engine.rounded import RoundedMachine
from shortrun.engine.step import Optimiser, Step
from shortrun.engine.updates import Update, Updater, updater

__all__ = [
    "Choice",
    "EnergyMachine",
    "HasEnergy",
    "HasLabelPosterior",
    "Learns",
    "LookupMachine",
    "Machine",
    "Optimiser",
    "RoundedMachine",
    "Runs",
    "RunsWithEnergy",
    "Step",
    "Update",
    "Updater",
    "choice",
    "foreseen",
    "label_posterior",
    "line",
    "machine",
    "sites_refusal",
    "updater",
]
