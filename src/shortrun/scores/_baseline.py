"""How many labels a logistic regression predicts, to compare a machine with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shortrun.data import Dataset
from shortrun.scores._features import features
from shortrun.scores._judges import Judge
from shortrun.settings import check_seed

NUMBERS = 5e7  # features of the samples that it learns from, which takes some seconds
KIND = "logistic regression"


class Baseline(NamedTuple):
    """Accuracy of a logistic regression.

    Parameters
    ----------
    accuracy, error : float
        Share of labels that it predicts, and its standard error.
    samples : int
        How many it was tested on.
    learned : int
        How many labelled training samples it learned from.
    """

    accuracy: float
    error: float
    samples: int
    learned: int

    def __str__(self) -> str:
        return f"a logistic regression of {self.learned:,} training samples: {self.accuracy:.4f} ± {self.error:.2g}"


def baseline(train: Dataset, data: Dataset, seed: int = 0) -> Baseline | None:
    """Return how well a logistic regression that learned training samples predicts others; None without two classes.

    Parameters
    ----------
    train, data : Dataset
        Labelled samples of one kind, with classes coded alike; those without a label are left out.
    seed : int, default 0
        Of the choice of training samples, where there are very many.

    Examples
    --------
    >>> import shortrun as sr
    >>> digits = sr.read("digits")
    >>> found = baseline(digits.head(1000), digits.select(slice(1000, 1200)))
    >>> found.samples, found.learned, found.accuracy > 0.8
    (200, 1000, True)
    """
    if np.count_nonzero(train.class_counts) < 2 or not data.labelled.any():
        return None
    known, tested = train.select(train.labelled), data.select(data.labelled)
    most = max(100, int(NUMBERS / features(known.head(1)).shape[1]))
    rows = np.sort(np.random.default_rng([check_seed(seed), 23]).permutation(len(known))[:most])
    if np.count_nonzero(known.select(rows).class_counts) < 2:
        return None
    right = Judge.taught(KIND, known.select(rows))(tested) == tested.labels
    share = float(right.mean())
    return Baseline(share, float(np.sqrt(share * (1 - share) / len(right))), len(right), len(rows))
