"""The estimators keep the conventions of scikit-learn, and do what their names say."""

import os
import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_classifiers_train, check_estimator

import shortrun as sr
from campaign import only_in_campaigns
from shortrun.sklearn import ShortRunClassifier, ShortRunGenerator

WEIGHTS = "a minibatch draws samples in proportion to their weights: one of weight 2 is two copies on average only"
EXPECTED = {"check_sample_weight_equivalence_on_dense_data": WEIGHTS}
SETTINGS = {"schedule": "constant", "weight_std": 0.3, "ages_per_decade": 1}
QUICK: dict[str, Any] = {"hidden": 8, "steps": 1, "updates": 20, "batch": 100, "settings": SETTINGS, "random_state": 0}
IRIS, KINDS = load_iris(return_X_y=True)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "updates"), [(ShortRunClassifier, 15), (ShortRunGenerator, 2)])
def test_the_conventions(kind, updates, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a hundred runs, of which none must outlive a power cut
    estimator = kind(**{**QUICK, "updates": updates})
    found = check_estimator(estimator, expected_failed_checks=EXPECTED, on_fail=None, on_skip=None)
    failed = {each["check_name"]: each["exception"] for each in found if each["status"] == "failed"}
    assert failed == {}
    assert {each["check_name"] for each in found if each["status"] == "xfail"} == set(EXPECTED)
    assert len([each for each in found if each["status"] == "passed"]) > 40


@pytest.fixture(scope="module")
def iris():
    return ShortRunClassifier(16, updates=100, random_state=0).fit(IRIS, KINDS)


def test_it_classifies_and_generates(iris):
    assert iris.score(IRIS, KINDS) > 0.9
    laws = iris.predict_proba(IRIS)
    np.testing.assert_allclose(laws.sum(1), 1)
    exact = sr.predict(iris.run_, IRIS)  # an array is read like the run's data
    np.testing.assert_allclose(laws, exact.probabilities, atol=1e-3)
    new, kinds = iris.sample(300, y=2)
    assert set(kinds) == {2}
    assert (iris.predict(new) == 2).mean() > 0.8
    assert (abs(new.mean(0) - IRIS[KINDS == 2].mean(0)) < 0.3).all()
    assert new.min() >= IRIS.min()
    assert iris.sample(4, y=[0, 2, 1, 0])[1].tolist() == [0, 2, 1, 0]
    assert (iris.sample(5)[0] == iris.sample(5)[0]).all()


def test_free_energies_and_hidden_means(iris):
    few = IRIS[::30]
    energies = iris.score_samples(few)
    data = sr.from_numpy(few, like=iris.run_)
    known = sr.likelihood(iris.run_, data, chains=10, temperatures=10)
    np.testing.assert_allclose(energies - energies.mean(), known.samples["log_likelihood"] - known.mean, atol=1e-3)
    means = iris.transform(few)
    assert means.shape == (5, 16)
    assert ((means > 0) & (means < 1)).all()


def test_a_pickle_and_a_clone(iris):
    copy = pickle.loads(pickle.dumps(iris))
    assert (copy.predict_proba(IRIS) == iris.predict_proba(IRIS)).all()
    assert copy.run_.path != iris.run_.path
    assert clone(iris).get_params() == iris.get_params()
    again = clone(iris).fit(IRIS, KINDS)
    assert (again.predict_proba(IRIS) == iris.predict_proba(IRIS)).all()


def test_binary_features_stay_binary():
    X, y = load_digits(return_X_y=True)
    X = (X > 8).astype(np.int8)
    model = ShortRunClassifier(**QUICK).fit(X, y)
    assert [layer.units.kind for layer in model.run_.spec.visible] == ["bernoulli"]
    made, _ = model.sample(3)
    assert made.dtype == np.int8
    assert set(np.unique(made)) == {0, 1}
    with pytest.raises(sr.DataError, match="0 and 1 expected"):
        model.predict(X + 0.5)


def test_missing_labels():
    some = np.where(np.arange(len(KINDS)) % 3, -1, KINDS)
    model = ShortRunClassifier(**QUICK).fit(IRIS, some)
    assert (model.classes_.tolist(), model.n_unlabelled_) == ([0, 1, 2], 100)
    two = ShortRunClassifier(**QUICK).fit(IRIS, np.where(KINDS == 0, -1, 1))
    assert (two.classes_.tolist(), two.n_unlabelled_) == ([-1, 1], 0)
    three = ShortRunClassifier(**QUICK, missing_label=None).fit(IRIS, KINDS - 1)
    assert three.classes_.tolist() == [-1, 0, 1]
    names = np.array(["a", "b", "c"])[KINDS].astype(object)
    names[::2] = -1
    assert ShortRunClassifier(**QUICK).fit(IRIS, names).classes_.tolist() == ["a", "b", "c"]


def test_frames_with_categories_and_gaps():
    frame = pd.DataFrame({"size": IRIS[:, 0], "colour": np.array(["blue", "red", "white"])[KINDS]})
    frame.loc[::7, "size"] = np.nan
    model = ShortRunClassifier(**QUICK).fit(frame, KINDS)
    assert model.feature_names_in_.tolist() == ["size", "colour"]
    assert model.score(frame, KINDS) > 0.9
    made, _ = model.sample(20)
    assert set(made["colour"]) <= {"blue", "red", "white"}
    assert made["size"].dtype == float
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"size": "length"}))


@only_in_campaigns
def test_classifiers_as_they_come_are_trained(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    check_classifiers_train("ShortRunClassifier", ShortRunClassifier())


@pytest.mark.slow
def test_classes_that_overlap_do_not_make_it_run_away():
    X, y = make_classification(300, 2, n_redundant=0, n_informative=2, random_state=0)
    few: dict[str, Any] = {"hidden": 64, "steps": 2, "updates": 126, "batch": 100, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = ShortRunClassifier(**few).fit(X, y)
    assert model.run_.config["scheme"]["predict"] == 1
    assert log_loss(y, model.predict_proba(X)) < 0.5
    with pytest.warns(ConvergenceWarning, match="the training ran away: give a lower rate"):
        away = ShortRunClassifier(**few, settings={"predict": 10.0}).fit(X, y)
    assert "it ran away: lower the rate" in away.run_.outlook.reason


def test_truths_beside_texts():
    frame = pd.DataFrame({"b": KINDS > 0, "colour": np.array(["x", "y"])[KINDS % 2]})
    frame["gaps"] = (KINDS > 1).astype("object")
    frame["gaps"] = frame["gaps"].where(np.arange(150) % 9 > 0, pd.NA).astype("boolean")
    model = ShortRunClassifier(**QUICK).fit(frame, KINDS)
    made = model.sample(9)[0]
    assert made.dtypes.map(str).to_dict() == {"b": "bool", "colour": "category", "gaps": "boolean"}
    assert model.predict(made).shape == (9,)
    flipped = frame.assign(b=~frame["b"])
    assert (model.predict_proba(flipped) != model.predict_proba(frame)).any()


def test_what_was_not_learned_is_missing_or_common():
    frame = pd.DataFrame({"size": IRIS[:, 0], "colour": np.array(["blue", "red", "red"])[KINDS]})
    frame["gaps"] = frame["size"].where(np.arange(150) % 7 > 0)
    model = ShortRunClassifier(**QUICK).fit(frame, KINDS)
    other = frame.assign(colour="bleu", gaps=np.nan)
    with pytest.warns(UserWarning, match=r"150 cells not .*column 'colour': unknown category 'bleu' \(did you mean"):
        found = model.predict_proba(other)
    assert (found == model.predict_proba(other.assign(colour="red"))).all()
    with pytest.raises(sr.DataError, match="row 1, column 'size': a number expected, got 'long'"):
        model.predict(frame.assign(size="long"))
    with_gap = np.where(np.arange(150)[:, None] == 3, np.nan, IRIS)
    with pytest.warns(UserWarning, match="4 cells not learned"):
        assert np.isfinite(cross_val_score(ShortRunClassifier(**QUICK), with_gap, KINDS, cv=3)).all()
    bits = (IRIS > 2).astype(float)
    model = ShortRunClassifier(**QUICK).fit(bits, KINDS)
    with pytest.warns(UserWarning, match="4 cells not learned"):
        found = model.predict_proba(np.where(np.arange(150)[:, None] == 3, np.nan, bits))
    common = (bits.mean(0, keepdims=True) > 0.5).astype(float)
    np.testing.assert_allclose(found[3:4], model.predict_proba(common))


@pytest.mark.parametrize("names", [[0, 1], ["a", "a "], ["name", "label"]])
def test_any_names_of_columns(names):
    frame = pd.DataFrame({"size": IRIS[:, 0], "colour": np.array(["x", "y"])[KINDS % 2]}).set_axis(names, axis=1)
    model = ShortRunClassifier(**QUICK).fit(frame, KINDS)
    made = model.sample(5)[0]
    assert made.columns.tolist() == names
    assert set(made[names[1]]) <= {"x", "y"}
    assert model.predict(made).shape == (5,)


def test_texts_in_arrays():
    cells = np.array([[*row[:2], "xyz"[kind]] for row, kind in zip(IRIS, KINDS, strict=True)], dtype=object)
    model = ShortRunClassifier(**QUICK).fit(cells, KINDS)
    made = model.sample(30)[0]
    assert isinstance(made, np.ndarray)
    assert set(made[:, 2]) <= {*"xyz"}
    assert made[:, 0].astype(float).max() <= IRIS[:, 0].max()
    assert ShortRunClassifier(**QUICK).fit(cells[:, 2:].astype(str), KINDS).predict(cells[:, 2:]).shape == (150,)


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
def test_classes_that_are_missing(missing):
    names = np.array(["a", "b", "c"])[KINDS].astype(object)
    names[::5] = missing
    model = ShortRunClassifier(**QUICK, missing_label=np.nan).fit(IRIS, names)
    assert (model.classes_.tolist(), model.n_unlabelled_) == (["a", "b", "c"], 30)
    numbers = pd.Series(KINDS, dtype="Int64").where(np.arange(150) % 5 > 0, pd.NA)
    model = ShortRunClassifier(**QUICK, missing_label=np.nan).fit(IRIS, numbers)
    assert (model.classes_.tolist(), model.n_unlabelled_) == ([0, 1, 2], 30)
    with pytest.raises(sr.DataError, match=r"with missing_label=np\.nan it is unknown"):
        ShortRunClassifier(**QUICK).fit(IRIS, names)


def test_texts_that_stand_for_an_unknown_class():
    names = np.where(np.arange(150) % 5 > 0, np.array(["a", "b", "c"])[KINDS], "-1")
    for y in (names, names.astype(object)):
        model = ShortRunClassifier(**QUICK).fit(IRIS, y)
        assert (model.classes_.tolist(), model.n_unlabelled_) == (["a", "b", "c"], 30)


def test_continuous_features():
    model = ShortRunClassifier(**QUICK, continuous=True).fit(IRIS, KINDS)
    assert [layer.units.kind for layer in model.run_.spec.visible] == ["gaussian"]
    assert model.score(IRIS, KINDS) > 0.6
    made, _ = model.sample(300)
    assert (abs(made.mean(0) - IRIS.mean(0)) < 1).all()


def test_a_search_and_a_pipeline():
    X, y = IRIS[::3], KINDS[::3]
    steps = make_pipeline(FunctionTransformer(np.log1p), ShortRunClassifier(**QUICK))
    search = GridSearchCV(steps, {"shortrunclassifier__hidden": [4, 8]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.5
    assert search.best_estimator_[-1].run_.hidden in (4, 8)


def test_the_generator():
    model = ShortRunGenerator(16, updates=100, random_state=0).fit(IRIS)
    assert model.sample(7).shape == (7, 4)
    assert model.transform(IRIS).shape == (150, 16)
    assert model.score_samples(IRIS).shape == (150,)
    assert not hasattr(model, "score")


def given(**parameters):
    return lambda model: clone(model).set_params(**parameters).fit(IRIS, KINDS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.sample(3, y="setosa"), "y: no class 'setosa'; there are 0, 1, 2"),
        (lambda model: model.sample(3, y=[1]), "y: one class, or 3 of them"),
        (lambda model: clone(model).fit(IRIS, np.zeros(150)), "at least two classes expected, got 1 class"),
        (given(hidden=0), "hidden"),
        (given(settings={"hiden": 3}), "did you mean 'hidden'"),
        (given(settings={"hidden": 7}), r"settings: not 'hidden': give hidden=\.\.\. beside it"),
        (given(settings={"seed": 7}), r"settings: not 'seed': give random_state=\.\.\. beside it"),
        (given(settings={"out": "run"}), r"settings: not 'out': run_\.save\(path\) keeps the run"),
        (given(settings=3), "settings: a mapping of options of shortrun.fit expected, got 3"),
        (given(bins=1), "bins: 2 to 254 expected, got 1"),
        (given(bins="many"), "bins: a whole number expected, got 'many'"),
        (given(continuous="yes"), "continuous: True or False expected, got 'yes'"),
        (given(validation="some"), "validation: a number expected, got 'some'"),
        (lambda model: clone(model).fit(pd.DataFrame(IRIS, columns=[*"aabc"]), KINDS), "column 'a' occurs twice"),
    ],
)
def test_mistakes_are_one_line(iris, call, message):
    with pytest.raises(sr.ShortrunError, match=message):
        call(iris)


def test_what_numpy_masks_is_no_data():
    masked = np.ma.array(IRIS, mask=IRIS > 7)
    with pytest.raises(ValueError, match="X contains NaN"):
        ShortRunClassifier(continuous=True).fit(masked, KINDS)
    with pytest.raises(sr.DataError, match="y: a class of each sample expected, got NaN or None"):
        ShortRunClassifier().fit(IRIS, np.ma.array(KINDS, mask=IRIS[:, 0] > 7))


def test_a_stop_ends_a_search(monkeypatch):
    fit = sr.workflows.fit

    def stopped(*args, **options):
        run = fit(*args, **options)
        run.interrupted = True
        return run

    monkeypatch.setattr(sr.workflows, "fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(ShortRunClassifier(**QUICK), IRIS, KINDS, cv=2)
