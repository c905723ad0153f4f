"""How good the samples are: one file a score, each with its definition, ideal value and direction.

A module announces its `quantities` and measures them by one of
- `measure(pair)`, called for each class (or once for all samples): {name: Estimate};
- `across(pair)`, called once, for what needs all classes: {class or "all": {name: (value, error, floor)}};
- `judge(predictions)`, the same of predicted labels; `rebuild(data, rebuilt)`, of samples that a network found again.
It may give `floors(pair)`, what real samples get; `applies(data)` with `NEEDS`, on which data it makes sense (asked of
the real samples; where it is measured across classes, of the generated ones too); and
`ON_REQUEST = True` if it is so slow that it is measured only when asked for by name.
"""

from shortrun.scores._base import ALL, CONVENTIONS, Convention, Estimate, Pair, Quantity, Score
from shortrun.scores._compare import compare, offered
from shortrun.scores._evaluation import Curves, Evaluation
from shortrun.scores._features import features
from shortrun.scores._logo import frequencies, information
from shortrun.scores._projection import Projection, project
from shortrun.scores._verdict import MemoryEffect, memory_effect, verdict
from shortrun.scores.adversarial import AdversarialAccuracy, adversarial_accuracy
from shortrun.scores.linkage import linkage_decay
from shortrun.scores.second_moment import second_moment

__all__ = [
    "ALL",
    "CONVENTIONS",
    "AdversarialAccuracy",
    "Convention",
    "Curves",
    "Estimate",
    "Evaluation",
    "MemoryEffect",
    "Pair",
    "Projection",
    "Quantity",
    "Score",
    "adversarial_accuracy",
    "compare",
    "features",
    "frequencies",
    "information",
    "linkage_decay",
    "memory_effect",
    "offered",
    "project",
    "second_moment",
    "verdict",
]
