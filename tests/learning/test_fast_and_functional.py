"""T6: an F&F machine on a planted mixture generates each label and predicts it (theory section 14)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import shortrun as sr
from shortrun.scores import second_moment

CLASSES, PER_CLASS, SITES = 3, 2, 50


def planted(seed):
    """Return prototypes (3, 2, 50) and a function that draws labelled samples with 10 % of the bits flipped."""
    random = np.random.default_rng(seed)
    prototypes = random.integers(0, 2, (CLASSES, PER_CLASS, SITES))

    def draw(n):
        y, which = random.integers(0, CLASSES, n), random.integers(0, PER_CLASS, n)
        x = prototypes[y, which] ^ (random.random((n, SITES)) < 0.1)
        return sr.Dataset.from_arrays(x.astype(np.uint8), y, classes=[str(c) for c in range(CLASSES)])

    return prototypes, draw


def class_mean(score, a, b):
    """Return the mean over classes of a score between the samples of each class."""
    return np.mean([
        score(a.values[a.labels == c].astype(np.float32), b.values[b.labels == c].astype(np.float32))
        for c in range(CLASSES)
    ])  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "rate", "updates"),
    [("sample", 0.2, 1000), ("mean", 0.1, 400)],  # the second has easier bounds
)
def test_planted_mixture(rule, rate, updates, tmp_path):
    prototypes, draw = planted(0)
    data, test, reference = draw(2000), draw(1000), draw(2000)
    config = sr.Config.model_validate({
        "model": {"hidden": 30, "hidden_rule": rule, "profiles": 1},  # more are the prototypes themselves
        "optimiser": {"rate": rate, "label_rate": 1.0, "label_l2": 0.0, "weight_std": 0.01, "schedule": "constant"},
        "training": {"updates": updates, "batch": 100, "seed": 3, "validation": 0},
    })  # fmt: skip
    run = sr.fit(data, out=tmp_path / "run", scheme=sr.ff(10), config=config)
    assert sr.predict(run, test, sweeps=10).accuracy > 0.98
    assert sr.predict(run, test).accuracy > 0.98

    made = sr.generate(run, labels={str(c): 700 for c in range(CLASSES)}, seed=5)
    assert (made.class_counts == 700).all()
    distance = (made.values[:, None, None] != prototypes).sum(-1).reshape(len(made), -1)
    assert (distance.argmin(1) // PER_CLASS == made.labels).mean() > 0.95
    if rule == "sample":  # the settings and the bounds are those of the sampled rule
        early = sr.generate(run, labels={str(c): 700 for c in range(CLASSES)}, seed=5, steps=2)
        floor, score = (
            class_mean(second_moment, reference, draw(2000)),
            class_mean(second_moment, reference, made),
        )
        assert score < 2 * floor
        assert score < class_mean(second_moment, reference, early) / 8
    assert torch.isfinite(run[-1]).all()
