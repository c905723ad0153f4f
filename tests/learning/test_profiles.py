"""What samples of a class start from: groups of samples that are alike, and their frequencies."""

import numpy as np
import pytest
import torch

import shortrun as sr
from shortrun.dynamics import Noise, Stream
from shortrun.learning import Rows, groups_of, profile
from shortrun.learning.profiles import FEWEST, PRIOR
from shortrun.models import RBM, spec_of
from shortrun.settings import Config

CPU = torch.device("cpu")


def styles(counts, sites=40, noise=0.05, seed=0):
    """Samples of classes, each of which has some prototypes; and the prototype of each sample."""
    random = np.random.default_rng(seed)
    values, labels, styles = [], [], []
    for label, of_class in enumerate(counts):
        for count in of_class:
            prototype = random.integers(0, 2, sites)
            flipped = random.random((count, sites)) < noise
            values.append(prototype ^ flipped)
            labels += [str(label)] * count
            styles += [len(values) - 1] * count
    order = random.permutation(len(labels))
    data = sr.Dataset.from_arrays(np.concatenate(values)[order].astype(np.uint8), np.array(labels)[order])
    return data, np.array(styles)[order]


def prepared(data):
    return RBM(spec_of(data, Config().model)), Rows.of(data, CPU)


def test_samples_that_are_alike_are_in_a_group():
    data, truth = styles([(60, 40), (100, 100, 100)])
    model, rows = prepared(data)
    groups = groups_of(model, rows, most=16, seed=1)
    of_rows = groups.of_rows.numpy()
    assert (groups.of_class[groups.of_rows].numpy() == data.labels).all()
    purity = [np.bincount(truth[of_rows == g]).max() / (of_rows == g).sum() for g in range(len(groups.of_class))]
    assert min(purity) > 0.95
    assert np.bincount(of_rows).min() >= FEWEST
    assert (torch.bincount(groups.of_class) >= torch.tensor([2, 3])).all()


def test_groups_depend_on_the_samples_of_a_class_alone():
    data, _ = styles([(60, 40), (100, 100)])
    model, rows = prepared(data)
    found = groups_of(model, rows, most=4, seed=1)
    other = data.values.copy()
    other[data.labels == 1] = 0
    again = groups_of(model, Rows.of(data.with_values(other), CPU), most=4, seed=1)
    mine = torch.from_numpy(data.labels == 0)
    assert torch.equal(found.of_rows[mine], again.of_rows[mine])


@pytest.mark.parametrize("most", [1, 8])
def test_few_samples_make_one_group(most):
    data, _ = styles([(20, 20), (1,)])
    model, rows = prepared(data)
    assert groups_of(model, rows, most=most, seed=1).of_class.tolist() == [0, 1]


def test_a_profile_has_the_frequencies_of_its_group():
    data, _ = styles([(90, 60), (80,)])
    data = data.with_labels(np.where(np.arange(len(data)) % 9 == 0, "", [data.classes[k] for k in data.labels]))
    model, rows = prepared(data)
    groups = groups_of(model, rows, most=3, seed=1)
    assert (groups.of_rows[~torch.from_numpy(data.labelled)] == -1).all()
    fields = profile(model, rows, groups)
    every = data.values.mean(0)
    every = every + (0.5 - every) / (1 + len(data))
    of_class = groups.of_class.numpy()
    for g, code in enumerate(of_class):
        member, of = groups.of_rows.numpy() == g, data.labels == code
        base = (data.values[of].sum(0) + PRIOR * every) / (of.sum() + PRIOR)
        expected = (data.values[member].sum(0) + PRIOR * base) / (member.sum() + PRIOR)
        expected = base if (of_class == code).sum() == 1 else expected
        np.testing.assert_allclose(torch.sigmoid(fields[g, :40]), expected, atol=1e-6)
        assert fields[g, 40 + code] == pytest.approx(member.sum() / of.sum())
    torch.testing.assert_close(fields[:, 40:].sum(0), torch.ones(2))


def test_chains_of_a_class_start_from_its_groups_in_proportion():
    """Shares of 3,000 chains have a standard error of 0.009 at most."""
    data, _ = styles([(150, 50), (100,)])
    model, rows = prepared(data)
    groups = groups_of(model, rows, most=2, seed=1)
    model = RBM(model.spec, profile(model, rows, groups))
    labels = torch.zeros(3000, 1, dtype=torch.uint8)
    origins = model.origins(Noise(5, Stream.GENERATE).at(0), labels)
    shares = model.profile[:, model.slices[model.spec.label]][:, 0]
    found = torch.bincount(origins, minlength=len(shares)) / 3000
    assert (found[shares == 0] == 0).all()
    assert ((found - shares).abs() < 4 * (shares * (1 - shares) / 3000).sqrt() + 1e-9).all()
    later = model.origins(Noise(5, Stream.GENERATE, first_chain=1000).at(0), labels[1000:])
    assert torch.equal(later, origins[1000:])


def test_sites_that_never_vary_have_finite_fields():
    values = np.zeros((30_000, 3), np.uint8)
    values[::2, 1:] = 1
    model, rows = prepared(sr.Dataset.from_arrays(values, np.array(["a", "b", "b"] * 10_000)))
    assert profile(model, rows, groups_of(model, rows, most=16, seed=0)).isfinite().all()
