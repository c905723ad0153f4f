"""How a model learns: schemes, clamped minus free statistics, optimisers, and the loop."""

from shortrun.learning.fit import Training, begin, fit
from shortrun.learning.monitor import Record
from shortrun.learning.rows import Rows
from shortrun.learning.schemes import Run, Scheme, cd, ff, from_settings, pcd, rdm

__all__ = [
    "Record",
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
    "rdm",
]
