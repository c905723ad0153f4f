"""Groups of persons who are alike."""

from __future__ import annotations

import numpy as np
import pytest

from shortrun import Dataset
from shortrun.data.genotypes import related as room
from shortrun.data.genotypes.related import related, shares
from shortrun.errors import ConfigError, DataError


def population(count: int, sites: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (count, sites)).astype(np.uint8)


def test_a_twin_and_a_child_stay_with_their_persons():
    values = population(40, 400)  # 20 persons
    values[4:6] = values[0:2]  # the third is the twin of the first
    values[10], values[11] = values[6], values[20]  # the sixth has a haplotype of the fourth, and one of the eleventh
    people = np.repeat([f"P{i}" for i in range(20)], 2)
    group = related(Dataset.from_arrays(values, groups=people), 0.7).tolist()
    assert group[4:6] == group[0:2] == ["P0", "P0"]
    assert group[10] == group[6] == group[20] == "P3"
    assert len(set(group)) == 20 - 3


def test_what_pairs_share_is_identity_by_state():
    data = Dataset.from_arrays([[0, 1, 2, 0], [0, 1, 2, 1], [2, 0, 0, 2]], alphabet="dosage")
    assert np.concatenate(list(shares(data))) == pytest.approx([7 / 8, 1 / 8, 2 / 8])


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    data = Dataset.from_arrays(population(60, 30), names=[f"P{i // 2}_{'AB'[i % 2]}" for i in range(60)])
    whole = related(data, 0.72)
    monkeypatch.setattr(room, "AT_ONCE", 7)
    monkeypatch.setattr(room, "BYTES", 7 * 4 * 5)
    assert related(data, 0.72).tolist() == whole.tolist()
    assert 1 < len(set(whole)) < 30


def test_samples_of_one_family_stay_together_and_names_may_occur_twice():
    data = Dataset.from_arrays(population(6, 50) * 2, names=["x"] * 6, alphabet="dosage", groups=[*"FFFG", "", ""])
    assert related(data, 1).tolist() == ["x#1"] * 3 + ["x#4", "x#5", "x#6"]


def test_a_share_out_of_range_and_other_data_are_refused():
    data = Dataset.from_arrays(population(4, 5))
    with pytest.raises(ConfigError, match="above 0 and at most 1"):
        related(data, 1.5)
    with pytest.raises(DataError, match="dosages"):
        related(Dataset.from_arrays([[0, 3]], alphabet="dna"), 0.5)


@pytest.mark.parametrize("alphabet", ["binary", "dosage"])
def test_the_largest_share_across_two_sides_is_that_of_all_pairs(monkeypatch: pytest.MonkeyPatch, alphabet: str):
    monkeypatch.setattr(room, "AT_ONCE", 4)
    monkeypatch.setattr(room, "BYTES", 7 * 4 * 5)
    names = [f"P{i // 2}_{'AB'[i % 2]}" for i in range(60)]
    data = Dataset.from_arrays(population(60, 30), names=names, alphabet=alphabet)
    train, test = data.head(40), data.select(slice(40, 60))
    pair = 2 if alphabet == "binary" else 1
    theirs, ours = (side.values.reshape(-1, pair, 30).sum(1, dtype=int) for side in (train, test))
    ploidy = 2  # dosages are of two alleles
    all_pairs = 1 - np.abs(ours[:, None] - theirs).sum(2) / (ploidy * 30)
    assert room.largest_share(train, test) == (pytest.approx(all_pairs.max()), len(ours), len(ours))
    monkeypatch.setattr(room, "COMPARED", 3 * len(theirs) * 30)
    share, looked, persons = room.largest_share(train, test)
    assert (looked, persons) == (3, len(ours))
    assert any(share == pytest.approx(each) for each in all_pairs.max(1))
