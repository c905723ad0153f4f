"""`ShortRunClassifier` and `ShortRunGenerator`: estimators with the interface of scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
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
from shortrun.data.core.values import plain_array
from shortrun.errors import ConfigError, DataError, nearest
from shortrun.models import RBM, filled, rows_at_once
from shortrun.records import Task, ran_away
from shortrun.settings.training import TrainingSettings
from shortrun.sklearn.features import array_of, as_frame, frame_of, further, is_frame, learned, most_common
from shortrun.typing import State, Theta
from shortrun.workflows._runs import rbm_of
from shortrun.workflows.monitoring import FEWEST

ROWS_AT_ONCE = 2000  # samples in memory at one time
SEEDS = 2**31 - 1
RATE_OF_NUMBERS = 0.03  # of Gaussian units, whose fields no saturation bounds
GENTLE = {"predict": 1.0, "label_l2": 0.01}  # where labels made a training run away
OWN = ("hidden", "steps", "updates", "rate", "batch")  # options of `fit` that are parameters
ELSEWHERE = {name: f"give {name}=... beside it" for name in (*OWN, "validation")} | {
    "seed": "give random_state=... beside it",
    **dict.fromkeys(("data", "labels", "label_column"), "fit takes X and y"),
    **dict.fromkeys(("out", "overwrite"), "run_.save(path) keeps the run"),
    "resume": "a fit begins anew",
    "progress": "a fit shows none",
}  # what `settings` cannot have, and why


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
        """Return features as an array of numbers, or a frame if some are others; remember their names."""
        X = plain_array(X) if isinstance(X, np.ma.MaskedArray) else X  # of which scikit-learn drops the mask
        frame: Any = as_frame(X, None if reset else getattr(self, "feature_names_in_", None))
        if reset:
            self._columns = getattr(X, "columns", None)
        if frame is not None:
            return validate_data(self, frame, reset=reset, skip_check_array=True)
        finite = True if self.continuous else "allow-nan"
        return validate_data(self, X, reset=reset, ensure_all_finite=finite, ensure_min_samples=2 if reset else 1)

    @property
    def _names(self) -> list[str] | None:
        """Names of the features, if they have any."""
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else [*map(str, names)]

    def _encoded(self, X: Any) -> np.ndarray:
        """Return the values (N, S) of further samples as the model sees them; warn of those that it has none for."""
        check_is_fitted(self)
        values, unlearned = further(self._checked(X, reset=False), self._names, self.run_.kind, self._common)
        if unlearned:
            warnings.warn(unlearned, UserWarning, stacklevel=2)
        return values

    def _train(self, X: Any, labels: np.ndarray | None, classes: tuple[str, ...], weights: np.ndarray) -> None:
        """Learn from features that were checked."""
        options = self._options()
        data = (
            learned(X, self._names, bins=self.bins, continuous=self.continuous)
            .with_original(None)
            .with_weights(weights)
        )
        data = data if labels is None else data.with_labels(labels, classes)
        self._common = most_common(data)
        self.dtype_ = None if is_frame(X) else X.dtype
        seed = int(check_random_state(self.random_state).randint(SEEDS))
        always = {"progress": None, "seed": seed, "validation": self._held_out(data)}
        self.run_ = workflows.fit(data, **always, **options)
        if data.classes and ran_away(self.run_.log()) and not GENTLE.keys() & options.keys():
            self.run_ = workflows.fit(data, **always, **options, **GENTLE)
        if ran_away(self.run_.log()):
            text = "the training ran away: give a lower rate, or a validation, which sets it back"
            warnings.warn(text, ConvergenceWarning, stacklevel=3)
        if self.run_.interrupted:  # which ends a search too
            raise KeyboardInterrupt
        self._n_features_out = self.run_.spec.hidden_sites

    def _options(self) -> dict[str, Any]:
        """Return the options of `fit`, those in `settings` included.

        Raises
        ------
        ConfigError
            If a parameter is not what it should be, or `settings` has what is none of its own.
        """
        if not isinstance(self.continuous, bool | np.bool_):
            raise ConfigError("continuous", f"True or False expected, got {self.continuous!r}")
        TrainingSettings.of(validation=self.validation)
        settings = {} if self.settings is None else self.settings
        if not isinstance(settings, Mapping) or not all(isinstance(name, str) for name in settings):
            raise ConfigError("settings", f"a mapping of options of shortrun.fit expected, got {settings!r}")
        wrong = next((name for name in settings if name in ELSEWHERE), None)
        if wrong is not None:
            raise ConfigError("settings", f"not {wrong!r}: {ELSEWHERE[wrong]}")
        given = {name: getattr(self, name) for name in OWN}
        if self.continuous and self.rate == "auto":
            given["rate"] = RATE_OF_NUMBERS
        return given | dict(settings)

    def _held_out(self, data: Dataset) -> float:
        """Return the share that is held out: none if it were too few to compare with, or a class has one sample."""
        known = int(data.labelled.sum()) if data.classes else len(data)
        single = bool(data.classes) and data.class_counts.min() < 2
        return 0.0 if single or known * self.validation < FEWEST else self.validation

    def _of_rows(self, X: Any, task: Task, function: Callable[[RBM, Theta, State], torch.Tensor]) -> np.ndarray:
        """Return what a function of states says of samples, in float64, some at a time."""
        found = torch.from_numpy(self._encoded(X))
        model, theta = rbm_of(self.run_, "free energy"), self.run_.at(self.run_.best(task)).double()
        parts = found.split(rows_at_once(model, ROWS_AT_ONCE))
        states = (filled(model.spec, part, torch.zeros(len(part), dtype=torch.int64)) for part in parts)
        return torch.cat([function(model, theta, state) for state in states]).numpy()

    def _made(self, n: int, random_state: Any, labels: Any = None) -> tuple[Any, np.ndarray]:
        """Return generated samples, in the form of the features that were learned, and the codes of their classes."""
        check_is_fitted(self)
        seed = self.random_state if random_state is None else random_state
        seed = int(check_random_state(seed).randint(SEEDS))
        data = workflows.generate(self.run_, n=n, labels=labels, seed=seed)
        if self.dtype_ is not None:
            return array_of(data, self.dtype_), data.labels
        frame = frame_of(data)
        if self._columns is None:
            return frame.astype(object).to_numpy(), data.labels
        return frame.set_axis(self._columns, axis=1), data.labels

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
    of nearly equal counts, generated within their bin; text, booleans and categories of a data frame, or an array of
    objects, as categories; missing values (NaN) as a value of their own. Later samples may have categories, or gaps in
    columns, that were not learned: they are read as missing where the column has that, else as its most common value,
    with a warning that counts them.

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
    of nearly equal counts, generated within their bin; text, booleans and categories of a data frame, or an array of
    objects, as categories; missing values (NaN) as a value of their own. Later samples may have categories, or gaps in
    columns, that were not learned: they are read as missing where the column has that, else as its most common value,
    with a warning that counts them.

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
    missing_label : int, str, NaN or None, default -1
        What stands for an unknown class, "-1" among texts; NaN: all that is missing, None and pd.NA too; None: nothing
        does.
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
        y = column_or_1d(plain_array(y) if isinstance(y, np.ma.MaskedArray) else y, warn=True)
        check_consistent_length(X, y)
        weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        kept = weights > 0
        y, unknown = y[kept], unlabelled(y[kept], self.missing_label)
        known = without_objects(y[~unknown])
        assert_all_finite(known, input_name="y")
        check_classification_targets(known)
        self.classes_, codes = np.unique(known, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(f"at least two classes expected, got {len(self.classes_)} class")
        self.n_unlabelled_ = int(unknown.sum())
        labels = np.full(len(y), UNKNOWN)
        labels[~unknown] = codes
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
        if y is None or not isinstance(count, Integral):  # `generate` refuses that
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
    """Return which samples have no class, (N,) bool: none where -1 or the like is one of only two values.

    Raises
    ------
    DataError
        If there are missing values that do not stand for an unknown class.
    """
    import pandas as pd

    gaps, nothing = np.asarray(pd.isna(y)), np.zeros(len(y), bool)
    if missing_label is not None and pd.isna(missing_label):
        return gaps | (y == "nan") if y.dtype.kind == "U" else gaps  # as texts beside NaN become in an array
    if gaps.any():
        raise DataError("y: a class of each sample expected, got NaN or None; with missing_label=np.nan it is unknown")
    if missing_label is None:
        return nothing
    marks = np.array([each in (missing_label, str(missing_label)) for each in y.tolist()], bool)
    return marks if len({*y[~marks].tolist()}) > 1 else nothing


def without_objects(y: np.ndarray) -> np.ndarray:
    """Return labels that are objects, as beside None or pd.NA, with the type that they have by themselves."""
    import pandas as pd

    return np.asarray(pd.Series(y).infer_objects()) if y.dtype == object else y


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
