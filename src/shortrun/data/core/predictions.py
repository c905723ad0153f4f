"""Predicted labels: a probability for every class of every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data.core.dataset import UNKNOWN
from shortrun.phrases import counted
from shortrun.shown import ROWS, Shown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Predictions(Shown):
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

    Examples
    --------
    >>> import shortrun as sr
    >>> digits = sr.read("digits")
    >>> found = sr.predict(sr.fit(digits, hidden=8, updates=2), digits.head(3))
    >>> found.probabilities.shape, found.classes[found.predicted[0]] in found.classes
    ((3, 10), True)
    """

    names: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def said(self) -> tuple[str, str]:
        """Return how many there are, how right they are, and of which classes."""
        right = "" if self.accuracy is None else f", accuracy {self.accuracy:.3f}"
        counts = np.bincount(self.predicted, minlength=len(self.classes))
        named = ", ".join(f"{name} ({n:,})" for name, n in zip(self.classes, counts, strict=True))
        return f"Predictions of {counted(len(self), 'sample')}{right}", f"  predicted: {named}"

    def first_rows(self) -> pd.DataFrame:
        """Return the first predictions as a frame, probabilities to four digits."""
        return self.to_pandas().head(ROWS).round(4)

    @property
    def predicted(self) -> np.ndarray:
        """(N,) codes of the most probable classes."""
        return self.probabilities.argmax(1)

    @property
    def accuracy(self) -> float | None:
        """The share of samples with a known label that are predicted right; None where no label is known."""
        known = self.labels != UNKNOWN
        return float((self.predicted == self.labels)[known].mean()) if known.any() else None

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns name, label (empty where unknown), prediction, probability, p_<class>... of a table."""
        named = np.array([*self.classes, ""], dtype=object)  # the code -1 picks the last
        columns = {
            "name": np.asarray(self.names, dtype=object),
            "label": named[self.labels],
            "prediction": named[self.predicted],
            "probability": self.probabilities.max(1),
        }
        return columns | {f"p_{name}": self.probabilities[:, k] for k, name in enumerate(self.classes)}

    def to_pandas(self) -> pd.DataFrame:
        """Return a table of `columns`."""
        import pandas as pd

        return pd.DataFrame(self.columns())


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return the predictions of all parts, in order."""
    names = ("names", "labels", "probabilities")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Predictions(classes=parts[0].classes, **columns)
