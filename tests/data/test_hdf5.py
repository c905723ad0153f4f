"""HDF5: the layouts of the F&F authors and of rbms, read as they write them, and ours read as they read theirs."""

from __future__ import annotations

import gzip
import io
import sys

import h5py
import numpy as np
import pytest

from command_line import good
from shortrun.data import read, write
from shortrun.data.core.dataset import Dataset
from shortrun.errors import ConfigError, FormatError, MissingExtraError

BITS = np.random.default_rng(0).integers(0, 2, (30, 7))
LABELS = np.random.default_rng(1).choice(["3", "seven", "-1"], 30)


def authors(path, **more):
    """Write a file as the F&F authors' README describes it: floats, labels as texts, -1 where there is none."""
    with h5py.File(path, "w") as file:
        file["train"] = BITS[:20].astype(np.float32)
        file["train_labels"] = LABELS[:20].astype("S")
        file["train_names"] = np.array([f"s{i}" for i in range(20)], dtype=h5py.string_dtype())
        file["test"] = BITS[20:].astype(np.float32)
        file["test_labels"] = LABELS[20:].astype("S").reshape(-1, 1)
        for name, values in more.items():
            file[name] = values


def test_the_authors_layout(tmp_path):
    authors(tmp_path / "x.h5", train_clade=np.array(["A", "B"] * 10, dtype="S"))
    train, test = read(tmp_path / "x.h5"), read(tmp_path / "x.h5", part="test")
    assert (train.values == BITS[:20]).all()
    assert (test.values == BITS[20:]).all()
    assert train.alphabet.name == "binary"
    assert train.classes == ("3", "seven")
    assert [("", *train.classes)[label + 1] for label in train.labels] == ["" if x == "-1" else x for x in LABELS[:20]]
    assert test.class_counts.sum() == (LABELS[20:] != "-1").sum()
    assert train.names[3] == "s3"
    other = read(tmp_path / "x.h5", label_column="clade")
    assert (other.classes, other.labels.tolist()) == (("A", "B"), [0, 1] * 10)
    swapped = read(tmp_path / "x.h5", keys={"x": "test", "y": "test_labels"})
    assert (swapped.values == BITS[20:]).all()


def test_the_layout_of_rbms(tmp_path):
    for kind, values in {"bernoulli": BITS, "ising": 2 * BITS - 1, "categorical": BITS * 3}.items():
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["samples"], file["labels"], file["variable_type"] = values.astype(np.float32), np.arange(30) % 3, kind
        data = read(tmp_path / "x.h5")
        assert (data.values == (BITS * 3 if kind == "categorical" else BITS)).all()
        assert data.colours == (4 if kind == "categorical" else 2)
        assert data.classes == ("0", "1", "2")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["samples"], file["variable_type"] = BITS.astype(np.float64), "continuous"
    assert read(tmp_path / "x.h5").continuous
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["samples"] = BITS > 0
    assert read(tmp_path / "x.h5").classes == ()


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_ours_is_read_as_they_read_theirs(tmp_path, packed):
    path = tmp_path / f"x.h5{packed}"
    write(path, Dataset.from_arrays(BITS, LABELS, names=[f"Ω{i}" for i in range(30)]))
    content = io.BytesIO(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
    with h5py.File(content, "r") as file:
        # trainBernoulliBernoulliSslRBM.py
        assert (file["train"][()].astype(np.float32) == BITS).all()
        assert (file["train_labels"].asstr()[()].flatten() == LABELS).all()
        assert file["train_names"].asstr()[2] == "Ω2"
        # rbms/dataset/load_h5.py
        assert (np.array(file["samples"][()]) == BITS).all()
        assert file["variable_type"][()].decode() == "bernoulli"
        codes = np.array(file["labels"][()])
        assert [{"3": 0, "seven": 1, "-1": -1}[label] for label in LABELS] == codes.tolist()
        assert file["samples"] == file["train"]  # one array with two names
    assert read(path).hash == Dataset.from_arrays(BITS, LABELS).hash


def test_the_rest_comes_back_too(tmp_path):
    data = Dataset.from_arrays(
        [[[0, 1], [1, 0]], [[1, 1], [3, 0]]],
        ["z", "y"],
        classes=["z", "x", "y"],
        weights=[0.5, 2],
        groups=["p", "q"],
        alphabet="codes",
    )
    write(tmp_path / "d.hdf5", data)
    again = read(tmp_path / "d.hdf5")
    assert again.hash == data.hash
    assert again.classes == ("z", "x", "y")
    assert again.weights.tolist() == [0.5, 2]
    assert again.groups.tolist() == ["p", "q"]
    assert again.kind.image.shape == (2, 2)


def test_grey_images_need_a_threshold_or_two_dimensions(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (5, 3, 4), dtype=np.uint8)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["train"], file["flat"] = grey, grey.reshape(5, -1)
    assert (read(tmp_path / "x.h5").values == (grey > 0.3 * 255).reshape(5, -1)).all()
    flat = {"keys": {"x": "flat"}}
    with pytest.raises(FormatError, match="grey values need a threshold"):
        read(tmp_path / "x.h5", **flat)
    assert (read(tmp_path / "x.h5", threshold=0.5, **flat).values == (grey > 127.5).reshape(5, -1)).all()


def test_trained_on_one_part_and_tested_on_the_other(tmp_path):
    authors(tmp_path / "x.h5")
    small = ("--hidden", 4, "--updates", 3)
    told = good("train", tmp_path / "x.h5", "-o", tmp_path / "run", *small, "--json").json
    assert told["read"]["samples"] == 20
    found = good("predict", tmp_path / "run", tmp_path / "x.h5", "-o", tmp_path / "p.csv", "--json").json
    assert (found["part"], found["samples"]) == ("test", 10)
    good("generate", tmp_path / "run", "-n", 12, "-o", tmp_path / "new.h5")
    with h5py.File(tmp_path / "new.h5") as file:
        assert file["train"].shape == (12, 7)
        assert set(file["train_labels"].asstr()[()]) <= {"3", "seven"}


def test_a_table_of_names_sequences_and_labels_as_annadca_has_it(tmp_path):
    (tmp_path / "x.csv").write_text("name,sequence,label\nn1,ACDEF-\nn2,ACDYF-\n".replace("-\n", "-,k\n"))
    data = read(tmp_path / "x.csv")
    assert (data.alphabet.name, data.names.tolist(), data.classes) == ("protein", ["n1", "n2"], ("k",))
    write(tmp_path / "y.csv", data)
    assert (tmp_path / "y.csv").read_text().splitlines()[0] == "name,sequence,label"
    assert read(tmp_path / "y.csv").hash == data.hash


def made(**arrays):
    file = io.BytesIO()
    with h5py.File(file, "w") as target:
        for name, values in arrays.items():
            target[name] = values
    return file.getvalue()


GOOD = made(train=BITS, train_labels=LABELS.astype("S"))
CASES = {
    "empty": (b"", {}, "file is empty"),
    "wrong magic": (b"hello world" * 99, {}, "is no HDF5 file"),
    "truncated": (GOOD[:-50], {}, "is no HDF5 file, or a truncated one"),
    "half": (GOOD[: len(GOOD) // 2], {}, "is no HDF5 file, or a truncated one"),
    "no values": (made(trian=BITS), {}, r"no array 'train', 'samples' or 'x' \(did you mean 'trian'"),
    "nothing": (made(), {}, "no array 'train', 'samples' or 'x'"),
    "no such part": (GOOD, {"part": "test"}, r"no array 'test' \(known: train"),
    "no such labels": (
        GOOD,
        {"label_column": "train_label"},
        r"no array '.*train_label' \(did you mean 'train_labels'",
    ),
    "a group": (made(**{"train/images": BITS}), {}, r"'train' is a group, an array expected.*images"),
    "labels too few": (made(train=BITS, train_labels=[1, 2]), {}, r"labels of shape \(2,\)"),
    "not a table": (made(train=np.arange(5)), {}, r"got shape \(5,\)"),
    "texts": (made(train=LABELS.astype("S").reshape(5, 6)), {}, "values must be numbers"),
    "not finite": (made(train=np.array([[0.5, np.nan]])), {}, "sample 1, site 2: the value nan is not finite"),
    "codes": (made(train=BITS * 7), {}, "the value 7 does not fit.*integer codes an alphabet"),
    "damaged table": (made(train=BITS, table_json="{}"), {}, "description of its columns is damaged"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read(tmp_path, case):
    content, options, reason = CASES[case]
    (tmp_path / "x.h5").write_bytes(content)
    with pytest.raises(FormatError, match=reason) as error:
        read(tmp_path / "x.h5", **options)
    assert error.value.line is None
    assert "\n" not in str(error.value)


def test_wrong_keys(tmp_path):
    (tmp_path / "x.h5").write_bytes(GOOD)
    with pytest.raises(ConfigError, match="did you mean 'group'"):
        read(tmp_path / "x.h5", keys={"grop": "y"})


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "x.h5").write_bytes(GOOD)
    monkeypatch.setitem(sys.modules, "h5py", None)
    for act in (lambda: read(tmp_path / "x.h5"), lambda: write(tmp_path / "y.h5", Dataset.from_arrays(BITS))):
        with pytest.raises(MissingExtraError, match=r"h5py is not installed: pip install 'shortrun\[io\]'"):
            act()
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]
