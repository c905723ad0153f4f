"""Whether generated proteins fold: their mean pLDDT beside that of real ones (FF23 fig. 4).

A predictor is any function of a sequence that returns its pLDDT residue by residue; `ESMFold` is one. Not a score: it
needs sequences rather than codes, hours rather than seconds, and a file that keeps what is done.
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
