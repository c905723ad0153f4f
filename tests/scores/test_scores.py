"""The scores on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from shortrun.data import Dataset
from shortrun.scores import adversarial_accuracy, features, second_moment


def bits(seed, rows=600, sites=12):
    """Bits that follow one hidden sign, so that pairs are correlated."""
    random = np.random.default_rng(seed)
    sign = random.integers(0, 2, (rows, 1))
    return np.where(random.random((rows, sites)) < 0.8, sign, 1 - sign).astype(np.float32)


def test_second_moment_against_its_definition():
    x, y = bits(0, sites=5), bits(1, sites=5)
    total = [
        (np.cov(y[:, i], y[:, j])[0, 1] - np.cov(x[:, i], x[:, j])[0, 1]) ** 2
        for i in range(5)
        for j in range(i + 1, 5)
    ]
    assert second_moment(x, y) == pytest.approx(np.mean(total), rel=1e-5)
    assert second_moment(x, x) == 0
    noise = np.random.default_rng(2).integers(0, 2, x.shape).astype(np.float32)
    assert second_moment(x, noise) > 20 * second_moment(x, y)


def slow_adversarial(x, y):
    both, n, share = np.concatenate([x, y]), len(x), []
    for i, row in enumerate(both):
        distance = [np.inf if i == j else np.abs(row - other).sum() for j, other in enumerate(both)]
        ties = np.flatnonzero(distance == np.min(distance))
        share.append((ties < n).mean())
    return np.mean(share[:n]), 1 - np.mean(share[n:])


def test_adversarial_accuracy_against_loops_and_its_limits():
    x, y = bits(0, 150, 8), bits(1, 150, 8)
    assert adversarial_accuracy(x, y) == pytest.approx(slow_adversarial(x, y), abs=1e-9)
    x, y = bits(0, sites=20), bits(1, sites=20)
    assert adversarial_accuracy(x, y) == pytest.approx((0.5, 0.5), abs=0.06)  # 3 standard errors of 600 draws
    far = np.random.default_rng(3).random((600, 20)).astype(np.float32) + 5
    assert adversarial_accuracy(bits(4, sites=20), far) == (1.0, 1.0)
    unique = np.random.default_rng(5).random((300, 20)).astype(np.float32)
    assert adversarial_accuracy(unique, unique.copy()) == (0.0, 0.0)


def test_samples_of_one_group_are_no_neighbours():
    """Nor are as many generated ones of their classes: both sets offer equally many candidates, class by class."""
    random = np.random.default_rng(6)
    rows, made = random.random((2, 60, 5)).astype(np.float32)
    labels, groups = np.repeat([0, 1, 2], 20), np.repeat(np.arange(20), 3)
    order = random.permutation(60)
    real = Dataset.from_arrays(rows, labels, alphabet="continuous", groups=groups)
    generated = Dataset.from_arrays(made[order], labels[order], alphabet="continuous")
    own = []
    for i, row in enumerate(rows):
        apart = groups != groups[i]
        own.append(np.square(rows[apart] - row).sum(1).min() < np.square(made[apart] - row).sum(1).min())
    assert adversarial_accuracy(real, generated).p_dd == pytest.approx(np.mean(own))
    assert adversarial_accuracy(real, generated, ties="other") == adversarial_accuracy(
        real.with_groups(None), generated
    )  # the published codes know no groups


def test_features_are_one_hot_for_more_than_two_colours():
    data = Dataset.from_arrays(np.array([[0, 2], [1, 1]], np.uint8), alphabet="codes")
    assert features(data).tolist() == [[1, 0, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0]]
    assert features(Dataset.from_arrays([[0, 1], [1, 1]])).tolist() == [[0, 1], [1, 1]]
