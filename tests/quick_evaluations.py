"""Evaluations that take a fraction of the time, for tests of what is made of scores, not of their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from shortrun.scores import _judges
from shortrun.workflows import evaluation, time_courses


class Centroids:
    """A classifier of microseconds: the nearest mean. To train the others takes most of an evaluation's time."""

    def fit(self, rows, labels):
        self.classes_ = np.unique(labels)
        self.means = np.stack([rows[labels == each].mean(0) for each in self.classes_])
        return self

    def distances(self, rows):
        return np.square(rows[:, None] - self.means).sum(-1)

    def predict(self, rows):
        return self.classes_[self.distances(rows).argmin(1)]

    def decision_function(self, rows):
        return self.distances(rows) @ [1, -1]


@contextmanager
def quick_evaluations() -> Iterator[None]:
    """Judge by centroids meanwhile, and draw curves of few times and ages."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in _judges.KINDS:
            patch.setitem(_judges.KINDS, kind, lambda _: Centroids())
        patch.setattr(time_courses.times_up_to, "__defaults__", (5,))
        patch.setattr(evaluation, "CURVE_AGES", 2)
        yield
