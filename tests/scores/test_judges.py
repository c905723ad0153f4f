"""Classifiers that judge samples: folds, the choice, the two-sample test, and scores that cannot tell."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC

import shortrun as sr
from faulty_generators import collapsed, law, noise
from shortrun.scores import Score, offered, summarised, verdict
from shortrun.scores import c2st as test
from shortrun.scores._judges import KINDS, folds, support_vectors
from shortrun.scores.fidelity import recogniser


def only_score(name, *sets, **options):
    (found,) = (each for each in sr.score(*sets, scores=[name], **options) if each.cls == "all")
    return found


def test_folds_keep_groups_together_and_classes_even():
    x = law(1, 600)
    assert all(np.ptp(np.bincount(folds(x, 5)[x.labels == k])) <= 1 for k in range(3))
    grouped = x.with_groups(np.repeat(np.arange(200), 3))
    fold = folds(grouped, 5)
    assert np.ptp(fold.reshape(200, 3), axis=1).max() == 0
    assert np.bincount(fold).min() > 100


def ring(seed, rows=300):
    """Return points whose class depends on their distance from the origin, which no straight line finds."""
    values = np.random.default_rng(seed).normal(size=(rows, 2)).astype(np.float32)
    return sr.Dataset.from_arrays(values, np.where(np.hypot(*values.T) < 1.2, "near", "far"))


def test_the_better_classifier_is_chosen():
    x, unseen = ring(1), ring(2)
    judge, line = recogniser(x), recogniser(x, among=["logistic regression"])
    assert line.name == "logistic regression"
    assert judge.name != line.name
    accuracy = [np.mean(each(unseen) == unseen.recode(x.classes).labels) for each in (judge, line)]
    assert accuracy[0] > 0.9 > accuracy[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_judge_of_few_samples_and_one_of_a_single_class(kind):
    x = law(3, 200)
    assert recogniser(x, rows=100, among=[kind])(x.head(7)).shape == (7,)
    alone = x.select(x.labels == 1)
    assert set(recogniser(alone, among=[kind])(x).tolist()) == {1}


@pytest.mark.parametrize("classes", [2, 4])
def test_support_vectors_are_those_of_scikit_learn(classes):
    random = np.random.default_rng(classes)
    rows, unseen = (random.integers(0, 2, (n, 30)).astype(np.float32) for n in (200, 100))
    labels = rows[:, :5].sum(1).astype(int) % classes
    found, theirs = support_vectors(rows).fit(rows, labels), SVC(C=5.0, gamma=1 / (30 * rows.var())).fit(rows, labels)
    assert (found.predict(unseen) == theirs.predict(unseen)).all()
    if classes == 2:
        assert found.decision_function(unseen) == pytest.approx(theirs.decision_function(unseen), abs=2e-3)


def test_places_give_the_area_under_the_curve():
    value, side = np.random.default_rng(4).integers(0, 9, 60).astype(float), np.arange(60) % 3 // 2
    placed = test.placed(value, side)
    expected = roc_auc_score(side, value)
    assert placed[side == 0].mean() == pytest.approx(expected)
    assert placed[side == 1].mean() == pytest.approx(expected)


def test_a_perfect_generator_cannot_be_told_and_the_error_is_the_spread():
    found = [test.told_apart(law(2 * seed, 200), law(2 * seed + 1, 200)) for seed in range(500, 520)]
    values, errors = np.array([(each.value, each.error()) for each in found]).T
    assert abs(values.mean() - 0.5) < 3 * errors.mean() / len(values) ** 0.5
    assert 0.5 < np.std(values) / errors.mean() < 1.6


def test_faults_are_told():
    x, unseen = law(5, 600), law(6, 600)
    assert only_score("c2st", x, noise(x, 7), held_out=unseen).value > 0.9
    assert only_score("c2st", x, collapsed(x, 7), held_out=unseen).value > 0.9
    copies = only_score("c2st", x, x.select(slice(None)))
    assert copies.value < 0.5 - 2 * copies.error
    perfect = only_score("c2st", x, law(8, 600), held_out=unseen)
    assert abs(perfect.value - 0.5) < 4 * perfect.error
    assert perfect.note.startswith("judge: ")
    assert verdict(perfect) == "as real"


def test_wrong_labels_are_told_and_their_numbers_are_not():
    x, y = law(9, 800), law(10, 800)
    wrong = sr.Dataset.from_arrays(y.values, (y.labels + 1) % 3, classes=y.classes)
    assert test.told_apart(x, wrong).value > 0.8
    rare = y.select((y.labels > 0) | (np.arange(len(y)) % 4 == 0))
    found = test.told_apart(x, rare)
    assert abs(found.value - 0.5) < 4 * found.error()


def test_too_few_samples_have_no_test():
    assert np.isnan(only_score("c2st", law(11, 100), law(12, 10)).value)


def test_a_group_is_in_one_fold():
    """Twins, one on either side, would be told the wrong way if one of them was learned from."""
    x = sr.Dataset.from_arrays(np.random.default_rng(13).normal(size=(300, 20)).astype(np.float32))
    y = x.select(np.random.default_rng(14).permutation(len(x)))
    alone = test.told_apart(x, y)
    together = test.told_apart(*(side.with_groups(side.names) for side in (x, y)))
    assert alone.value < 0.1
    assert together.value == 0.5  # equal samples in one fold


FLOORS = {0.9: "as real", 0.7: "as real", 0.6: "cannot tell", 0.48: "cannot tell"}


@pytest.mark.parametrize(("floor", "expected"), FLOORS.items())
def test_a_floor_that_is_noise_cannot_tell(floor, expected):
    score = Score("pair-pearson", "all", floor, 0.01, floor, 1.0, "higher", chance=0.0)
    assert verdict(score) == expected
    assert verdict(dataclasses.replace(score, chance=None)) == "as real"
    assert verdict(dataclasses.replace(score, error=0.5)) == "cannot tell"


def test_nearer_to_chance_than_to_the_floor_is_far():
    score = Score("c2st", "all", 0.97, 0.003, 0.66, 0.5, "none", chance=1.0)
    assert verdict(score) == "far"
    assert verdict(dataclasses.replace(score, value=0.7)) == "close"
    assert verdict(dataclasses.replace(score, chance=None)) == "close"


def test_few_samples_cannot_tell_and_the_summary_says_so():
    few = only_score("pair-pearson", law(14, 40), law(15, 40), per_class=True)
    many = only_score("pair-pearson", law(14, 4000), law(15, 4000), per_class=False)
    assert verdict(many) == "as real"
    assert verdict(few) in ("cannot tell", "far")
    assert few.chance == 0
    assert "too few samples for pair-pearson to tell" in summarised([dataclasses.replace(few, value=few.floor)])


def test_chance_is_worse_than_the_ideal():
    x = law(16, 30)
    for quantity, _ in offered().values():
        chance = quantity.chance_in(x)
        if chance is not None and quantity.ideal is not None and quantity.direction != "none":
            assert (chance < quantity.ideal) == (quantity.direction == "higher"), quantity.name
    assert offered()["label-fidelity"][0].chance_in(x) == pytest.approx(1 / 3)
