"""Labels files: labels find their samples, by name or by order."""

import gzip

import pytest

from shortrun.data import read


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
