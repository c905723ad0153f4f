"""Predicted labels: a probability for every class of every sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from shortrun.data.core.dataset import UNKNOWN
from shortrun.phrases import counted, fitting
from shortrun.shown import LINE, ROWS, Shown

if TYPE_CHECKING:
    import pandas as pd

PREDICTED = "  predicted: "


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
    learned : ndarray, optional
        (N,) bool: whether the machine learned from a sample of these values; None where that is not known.
    binned : bool, default False
        Whether numbers were compared by their bins for that.

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
    learned: np.ndarray | None = None
    binned: bool = False

    number: ClassVar = ".4f"

    def __len__(self) -> int:
        return len(self.names)

    def said(self) -> tuple[str, ...]:
        """Return how many there are, how right they are, of which classes, and what to know of that."""
        right = "" if self.accuracy is None else f", accuracy {self.accuracy:.3f}"
        counts = np.bincount(self.predicted, minlength=len(self.classes))
        named = [f"{name} ({n:,})" for name, n in zip(self.classes, counts, strict=True)]
        first = f"Predictions of {counted(len(self), 'sample')}{right}"
        return first, PREDICTED + fitting(named, LINE - len(PREDICTED)), *(f"  note: {note}" for note in self.notes)

    def first_rows(self) -> pd.DataFrame:
        """Return the first predictions as a frame."""
        return self.to_pandas().head(ROWS)

    @property
    def predicted(self) -> np.ndarray:
        """(N,) codes of the most probable classes."""
        return self.probabilities.argmax(1)

    @property
    def accuracy(self) -> float | None:
        """The share of samples with a known label that are predicted right; None where no label is known."""
        return self._accuracy(self.labels != UNKNOWN)

    @property
    def accuracy_of_others(self) -> float | None:
        """The same of samples that the machine did not learn from; None where there are none, or that is not known."""
        return None if self.learned is None else self._accuracy((self.labels != UNKNOWN) & ~self.learned)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the accuracy."""
        count = 0 if self.learned is None else int(self.learned.sum())
        return (of_learned(count, len(self), self.accuracy_of_others, binned=self.binned),) if count else ()

    def _accuracy(self, of: np.ndarray) -> float | None:
        return float((self.predicted == self.labels)[of].mean()) if of.any() else None

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


def of_learned(
    count: int, samples: int, accuracy_of_others: float | None, *, of: str = "", binned: bool = False
) -> str:
    """Return a line on predictions of samples that a machine learned from; `binned`: as its bins of numbers are."""
    known = f"{count:,} of {counted(samples, 'sample')}{of} equal training samples{' with numbers in bins' * binned}"
    others = "" if accuracy_of_others is None else f"; on the others it is {accuracy_of_others:.4f}"
    return f"{known}: the accuracy of these says nothing of new ones{others}"


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Return the predictions of all parts, in order."""
    names, labels, probabilities = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("names", "labels", "probabilities")
    )
    return Predictions(names=names, labels=labels, classes=parts[0].classes, probabilities=probabilities)
