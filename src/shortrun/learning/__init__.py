"""How a model learns: schemes, clamped minus free statistics, optimisers, and the loop."""

from shortrun.dynamics import Run, Scheme
from shortrun.learning.fit import Monitor, begin, fit, profile
from shortrun.learning.rows import Rows
from shortrun.learning.schemes import cd, ff, from_settings, pcd, rdm
from shortrun.models import Training

__all__ = [
    "Monitor",
    "Rows",
    "Run",
    "Scheme",
    "Training",
    "begin",
    "cd",
    "ff",
    "fit",
    "from_settings",
    "pcd",
    "profile",
    "rdm",
]
