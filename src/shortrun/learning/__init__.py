"""How a model learns: schemes, clamped minus free statistics, optimisers, and the loop."""

from shortrun.dynamics import Run, Scheme
from shortrun.learning.fit import Monitor, begin, fit
from shortrun.learning.profiles import Groups, groups_of, profile
from shortrun.learning.rows import Rows
from shortrun.learning.schemes import cd, ff, from_settings, pcd, rdm
from shortrun.models import Training

__all__ = [
    "Groups",
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
    "groups_of",
    "pcd",
    "profile",
    "rdm",
]
