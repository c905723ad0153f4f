"""Splits and weights: proportions, groups, repeatability, and the definitions computed the slow way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortrun.data import read
from shortrun.data.core.alphabet import RNA
from shortrun.data.core.dataset import Dataset
from shortrun.data.sequences.weights import count_neighbours, frequencies, sequence_weights
from shortrun.data.splits import split
from shortrun.errors import ConfigError, DataError


def labelled(counts, groups=None):
    labels = np.repeat(list(counts), list(counts.values()))
    values = np.random.default_rng(0).integers(0, 2, (len(labels), 6))
    return Dataset.from_arrays(values, labels, groups=groups)


def test_a_split_is_stratified_complete_and_repeatable():
    data = labelled({"a": 100, "b": 50, "": 30, "c": 4})
    rest, held_out = split(data, 0.2, seed=3)
    assert held_out.class_counts.tolist() == [20, 10, 1]
    assert int((~held_out.labelled).sum()) == 6
    assert rest.classes == held_out.classes == data.classes
    assert sorted([*rest.names, *held_out.names], key=int) == data.names.tolist()
    for part in (rest, held_out):
        assert part.names.tolist() == sorted(part.names, key=int)  # the order of the data is kept
    again = split(data, 0.2, seed=3)[1]
    assert again.names.tolist() == held_out.names.tolist()
    assert split(data, 0.2, seed=4)[1].names.tolist() != held_out.names.tolist()


def test_groups_stay_together_unless_asked_otherwise():
    data = labelled({"a": 60, "b": 40}, groups=[f"g{i // 2}" for i in range(100)])
    rest, held_out = split(data, 0.25, seed=0)
    assert not set(rest.groups) & set(held_out.groups)
    assert held_out.class_counts.tolist() in ([14, 10], [16, 10])
    rest, held_out = split(data, 0.25, seed=0, groups=False)
    assert set(rest.groups) & set(held_out.groups)


def test_samples_without_a_group_are_their_own():
    data = labelled({"a": 40}, groups=[""] * 40)
    assert len(split(data, 0.25, seed=0)[1]) == 10


def test_a_class_with_one_sample_is_named():
    data = labelled({"a": 10, "alone": 1})
    with pytest.raises(DataError, match="class 'alone' has a single sample") as error:
        split(data, 0.2, seed=0)
    assert "\n" not in str(error.value)
    rest, held_out = split(data, 0.2, seed=0, stratify=False)
    assert (len(rest), len(held_out)) == (9, 2)
    with pytest.raises(
        DataError, match="class 'a' has a single group, a split needs at least two: drop the class, merge"
    ):
        split(labelled({"a": 10, "b": 10}, groups=["g"] * 10 + list("hhhhhiiiii")), 0.5, seed=0)
    with pytest.raises(DataError, match="single sample"):
        split(labelled({"a": 1}), 0.5, seed=0, stratify=False)
    single_unlabelled = labelled({"a": 10, "": 1})
    assert split(single_unlabelled, 0.2, seed=0)[1].labelled.all()


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 20.0, float("nan")])
def test_a_fraction_is_between_nothing_and_all(fraction):
    with pytest.raises(ConfigError, match="fraction"):
        split(labelled({"a": 10}), fraction, seed=0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    members=st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 6)), min_size=6, max_size=60),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 9),
)
def test_every_split_is_a_partition_that_respects_groups(members, fraction, seed):
    codes, groups = zip(*members, strict=True)
    data = Dataset.from_arrays(np.ones((len(codes), 1), int), codes, classes=["a", "b", "c"], groups=groups)
    try:
        rest, held_out = split(data, fraction, seed=seed)
    except DataError as error:
        assert "single" in str(error) or "at least one sample" in str(error)  # noqa: PT017
        return
    assert sorted([*rest.names, *held_out.names]) == sorted(data.names)
    assert not set(rest.groups) & set(held_out.groups)


def test_digits_split_in_proportion():
    rest, held_out = split(read("digits"), 0.1, seed=1)
    assert (len(rest), len(held_out)) == (1618, 179)
    assert held_out.class_counts.min() >= 17
    assert held_out.class_counts.max() <= 18


def slow_neighbours(values, agreeing):
    return [sum(int((one == other).sum()) >= agreeing for other in values) for one in values]


@pytest.mark.parametrize("block", [(4096, 128), (7, 3), (3, 7), (5, 5), (1, 1)])
def test_neighbours_are_those_of_the_definition_in_any_blocks(monkeypatch, block):
    monkeypatch.setattr("shortrun.data.core.likeness.BLOCK", block)
    values = np.random.default_rng(1).integers(0, 3, (41, 6), dtype=np.uint8)
    for agreeing in (1, 3, 5, 6):
        assert count_neighbours(values, agreeing).tolist() == slow_neighbours(values, agreeing)


@pytest.mark.parametrize("few", [1, 100, 10**9])
def test_neighbours_do_not_depend_on_when_few_pairs_are_left(monkeypatch, few):
    monkeypatch.setattr("shortrun.data.core.likeness.FEW", few)
    random = np.random.default_rng(2)
    families = random.integers(0, 21, (12, 50), dtype=np.uint8)
    changed = random.random((180, 50)) < random.choice([0.02, 0.1, 0.2], (180, 1))
    values = np.where(changed, random.integers(0, 21, (180, 50), dtype=np.uint8), families[np.arange(180) % 12])
    for agreeing in (10, 35, 40, 45, 50):
        assert count_neighbours(values, agreeing).tolist() == slow_neighbours(values, agreeing)


def test_more_than_255_sites_do_not_overflow():
    values = np.zeros((3, 600), np.uint8)
    values[2, :300] = 1
    data = Dataset.from_arrays(values)
    assert sequence_weights(data, 0.6).tolist() == [0.5, 0.5, 1.0]
    assert sequence_weights(data, 0.5).tolist() == pytest.approx([1 / 3] * 3)


def test_identity_at_the_threshold_counts():
    values = np.zeros((2, 100), int)
    values[1, 55:] = 1  # they agree at 55 of 100, and 0.55 * 100 is above 55 in floating point
    data = Dataset.from_arrays(values)
    assert sequence_weights(data, 0.55).tolist() == [0.5, 0.5]
    assert sequence_weights(data, 0.56).tolist() == [1.0, 1.0]
    assert sequence_weights(Dataset.from_arrays(np.zeros((4, 3), int))).tolist() == [0.25] * 4


def test_frequencies_are_weighted_and_smoothed():
    data = Dataset.from_arrays([[1, 2], [1, 3], [4, 3]], weights=[1, 1, 2], alphabet=RNA)
    plain = frequencies(data, 0.0)
    assert plain.shape == (2, 5)
    assert plain[0].tolist() == [0, 0.5, 0, 0, 0.5]
    assert plain[1].tolist() == [0, 0, 0.25, 0.75, 0]
    assert frequencies(data) == pytest.approx(0.75 * plain + 0.25 / 5)  # the weights add up to 4
    assert frequencies(data, 1.0) == pytest.approx(np.full((2, 5), 0.2))
    assert frequencies(data.with_weights([0.1, 0.1, 0.2])) == pytest.approx(np.full((2, 5), 0.2))


@pytest.mark.parametrize("function", [sequence_weights, frequencies])
def test_only_letters_have_weights_and_frequencies(function):
    with pytest.raises(DataError, match="continuous"):
        function(Dataset.from_arrays([[0.5]]))


@pytest.mark.parametrize(
    ("function", "value"), [(sequence_weights, 0.0), (sequence_weights, 80.0), (frequencies, -0.1)]
)
def test_shares_out_of_range_are_refused(function, value):
    with pytest.raises(ConfigError):
        function(Dataset.from_arrays([[0, 1]]), value)


@pytest.mark.parametrize("shares", [{"fraction": "x"}, {"fraction": None}, {"fraction": 0.5, "identity": "x"}])
def test_shares_that_are_no_numbers_are_refused(shares):
    with pytest.raises(ConfigError, match=r"a number expected, got (a str|nothing)"):
        split(labelled({"a": 10, "b": 10}), **shares)
