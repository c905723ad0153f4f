"""Labels files: labels find their samples by name, in whatever column that is, or by order where that is asked for."""

import gzip

import numpy as np
import pytest

from command_line import good, refused
from shortrun.data import read
from shortrun.data.tables.naming import accessions
from shortrun.errors import FormatError


def fasta(tmp_path, text, **options):
    (tmp_path / "x.fasta").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(tmp_path / "x.fasta", **options)


SEQUENCES = ">s1 human\nACD\n>s2\nACE\n>s3 mouse\nACF\n"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("name,label\ns3 mouse,B\ns1 human,A\n", ["A", "", "B"]),
        ("Name,Group of it\ns2,x\ns1,y\n", ["y", "x", ""]),
        ("NAME,LABEL,other\ns1,A,1\ns2,NA,1\ns3,A,1\n", ["A", "", "A"]),
        ("name\tlabel\r\ns1\tA\r\n", ["A", "", ""]),
        ("name,label\ns1,A\ns2,B\ns1,A\n", ["A", "B", ""]),
    ],
    ids=[
        "whole names, any order",
        "legend, first words",
        "any case, missing",
        "tabs",
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


def labels_of(data):
    """Return the class of each sample, '' where it has none."""
    return [("", *data.classes)[code + 1] for code in data.labels]


def labelled(tmp_path, table, text=SEQUENCES, name="y.csv", **options):
    (tmp_path / name).write_text(table, encoding=options.pop("written", "utf-8"))
    return fasta(tmp_path, text, labels=tmp_path / name, **options)


@pytest.mark.parametrize("header", ["#IID", "Sample name", "sample_id", "Individual ID", "id", "accession", ""])
def test_names_are_found_by_their_content(tmp_path, header):
    data = labelled(tmp_path, f"{header},label\ns3,c\nother,d\ns1,a\ns2,b\n")
    assert labels_of(data) == ["a", "b", "c"]
    header = header.strip("#")
    assert data.notes == (f"y.csv: column '{header}' names all 3 samples; 1 of 4 rows is of no sample, as 'other'",)


def test_the_column_with_most_names_is_the_one_and_of_equal_ones_the_first(tmp_path):
    data = labelled(tmp_path, "old,new,label\ns1,s3,c\ns9,s1,a\n", label_column="label")
    assert labels_of(data) == ["a", "", "c"]
    assert data.notes == ("y.csv: column 'new' names 2 of 3 samples; 1 has no row, as 's2'",)
    data = labelled(tmp_path, "old,new,label\ns1,s2,a\ns2,s1,b\n", label_column="label")
    assert labels_of(data) == ["a", "b", ""]
    with pytest.raises(FormatError, match=r"y\.csv:1: the first line names sample 's1'"):
        labelled(tmp_path, "s1,A\ns2,B\n")


def test_never_by_order_unless_that_is_asked_for(tmp_path):
    table = "who,label\nx1,A\nx2,B\nx3,C\n"
    with pytest.raises(FormatError, match=r"no column holds names.*as 's1 human'.*labels_by_order=True"):
        labelled(tmp_path, table)
    data = labelled(tmp_path, table, labels_by_order=True)
    assert (labels_of(data), data.notes) == (["A", "B", "C"], ("y.csv: 3 rows belong to the samples in their order",))
    assert labels_of(labelled(tmp_path, "label\nA\nB\nC\n", labels_by_order=True)) == ["A", "B", "C"]
    with pytest.raises(FormatError, match="2 rows, the data have 3 samples"):
        labelled(tmp_path, "label\nA\nB\n", labels_by_order=True)


def test_numbered_samples_have_no_names(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(3, dtype=bool))
    for column in ([1, 2, 3], [0, 1, 1], [0, 1, 5]):  # ages, counts: some are numbers of samples
        rows = "".join(f"{number},{label}\n" for number, label in zip(column, "abc", strict=True))
        (tmp_path / "y.csv").write_text(f"age,label\n{rows}")
        with pytest.raises(FormatError, match=r"the samples have no names.*labels_by_order=True"):
            read(tmp_path / "x.npy", labels=tmp_path / "y.csv")
        assert labels_of(read(tmp_path / "x.npy", labels=tmp_path / "y.csv", labels_by_order=True)) == ["a", "b", "c"]
    (tmp_path / "y.csv").write_text("index,label\n2,c\n3,d\n0,a\n1,b\n")  # but an index is one
    assert labels_of(read(tmp_path / "x.npy", labels=tmp_path / "y.csv")) == ["a", "b", "c"]
    ages = "age,label\n17,x\n3,y\n17,x\n"
    with pytest.raises(FormatError, match="no column holds names"):
        labelled(tmp_path, ages, ">3\nAC\n>17\nAD\n")


HEADERS = ">sp|P12345|RIN1_HUMAN/10-20 x\nACD\n>tr|Q9H0H5.2|ABC_MOUSE\nACE\n>AB434107.1/5-9\nACF\n>gnl|db|seq7\nACG\n"


def test_accessions_where_names_do_not_match(tmp_path):
    data = labelled(tmp_path, "acc,label\nQ9H0H5,B\nAB434107,C\nseq7,D\nRIN1_HUMAN,A\ndb,E\n", HEADERS)
    assert labels_of(data) == ["A", "B", "C", "D"]
    assert "(4 by accession, as 'sp|P12345|RIN1_HUMAN/10-20 x' by 'RIN1_HUMAN'); 1 of 5 rows" in data.notes[0]
    data = labelled(tmp_path, "acc,label\nsp|P12345|X,A\nAB434107.1/5-9,C\nAB434107.1,D\n", HEADERS)
    assert labels_of(data) == ["A", "", "C", ""]  # the exact name comes first
    data = labelled(tmp_path, "acc,label\nP12345/1-9,A\nAB434107.2,C\nseq7,D\n", HEADERS)
    assert labels_of(data) == ["", "", "", "D"]  # another domain, another version
    assert [each.version for each in accessions("plot.1")] == [""]  # no accession, and no version


@pytest.mark.parametrize(
    ("rows", "text", "reason"),
    [
        ("P12345,A\nRIN1_HUMAN,B", HEADERS, r"y\.csv:3: sample 'sp\|.* called 'RIN1_HUMAN', has another label.*line 2"),
        ("AB434107,A", ">AB434107.1\nAC\n>AB434107.2\nAC\n", r"y\.csv:2: 'AB434107' may be 'AB434107\.1' or 'AB43"),
        ("AB434107.1,A\nAB434107.2,B", ">AB434107\nAC\n", r"y\.csv:3: .*another label"),
        ("s1,A\ns1,B", SEQUENCES, r"y\.csv:3: sample 's1'.*another label than in line 2|name 's1' has another label"),
    ],
)
def test_what_is_ambiguous_is_refused(tmp_path, rows, text, reason):
    with pytest.raises(FormatError, match=reason):
        labelled(tmp_path, f"acc,label\n{rows}\n", text)


def test_rows_of_one_sample_agree_or_say_nothing(tmp_path):
    assert labels_of(labelled(tmp_path, "id,label\ns1,NA\ns1,A\nzz,A\nzz,B\n")) == ["A", "", ""]


WORDS = ["NA", "n/a", "#N/A", "NaN", "null", "None", "?", "-", "", "Unknown", "-1"]


@pytest.mark.parametrize("word", WORDS)
def test_words_for_missing_labels(tmp_path, word):
    data = labelled(tmp_path, f"id,label\ns1,A\ns2,{word}\n")
    assert labels_of(data) == ["A", "", ""]
    told = f"y.csv: 1 sample has no label but '{word}'"
    assert data.notes[1:] == ((told,) if word else ())


def test_true_is_one_class_however_it_is_spelt(tmp_path):
    assert labels_of(labelled(tmp_path, "id,label\ns1,True\ns2,true\ns3,0\n")) == ["True", "True", "0"]
    known = read(tmp_path / "x.fasta", labels=tmp_path / "y.csv")
    other = labelled(tmp_path, "id,label\ns1,FALSE\ns2,1\n").recode(known.classes)
    assert labels_of(other) == ["0", "True", ""]


def test_the_commands_that_users_type(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.fasta").write_text(SEQUENCES)
    (tmp_path / "table.tsv").write_text("Sample name\tlabel\ns3\tc\nzz\tz\ns1\ta\n")
    (tmp_path / "table.csv").write_text("x;Sample name;label\n1;s3;c\n1;zz;z\n1;s1;a\n")
    for table in ("table.tsv", "table.csv"):
        said = good("data", "convert", "f.fasta", "f.npz", "--labels", table, "--label-column", "label").err
        assert "column 'Sample name' names 2 of 3 samples; 1 has no row, as 's2'; 1 of 3 rows is of no sample" in said
        with np.load("f.npz") as arrays:
            assert arrays["y"].tolist() == ["a", "", "c"]
    (tmp_path / "bad.csv").write_text("id,label\ns4,c\ns5,d\n")
    line = refused("data", "info", "f.fasta", "--labels", "bad.csv")
    assert line.startswith("error: bad.csv: no column holds names of the samples, as 's1 human'")
    assert "--labels-by-order" in line
    good("data", "convert", "f.fasta", "f.csv", "--labels", "table.csv", "--delimiter", ";", "--label-column", "label")
