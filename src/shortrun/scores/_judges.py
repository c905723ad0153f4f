"""Classifiers that judge samples, and the folds that they are tested on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Int64

from shortrun.data import Dataset
from shortrun.data.core.splits import group_codes, group_strata
from shortrun.scores._features import blocks, features
from shortrun.scores._neighbours import distances, points, slices

STEPS = 100  # of L-BFGS
TREES = 100
FOLDS = 3
TRIED = 2000  # largest number of samples that classifiers are compared on


def logistic_regression(_: np.ndarray) -> Any:
    """Return a logistic regression with penalty |w|^2 / 0.2, in at most STEPS steps."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=0.1, max_iter=STEPS)


def support_vectors(rows: np.ndarray) -> Any:
    """Return a support vector machine of cost 5 with a Gaussian kernel, 1 / gamma = features * their variance."""
    width = rows.shape[1] * float(rows.var())
    return SupportVectors(width if width > 0 else 1.0)


class SupportVectors:
    """A support vector machine whose kernel is a table made by few products, five times as fast as LIBSVM's own loop.

    Parameters
    ----------
    width : float
        1 / gamma of the kernel.
    """

    def __init__(self, width: float):
        self.width = width

    def fit(self, rows: np.ndarray, labels: np.ndarray) -> SupportVectors:
        """Learn the labels of rows."""
        from sklearn.svm import SVC

        table = np.empty((len(rows), len(rows)))
        model = SVC(C=5.0, kernel="precomputed", cache_size=500).fit(gaussian(rows, rows, self.width, table), labels)
        self.vectors, self.factors, self.bias = rows[model.support_], model.dual_coef_, model.intercept_
        self.classes_, self.sizes = model.classes_, model.n_support_
        return self

    def decision_function(self, rows: np.ndarray) -> np.ndarray:
        """Return on which side of the border of two classes rows are, (N,), above 0 on that of the second."""
        return self.similar(rows) @ self.factors[0] + self.bias[0]

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the label of each row: that which wins most often against single others, of equals the first."""
        if len(self.classes_) == 2:
            return self.classes_[(self.decision_function(rows) > 0).astype(int)]
        similar, end = self.similar(rows), np.cumsum(self.sizes)
        parts = [slice(last - count, last) for last, count in zip(end, self.sizes, strict=True)]
        wins = np.zeros((len(rows), len(parts)), np.int64)
        for (i, j), bias in zip(combinations(range(len(parts)), 2), self.bias, strict=True):
            one, other = (
                similar[:, parts[i]] @ self.factors[j - 1, parts[i]],
                similar[:, parts[j]] @ self.factors[i, parts[j]],
            )
            first = one + other + bias > 0
            wins[:, i] += first
            wins[:, j] += ~first
        return self.classes_[wins.argmax(1)]

    def similar(self, rows: np.ndarray) -> np.ndarray:
        """Return the kernel between rows and the support vectors."""
        return gaussian(rows, self.vectors, self.width, np.empty((len(rows), len(self.vectors))))


def gaussian(a: np.ndarray, b: np.ndarray, width: float, out: np.ndarray) -> np.ndarray:
    """Return in `out` exp(-|a - b|^2 / width) of all pairs of rows, whose distances are exact of whole numbers."""
    x, y = points(a, b)
    for some in slices(len(a)):
        table = distances(x[some], y)
        table *= -1 / width
        out[some] = np.exp(table, out=table)
    return out


def extra_trees(_: np.ndarray) -> Any:
    """Return extremely randomised trees (P. Geurts et al., Mach. Learn. 63, 3, 2006)."""
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(TREES, random_state=0)


KINDS: dict[str, Callable[[np.ndarray], Any]] = {
    "support vector machine": support_vectors,
    "logistic regression": logistic_regression,
    "extra trees": extra_trees,
}


@dataclass(frozen=True, eq=False)
class Judge:
    """A classifier that has learned the labels of samples: a function from samples to codes of classes.

    Parameters
    ----------
    name : str
        Its kind, one of `KINDS`.
    model : Any
        Classifier of scikit-learn.
    mean, scale : ndarray
        What features are reduced by and divided by.
    """

    name: str
    model: Any
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def taught(cls, name: str, data: Dataset) -> Judge:
        """Return a judge of this kind that has learned the labels of samples."""
        rows = features(data)
        mean, scale = standard(rows) if data.continuous else (np.zeros(1, np.float32), np.ones(1, np.float32))
        return cls(name, fitted(name, (rows - mean) / scale, data.labels), mean, scale)

    def __call__(self, samples: Dataset) -> Int64[np.ndarray, " N"]:
        parts = [self.model.predict((part - self.mean) / self.scale) for part in blocks(samples)]
        return np.concatenate([np.empty(0, np.int64), *parts])


def fitted(name: str, rows: np.ndarray, labels: np.ndarray) -> Any:
    """Return a trained classifier; for labels of a single class one that always says it."""
    from sklearn.dummy import DummyClassifier
    from sklearn.exceptions import ConvergenceWarning

    model = KINDS[name](rows) if len(np.unique(labels)) > 1 else DummyClassifier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # STEPS is meant as a bound
        return model.fit(rows, labels)


def standard(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each feature, 1 for those that do not vary."""
    width = rows.std(0)
    return rows.mean(0), np.where(width > 0, width, 1)


def best(data: Dataset, among: Sequence[str] = tuple(KINDS)) -> str:
    """Return the kind that is right most often on the first TRIED samples by cross-validation; the first of equals."""
    if len(among) == 1:
        return among[0]
    tried = data.head(min(len(data), TRIED))
    found, least = among[0], len(tried)
    for name in among:
        count = wrong(tried, name, least)
        if count < least:
            found, least = name, count
    return found


def wrong(data: Dataset, name: str, most: int) -> int:
    """Return for how many samples judges of a kind are wrong by cross-validation; not counted on from `most`."""
    count = 0
    for judge, unseen in crossed(data, name):
        count += int((judge(unseen) != unseen.labels).sum())
        if count >= most:
            break
    return count


def crossed(data: Dataset, name: str) -> Iterator[tuple[Judge, Dataset]]:
    """Yield judges, each taught by all folds but one, with the samples of that one."""
    fold = folds(data)
    for i in range(FOLDS):
        yield Judge.taught(name, data.select(fold != i)), data.select(fold == i)


def folds(data: Dataset, count: int = FOLDS, strata: np.ndarray | None = None) -> Int64[np.ndarray, " N"]:
    """Return one of `count` numbers for each sample, evenly within each class; groups stay together.

    Parameters
    ----------
    data : Dataset
        N samples.
    count : int, default FOLDS
        Number of folds.
    strata : ndarray, optional
        (N,) what to spread evenly in place of the classes; a group counts for one of its samples.
    """
    group = group_codes(data)
    first = np.unique(group, return_index=True)[1]
    of_group = group_strata(data, group) if strata is None else strata[first]
    order, fold = np.argsort(of_group, kind="stable"), np.empty(len(of_group), np.int64)
    fold[order] = np.arange(len(of_group)) % count
    return fold[group]
