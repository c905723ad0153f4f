"""Predicted labels: a probability for every class of every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from shortrun.data.core.dataset import UNKNOWN


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a machine says of the labels of N samples.

    Parameters
    ----------
    names : ndarray
        (N,) of the samples.
    labels : ndarray
        (N,) int64 known labels as codes into `classes`, -1 where unknown.
    classes : tuple[str, ...]
        The K class names.
    probabilities : ndarray
        (N, K) float32, rows sum to 1.
    """

    names: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def predicted(self) -> np.ndarray:
        """(N,) codes of the most probable classes."""
        return self.probabilities.argmax(1)

    @property
    def accuracy(self) -> float | None:
        """The share of samples with a known label that are predicted right; None where no label is known."""
        known = self.labels != UNKNOWN
        return float((self.predicted == self.labels)[known].mean()) if known.any() else None

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with the columns name, label (empty where unknown), prediction, probability, p_<class>..."""
        named = np.array([*self.classes, ""], dtype=object)  # the code -1 picks the last
        columns = {
            "name": self.names,
            "label": named[self.labels],
            "prediction": named[self.predicted],
            "probability": self.probabilities.max(1),
        }
        columns |= {f"p_{name}": self.probabilities[:, k] for k, name in enumerate(self.classes)}
        return pd.DataFrame(columns)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return the predictions of all parts, in order."""
    names = ("names", "labels", "probabilities")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Predictions(classes=parts[0].classes, **columns)
