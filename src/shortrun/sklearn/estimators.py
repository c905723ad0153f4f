"""`ShortRunClassifier` and `ShortRunGenerator`: estimators with the interface of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from shortrun import workflows
from shortrun.data import Dataset
from shortrun.data.core.dataset import UNKNOWN
from shortrun.errors import DataError, nearest
from shortrun.models import RBM, filled, rows_at_once
from shortrun.records import Task
from shortrun.sklearn.features import array_of, frame_of, further, has_categories, learned
from shortrun.typing import State, Theta
from shortrun.workflows._runs import rbm_of
from shortrun.workflows.monitoring import FEWEST

ROWS_AT_ONCE = 2000  # samples in memory at one time
SEEDS = 2**31 - 1
RATE_OF_NUMBERS = 0.03  # of Gaussian units, whose fields no saturation bounds


class _Estimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What both estimators share: features to a data set, a training, the means of hidden units, samples."""

    def __init__(
        self,
        hidden: Any = "auto",
        *,
        steps=10,
        updates: Any = 500,
        rate: Any = "auto",
        batch=500,
        bins=10,
        continuous=False,
        validation=0.0,
        settings=None,
        random_state=None,
    ):
        self.hidden = hidden
        self.steps = steps
        self.updates = updates
        self.rate = rate
        self.batch = batch
        self.bins = bins
        self.continuous = continuous
        self.validation = validation
        self.settings = settings
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = not self.continuous
        return tags

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return features as an array of numbers, or a frame with categories as it is; remember their names."""
        if has_categories(X):
            return validate_data(self, X, reset=reset, skip_check_array=True)
        finite = True if self.continuous else "allow-nan"
        return validate_data(self, X, reset=reset, ensure_all_finite=finite, ensure_min_samples=2 if reset else 1)

    @property
    def _names(self) -> list[str] | None:
        """Names of the features, if they have any."""
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else [*map(str, names)]

    def _encoded(self, X: Any) -> Dataset:
        """Return further samples as the model sees them."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        return further(X, self._names, self.run_.kind)

    def _train(self, X: Any, labels: np.ndarray | None, classes: tuple[str, ...], weights: np.ndarray) -> None:
        """Learn from features that were checked."""
        data = (
            learned(X, self._names, bins=self.bins, continuous=self.continuous)
            .with_original(None)
            .with_weights(weights)
        )
        data = data if labels is None else data.with_labels(labels, classes)
        self.dtype_ = None if has_categories(X) else X.dtype
        seed = int(check_random_state(self.random_state).randint(SEEDS))
        given = {name: getattr(self, name) for name in ("hidden", "steps", "updates", "rate", "batch")}
        if self.continuous and self.rate == "auto":
            given["rate"] = RATE_OF_NUMBERS
        given |= {"seed": seed, "validation": self._held_out(data)} | dict(self.settings or {})
        self.run_ = workflows.fit(data, progress=None, **given)
        self._n_features_out = self.run_.spec.hidden_sites

    def _held_out(self, data: Dataset) -> float:
        """Return the share that is held out: none if it were too few to compare with, or a class has one sample."""
        known = int(data.labelled.sum()) if data.classes else len(data)
        single = bool(data.classes) and data.class_counts.min() < 2
        return 0.0 if single or known * self.validation < FEWEST else self.validation

    def _of_rows(self, X: Any, task: Task, function: Callable[[RBM, Theta, State], torch.Tensor]) -> np.ndarray:
        """Return what a function of states says of samples, in float64, some at a time."""
        data = self._encoded(X)
        model, theta = rbm_of(self.run_, "free energy"), self.run_.at(self.run_.best(task)).double()
        values, labels = torch.from_numpy(data.values), torch.zeros(len(data), dtype=torch.int64)
        parts = zip(*(each.split(rows_at_once(model, ROWS_AT_ONCE)) for each in (values, labels)), strict=True)
        return torch.cat([function(model, theta, filled(model.spec, *part)) for part in parts]).numpy()

    def _made(self, n: int, random_state: Any, labels: Any = None) -> tuple[Any, np.ndarray]:
        """Return generated samples, in the form of the features that were learned, and the codes of their classes."""
        check_is_fitted(self)
        seed = self.random_state if random_state is None else random_state
        seed = int(check_random_state(seed).randint(SEEDS))
        data = workflows.generate(self.run_, n=n, labels=labels, seed=seed)
        if self.dtype_ is not None:
            return array_of(data, self.dtype_), data.labels
        return frame_of(data).set_axis(self._names, axis=1), data.labels

    def transform(self, X: Any) -> np.ndarray:
        """Return the means of the hidden units given the features, (N, H): E[h | x], unknown labels summed over."""
        check_is_fitted(self)
        return self._of_rows(X, "predict" if self.run_.classes else "generate", hidden_means)

    def score_samples(self, X: Any) -> np.ndarray:
        """Return ln p(x) + ln Z of samples, (N,): minus their free energy, labels summed over.

        The constant ln Z is the same for all samples of one model, and differs from model to model: do not compare
        models by it. `sr.likelihood(estimator.run_, ...)` estimates it.
        """
        return self._of_rows(X, "generate", lambda model, theta, state: -model.marginal_free_energy(theta, state))


class ShortRunGenerator(_Estimator):
    """A restricted Boltzmann machine that learns to generate samples in k sweeps from noise.

    Features that are all 0 or 1 are binary sites. Otherwise each is a column of its own: numbers in at most `bins` bins
    of nearly equal counts, generated within their bin; text and categories of a data frame as categories; missing
    values (NaN) as a value of their own.

    Parameters
    ----------
    hidden : int or "auto", default "auto"
        Number of hidden units; by default 256, or 512 from 5,000 samples or 1,000 sites on.
    steps : int, default 10
        Number k of sweeps that a sample takes.
    updates : int or "auto", default 500
        Number of updates; "auto" trains until held-out samples say that it is done, and needs `validation`.
    rate : float or "auto", default "auto"
        Learning rate; by default small enough for the strongest mode of the data, 0.03 for continuous numbers.
    batch : int, default 500
        Samples in a minibatch.
    bins : int, default 10
        Most bins of the numbers of a feature.
    continuous : bool, default False
        Standardise numbers and learn them with Gaussian units, instead of bins. NaN is refused then.
    validation : float, default 0
        Share held out, which decides which age of the training is used; none is held out where that were fewer than 8
        samples, or a class has a single one.
    settings : Mapping[str, Any], optional
        Further options of `shortrun.fit`, such as `{"l2": 1e-3}`.
    random_state : int, RandomState or None, default None
        Of all random numbers.

    Attributes
    ----------
    run_ : Trajectory
        The run, for all functions of `shortrun`; it lives as long as the estimator, `run_.save(path)` keeps it.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray
        Their names, if they have any.

    Notes
    -----
    It has no `score`: give a search a `scoring`, since free energies of two models cannot be compared.

    Examples
    --------
    >>> import numpy as np
    >>> from shortrun.sklearn import ShortRunGenerator
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> made = ShortRunGenerator(hidden=8, updates=20, random_state=0).fit(X).sample(5)
    >>> made.shape, bool(X.min() <= made.min())
    ((5, 3), True)
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> ShortRunGenerator:
        """Learn samples; `y` is not used. Those of weight 0 are left out."""
        X = self._checked(X, reset=True)
        weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        kept = weights > 0
        self._train(rows_of(X, kept), None, (), weights[kept])
        return self

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Generate samples: an array, or a data frame where the estimator was fitted on one with categories.

        Parameters
        ----------
        n_samples : int, default 1
            How many.
        random_state : int, RandomState or None, default None
            Of the noise; that of the estimator by default.
        """
        return self._made(n_samples, random_state)[0]


class ShortRunClassifier(ClassifierMixin, _Estimator):
    """A restricted Boltzmann machine that learns to generate samples of a class, and to classify samples.

    Features that are all 0 or 1 are binary sites. Otherwise each is a column of its own: numbers in at most `bins` bins
    of nearly equal counts, generated within their bin; text and categories of a data frame as categories; missing
    values (NaN) as a value of their own.

    Samples may lack their class: -1, as in `sklearn.semi_supervised`, where there are two classes or more besides.
    They teach what samples look like.

    Parameters
    ----------
    hidden : int or "auto", default "auto"
        Number of hidden units; by default 256, or 512 from 5,000 samples or 1,000 sites on.
    steps : int, default 10
        Number k of sweeps that a sample takes.
    updates : int or "auto", default 500
        Number of updates; "auto" trains until held-out samples say that it is done, and needs `validation`.
    rate : float or "auto", default "auto"
        Learning rate; by default small enough for the strongest mode of the data, 0.03 for continuous numbers.
    batch : int, default 500
        Samples in a minibatch.
    bins : int, default 10
        Most bins of the numbers of a feature.
    continuous : bool, default False
        Standardise numbers and learn them with Gaussian units, instead of bins. NaN is refused then.
    validation : float, default 0
        Share held out, which decides which age of the training is used; none is held out where that were fewer than 8
        samples, or a class has a single one.
    settings : Mapping[str, Any], optional
        Further options of `shortrun.fit`, such as `{"predict": 5.0}`.
    missing_label : int, str or None, default -1
        What stands for an unknown class; None: nothing does.
    random_state : int, RandomState or None, default None
        Of all random numbers.

    Attributes
    ----------
    classes_ : ndarray
        The classes, in the order of the columns of `predict_proba`.
    n_unlabelled_ : int
        How many samples had no class.
    run_ : Trajectory
        The run, for all functions of `shortrun`; it lives as long as the estimator, `run_.save(path)` keeps it.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray
        Their names, if they have any.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from shortrun.sklearn import ShortRunClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ShortRunClassifier(hidden=16, updates=100, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    >>> new, classes = model.sample(4, y=2)
    >>> new.shape, classes.tolist()
    ((4, 4), [2, 2, 2, 2])
    """

    def __init__(
        self,
        hidden: Any = "auto",
        *,
        steps=10,
        updates: Any = 500,
        rate: Any = "auto",
        batch=500,
        bins=10,
        continuous=False,
        validation=0.0,
        settings=None,
        missing_label=-1,
        random_state=None,
    ):
        super().__init__(
            hidden,
            steps=steps,
            updates=updates,
            rate=rate,
            batch=batch,
            bins=bins,
            continuous=continuous,
            validation=validation,
            settings=settings,
            random_state=random_state,
        )
        self.missing_label = missing_label

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ShortRunClassifier:
        """Learn samples and their classes. Samples of weight 0 are left out."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        X = self._checked(X, reset=True)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        assert_all_finite(y, input_name="y")
        weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        kept = weights > 0
        y, unknown = y[kept], unlabelled(y[kept], self.missing_label)
        check_classification_targets(y[~unknown])
        self.classes_, known = np.unique(y[~unknown], return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(f"at least two classes expected, got {len(self.classes_)} class")
        self.n_unlabelled_ = int(unknown.sum())
        labels = np.full(len(y), UNKNOWN)
        labels[~unknown] = known
        self._train(rows_of(X, kept), labels, tuple(map(str, self.classes_)), weights[kept])
        return self

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return ln p(class | features), (N, K), exactly."""
        return self._of_rows(X, "predict", lambda model, theta, state: model.label_log_probabilities(theta, state))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return p(class | features), (N, K), exactly."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each sample, (N,)."""
        check_is_fitted(self)
        return self.classes_[self.predict_log_proba(X).argmax(1)]

    def sample(self, n_samples: int = 1, y: Any = None, random_state: Any = None) -> tuple[Any, np.ndarray]:
        """Generate samples and return them with their classes, as `sklearn.mixture.GaussianMixture.sample` does.

        Parameters
        ----------
        n_samples : int, default 1
            How many.
        y : Any, optional
            A class for all, or (n_samples,) one for each; in the proportions of the training by default.
        random_state : int, RandomState or None, default None
            Of the noise; that of the estimator by default.

        Returns
        -------
        tuple
            Samples, an array, or a data frame where the estimator was fitted on one with categories; and (n_samples,)
            classes.
        """
        check_is_fitted(self)
        made, labels = self._made(n_samples, random_state, self._named(y, n_samples))
        return made, self.classes_[labels]

    def _named(self, y: Any, count: int) -> list[str] | None:
        """Return the names of the classes that are asked for, one a sample."""
        if y is None:
            return None
        asked = np.asarray(y).tolist() if np.ndim(y) else [y] * count
        if len(asked) != count:
            raise DataError(f"y: one class, or {count} of them, one a sample, expected, got {len(asked)}")
        name_of: Mapping[Any, str] = dict(zip(self.classes_.tolist(), self.run_.classes, strict=True))
        wrong = next((each for each in asked if each not in name_of), None)
        if wrong is not None:
            near = nearest(str(wrong), name_of.values())
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join([*name_of.values()][:8])}"
            raise DataError(f"y: no class {wrong!r}; {hint}")
        return [name_of[each] for each in asked]


def rows_of(X: Any, kept: np.ndarray) -> Any:
    """Return some rows of an array or a frame."""
    return X if kept.all() else X.loc[kept] if hasattr(X, "loc") else X[kept]


def unlabelled(y: np.ndarray, missing_label: Any) -> np.ndarray:
    """Return which samples have no class, (N,) bool: none where what marks them is one of only two values."""
    nothing = np.zeros(len(y), bool)
    if missing_label is None:
        return nothing
    marks = y == str(missing_label) if y.dtype.kind in "US" else np.array([each == missing_label for each in y], bool)
    different = {*y[~marks].tolist()}
    return marks if len(different) > 1 else nothing


def hidden_means(model: RBM, theta: Theta, state: State) -> torch.Tensor:
    """Return E[h | x], (C, H), the label summed over with its exact probabilities."""
    units, field, label = model.spec.hidden.units, model.hidden_field(theta, state), model.spec.label
    if label is None:
        return units.mean(field)
    of_class = next(iter(model.label_parts(theta)))
    others = field - of_class[state[label][:, 0].long()]
    posterior = model.label_log_probabilities(theta, state).exp()
    return sum(
        (law.unsqueeze(1) * units.mean(others + row) for law, row in zip(posterior.T, of_class, strict=True)),
        torch.zeros_like(field),
    )
