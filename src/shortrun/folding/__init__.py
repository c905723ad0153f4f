"""Whether generated proteins fold: their mean pLDDT compared with that of real ones (FF23 fig. 4).

A predictor is any function from a sequence to the pLDDT of its residues, such as `ESMFold`. This is not a score: it
needs sequences instead of codes, hours instead of seconds, and a file that keeps finished results.
"""

from shortrun.folding.comparison import compare
from shortrun.folding.esmfold import ESMFold
from shortrun.folding.prediction import Predictor, batches, mean_plddt
from shortrun.folding.results import COLUMNS, Folded, Results
from shortrun.folding.sequences import residues, sequences_of

__all__ = [
    "COLUMNS",
    "ESMFold",
    "Folded",
    "Predictor",
    "Results",
    "batches",
    "compare",
    "mean_plddt",
    "residues",
    "sequences_of",
]
