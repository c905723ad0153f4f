"""Bad input: each case is one line that names the file, the line if there is one, and what was expected."""

import bz2
import gzip
import io
import lzma
import re
import zipfile

import numpy as np
import pytest

from shortrun.data import read, write
from shortrun.data.core.dataset import Dataset
from shortrun.errors import ConfigError, FormatError


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def zipped(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


X = np.array([[0, 1], [1, 1], [0, 0]])
CSV = "name,label,a,b\nn1,A,0,1\nn2,B,1,1\n"
OBJECTS = np.array([[1, "a"], [None, 2]], dtype=object)

# file name, content, options, line (None where the format has none), words of the reason
CASES = {
    "unequal length": (
        "x.fa",
        ">a\nACDE\n>b\nACD\n",
        {},
        3,
        r"record 2 \('b'\): has 3 sites, the first one has 4",
    ),
    "unequal length, wrapped": ("x.fa", ">a\nAC\nDE\n>b\nAC\nDE\n>c\nAC\nDEE\n", {}, 7, r"record 3 \('c'\)"),
    "empty record": ("x.fa", ">a\nACDE\n>b\n>c\nACDE\n", {}, 3, r"record 2 \('b'\): has no letters"),
    "only headers": ("x.fa", ">a\n>b\n", {}, 1, "no letters"),
    "unknown letter": ("x.fa", ">a\nACDE\n>b\nAC\nD!\n", {}, 5, r"record 2 \('b'\): letter '!' at site 4"),
    "a stop within": ("x.fa", ">a\nACDE\n>b\nA*\nDE\n", {}, 4, r"record 2 \('b'\): letter '\*' at site 2"),
    "ambiguous nucleotide": (
        "x.fa.gz",
        ">a\nACGTACGTAC\n>b\nACGTACGTAN\n",
        {},
        4,
        "letter 'N' at site 10.*dna",
    ),
    "protein read as RNA": (
        "x.fa",
        ">a\nACDE\n",
        {"alphabet": "rna"},
        2,
        "letter 'D' at site 3.*rna alphabet",
    ),
    "nothing left": ("x.fa", ">a\nACDX\n", {"unknown": "drop"}, 2, "letter 'X'"),
    "no header": ("x.fa", "\nACGT\n>a\nACGT\n", {}, 2, "'>' expected.*'ACGT'"),
    "a label without labels": (
        "x.fa",
        ">a\nACDE\n",
        {"label_column": "clade"},
        None,
        "no label 'clade': a labels file",
    ),
    "a group without groups": ("x.fa", ">a\nACDE\n", {"group": "who"}, None, "no group 'who'"),
    "not UTF-8": ("x.fa", b">a\nACDE\n>b\xff\nACDE\n", {}, 3, "byte 0xff is not UTF-8"),
    "binary as text": ("x.csv", b"a,b\n0,1\n\x80\x81,1\n", {}, 3, "byte 0x80"),
    "empty FASTA": ("x.fa", "", {}, None, "file is empty"),
    "blank FASTA": ("x.fa", "\n \n", {}, None, "file is empty"),
    "empty gz": ("x.fa.gz", "", {}, None, "file is empty"),
    "empty npz": ("x.npz", b"", {}, None, "file is empty"),
    "no number": (
        "x.csv",
        CSV.replace("n2,B,1", "n2,B,one"),
        {},
        3,
        "column 'a': a number expected, got 'one'",
    ),
    "no value": (
        "x.csv",
        CSV.replace("n2,B,1,", "n2,B,,"),
        {"missing": "error"},
        3,
        "column 'a': a number expected, got ''",
    ),
    "not a number": ("x.csv", "a,b\n0,1.5\n\n1,NaN\n", {"alphabet": "continuous"}, 4, "column 'b'.*nan is not finite"),
    "infinite": ("x.csv", "a,b\n0,1.5\n-inf,2\n", {}, 3, "column 'a': a number expected, got '-inf'"),
    "not binary": ("x.tsv", "a\tb\n0\t1\n2\t1\n", {"alphabet": "binary"}, 3, "column 'a'.*2.*0 to 1 expected"),
    "negative": ("x.csv", "a,b\n0,1\n0,-1\n", {"alphabet": "codes"}, 3, "column 'b'.*-1"),
    "beyond the alphabet": (
        "x.csv",
        "a,b\n0,1\n0,5\n",
        {"alphabet": "rna"},
        3,
        "column 'b'.*5.*0 to 4 expected",
    ),
    "negative grey": (
        "x.csv",
        "a,b\n0,-9\n0,9\n",
        {"threshold": 0.3},
        None,
        "grey values must be 0 to 65535",
    ),
    "short row": ("x.csv", CSV + "n3,A,0\n", {}, 4, "3 fields, the header has 4"),
    "long row": ("x.csv", CSV + "n3,A,0,1,1\n", {}, 4, "5 fields, the header has 4"),
    "open quote": ("x.csv", CSV + '"n3,A,0,1\n', {}, 4, "no valid CSV"),
    "only a header": ("x.csv", "a,b\n", {}, 1, "no rows"),
    "no header line": ("x.csv", "0,1,0\n1,1,0\n", {}, 1, "column '0' occurs twice"),
    "no sites": ("x.csv", "name,label\na,b\n", {}, 1, "no column of values"),
    "unknown label column": (
        "x.csv",
        CSV,
        {"label_column": "labl"},
        1,
        "no column 'labl'.*did you mean 'label'",
    ),
    "unknown group column": ("x.csv", CSV, {"group": "nam"}, 1, "no column 'nam'.*did you mean 'name'"),
    "letters in a table": (
        "x.csv",
        "name,sequence\na,ACDE\nb,ACXE\n",
        {},
        3,
        "column 'sequence': letter 'X' at site 3",
    ),
    "lengths in a table": (
        "x.csv",
        "name,sequence\na,ACDE\nb,ACD\n",
        {},
        3,
        "has 3 sites, the first one has 4",
    ),
    "truncated npz": ("x.npz", npz(x=X)[:-30], {}, None, "truncated or damaged"),
    "damaged array": ("x.npz", npz(x=X).replace(b"NUMPY", b"NUMPI"), {}, None, "damaged"),
    "text as npz": ("x.npz", "hello", {}, None, "no plain NumPy file"),
    "npy as npz": ("x.npz", npy(X), {"format": "npz"}, None, "is it an .npy file"),
    "npz as npy": ("x.npy", npz(x=X), {"format": "npy"}, None, "is it an .npz file"),
    "truncated npy": ("x.npy", npy(X)[:-3], {}, None, "truncated or damaged"),
    "pickles in npz": ("x.npz", npz(x=OBJECTS), {}, None, "array 'x'.*pickled Python objects are never read"),
    "pickles in npy": ("x.npy", npy(OBJECTS), {}, None, "pickled"),
    "truncated gz": ("x.fa.gz", gzip.compress(b">a\nACDE\n" * 99)[:-9], {}, None, "truncated or damaged .gz"),
    "truncated xz": ("x.fa", lzma.compress(b">a\nACDE\n" * 99)[:-9], {}, None, "truncated or damaged .xz"),
    "truncated bz2": ("x.csv", bz2.compress(b"a,b\n0,1\n" * 99)[:-9], {}, None, "truncated or damaged .bz2"),
    "truncated zip": ("x.fa", zipped(a=b">a\nACDE\n")[:-30], {}, None, "truncated or damaged .zip"),
    "zip of two": ("x.zip", zipped(a=b"1", b=b"2"), {}, None, r"zip archive of 2 files \(a, b\), one expected"),
    "workbook": ("x.csv", zipped(**{"[Content_Types].xml": b"", "b": b""}), {}, None, "save the sheet as CSV"),
    "tar": ("x.tar.gz", gzip.compress(b"\0" * 257 + b"ustar" + b"\0" * 250), {}, None, "is a tar archive: unpack it"),
    "7z": ("x.fa", b"7z\xbc\xaf\x27\x1c" + b"\0" * 9, {}, None, "is a 7z archive"),
    "NEXUS": ("x.txt", "#NEXUS\nbegin data;\n", {}, None, "is NEXUS, which is not read: convert it to FASTA"),
    "PHYLIP": ("x.txt", " 2 4\nA ACGT\nB ACGA\n", {}, None, "is PHYLIP"),
    "one word": ("x.fa", "ACGT\nACGTA\nA\n", {}, 1, "'>' expected"),
    "gz of rubbish": ("x.npy.gz", b"\x1f\x8b\x08\x00" + b"\0" * 40, {}, None, "truncated or damaged .gz"),
    "no x": ("x.npz", npz(X=X, y=[1, 2, 3]), {}, None, "no array 'x'.*(did you mean|known)"),
    "no such key": (
        "x.npz",
        npz(x=X, continent=X[0]),
        {"keys": {"y": "continnt"}},
        None,
        "did you mean 'continent'",
    ),
    "no such part": ("x.npz", npz(x=X), {"part": "test"}, None, "no array 'x_test'"),
    "labels too few": ("x.npz", npz(x=X, y=[1, 2]), {}, None, r"labels of shape \(2,\)"),
    "labels in a table": ("x.npz", npz(x=X, y=X), {}, None, "labels must be one a sample"),
    "NaN in npz": (
        "x.npz",
        npz(x=[[0.5, np.nan]]),
        {},
        None,
        "sample 1, site 2: the value nan is not finite",
    ),
    "flat grey": ("x.npz", npz(x=X * 200), {}, None, "sample 1, site 2.*200.*threshold"),
    "text values": ("x.npz", npz(x=[["a"]]), {}, None, "numbers"),
    "one-dimensional": ("x.npy", npy(X[0]), {}, None, "samples x sites"),
    "no samples": ("x.npy", npy(X[:0]), {}, None, "at least one"),
    "unknown suffix": ("x.fast", "AC GT AT\n", {}, None, "end in '.fast'.*did you mean '.fasta'.*--format NAME"),
    "no suffix": ("x", "AC GT AT\n", {}, None, "known: .*\\.npz"),
}


def refuse(path, **options):
    with pytest.raises(FormatError) as error:
        read(path, **options)
    assert "\n" not in str(error.value)
    return error.value


@pytest.mark.parametrize("case", CASES)
def test_bad_files_are_refused_in_one_line(tmp_path, case):
    name, content, options, line, reason = CASES[case]
    path = tmp_path / name
    content = content.encode() if isinstance(content, str) else content
    packs = name.endswith(".gz") and "gz" not in case and content
    path.write_bytes(gzip.compress(content) if packs else content)
    error = refuse(path, **options)
    assert error.path == path
    assert error.line == line
    assert str(error).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert re.search(reason, error.reason)


LABEL_CASES = {
    "unknown names": (
        "name,label\nseq11,A\nseq22,B\n",
        {},
        None,
        "no column holds names of the samples, as 'seq1'.*did you mean 'seq11' in column 'name'.*--labels-by-order",
    ),
    "unknown column": ("name,label\nseq1,A\n", {"label_column": "labels"}, 1, "did you mean 'label'"),
    "which legend": (
        "Name,Continent,Population\nseq1,A,B\n",
        {},
        1,
        "no column 'label'.*Continent, Population",
    ),
    "only names": ("name\nseq1\n", {}, 1, "no column 'label'"),
    "two labels": ("name,label\nseq1,A\nseq2,B\nseq1,B\n", {}, 4, "'seq1' has another label than in line 2"),
    "too few in order": ("label\nA\nB\n", {"labels_by_order": True}, None, "2 rows, the data have 3 samples"),
    "short row": ("name,label\nseq1,A\nseq2\n", {}, 3, "1 fields, the header has 2"),
    "empty": ("", {}, None, "file is empty"),
}


@pytest.mark.parametrize("case", LABEL_CASES)
def test_bad_labels_files_are_refused_in_one_line(tmp_path, case):
    content, options, line, reason = LABEL_CASES[case]
    (tmp_path / "x.fa").write_text(">seq1\nAC\n>seq2\nAD\n>seq3\nAE\n")
    (tmp_path / "y.csv").write_text(content)
    error = refuse(tmp_path / "x.fa", labels=tmp_path / "y.csv", **options)
    assert (error.path, error.line) == (tmp_path / "y.csv", line)
    assert re.search(reason, error.reason)


def test_labels_of_nameless_data_must_be_as_many(tmp_path):
    np.savez(tmp_path / "x.npz", x=X)
    (tmp_path / "y.csv").write_text("name,label\np,A\nq,B\n")
    assert "the samples have no names" in str(refuse(tmp_path / "x.npz", labels=tmp_path / "y.csv"))
    error = refuse(tmp_path / "x.npz", labels=tmp_path / "y.csv", labels_by_order=True)
    assert "2 rows, the data have 3 samples" in str(error)


def test_missing_files_name_the_nearest(tmp_path):
    (tmp_path / "proteins.fasta").write_text(">a\nAC\n")
    assert "did you mean 'proteins.fasta'" in str(refuse(tmp_path / "protein.fasta"))
    assert "no such file" in str(refuse(tmp_path / "zzz.npz"))
    assert "does not exist" in str(refuse(tmp_path / "nowhere" / "x.npz"))
    error = refuse(tmp_path / "proteins.fasta", labels=tmp_path / "labels.csv")
    assert error.path == tmp_path / "labels.csv"


def test_folders_are_no_files(tmp_path):
    (tmp_path / "x.npz").mkdir()
    assert "is a folder" in str(refuse(tmp_path / "x.npz"))
    (tmp_path / "x.fa").write_text(">a\nAC\n")
    assert "directory" in str(refuse(tmp_path / "x.fa", labels=tmp_path / "x.npz"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"keys": {"lable": "y"}}, "unknown role 'lable'"),
        ({"keys": {"grop": "y"}}, "did you mean 'group'"),
        ({"part": "tset"}, "did you mean 'test'"),
        ({"unknown": "gaps"}, "did you mean 'gap'"),
        ({"threshold": 30.0}, "threshold"),
        ({"alphabet": "protien"}, "did you mean 'protein'"),
        ({"alphabet": "AA"}, "letters must differ"),
    ],
)
def test_wrong_options_are_refused_in_one_line(tmp_path, options, reason):
    np.savez(tmp_path / "x.npz", x=X)
    with pytest.raises(ConfigError, match=reason) as error:
        read(tmp_path / "x.npz", **options)
    assert "\n" not in str(error.value)


def test_gaps_need_an_alphabet_with_a_gap(tmp_path):
    (tmp_path / "x.fa").write_text(">a\nABX\n")
    with pytest.raises(ConfigError, match="gap"):
        read(tmp_path / "x.fa", alphabet="AB", unknown="gap")


def test_only_formats_that_can_be_written_are(tmp_path):
    with pytest.raises(FormatError, match=r"cannot write files that end in '\.npx'.*'\.np[yz]'"):
        write(tmp_path / "x.npx", Dataset.from_arrays(X))
    assert list(tmp_path.iterdir()) == []
