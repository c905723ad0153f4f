"""How good the samples are: one file a score, each with its definition, ideal value and direction.

A module announces its `quantities` and measures them: `measure(pair)` returns {name: Estimate}.
"""

from shortrun.scores._base import CONVENTIONS, Convention, Estimate, Pair, Quantity, Score
from shortrun.scores._compare import compare, offered
from shortrun.scores._features import features
from shortrun.scores.adversarial import AdversarialAccuracy, adversarial_accuracy
from shortrun.scores.second_moment import second_moment

__all__ = [
    "CONVENTIONS",
    "AdversarialAccuracy",
    "Convention",
    "Estimate",
    "Pair",
    "Quantity",
    "Score",
    "adversarial_accuracy",
    "compare",
    "features",
    "offered",
    "second_moment",
]
