"""Every format: what is written is read back, its variants are understood, labels find their samples."""

import numpy as np
import pytest

from shortrun.data import read, write
from shortrun.data.core.alphabet import DNA, PROTEIN, RNA, numbered
from shortrun.data.core.dataset import Dataset
from shortrun.data.formats import PLACES
from shortrun.data.recipes import ENTRIES
from shortrun.registry import modules

WHOLE = ("fasta", "hdf5", "npz", "parquet", "stockholm", "table")  # formats that hold all that such data sets say
SUFFIXES = [
    suffix for it in modules(PLACES) if it.__name__.rpartition(".")[2] in WHOLE for suffix in it.FORMAT.suffixes
]
LABELS = ["East Asian", "", "b=1, c", "East Asian", "Ω"]
NAMES = ["one", "two words", "three,3", 'four "4"', "5|sp.1/2-3"]


def letters(alphabet, sites=7):
    codes = np.random.default_rng(5).integers(0, len(alphabet), (5, sites), dtype=np.uint8)
    codes[0] = np.arange(len(alphabet) - sites, len(alphabet))  # so that detection sees the telling letters
    return codes


KINDS = {
    "binary": (np.array([[0, 1, 1], [1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0]]), None),
    "protein": (letters(PROTEIN), PROTEIN),
    "rna": (letters(RNA, 5), RNA),
    "dna": (letters(DNA, 5), DNA),
    "continuous": (np.array([[0.1, -2.0], [1e-7, 3e30], [0, 1], [1, 1], [5, 6]], np.float32), None),
}


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back(tmp_path, suffix, packed, kind):
    values, alphabet = KINDS[kind]
    data = Dataset.from_arrays(values, LABELS, names=NAMES, alphabet=alphabet, groups=["g 1", "g 1", "h", "i", "i"])
    path = tmp_path / f"data{suffix}{packed}"
    if kind == "continuous" and suffix not in (".npz", ".csv", ".tsv", ".h5", ".hdf5", ".parquet"):
        with pytest.raises(ValueError, match="continuous"):
            write(path, data)
        assert list(tmp_path.iterdir()) == []
        return
    write(path, data)
    tabular = suffix in (".csv", ".tsv", ".parquet") and kind == "continuous"
    again = read(path, alphabet="continuous") if tabular else read(path)
    if tabular:  # standardised, and the same in their own units
        np.testing.assert_allclose(again.values.mean(0), 0, atol=1e-6)
        largest = np.abs(data.values).max(0)
        np.testing.assert_allclose(again.in_units / largest, data.values / largest, atol=1e-6)
    else:
        assert again.hash == data.hash  # values, labels, classes, alphabet
    assert again.names.tolist() == NAMES
    assert again.groups.tolist() == data.groups.tolist()
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == bool(packed)


def test_npy_keeps_the_values(tmp_path):
    values, _ = KINDS["continuous"]
    write(tmp_path / "data.npy", Dataset.from_arrays(values, LABELS))
    assert np.load(tmp_path / "data.npy").tolist() == read(tmp_path / "data.npy").values.tolist() == values.tolist()


def test_npz_keeps_the_rest_too(tmp_path):
    data = Dataset.from_arrays(
        [[[0, 1], [1, 0]], [[1, 1], [3, 0]]],
        ["z", "y"],
        classes=["z", "x", "y"],
        weights=[0.5, 2],
        alphabet="codes",
    )
    write(tmp_path / "d.npz", data)
    again = read(tmp_path / "d.npz")
    assert again.hash == data.hash
    assert again.classes == ("z", "x", "y")
    assert again.weights.tolist() == [0.5, 2]
    assert again.alphabet == numbered(4)
    assert again.kind.image.shape == (2, 2)
    with np.load(tmp_path / "d.npz") as arrays:
        assert arrays["x"].shape == (2, 4)
        assert arrays["y"].tolist() == ["z", "y"]


def test_the_same_data_make_the_same_file(tmp_path):
    data = Dataset.from_arrays(KINDS["binary"][0], LABELS)
    for suffix in (".npz", ".fa.gz", ".csv.gz", ".h5", ".parquet.gz"):
        write(tmp_path / f"a{suffix}", data)
        write(tmp_path / f"b{suffix}", data)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_table_keeps_the_names_of_sites(tmp_path):
    (tmp_path / "d.csv").write_text("rs1,label,rs2\n0,a,1\n1,b,1\n")
    write(tmp_path / "e.tsv", read(tmp_path / "d.csv"))
    again = read(tmp_path / "e.tsv")
    assert list(again.kind.table.names) == ["rs1", "rs2"]
    assert (tmp_path / "e.tsv").read_text() == "rs1\tlabel\trs2\n0\ta\t1\n1\tb\t1\n"


def test_npz_parts_keys_and_grey_images(tmp_path):
    grey = np.array([[[0, 76], [77, 255]]], np.uint8)
    np.savez(tmp_path / "a.npz", x_train=grey.repeat(3, axis=0), y_train=[1, 2, 1], x_test=grey, y_test=[7])
    assert read(tmp_path / "a.npz").values.tolist() == [[0, 0, 1, 1]] * 3
    test = read(tmp_path / "a.npz", part="test", threshold=0.2)
    assert test.values.tolist() == [[0, 1, 1, 1]]
    assert (test.classes, test.kind.image.shape) == (("7",), (2, 2))
    np.savez(tmp_path / "b.npz", x=[[0, 1], [1, 1]], y=[1, 0], classes=["B", "A"], who=["p", "q"], pop=[5, 5])
    assert read(tmp_path / "b.npz").classes == ("B", "A")
    other = read(tmp_path / "b.npz", label_column="pop", group="who")
    assert (other.classes, other.labels.tolist(), other.groups.tolist()) == (("5",), [0, 0], ["p", "q"])
    assert read(tmp_path / "b.npz", keys={"y": "pop", "names": "who"}).names.tolist() == ["p", "q"]
    np.savez(tmp_path / "c.npz", x=[[0, 1]])
    assert read(tmp_path / "c.npz").classes == ()


def test_npy_with_labels_by_order(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(3, dtype=bool))
    (tmp_path / "y.csv").write_text("row,label,who\n7,b,p\n8,,p\n9,a,q\n")
    data = read(tmp_path / "x.npy", labels=tmp_path / "y.csv", group="who", labels_by_order=True)
    assert data.labels.tolist() == [1, -1, 0]
    assert data.groups.tolist() == ["p", "p", "q"]


def test_digits_have_their_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits = read("digits")
    assert digits.values.shape == (1797, 64)
    assert digits.class_counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.classes == tuple("0123456789")
    assert digits.kind.image.shape == (8, 8)
    assert 0.38 < digits.values.mean() < 0.40
    assert read("digits", threshold=0.6).values.mean() < digits.values.mean()
    assert all(entry.title and entry.citation and entry.licence for entry in ENTRIES)
    with pytest.raises(ValueError, match="did you mean 'digits'"):
        read("digit")
    (tmp_path / "digits").mkdir()
    assert len(read("digits")) == 1797  # a folder of that name, for example the run, is no data
    with pytest.raises(ValueError, match="is a folder"):
        read(tmp_path / "digits")
    (tmp_path / "digits").rmdir()
    (tmp_path / "digits").write_text("x\n1\n")
    with pytest.raises(ValueError, match="cannot read files without an ending"):  # but a file of that name comes first
        read("digits")
