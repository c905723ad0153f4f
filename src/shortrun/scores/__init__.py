"""How good the samples are: one file a score, each with its definition, ideal value and direction."""

from shortrun.scores._features import features
from shortrun.scores.adversarial import AdversarialAccuracy, adversarial_accuracy
from shortrun.scores.second_moment import second_moment

__all__ = ["AdversarialAccuracy", "adversarial_accuracy", "features", "second_moment"]
