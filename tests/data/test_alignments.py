"""Alignments: A2M, A3M, Stockholm, Clustal; columns that are left out and given back; HMMs; Biopython agrees."""

import gzip
import io
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from campaign import times
from command_line import good, refused
from shortrun.data import read, write
from shortrun.data.core.alphabet import DNA, PROTEIN, RNA, numbered
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import AlignmentKind, KeptColumns, Kind
from shortrun.data.sequences import gaps
from shortrun.errors import ConfigError, DataError, FormatError, MissingExtraError

AlignIO = pytest.importorskip("Bio.AlignIO")

STO = """# STOCKHOLM 1.0
#=GF ID   Tiny
#=GF AU   M\xfcller
#=GF SQ   3
#=GS s2 DE a second one
#=GS s2 label B c
#=GS s1/2-9 AC P12345.1
#=GS s1/2-9 label A

s1/2-9       GGAcAU-CC
#=GR s1/2-9 SS <<<...>>>
s2           GGA.AUUCC
#=GC SS_cons <<<...>>>
#=GC RF      xxx.xxxxx

# a comment
s3           GG..AUU-C
//
"""


def put(tmp_path, name, text):
    content = text if isinstance(text, bytes) else text.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return tmp_path / name


def letters(data):
    return data.alphabet.decode_rows(data.values)


def aligned(rows, *, alignment=AlignmentKind(), **options):
    """Return RNA samples of equal length."""
    codes = np.array([RNA.encode(row) for row in rows])
    return Dataset.from_arrays(codes, alphabet=RNA, **options).with_kind(alignment=alignment)


# A2M and A3M

A3M = "#A3M#\n>ss_pred\nHHHH\n>a first\nACaaa\nGU\n>b\nA-GU.\n>c\naaACgG-\n"


@pytest.mark.parametrize("name", ["x.a3m", "x.a2m", "x.a3m.gz"])
def test_insertions_of_a2m_and_a3m_are_left_out(tmp_path, name):
    data = read(put(tmp_path, name, A3M))
    assert letters(data) == ["ACGU", "A-GU", "ACG-"]
    assert data.names.tolist() == ["a first", "b", "c"]
    assert data.alphabet == RNA


def test_insertions_can_be_kept_and_removed_by_choice(tmp_path):
    text = ">a\nACgGU\n>b\nAC.GU\n"
    assert letters(read(put(tmp_path, "x.a2m", text), inserts="keep")) == ["ACGGU", "AC-GU"]
    assert letters(read(put(tmp_path, "x.fa", text), inserts="remove")) == ["ACGU", "ACGU"]
    assert letters(read(put(tmp_path, "x.fa", text))) == ["ACGGU", "AC-GU"]
    with pytest.raises(FormatError, match=r"x.fa:8: record 3 \('c'\): has 6 sites.*inserts=.remove., if lower"):
        read(put(tmp_path, "x.fa", ">a\nAC\naaa\nGU\n>b\nA-gag\nGU\n>c\nAggCGU\n"))
    with pytest.raises(FormatError, match=r"x.fa:3: .*align MODEL.hmm aligns FASTA"):
        read(put(tmp_path, "x.fa", ">a\nACGU\n>b\nACG\n"))


def test_a_wrong_letter_is_found_among_insertions(tmp_path):
    path = put(tmp_path, "x.a2m", ">a\nACgg\nGU\n>b\naaAgggggC\n..G?\n")
    with pytest.raises(FormatError, match=r"x.a2m:6: record 2 \('b'\): letter '\?' at site 4"):
        read(path, alphabet="rna")


def test_letters_that_are_no_ascii(tmp_path):
    many = numbered(200)
    data = Dataset.from_arrays(np.arange(200).reshape(4, 50), alphabet=many)
    write(tmp_path / "x.fasta", data)
    assert read(tmp_path / "x.fasta", alphabet=many).hash == data.hash
    path = put(tmp_path, "y.fasta", ">a\nACG\n>b\nAΩG\n")
    with pytest.raises(FormatError, match=r"y.fasta:4: .*letter 'Ω' at site 2"):
        read(path, alphabet="rna")
    assert letters(read(path, alphabet="rna", unknown="gap")) == ["ACG", "A-G"]
    assert letters(read(path, unknown="drop", alphabet="rna")) == ["ACG"]
    with pytest.raises(FormatError, match=f"y.fasta:2: .*letter 'A' at site 1 is not in the custom alphabet '{'ΓΔ'}'"):
        read(path, alphabet="ΓΔ")
    with pytest.raises(DataError, match="lower-case letters are insertions"):
        write(tmp_path / "x.a2m", data)


# Stockholm


def test_stockholm_is_read_with_all_it_says(tmp_path):
    data = read(put(tmp_path, "x.sto", STO.encode("latin-1")))
    assert letters(data) == ["GGACAU-CC", "GGA-AUUCC", "GG--AUU-C"]
    assert data.names.tolist() == ["s1/2-9", "s2 a second one", "s3"]
    assert (data.classes, data.labels.tolist()) == (("A", "B c"), [0, 1, -1])
    assert data.kind.alignment.annotation == {"SS_cons": "<<<...>>>", "RF": "xxx.xxxxx"}
    assert data.kind.alignment.remarks["GF"] == [["ID", "Tiny"], ["AU", "Müller"]]
    assert data.kind.alignment.remarks["GS"] == {"s1/2-9": [["AC", "P12345.1"]]}


@pytest.mark.parametrize("name", ["y.sto", "y.stk.gz"])
def test_stockholm_is_written_with_all_that_was_read(tmp_path, name):
    data = read(put(tmp_path, "x.sto", STO.encode("latin-1")))
    write(tmp_path / name, data)
    again = read(tmp_path / name)
    assert again.hash == data.hash
    assert again.names.tolist() == data.names.tolist()
    assert again.kind == replace(data.kind, source=str(tmp_path / name))
    assert again.kind.alignment.remarks


def test_stockholm_in_blocks_windows_and_gz(tmp_path):
    blocks = "\ufeff\n# STOCKHOLM 1.0\n\na ACG\nb AC-\n#=GC SS_cons <.>\n\na UU\nb UA\n#=GC SS_cons ..\n//\n\n"
    data = read(put(tmp_path, "x.stockholm.gz", blocks.replace("\n", "\r\n")))
    assert letters(data) == ["ACGUU", "AC-UA"]
    assert data.kind.alignment.annotation == {"SS_cons": "<.>.."}


def test_insert_columns_of_stockholm_are_those_that_rf_or_the_letters_say(tmp_path):
    path = put(tmp_path, "x.sto", STO.encode("latin-1"))
    data = read(path, inserts="remove")
    assert letters(data) == ["GGAAU-CC", "GGAAUUCC", "GG-AUU-C"]
    assert data.kind.alignment.columns == KeptColumns(9, (0, 1, 2, 4, 5, 6, 7, 8))
    unsaid = put(tmp_path, "y.sto", "# STOCKHOLM 1.0\na A..cG\nb AaucG\nc -...G\n//\n")
    assert letters(read(unsaid, inserts="remove")) == ["AG", "AG", "-G"]
    clustal = put(tmp_path, "y.aln", "CLUSTAL\n\na A..cG\nb AaucG\n")
    assert letters(read(clustal, inserts="remove")) == ["AG", "AG"]


def test_names_that_stockholm_and_clustal_cannot_hold_are_refused(tmp_path):
    for names, reason in (
        (["a x", "a y"], "'a' occurs twice"),
        (["", "b"], "called ''"),
        (["#b", "c"], "called '#b'"),
    ):
        with pytest.raises(DataError, match=reason):
            write(tmp_path / "x.sto", aligned(["AC", "GU"], names=names))
    with pytest.raises(DataError, match="'a_x' occurs twice"):
        write(tmp_path / "x.aln", aligned(["AC", "GU"], names=["a x", "a  x"]))
    assert not (tmp_path / "x.sto").exists()


# Clustal


def test_clustal_variants(tmp_path):
    text = "CLUSTAL W (1.83) multiple sequence alignment\n\n\n"
    text += "one    ACG- 3\ntwo    ACGU 4\n       ***\n\none  AA 5\ntwo  AG\n     *.\n"
    for variant in (text, text.replace("\n", "\r\n"), text.replace("CLUSTAL W (1.83)", "MUSCLE (3.8)")):
        data = read(put(tmp_path, "x.aln", variant))
        assert letters(data) == ["ACG-AA", "ACGUAG"]
        assert data.names.tolist() == ["one", "two"]


@pytest.mark.parametrize("sites", [1, 60, 61, 130])
def test_clustal_is_read_back(tmp_path, sites):
    codes = np.random.default_rng(sites).integers(0, 21, (5, sites), dtype=np.uint8)
    data = Dataset.from_arrays(codes, alphabet=PROTEIN, names=["a", "b c", "d", "e", "f"])
    write(tmp_path / "x.aln.gz", data)
    again = read(tmp_path / "x.aln.gz", alphabet="protein")
    assert again.hash == data.hash
    assert again.names.tolist() == ["a", "b_c", "d", "e", "f"]


# Biopython

SUFFIX_OF = {"fasta": ".fasta", "fasta-2line": ".fa", "stockholm": ".sto", "clustal": ".aln"}


@pytest.mark.parametrize("form", SUFFIX_OF)
def test_what_biopython_writes_is_read_right(tmp_path, form):
    from Bio.Align import MultipleSeqAlignment
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    random = np.random.default_rng(3)
    texts = ["".join(random.choice(list(PROTEIN.letters), 150)) for _ in range(7)]
    records = [SeqRecord(Seq(text), id=f"sp|P{i}|X_Y", description="") for i, text in enumerate(texts)]
    alignment = MultipleSeqAlignment(records)
    structure = "".join(random.choice(list("<.>"), 150))
    alignment.column_annotations["secondary_structure"] = structure
    path = tmp_path / f"x{SUFFIX_OF[form]}"
    AlignIO.write(alignment, path, form)
    data = read(path, alphabet="protein")
    assert letters(data) == texts
    assert data.names.tolist() == [record.id for record in records]
    if form == "stockholm":
        assert data.kind.alignment.annotation["SS_cons"] == structure


@pytest.mark.parametrize("suffix", [".fasta", ".a2m", ".a3m", ".sto", ".aln"])
def test_what_is_written_biopython_reads(tmp_path, suffix):
    codes = np.random.default_rng(4).integers(0, 5, (6, 101), dtype=np.uint8)
    structure = ("(" * 50 + "." + ")" * 50).replace("(", "<").replace(")", ">")
    data = Dataset.from_arrays(
        codes,
        ["A", "", "B", "A", "A", "B"],
        names=[f"n{i}/1-9" for i in range(6)],
        alphabet=RNA,
    ).with_kind(alignment=AlignmentKind(annotation={"SS_cons": structure}))
    write(tmp_path / f"x{suffix}", data)
    form = {".sto": "stockholm", ".aln": "clustal"}.get(suffix, "fasta")
    found = AlignIO.read(tmp_path / f"x{suffix}", form)
    assert [str(record.seq) for record in found] == letters(data)
    assert [record.id for record in found] == data.names.tolist()
    if suffix == ".sto":
        assert found.column_annotations["secondary_structure"] == structure


# Columns with many gaps

GAPPY = ["-A--C", "GA-UC", "GA-U-", "-A--C"]


def test_columns_with_many_gaps_are_left_out_and_given_back(tmp_path):
    write(tmp_path / "x.fasta", aligned(GAPPY))
    data = read(tmp_path / "x.fasta", max_gaps=0.5, alphabet="rna")
    assert letters(data) == ["-A-C", "GAUC", "GAU-", "-A-C"]  # a half is not more than a half
    assert data.kind.alignment.columns == KeptColumns(5, (0, 1, 3, 4))
    again = gaps.restored(data)
    assert letters(again) == GAPPY
    assert again.kind.alignment.columns is None
    assert letters(gaps.without_gaps(data, 0.3)) == ["AC", "AC", "A-", "AC"]
    assert gaps.without_gaps(data, 0.3).kind.alignment.columns == KeptColumns(5, (1, 4))
    write(tmp_path / "y.fasta", aligned(["A-", "-A"]))
    with pytest.raises(FormatError, match="every column has more than 0% gaps, the best one 50%"):
        read(tmp_path / "y.fasta", max_gaps=0.0, alphabet="rna")


def test_other_files_are_read_on_the_columns_of_a_training(tmp_path):
    kept = Kind(4, RNA, alignment=AlignmentKind(KeptColumns(5, (0, 1, 3, 4))))
    write(tmp_path / "whole.sto", aligned(["--GG-", "AAAAA"]))
    write(tmp_path / "cut.fa", aligned(["-AUC"]))
    assert letters(read(tmp_path / "whole.sto", like=kept)) == ["--G-", "AAAA"]
    assert letters(read(tmp_path / "cut.fa", like=kept, max_gaps=0.1)) == ["-AUC"]


def test_a_structure_loses_the_partners_of_columns_that_are_left_out(tmp_path):
    data = aligned(["GA-UCA", "GA-UCA"], alignment=AlignmentKind(annotation={"SS_cons": "<(<>)>", "RF": "abcdef"}))
    cut = gaps.without_gaps(data, 0.7)
    assert gaps.annotation(cut) == {"SS_cons": "<(.)>", "RF": "abdef"}
    assert gaps.annotation(gaps.restored(cut)) == data.kind.alignment.annotation
    assert gaps.pairs("<A<.a>..>") == [(1, 4), (2, 5), (0, 8)]
    assert gaps.pairs("<<>") == gaps.pairs("<>>") == []
    write(tmp_path / "x.sto", cut)
    assert read(tmp_path / "x.sto").kind.alignment.annotation == {"SS_cons": "<(.)>", "RF": "abdef"}
    write(tmp_path / "y.sto", gaps.restored(cut))
    assert read(tmp_path / "y.sto").kind.alignment.annotation == data.kind.alignment.annotation


def test_data_without_gaps_keep_their_columns(tmp_path):
    data = Dataset.from_arrays([[0, 1], [0, 0]])
    write(tmp_path / "x.npz", data)
    with pytest.raises(ConfigError, match="max_gaps: is for letters with gaps"):
        read(tmp_path / "x.npz", max_gaps=0.0)


def test_a_run_knows_its_columns_and_its_structure(tmp_path):
    rows = ["GA-UC", "GACUC", "CA-UG", "-A-UG"] * 8
    labels = ["a", "a", "b", "b"] * 8
    names = [f"s{i}" for i in range(32)]
    known = AlignmentKind(annotation={"SS_cons": "<...>"}, remarks={"GF": [["ID", "x"]]})
    write(tmp_path / "x.sto", aligned(rows, labels=labels, names=names, alignment=known))
    good("train", tmp_path / "x.sto", "-o", tmp_path / "run", "--max-gaps", "0.7", "--hidden", "4", "--updates", "3")
    for name, sites, structure in (("y.sto", 4, "<..>"), ("z.sto", 5, "<...>")):
        whole = ["--original-columns"] if sites == 5 else []
        good("generate", tmp_path / "run", "-n", "6", "-o", tmp_path / name, *whole)
        data = read(tmp_path / name, alphabet="rna")
        assert (data.sites, data.kind.alignment) == (sites, AlignmentKind(annotation={"SS_cons": structure}))
        assert sites == 4 or not data.values[:, 2].any()
    for name in ("x.sto", "y.sto", "z.sto"):
        good("predict", tmp_path / "run", tmp_path / name, "-o", tmp_path / "p.csv")
    good("train", "-o", tmp_path / "run", "--resume", "--updates", "5")
    (tmp_path / "u.fasta").write_text(">a\nACGU\n>b\nACG\n")
    assert "u.fasta:3: record 2 ('b'): has 3 sites" in refused("train", tmp_path / "u.fasta", "-o", tmp_path / "no")


# HMMs


@pytest.fixture
def hmm(tmp_path):
    """Return the file of an HMM of ten columns."""
    easel, plan7 = pytest.importorskip("pyhmmer.easel"), pytest.importorskip("pyhmmer.plan7")
    kind = easel.Alphabet.amino()
    texts = ["ACDEFGHIKL", "ACDEFGHIKM", "ACDEYGHIKL"]
    rows = [easel.TextSequence(name=f"s{i}".encode(), sequence=text) for i, text in enumerate(texts)]
    family = easel.TextMSA(name=b"family", sequences=rows).digitize(kind)
    model, _, _ = plan7.Builder(kind).build_msa(family, plan7.Background(kind))
    with (tmp_path / "m.hmm").open("wb") as file:
        model.write(file)
    return tmp_path / "m.hmm"


def test_sequences_are_aligned_to_an_hmm(tmp_path, hmm, monkeypatch):
    monkeypatch.setattr("shortrun.data.sequences.hmm.AT_ONCE", 2)
    text = ">a label=1\nMMACDEFWWGHIKLPP\n>b label=2\nACDGHIKL*\n>c\nacdefghikl\n"
    data = read(put(tmp_path, "x.fasta", text), align=hmm)
    assert letters(data) == ["ACDEFGHIKL", "ACD--GHIKL", "ACDEFGHIKL"]
    assert data.names.tolist() == ["a", "b", "c"]
    assert data.classes == ("1", "2")
    assert data.alphabet == PROTEIN
    write(tmp_path / "y.fasta", data)
    assert read(tmp_path / "y.fasta", align=hmm).hash == data.hash  # aligned already
    with pytest.raises(FormatError, match=r"align MODEL\.hmm"):
        read(tmp_path / "x.fasta")


def test_what_an_hmm_cannot_align_is_refused_in_one_line(tmp_path, hmm, monkeypatch):
    with pytest.raises(FormatError, match=r"x.fasta:3: 'b': letter '1' is none of the HMM's"):
        read(put(tmp_path, "x.fasta", ">a\nACD\n>b\nAC1D\n"), align=hmm)
    with pytest.raises(FormatError, match=r"x.fasta:1: 'a': has no letters"):
        read(put(tmp_path, "x.fasta", ">a\n--\n>b\nACD\n"), align=hmm)
    with pytest.raises(FormatError, match=r"x.fasta:1: record 1 \('a'\): letter 'X' at site 3"):
        read(put(tmp_path, "x.fasta", ">a\nWWACXE\nFGHIKL\n"), align=hmm)
    (tmp_path / "two.hmm").write_bytes(hmm.read_bytes() * 2)
    (tmp_path / "bad.hmm").write_bytes(hmm.read_bytes()[:700])
    for name, reason in (
        ("two.hmm", "holds several"),
        ("bad.hmm", "is no HMM file"),
        ("x.fasta", "is no HMM file"),
        ("n.hmm", "no such file.*did you mean 'm.hmm'"),
    ):
        with pytest.raises(FormatError, match=f"{name}: .*{reason}"):
            read(tmp_path / "x.fasta", align=tmp_path / name)
    monkeypatch.setitem(sys.modules, "pyhmmer", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortrun\[bio\]'"):
        read(tmp_path / "x.fasta", align=hmm)


# Bad files

HEAD = "# STOCKHOLM 1.0\n"
BAD = {
    "no Stockholm": ("x.sto", "a A C\n", 1, "'# STOCKHOLM 1.0' expected at the start, got 'a A C'"),
    "truncated Stockholm": ("x.sto", HEAD + "a ACGU\nb ACG\n", 3, "'//' expected at the end"),
    "only a first line": ("x.sto", HEAD + "//\n", None, "holds no sequence"),
    "two alignments": ("x.sto", (HEAD + "a AC\n//\n") * 2, 4, "a second alignment begins"),
    "three words": ("x.sto", HEAD + "a ACGU ACGU\n//\n", 2, "a name and its letters expected, got 3 words"),
    "one word": ("x.sto", HEAD + "\nACGU\n//\n", 3, "a name and its letters expected, got 1 words"),
    "twice": ("x.sto", HEAD + "a AC\nb AC\na AC\n//\n", 4, "sequence 'a' occurs twice"),
    "unequal": ("x.sto", HEAD + "a ACG\nb AC\n//\n", 3, r"record 2 \('b'\): has 2 sites, the first one has 3"),
    "missing in a block": ("x.sto", HEAD + "a AC\nb AC\n\na GG\n//\n", 3, r"record 2 \('b'\): has 2 sites"),
    "letter": ("x.sto", HEAD + "a MKV\nb MKV\n\na GGW\nb GJW\n//\n", 6, r"record 2 \('b'\): letter 'J' at site 5"),
    "short SS_cons": ("x.sto", HEAD + "a ACG\n#=GC SS_cons <>\n//\n", 3, "'SS_cons' has 2 columns, the first.*3"),
    "long GR": ("x.sto", HEAD + "a ACG\n#=GR a SS <..>\n//\n", 3, "'SS' has 4 columns"),
    "GS of nobody": ("x.sto", HEAD + "#=GS b DE hello\na ACG\n//\n", 2, "no sequence is called 'b'"),
    "half an annotation": ("x.sto", HEAD + "#=GS b\na ACG\n//\n", 2, "#=GF, #=GC, #=GS or #=GR with a tag"),
    "unknown annotation": ("x.sto", HEAD + "#=GX b c\na ACG\n//\n", 2, "#=GF, #=GC, #=GS or #=GR"),
    "not UTF-8": ("x.sto", HEAD.encode() + b"a AC\xffG\n//\n", 2, "byte 0xff is not UTF-8"),
    "empty Stockholm": ("x.sto.gz", "", None, "the file is empty"),
    "no insert stays": ("x.a3m", ">a\nacgu\n", 1, "has no letters"),
    "predictions only": ("x.a3m", ">ss_pred\nHHEE\n", None, "holds no sequence"),
    "no Clustal": ("x.aln", "\na A C\n", 2, "'CLUSTAL' expected at the start, got 'a A C'"),
    "Clustal of nothing": ("x.aln", "CLUSTAL W\n\n\n", None, "holds no sequence"),
    "Clustal twice": ("x.aln", "CLUSTAL\n\na AC\na AC\n", 4, "'a' occurs twice in a block"),
    "Clustal block": ("x.aln", "CLUSTAL\n\na AC\nb AC\n\na GG\n", 4, r"record 2 \('b'\): has 2 sites"),
    "Clustal words": ("x.aln", "CLUSTAL\n\na AC GG\n", 3, "a name and its letters expected, got 'a AC GG'"),
    "Clustal letter": ("x.aln", "CLUSTAL\n\na AC\nb AC\n\na GG\nb G!\n", 7, r"record 2 \('b'\): letter '!' at site 4"),
    "Clustal indented": ("x.aln", "CLUSTAL\n\n a AC\n", 3, "a name and its letters expected"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_alignments_are_refused_with_their_line(tmp_path, case):
    name, text, line, reason = BAD[case]
    path = put(tmp_path, name, text)
    with pytest.raises(FormatError, match=reason) as error:
        read(path)
    assert error.value.line == line
    assert str(error.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert "\n" not in str(error.value)


def test_a_huge_line_is_read(tmp_path):
    sites = 2_000_000
    data = read(put(tmp_path, "x.fa.gz", f">a\n{'ACGT' * (sites // 4)}\n"))
    assert (data.values.shape, data.alphabet) == ((1, sites), DNA)


def test_a_large_file_is_read_in_bounded_memory(tmp_path):
    count, sites = 4_000, 2_000
    codes = np.random.default_rng(0).integers(0, 21, (count, sites), dtype=np.uint8)
    write(tmp_path / "x.fasta", Dataset.from_arrays(codes, alphabet=PROTEIN))
    read(put(tmp_path, "small.fasta", ">a\nAC\n"))  # imports
    tracemalloc.start()
    data = read(tmp_path / "x.fasta")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(data.values, codes)
    assert peak < 2.2 * codes.nbytes + 300 * count + 2_000_000  # a byte a letter and one to check it, and the names


# Fuzz

WORDS = ["a", "b", "s1/2-3", "ACGU", "AC-GU", "ac.gu", "AC", "01", "MKVL", "*:.", "4", "label", "DE", "SS_cons", "<..>"]
BEGIN = [
    "",
    " ",
    ">",
    ">a label=",
    "#",
    "# STOCKHOLM 1.0",
    "//",
    "#=GC ",
    "#=GR a ",
    "#=GS a ",
    "#=GF",
    "CLUSTAL ",
    "\t",
]
LINE = st.builds(lambda start, words: start + " ".join(words), st.sampled_from(BEGIN), st.lists(st.sampled_from(WORDS)))
ODD = st.sampled_from(["\x00", "\x0b", "é", "Ω", "\u2028", "\ufeff", "\ud7ff"]) | st.text(max_size=5)
TEXT = st.builds(
    lambda opening, rows, end: (opening + end.join(rows)).encode(errors="replace"),
    st.sampled_from(["", "# STOCKHOLM 1.0\n", "CLUSTAL\n\n", ">"]),
    st.lists(LINE | ODD, max_size=12),
    st.sampled_from(["\n", "\n\n", "\r\n", "\r"]),
)
ROWS = st.integers(1, 9).flatmap(
    lambda sites: st.lists(st.text("ACGUacgu-.N", min_size=sites, max_size=sites), max_size=4)
)
STARTS = {".fa": "", ".a3m": "", ".sto": "# STOCKHOLM 1.0\n", ".aln": "CLUSTAL\n\n"}


def built(suffix, rows):
    """Return a file of rows that may well be right."""
    lines = [f">{i}\n{row}\n" if suffix in (".fa", ".a3m") else f"{i} {row}\n" for i, row in enumerate(rows)]
    return (STARTS[suffix] + "".join(lines) + "//\n" * (suffix == ".sto")).encode()


def fuzz(folder, rounds):
    """Read what hypothesis thinks of, 100 files a round; return how many files were read, and how many refused."""
    tally = {"read": 0, "refused": 0}

    def attempt(suffix, content, rows, cut, packed, unknown, inserts):
        content = (content if rows is None else built(suffix, rows))[: None if cut is None else -cut]
        content = gzip.compress(content)[: None if cut != 3 else -3] if packed else content
        path = folder / f"x{suffix}{'.gz' * packed}"
        path.write_bytes(content)
        try:
            data = read(path, unknown=unknown, inserts=inserts, alphabet=None if unknown == "error" else "rna")
        except FormatError as error:
            tally["refused"] += 1
            assert len(str(error).splitlines()) == 1  # noqa: PT017
            return
        tally["read"] += 1
        write(folder / "again.fasta", data)
        assert letters(read(folder / "again.fasta", alphabet=data.alphabet)) == letters(data)
        if suffix == ".fa" and rows and not cut and unknown == "error" and inserts is None:
            assert letters(data) == [row.upper().replace(".", "-") for row in rows]

    strategy = given(
        st.sampled_from(list(STARTS)),
        st.binary(max_size=60) | TEXT,
        st.none() | ROWS,
        st.sampled_from([None] * 30 + list(range(1, 30))),
        st.sampled_from([False, False, False, True]),
        st.sampled_from(["error", "gap", "drop"]),
        st.sampled_from([None, "keep", "remove"]),
    )
    for number in range(rounds):
        seed(number)(settings(max_examples=100, deadline=None, database=None)(strategy(attempt)))()
    return tally


@pytest.fixture
def hasty(monkeypatch):
    """Do not wait for the disk."""
    monkeypatch.setattr("shortrun.files.sync", lambda *_: None)


def test_whatever_is_in_a_file_it_is_read_right_or_refused(tmp_path, hasty):
    rounds = times(1, 20)
    assert min(fuzz(tmp_path, rounds).values()) > 10 * rounds


def test_biopython_and_we_see_the_same_pieces_in_a_wrapped_file(tmp_path):
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    random = np.random.default_rng(6)
    text = ""
    for i in range(50):
        row = "".join(random.choice(list("ACGT-"), 70))
        width = int(random.integers(1, 80))
        text += f">s{i} about {i}\n" + "\n".join(row[j : j + width] for j in range(0, 70, width)) + "\n"
    data = read(put(tmp_path, "x.fna", text))
    assert list(zip(data.names.tolist(), letters(data), strict=True)) == list(SimpleFastaParser(io.StringIO(text)))
