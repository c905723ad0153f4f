"""Named data sets, what is said of data before training, and the verbs of `shortrun data`."""

from __future__ import annotations

import numpy as np
import pytest

from command_line import good, refused
from shortrun.data import Dataset, describe, read
from shortrun.data.catalogue import SHARED
from shortrun.data.core.likeness import row_hashes
from shortrun.data.leaks import leak_between
from shortrun.data.recipes import ENTRIES
from shortrun.errors import DataError

COUNTS = {  # as the README of the data sets states them
    "mnist": (60000, 784, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
    "fashion-mnist": (20000, 784, [1935, 2025, 1982, 2011, 1967, 2010, 2068, 2003, 1971, 2028]),
    "hgd": (5008, 805, [1322, 694, 1008, 1006, 978]),
    "kg-chr22": (2184, 1799, [492, 362, 572, 758]),
    "sam": (6006, 108, [606, 2431, 1039, 245, 52, 351, 72, 157, 152, 50]),
    "sh3": (5299, 59, [251, 229, 81, 178, 68, 188, 128, 60, 153, 315, 130, 48, 148, 159, 79, 66, 122, 151]),
    "chorismate-mutase": (1130, 96, [414, 716]),
    "serine-protease": (1344, 205, [85, 42, 52, 13, 86, 24, 182, 19]),
    "four-masters": (17644, 880, [3735, 4407, 5095, 4407]),
    "h3n2": (1903, 125, [107, 224, 434, 545, 481, 112]),
    "pf00072": (29716, 112, []),
}


def small(**changes):
    values = [[0, 1, 0, 2], [0, 1, 0, 2], [0, 2, 1, 1], [0, 0, 1, 0]]
    given = {"labels": ["a", "a", "b", None], "alphabet": "-AC", "groups": ["p", "p", "q", ""]} | changes
    return Dataset.from_arrays(values, **given)


@pytest.mark.parametrize("name", COUNTS)
def test_each_set_loads_by_name_with_the_counts_that_its_readme_states(name, shared, monkeypatch):
    monkeypatch.setenv(SHARED, str(shared))
    data = read(name)
    samples, sites, classes = COUNTS[name]
    assert (len(data), data.sites, data.class_counts.tolist()) == (samples, sites, classes)
    assert data.kind.source == name


def test_every_entry_says_where_it_comes_from():
    assert {entry.name for entry in ENTRIES} == {"digits", *COUNTS}
    for entry in ENTRIES:
        assert entry.title
        assert entry.preparation
        assert entry.citation
        assert entry.licence
        assert entry.load or (entry.files and all(len(file.sha256) == 64 for file in entry.files))


def test_without_a_copy_the_line_says_where_to_put_one(tmp_path, monkeypatch):
    monkeypatch.setenv(SHARED, str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(DataError, match=r"no copy of 'hgd'.*hgd/hgd.npz.*SHORTRUN_SHARED"):
        read("hgd")


def test_another_file_in_the_place_of_a_copy_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(SHARED, str(tmp_path))
    (tmp_path / "hgd").mkdir()
    np.savez(tmp_path / "hgd" / "hgd.npz", x=np.eye(4, dtype=np.uint8))
    with pytest.raises(DataError, match="sha256"):
        read("hgd")


def test_description_of_a_small_set():
    found = describe(small())
    expected = {"samples": 4, "sites": 4, "unlabelled": 1, "groups": 2, "distinct": 3, "constant_sites": [1]}
    assert {key: found[key] for key in expected} == expected
    assert found["classes"] == {"a": 2, "b": 1}
    assert found["gap_fraction"] == 8 / 16
    assert found["effective_size"] == pytest.approx(3)  # two of four are the same
    begun = [line.split()[0:2] for line in found["warnings"]]
    assert begun == [["nothing", "varies"], ["1", "sample"], ["fewer", "than"]]


def test_row_hashes_differ_as_rows_do():
    random = np.random.default_rng(3)
    values = random.integers(0, 3, (500, 5)).astype(np.uint8)
    assert len(np.unique(row_hashes(values))) == len(np.unique(values, axis=0))
    numbers = values.astype(np.float32) / 7
    assert len(np.unique(row_hashes(numbers))) == len(np.unique(values, axis=0))


def test_a_leak_is_copies_then_groups():
    train, test = small(), small(groups=["q", "r", "r", "s"])
    first, second = leak_between(train, test).lines()
    assert first.startswith("4 of 4 test samples (100.0%) are copies of training samples; of the training samples ")
    assert second.startswith("1 group ")
    assert second.endswith(": q")
    alone = Dataset.from_arrays([[2, 2, 2, 2]], alphabet="-AC")
    assert not [*leak_between(train, alone).lines()]


def test_merge_unites_classes_and_groups():
    other = small(labels=["c", "b", None, "c"], groups=None)
    both = small().merge(other)
    assert both.classes == ("a", "b", "c")
    assert both.labels.tolist() == [0, 0, 1, -1, 2, 1, -1, 2]
    assert both.groups is not None
    assert both.groups.tolist()[4:] == [""] * 4
    with pytest.raises(DataError, match="one kind"):
        small().merge(Dataset.from_arrays([[0, 1]]))


def test_one_hot_pandas_and_split():
    data = small()
    hot = data.one_hot()
    assert hot.shape == (4, 12)
    assert (hot.reshape(4, 4, 3).argmax(2) == data.values).all()
    assert (hot.sum(1) == 4).all()
    assert (Dataset.from_arrays([[0, 1], [1, 1]]).one_hot() == [[0, 1], [1, 1]]).all()
    frame = data.to_pandas()
    assert list(frame) == ["label", "group", "site_1", "site_2", "site_3", "site_4"]
    assert frame.site_4.tolist() == ["C", "C", "A", "-"]
    assert frame.label.isna().tolist() == [False, False, False, True]
    _rest, test = read("digits").split(0.25, seed=3)
    assert len(test) == pytest.approx(0.25 * len(read("digits")), rel=0.02)


def test_anndata_has_labels_in_obs():
    pytest.importorskip("anndata")
    found = small().to_anndata()
    assert found.X.tolist() == small().values.tolist()
    assert found.obs["label"].astype(object).where(found.obs["label"].notna(), None).tolist() == ["a", "a", "b", None]
    assert found.uns["alphabet"] == "-AC"


# ------------------------------------------------------------------------------------------------ command line


def test_data_list_and_info(tmp_path):
    listed = good("data", "list", "--json").json
    assert {entry["name"] for entry in listed} >= {"digits", "mnist", "sam"}
    found = good("data", "info", "digits", "--part", "test", "--json").json
    assert (found["sites"], len(found["classes"])) == (64, 10)
    assert any("constant" in line for line in found["warnings"])
    told = good("data", "info", "digits").out
    assert "constant_sites" in told
    assert "warning: " in told


def test_data_info_tells_of_persons_in_both_parts(tmp_path):
    path = tmp_path / "both.npz"
    x = np.random.default_rng(0).integers(0, 2, (20, 30))
    np.savez(
        path,
        x_train=x[:10],
        x_test=np.concatenate([x[:1], x[11:]]),
        y_train=np.arange(10) % 2,
        y_test=np.arange(10) % 2,
    )
    lines = good("data", "info", path, "--json").json["warnings"]
    assert any("1 of 10 test samples" in line for line in lines)


def test_data_convert_get_and_split(tmp_path):
    table, back = tmp_path / "digits.csv", tmp_path / "digits.npz"
    good("data", "get", "digits", "-o", table)
    good("data", "convert", table, back)
    assert read(back).hash == read("digits").hash == read(table).hash
    good("data", "split", back, tmp_path / "a.npz", tmp_path / "b.csv", "--fraction", "0.1", "--seed", "1")
    a, b = read(tmp_path / "a.npz"), read(tmp_path / "b.csv")
    assert len(a) + len(b) == len(read(back))
    assert a.classes == b.classes


def test_data_verbs_on_bad_input(tmp_path):
    assert "did you mean 'digits'" in refused("data", "get", "digit", "-o", tmp_path / "x.npz")
    assert "cannot write" in refused("data", "get", "digits", "-o", tmp_path / "x.xyz")
    assert not list(tmp_path.iterdir())
    assert "no such file" in refused("data", "info", tmp_path / "nothing.csv")
    assert "fraction" in refused("data", "split", "digits", tmp_path / "a.npz", tmp_path / "b.npz", "--fraction", "1.5")
