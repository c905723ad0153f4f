"""Scores of labels and of diversity against slow implementations and scikit-learn, and on known faults."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn import metrics
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

import shortrun as sr
from faulty_generators import KINDS, collapsed, copy, data, independent, law, noise
from shortrun.data import Predictions
from shortrun.scores import ALL, Pair, PredictionScores, compare, features, offered, verdict
from shortrun.scores import spectrum as spectral
from shortrun.scores._judges import best, folds
from shortrun.scores._neighbours import Balls, distances, points
from shortrun.scores.diversity import diversity, in_balls, none_first
from shortrun.scores.fidelity import recogniser
from shortrun.scores.prediction import (
    accuracies,
    calibration_error,
    calibration_floor,
    confusion,
    judge,
    reliability,
)
from shortrun.scores.spectrum import spectrum_error

CLASSES = ("a", "b", "c", "d")


def predicted(seed, rows=500, sharpness=2.0, unknown=0.1):
    """Return predictions whose labels are drawn from their probabilities, raised to a power and normalised."""
    random = np.random.default_rng(seed)
    true = random.dirichlet([0.6, 0.4, 0.3, 0.2], rows)
    labels = (random.random((rows, 1)) > true.cumsum(1)[:, :-1]).sum(1)
    labels[random.random(rows) < unknown] = -1
    told = true ** (sharpness / 2) + 1e-12
    told = (told / told.sum(1, keepdims=True)).astype(np.float32)
    return Predictions(names=np.arange(rows).astype(str), labels=labels, classes=CLASSES, probabilities=told)


def only(predictions, rows, labels=None):
    given = predictions.labels[rows] if labels is None else labels
    return Predictions(predictions.names[rows], given, predictions.classes, predictions.probabilities[rows])


def recalls(labels, answer):
    """Return scikit-learn's recall of each class."""
    return np.asarray(metrics.recall_score(labels, answer, average=None))  # pyright: ignore[reportArgumentType]


# predictions


def test_accuracies_and_confusion_are_scikit_learns():
    found = predicted(0)
    known = found.labels >= 0
    true, answer = found.labels[known], found.predicted[known]
    rows = judge(found)
    assert rows[ALL]["accuracy"][0] == pytest.approx(metrics.accuracy_score(true, answer))
    assert rows[ALL]["accuracy"][0] == pytest.approx(found.accuracy)
    assert rows[ALL]["balanced-accuracy"][0] == pytest.approx(metrics.balanced_accuracy_score(true, answer))
    recall = recalls(true, answer)
    assert [rows[name]["accuracy"][0] for name in CLASSES] == pytest.approx(recall.tolist())
    assert confusion(found).tolist() == metrics.confusion_matrix(true, answer).tolist()
    shares = metrics.confusion_matrix(true, answer, normalize="true")
    assert confusion(found, normalised=True) == pytest.approx(shares)


def test_errors_of_accuracies_are_the_spread_of_repetitions():
    rows = [judge(predicted(seed)) for seed in range(100)]
    for cls, name in [(ALL, "accuracy"), ("d", "accuracy"), (ALL, "balanced-accuracy")]:
        values, errors = np.array([row[cls][name][:2] for row in rows]).T
        assert errors.mean() / values.std(ddof=1) == pytest.approx(1, abs=0.3)  # 4 standard errors of 100 draws


@pytest.mark.parametrize("bins", [1, 7, 15])
def test_calibration_error_bin_by_bin(bins):
    found = predicted(1, 300, sharpness=4)
    terms, table = [], []
    known = [i for i in range(300) if found.labels[i] >= 0]
    for m in range(bins):
        inside = [i for i in known if m / bins < found.probabilities[i].max() <= (m + 1) / bins]
        right = [float(found.probabilities[i].argmax() == found.labels[i]) for i in inside]
        sure = [float(found.probabilities[i].max()) for i in inside]
        terms.append(abs(sum(right) - sum(sure)) / len(known))
        table.append(
            (m / bins, (m + 1) / bins, len(inside), *(np.mean([sure, right], axis=1) if inside else [np.nan] * 2))
        )
    assert calibration_error(found, bins)[0] == pytest.approx(sum(terms))
    names = ["lower", "upper", "samples", "confidence", "accuracy"]
    assert reliability(found, bins)[names].to_numpy() == pytest.approx(np.array(table), nan_ok=True)


def test_probabilities_at_the_edges_of_bins():
    sure = np.array([[1.0, 0.0], [0.5, 0.5], [0.75, 0.25]], np.float32)
    found = Predictions(np.array(["x", "y", "z"]), np.array([0, 0, 1]), ("a", "b"), sure)
    assert reliability(found, 4)["samples"].tolist() == [0, 1, 1, 1]
    assert calibration_error(found, 4)[0] == pytest.approx((0 + 0.5 + 0.75) / 3)


def test_a_calibrated_predictor_is_at_its_floor_and_one_that_is_too_sure_above():
    good = [calibration_error(predicted(seed)) for seed in range(60)]
    floors = [calibration_floor(predicted(seed)) for seed in range(60)]
    values, errors = np.transpose(good)
    assert np.mean(floors) > 0.01
    assert values.mean() == pytest.approx(np.mean(floors), abs=4 * values.std(ddof=1) / 60**0.5)
    assert 0.5 < errors.mean() / values.std(ddof=1) < 2
    sure = predicted(0, sharpness=8)
    assert calibration_error(sure)[0] - calibration_floor(sure) > 6 * calibration_error(sure)[1]
    many = predicted(0, 50_000)
    assert calibration_floor(many) < 0.2 * np.mean(floors)


def test_unlabelled_samples_are_left_out():
    found = predicted(2)
    known = only(found, found.labels >= 0)
    assert str(judge(found)) == str(judge(known))  # nan is equal to nan
    assert (confusion(found) == confusion(known)).all()
    with pytest.raises(sr.DataError, match="none has one"):
        judge(only(found, found.labels < 0))


def test_classes_without_samples_and_a_single_class():
    found = predicted(3)
    some = only(found, (found.labels == 0) | (found.labels == 2))
    rows = judge(some)
    assert set(rows) == {ALL, "a", "c"}
    table = confusion(some, normalised=True)
    assert np.isnan(table[[1, 3]]).all()
    assert table[[0, 2]].sum(1) == pytest.approx([1, 1])
    one = Predictions(np.array(["x"] * 3), np.zeros(3, int), ("a",), np.ones((3, 1), np.float32))
    assert judge(one)[ALL]["accuracy"][:2] == (1.0, 0.0)
    assert judge(one)[ALL]["calibration-error"][:3] == (0.0, 0.0, 0.0)


def test_predictions_are_scored_with_the_samples():
    x, y, told = law(0), law(1), predicted(4)
    names = ["accuracy", "balanced-accuracy", "calibration-error", "spectrum"]
    found = compare(x, y, predictions=told, scores=names)
    by_class = {(each.score, each.cls): each.value for each in found}
    assert by_class["accuracy", "b"] == accuracies(told)["b"][0]
    assert {cls for score, cls in by_class if score == "spectrum"} == {"all", "0", "1", "2"}
    assert {cls for score, cls in by_class if score == "accuracy"} == {"all", *CLASSES}
    assert {cls for score, cls in by_class if score == "calibration-error"} == {"all"}
    assert [each.cls for each in compare(x, y, predictions=told, scores=names, per_class=False)] == ["all"] * 4
    nothing = only(told, told.labels < 0)
    for given in (None, nothing):
        with pytest.raises(sr.ConfigError, match="'accuracy' needs predictions of known labels"):
            compare(x, y, predictions=given, scores=["accuracy"])
        assert "accuracy" not in {each.score for each in compare(x, y, predictions=given)}


# labels of generated samples


def fidelity(*sets, **options):
    scores = sr.score(*sets, scores=["label-fidelity"], **options)
    return {each.cls: each for each in scores}


def test_label_fidelity_is_that_of_scikit_learns_classifier():
    x, y, unseen = law(10), law(11), law(12)
    found = fidelity(x, y, held_out=unseen)
    kind = best(x.select(np.random.default_rng(0).permutation(len(x))))
    model = {
        "logistic regression": LogisticRegression(C=0.1),
        "support vector machine": SVC(C=5),
        "extra trees": ExtraTreesClassifier(300, random_state=1),
    }[kind].fit(x.values, x.labels)
    assert found["all"].note.startswith(f"judge: {kind}, right for {found['all'].floor:.1%}")
    assert found["all"].value == pytest.approx(np.mean(model.predict(y.values) == y.labels), abs=0.02)
    recall, floor = (recalls(side.labels, model.predict(side.values)) for side in (y, unseen))
    for k, name in enumerate(x.classes):
        assert found[name].value == pytest.approx(recall[k], abs=0.02)
        assert found[name].floor == pytest.approx(floor[k], abs=0.02)
    shares = np.bincount(y.labels) / len(y)
    assert found["all"].floor == pytest.approx(shares @ floor, abs=0.01)
    assert found["all"].error == pytest.approx(np.sqrt(recall.mean() * (1 - recall.mean()) / 400), rel=0.5)


def test_label_fidelity_without_held_out_samples_is_cross_validated():
    x, y = law(13), law(14)
    fold = folds(x)
    for k in range(3):
        assert np.ptp(np.bincount(fold[x.labels == k])) <= 1
    floors = [np.mean(recogniser(x.select(fold != i))(x.select(fold == i)) == x.labels[fold == i]) for i in range(3)]
    found = fidelity(x, x.select(np.arange(400)[::-1]))
    assert found["all"].floor == pytest.approx(np.mean(floors), abs=0.02)
    wrong = y.recode(y.classes).select(slice(None))
    shifted = sr.Dataset.from_arrays(y.values, (y.labels + 1) % 3, classes=y.classes)
    assert fidelity(x, wrong)["all"].value == pytest.approx(found["all"].floor, abs=0.05)
    assert fidelity(x, shifted)["all"].value < 0.1
    assert verdict(fidelity(x, shifted)["all"]) == "far"
    assert verdict(fidelity(x, wrong)["all"]) == "as real"


@pytest.mark.parametrize("kind", KINDS)
def test_label_fidelity_of_every_kind_of_data(kind):
    x = data(kind, 30, 200)
    high = (x.values[:, 0] > np.median(x.values[:, 0])).astype(int)
    labelled = x.with_labels([*np.array(["low", "high"])[high]])
    assert fidelity(labelled, labelled)["all"].value > 0.75


@pytest.mark.parametrize(
    ("real", "made", "needed"),
    [
        ([""], None, "real samples of two classes or more"),
        (["a"], ["a"], "real samples of two classes or more"),
        (None, [""], "labels of generated samples"),
    ],
)
def test_label_fidelity_needs_labels(real, made, needed):
    x, y = (
        side if given is None else side.with_labels(given * 400) for side, given in ((law(15), real), (law(16), made))
    )
    with pytest.raises(sr.ConfigError, match=f"'label-fidelity' needs {needed}, and there are none"):
        sr.score(x, y, scores=["label-fidelity"])
    assert "label-fidelity" not in {each.score for each in sr.score(x, y)}


def test_label_fidelity_of_a_single_generated_class():
    x, y = law(15), law(16)
    some = y.select(y.labels == 1)
    assert fidelity(x, some)["all"].value == fidelity(x, some)["1"].value == fidelity(x, y)["1"].value


def test_label_fidelity_of_rare_and_unlabelled_samples():
    x, y = law(17), law(18)
    rare = x.select(np.r_[np.flatnonzero(x.labels == 0), np.flatnonzero(x.labels == 1)[:1]])
    found = fidelity(rare, y.select(y.labels != 2))
    assert math.isnan(found["1"].value)
    assert 0 < found["all"].value < 1
    some = np.random.default_rng(0).random(400) < 0.5
    partly = y.with_labels([y.classes[k] if keep else "" for k, keep in zip(y.labels, some, strict=True)])
    assert fidelity(x, partly)["all"].value == fidelity(x, y.select(some))["all"].value


# diversity


@pytest.mark.parametrize("kind", KINDS)
def test_diversity_pair_by_pair(kind):
    x, y = data(kind, 40), data(kind, 41, 20)
    metric = "euclidean" if kind == "numbers" else "hamming"
    expected = pdist(y.values, metric).mean() / pdist(x.values, metric).mean()
    assert diversity(x, y).value == pytest.approx(expected, rel=1e-6)


def test_coverage_and_density_of_numbers_are_those_of_the_paper():
    x, y = data("numbers", 42, 60), data("numbers", 43, 60)
    radius = NearestNeighbors(n_neighbors=6).fit(x.values).kneighbors(x.values)[0][:, 5]
    apart = np.linalg.norm(x.values[:, None].astype(float) - y.values, axis=2)
    found = in_balls(x, y)
    assert found["coverage"].value == pytest.approx((apart.min(1) < radius).mean())
    assert found["density"].value == pytest.approx((apart < radius[:, None]).sum() / (5 * 60))


@pytest.mark.parametrize("kind", ["binary", "four", "table"])
def test_ties_count_as_in_a_random_order(kind):
    """Distances with small random numbers added, the same for real and generated, in the mean over draws."""
    x, y, random = data(kind, 44, 24), data(kind, 45, 24), np.random.default_rng(0)
    a, b = points(x, y)
    own, other = distances(a, a), distances(a, b)
    drawn = []
    for _ in range(800):
        near, far = (each + random.random(each.shape) * 0.5 for each in (own, other))
        np.fill_diagonal(near, np.inf)
        radius = np.sort(near, axis=1)[:, 4]
        inside = far < radius[:, None]
        drawn.append((inside.any(1).mean(), inside.sum() / (5 * 24)))
    mean, error = np.mean(drawn, axis=0), np.std(drawn, axis=0) / 800**0.5
    found = in_balls(x, y)
    assert abs(found["coverage"].value - mean[0]) < 4 * error[0]
    assert abs(found["density"].value - mean[1]) < 4 * error[1]


def test_the_chance_of_none_first_by_counting():
    for wanted, real, made in [(1, 1, 1), (2, 3, 2), (3, 3, 0), (2, 5, 4)]:
        orders = [*itertools.combinations(range(real + made), real)]  # the places of the real ones
        first = np.mean([all(place in order for place in range(wanted)) for order in orders])
        assert none_first(np.array([wanted]), np.array([real]), np.array([made]))[0] == pytest.approx(first)


@pytest.mark.parametrize("kind", KINDS)
def test_balls_in_many_blocks(kind):
    x = data(kind, 46, 1100)
    (a,) = points(x)
    whole = distances(a, a)
    np.fill_diagonal(whole, np.inf)
    balls = Balls.around(a, 5)
    radius = np.sort(whole, axis=1)[:, 4]
    assert balls.radius == pytest.approx(radius, rel=1e-9)
    if kind != "numbers":
        assert (balls.ties == (whole == radius[:, None]).sum(1)).all()
        assert (balls.wanted == 5 - (whole < radius[:, None]).sum(1)).all()


def test_coverage_of_perfect_generators_is_its_ideal_at_any_number_of_sites():
    ideal = offered()["coverage"][0].ideal
    for sites in (6, 24, 100):
        sets = [
            sr.Dataset.from_arrays(np.random.default_rng([sites, i]).integers(0, 2, (400, sites))) for i in range(12)
        ]
        found = [in_balls(*pair) for pair in zip(sets[::2], sets[1::2], strict=True)]
        for name, expected in (("coverage", ideal), ("density", 1)):
            values = [each[name].value for each in found]
            assert np.mean(values) == pytest.approx(expected, abs=0.004 + 4 * float(np.std(values, ddof=1)) / 6**0.5)


def test_coverage_is_undefined_below_six_samples():
    x = data("binary", 47, 5)
    assert all(math.isnan(each.value) and math.isnan(each.error()) for each in in_balls(x, x).values())
    assert math.isfinite(in_balls(data("binary", 47, 6), data("binary", 48, 6))["coverage"].value)


def test_generators_that_lost_some_of_the_variety():
    x, one = law(50, 600), law(51, 600)
    lost = one.select(one.labels != 2)
    found = {each.score: each for each in sr.score(x, lost, per_class=False)}
    assert found["coverage"].value < found["coverage"].floor - 4 * found["coverage"].error
    assert found["diversity"].value < 1 - 2 * found["diversity"].error


# the spectrum


def slow_spectrum(x, y):
    s, t = (
        np.linalg.svd(z - z.mean(0), compute_uv=False) / len(z) ** 0.5
        for z in (features(side).astype(float) for side in (x, y))
    )
    return np.mean((s - t) ** 2)


@pytest.mark.parametrize(("rows", "sites"), [(700, 400), (300, 500)])
def test_spectra_of_codes_in_many_blocks(rows, sites):
    random = np.random.default_rng(0)
    chances = random.dirichlet([0.3, 0.3, 0.3], (5, sites)).cumsum(2)[:, :, :-1]
    kinds = random.integers(0, 5, (2, rows))
    x, y = (
        sr.Dataset.from_arrays(
            (random.random((rows, sites, 1)) > chances[kind]).sum(2).astype(np.uint8), alphabet="codes"
        )
        for kind in kinds
    )
    assert spectrum_error(x, y) == pytest.approx(slow_spectrum(x, y), rel=1e-9)
    assert spectrum_error(features(x), features(y)) == pytest.approx(slow_spectrum(x, y), rel=1e-9)


@pytest.mark.parametrize("convention", ["default", "paper"])
@pytest.mark.parametrize("shape", [(300, 80), (150, 200)])
def test_errors_of_spectra_without_eigenvectors(monkeypatch, convention, shape):
    random = np.random.default_rng(1)
    mixed = random.normal(size=(shape[1], shape[1])) * np.exp(-np.arange(shape[1]) / 20)
    x, y = (
        sr.Dataset.from_arrays((random.normal(size=shape) @ mixed.T > shift).astype(np.uint8)) for shift in (0, 0.3)
    )
    pair = Pair(x, y, convention=convention)
    exact = spectral.measure(pair)["spectrum"].error()
    monkeypatch.setattr(spectral, "EXACT", 0)
    monkeypatch.setattr(spectral, "STARTS", 300)
    assert spectral.measure(pair)["spectrum"].error() == pytest.approx(exact, rel=0.1)


def test_quadrature_is_exact_for_polynomials():
    random = np.random.default_rng(2)
    table = random.normal(size=(60, 90))
    table = table @ table.T / 90
    starts = random.normal(size=(7, 60))
    starts[0] = 0
    for power in (1, 2, 5):
        expected = np.einsum("ri,ij,rj->r", starts, np.linalg.matrix_power(table, power), starts)
        assert spectral.quadrature(table, starts, lambda nodes, p=power: nodes**p) == pytest.approx(expected, rel=1e-4)


# known faults of predictions and of generators


FAULTS = {"accuracy": "shuffled", "balanced-accuracy": "shuffled", "calibration-error": "too sure"}


def test_every_score_of_predictions_has_its_fault():
    assert set(FAULTS) == {name for name, (_, family) in offered().items() if isinstance(family, PredictionScores)}


@pytest.mark.parametrize("name", FAULTS)
def test_direction_of_scores_of_predictions(name):
    good = [judge(predicted(seed))[ALL][name][0] for seed in range(8)]
    bad = {
        "shuffled": only(predicted(0), slice(None), np.random.default_rng(0).permutation(predicted(0).labels)),
        "too sure": predicted(0, sharpness=10),
    }[FAULTS[name]]
    quantity, value = offered()[name][0], judge(bad)[ALL][name][0]
    perfect = only(predicted(0), slice(None), predicted(0).predicted)
    if quantity.direction == "higher":
        assert value < min(good)
        assert judge(perfect)[ALL][name][0] == quantity.ideal == 1
    else:
        assert value > max(good)


@pytest.mark.parametrize(("generator", "expected"), [(copy, "as real"), (independent, "as real"), (noise, "far")])
def test_verdicts_of_label_fidelity(generator, expected):
    x = law(60, 1000)
    assert verdict(fidelity(x, generator(x, 61), held_out=law(62, 1000))["all"]) == expected


def test_a_collapsed_generator_has_no_diversity():
    x = law(63, 300)
    found = {each.score: each.value for each in sr.score(x, collapsed(x, 0), per_class=False)}
    assert found["diversity"] == 0
    assert found["coverage"] < 0.2


def test_no_names_of_scores_are_not_all_of_them():
    with pytest.raises(sr.ConfigError, match="scores: one name at least expected, or None for all that apply"):
        sr.score(law(15), law(16), scores=[])
