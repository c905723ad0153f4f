"""Every format: what is written is read back, its variants are understood, labels find their samples."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shortrun.data.alphabet import DNA, PROTEIN, RNA, numbered
from shortrun.data.catalogue import entries
from shortrun.data.dataset import Dataset
from shortrun.data.readers import FORMATS, read, write
from shortrun.registry import modules

BUDGET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
SUFFIXES = [suffix for module in modules(FORMATS) if hasattr(module, "write") for suffix in module.suffixes]
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
    data = Dataset.from_arrays(
        values, LABELS, names=NAMES, alphabet=alphabet, groups=["g 1", "g 1", "h", "i", "i"]
    )
    path = tmp_path / f"data{suffix}{packed}"
    if kind == "continuous" and suffix not in (".npz", ".csv", ".tsv"):
        with pytest.raises(ValueError, match="continuous"):
            write(path, data)
        assert list(tmp_path.iterdir()) == []
        return
    write(path, data)
    again = read(path)
    assert again.hash == data.hash  # values, labels, classes, alphabet
    assert again.names.tolist() == NAMES
    assert again.groups.tolist() == data.groups.tolist()
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == bool(packed)


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
    assert again.meta["image_shape"] == (2, 2)
    with np.load(tmp_path / "d.npz") as arrays:
        assert arrays["x"].shape == (2, 4)
        assert arrays["y"].tolist() == ["z", "y"]


def test_the_same_data_make_the_same_file(tmp_path):
    data = Dataset.from_arrays(KINDS["binary"][0], LABELS)
    for suffix in (".npz", ".fa.gz", ".csv.gz"):
        write(tmp_path / f"a{suffix}", data)
        write(tmp_path / f"b{suffix}", data)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_table_keeps_the_names_of_sites(tmp_path):
    (tmp_path / "d.csv").write_text("rs1,label,rs2\n0,a,1\n1,b,1\n")
    write(tmp_path / "e.tsv", read(tmp_path / "d.csv"))
    again = read(tmp_path / "e.tsv")
    assert again.meta["site_names"] == ["rs1", "rs2"]
    assert (tmp_path / "e.tsv").read_text() == "name\tlabel\trs1\trs2\n0\ta\t0\t1\n1\tb\t1\t1\n"


# --- FASTA


def fasta(tmp_path, text, **options):
    (tmp_path / "x.fasta").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(tmp_path / "x.fasta", **options)


@pytest.mark.parametrize(
    "text",
    [
        ">a\nACGU-\n>b\nGGGU-\n",
        ">a\r\nACGU-\r\n>b\r\nGGGU-\r\n",
        ">a\rACGU-\r>b\rGGGU-\r",
        "\ufeff\n\n>a\nAC\nG\n\nU-\n>b\nGG\nGU-",
        ">a\nacg u.\n> b\nGGGU.\n\n\n",
    ],
    ids=[
        "plain",
        "windows",
        "old mac",
        "wrapped, BOM, blank lines, no last line end",
        "small letters, dots, spaces",
    ],
)
def test_fasta_variants_mean_the_same(tmp_path, text):
    data = fasta(tmp_path, text)
    assert data.alphabet == RNA
    assert data.names.tolist() == ["a", "b"]
    assert data.values.tolist() == [[1, 2, 3, 4, 0], [3, 3, 3, 4, 0]]
    assert data.classes == ()


def test_fasta_headers_may_hold_labels_and_groups(tmp_path):
    data = fasta(tmp_path, ">a group=p 1 label=East Asian\nAC\n>b x=3\nAC\n>label=z\nAC\n")
    assert data.names.tolist() == ["a", "b x=3", ""]
    assert data.classes == ("East Asian", "z")
    assert data.labels.tolist() == [0, -1, 1]
    assert data.groups.tolist() == ["p 1", "b x=3", ""]


def test_unknown_letters_can_become_gaps_or_drop_their_sequence(tmp_path):
    text = ">a label=1\nACDEX\n>b label=2\nACDEF\n>c label=3\nBZXOU\n"
    gapped = fasta(tmp_path, text, unknown="gap")
    assert gapped.alphabet == PROTEIN
    assert PROTEIN.decode_rows(gapped.values) == ["ACDE-", "ACDEF", "-----"]
    dropped = fasta(tmp_path, text, unknown="drop")
    assert dropped.names.tolist() == ["b"]
    assert dropped.classes == ("2",)


def test_a_given_alphabet_is_used(tmp_path):
    assert fasta(tmp_path, ">a\nACG\n", alphabet="rna").alphabet == RNA
    custom = fasta(tmp_path, ">a\nxYx.\n", alphabet=".xY")
    assert custom.values.tolist() == [[1, 2, 1, 0]]


NAME = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters=">="), min_size=1
)


@BUDGET
@given(
    rows=st.integers(1, 30).flatmap(
        lambda sites: st.lists(
            st.tuples(NAME, st.text("-ACDEFGHIKLMNPQRSTVWY", min_size=sites, max_size=sites)),
            min_size=1,
            max_size=8,
        )
    ),
    width=st.integers(1, 31),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
    small=st.booleans(),
)
def test_any_wrapping_of_fasta_gives_the_sequences(tmp_path, rows, width, end, small):
    text = "".join(
        f">{name}{end}" + "".join(sequence[i : i + width] + end for i in range(0, len(sequence), width))
        for name, sequence in ((name, seq.lower().replace("-", ".") if small else seq) for name, seq in rows)
    )
    data = fasta(tmp_path, text, alphabet=PROTEIN)
    assert PROTEIN.decode_rows(data.values) == [sequence for _, sequence in rows]
    assert data.names.tolist() == [name for name, _ in rows]


@BUDGET
@given(
    names=st.lists(NAME, min_size=2, max_size=6),
    row=st.integers(0, 5),
    site=st.integers(0, 20),
    width=st.integers(1, 9),
)
def test_an_unknown_letter_is_found_in_its_line(tmp_path, names, row, site, width):
    row %= len(names)
    text = ""
    for i, name in enumerate(names):
        sequence = list("ACDEFGHIKLMNPQRSTVWYA")
        if i == row:
            sequence[site] = "X"
        text += f">{name}\n" + "".join("".join(sequence[j : j + width]) + "\n" for j in range(0, 21, width))
    with pytest.raises(ValueError, match="'X'") as error:
        fasta(tmp_path, text, alphabet=PROTEIN)
    assert "X" in text.split("\n")[error.value.line - 1].removeprefix(">")
    assert error.value.line == 1 + row * (1 + -(-21 // width)) + 1 + site // width
    assert f"record {row + 1} " in str(error.value)
    assert f"site {site + 1} " in str(error.value)


# --- CSV and TSV


def table(tmp_path, text, name="x.csv", **options):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return read(tmp_path / name, **options)


def test_table_columns_play_their_roles(tmp_path):
    text = "s1,Name,clade,LABEL,s2,who\n0,n1,F,a,1,p\n1,n2,G,,0,p\n"
    with pytest.raises(ValueError, match=r"x\.csv:2: column 'clade': a number expected, got 'F'"):
        table(tmp_path, text)
    data = table(tmp_path, text, label_column="clade", group="who")
    assert data.meta["site_names"] == ["s1", "s2"]  # neither `LABEL` nor `Name` is a site
    assert data.values.tolist() == [[0, 1], [1, 0]]
    assert data.classes == ("F", "G")
    assert data.names.tolist() == ["n1", "n2"]
    assert data.groups.tolist() == ["p", "p"]


def test_tabs_quotes_line_ends_and_blank_lines(tmp_path):
    data = table(tmp_path, '\r\nname\tlabel\t"a,b"\r\n"x\ty"\tA\t1\r\n\r\nz\tB\t0\r\n', name="x.tsv")
    assert data.names.tolist() == ["x\ty", "z"]
    assert data.meta["site_names"] == ["a,b"]
    assert data.values.tolist() == [[1], [0]]


def test_tables_of_numbers(tmp_path):
    assert table(tmp_path, "a,b\n0.5,1\n2,0\n").colours is None
    assert table(tmp_path, "a,b\n0.0,1.0\n1.0,0\n").colours == 2
    assert table(tmp_path, "a,b\n0,3\n1,0\n", alphabet="codes").values.tolist() == [[0, 3], [1, 0]]
    assert table(tmp_path, "a,b\n0,255\n80,70\n", threshold=0.3).values.tolist() == [[0, 1], [1, 0]]


def test_a_table_of_sequences(tmp_path):
    data = table(tmp_path, "name,sequence,label,note\nn,AC.gt,1,x\nm,ACGTT,0,y\n")
    assert data.alphabet == DNA
    assert DNA.decode_rows(data.values) == ["AC-GT", "ACGTT"]
    assert data.labels.tolist() == [1, 0]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=8).map(str.strip)


@BUDGET
@given(
    rows=st.integers(1, 6).flatmap(
        lambda sites: st.lists(
            st.tuples(CELL, CELL, st.lists(st.integers(0, 1), min_size=sites, max_size=sites)),
            min_size=1,
            max_size=8,
        )
    ),
    suffix=st.sampled_from([".csv", ".tsv", ".csv.gz"]),
)
def test_any_table_is_read_back(tmp_path, rows, suffix):
    names, labels, values = zip(*rows, strict=True)
    data = Dataset.from_arrays(values, labels, names=names)
    write(tmp_path / f"x{suffix}", data)
    again = read(tmp_path / f"x{suffix}")
    assert again.hash == data.hash
    assert again.names.tolist() == data.names.tolist()


@BUDGET
@given(
    rows=st.integers(1, 20),
    sites=st.integers(1, 9),
    bad=st.integers(0, 1000),
    text=st.sampled_from(["x", "", "?"]),
)
def test_a_cell_that_is_no_number_is_found(tmp_path, rows, sites, bad, text):
    row, site = bad % rows, bad % sites
    cells = [["1"] * sites + ["0"] for _ in range(rows)]
    cells[row][site] = text
    lines = [",".join([*(f"s{i}" for i in range(sites)), "last"]), *(",".join(line) for line in cells)]
    with pytest.raises(ValueError, match=f"column 's{site}'") as error:
        table(tmp_path, "\n".join(lines))
    assert error.value.line == row + 2


# --- NumPy and named data sets


def test_npz_parts_keys_and_grey_images(tmp_path):
    grey = np.array([[[0, 76], [77, 255]]], np.uint8)
    np.savez(tmp_path / "a.npz", x_train=grey.repeat(3, axis=0), y_train=[1, 2, 1], x_test=grey, y_test=[7])
    assert read(tmp_path / "a.npz").values.tolist() == [[0, 0, 1, 1]] * 3
    test = read(tmp_path / "a.npz", part="test", threshold=0.2)
    assert test.values.tolist() == [[0, 1, 1, 1]]
    assert (test.classes, test.meta["image_shape"]) == (("7",), (2, 2))
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
    data = read(tmp_path / "x.npy", labels=tmp_path / "y.csv", group="who")
    assert data.labels.tolist() == [1, -1, 0]
    assert data.groups.tolist() == ["p", "p", "q"]


def test_digits_have_their_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits = read("digits")
    assert digits.values.shape == (1797, 64)
    assert digits.class_counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.classes == tuple("0123456789")
    assert digits.meta["image_shape"] == (8, 8)
    assert 0.38 < digits.values.mean() < 0.40
    assert read("digits", threshold=0.6).values.mean() < digits.values.mean()
    assert all(entry.title and entry.citation and entry.licence for entry in entries())
    with pytest.raises(ValueError, match="did you mean 'digits'"):
        read("digit")
    (tmp_path / "digits").mkdir()
    assert len(read("digits")) == 1797  # a folder of that name, for example the run, is no data
    with pytest.raises(ValueError, match="is a folder"):
        read(tmp_path / "digits")
    (tmp_path / "digits").rmdir()
    (tmp_path / "digits").write_text("x\n1\n")
    with pytest.raises(ValueError, match="cannot read files"):  # but a file of that name comes first
        read("digits")


# --- labels files

SEQUENCES = ">s1 human\nACD\n>s2\nACE\n>s3 mouse\nACF\n"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("name,label\ns3 mouse,B\ns1 human,A\n", ["A", "", "B"]),
        ("Name,Group of it\ns2,x\ns1,y\n", ["y", "x", ""]),
        ("NAME,LABEL,other\ns1,A,1\ns2,NA,1\ns3,A,1\n", ["A", "", "A"]),
        ("name\tlabel\r\ns1\tA\r\n", ["A", "", ""]),
        ("label\nA\nB\nC\n", ["A", "B", "C"]),
        ("name,label\ns1,A\ns2,B\ns1,A\n", ["A", "B", ""]),
    ],
    ids=[
        "whole names, any order",
        "legend, first words",
        "any case, missing",
        "tabs",
        "no names: by order",
        "twice alike",
    ],
)
def test_labels_find_their_samples(tmp_path, labels, expected):
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress(labels.encode()))
    data = fasta(tmp_path, SEQUENCES, labels=tmp_path / "y.csv.gz")
    assert [data.classes[code] if code >= 0 else "" for code in data.labels] == expected


def test_labels_file_has_several_columns_and_replaces_headers(tmp_path):
    (tmp_path / "y.csv").write_text("name,label,clade,who\na,1,F,p\nb,2,G,p\n")
    data = fasta(
        tmp_path,
        ">a label=z\nAC\n>b label=z\nAC\n",
        labels=tmp_path / "y.csv",
        label_column="Clade",
        group="who",
    )
    assert data.classes == ("F", "G")
    assert data.groups.tolist() == ["p", "p"]


def test_names_may_occur_twice_if_both_files_agree_row_by_row(tmp_path):
    (tmp_path / "y.csv").write_text("name,label\na,1\na,2\nb,1\n")
    data = fasta(tmp_path, ">a\nAC\n>a\nAD\n>b\nAE\n", labels=tmp_path / "y.csv")
    assert data.labels.tolist() == [0, 1, 0]
    (tmp_path / "y.csv").write_text("name,label\nb,1\na,1\na,2\n")
    with pytest.raises(ValueError, match=r"y\.csv:4: name 'a' has another label than in line 3"):
        fasta(tmp_path, ">a\nAC\n>a\nAD\n>b\nAE\n", labels=tmp_path / "y.csv")


# --- real data

SHARED = Path(os.environ.get("SHORTRUN_SHARED", Path(__file__).parents[2] / "shared" / "data"))
real = pytest.mark.skipif(
    not SHARED.is_dir(), reason="no real data: set SHORTRUN_SHARED to the folder of shared data"
)


def shared(name):
    return SHARED / name


@real
def test_real_digits_equal_the_named_ones():
    assert read(shared("digits/digits.npz")).hash == read("digits").hash


@real
def test_real_mnist():
    train = read(shared("mnist/mnist.npz"))
    assert train.values.shape == (60000, 784)
    assert train.class_counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert train.meta["image_shape"] == (28, 28)
    assert len(read(shared("mnist/mnist.npz"), part="test")) == 2000


@real
def test_real_genomes_from_both_files():
    data = read(shared("hgd/hgd.npz"), keys={"x": "x", "y": "continent", "group": "sample"})
    assert data.values.shape == (5008, 805)
    assert dict(zip(data.classes, data.class_counts.tolist(), strict=True)) == {
        "African": 1322,
        "American": 694,
        "East Asian": 1008,
        "European": 1006,
        "South Asian": 978,
    }
    assert len(set(data.groups)) == 2504
    labels = read(
        shared("hgd/hgd.npz"), labels=shared("hgd/labels.csv"), label_column="continent", group="sample"
    )
    assert labels.hash == data.hash
    assert labels.groups.tolist() == data.groups.tolist()


@real
def test_real_sh3():
    data = read(shared("sh3/sh3.fasta.gz"), labels=shared("sh3/labels.csv.gz"))
    assert (data.values.shape, data.alphabet) == ((5299, 59), PROTEIN)
    counts = dict(zip(data.classes, data.class_counts.tolist(), strict=True))
    assert (len(counts), counts["KOG3655"], counts["KOG4773_1"]) == (18, 315, 48)
    assert int((~data.labelled).sum()) == 2745
    assert 0.005 < (data.values == 0).mean() < 0.015


@real
@pytest.mark.parametrize(
    ("name", "shape", "counts", "unlabelled"),
    [
        ("sam_rf00162", (6006, 108), {"Bacilli": 2431, "Clostridia": 1039, "Tissierellia": 50}, 851),
        ("sam_rf00162_published", (4757, 107), {"Bacilli": 3229, "Fusobacteriia": 80}, 524),
    ],
)
def test_real_sam(name, shape, counts, unlabelled):
    folder = shared("sam_riboswitch")
    data = read(f"{folder}/{name}.fasta.gz", labels=f"{folder}/{name}_labels.csv.gz")
    assert (data.values.shape, data.alphabet) == (shape, RNA)
    found = dict(zip(data.classes, data.class_counts.tolist(), strict=True))
    assert found.items() >= counts.items()
    assert int((~data.labelled).sum()) == unlabelled
