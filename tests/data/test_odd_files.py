"""Files as they come: packed in any way, with another ending or none, with odd letters; what was changed is counted."""

import bz2
import gzip
import io
import lzma
import sys
import zipfile

import numpy as np
import pytest

from command_line import call, good, refused
from shortrun.data import read, readers, write
from shortrun.errors import ConfigError, FormatError

PROTEINS = ["ACDEFGHIK", "ACDEFGHIL", "ACDEFGHIM", "LCDEFGHIK"]
DNA = ["ACGTTGCAA", "ACGTTGCAT", "ACGTAGCAA", "TCGTTGCAA"]


def fasta(rows, names="abcdefgh"):
    return "".join(f">{name}\n{row}\n" for name, row in zip(names, rows, strict=False))


def put(tmp_path, name, content):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path / name


def letters(data):
    return data.alphabet.decode_rows(data.values)


# Packed in any way, under any name

FORMS = {
    "fasta": fasta(PROTEINS),
    "stockholm": "# STOCKHOLM 1.0\n" + "".join(f"{n} {r}\n" for n, r in zip("abcd", PROTEINS, strict=True)) + "//\n",
    "clustal": "CLUSTAL W\n\n" + "".join(f"{n} {r}\n" for n, r in zip("abcd", PROTEINS, strict=True)),
    "plain": "".join(f"{row}\n" for row in PROTEINS),
    "table": "name,sequence\n" + "".join(f"{n},{r}\n" for n, r in zip("abcd", PROTEINS, strict=True)),
}


def zipped(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("folder/x.fa", content)
        archive.writestr("__MACOSX/folder/._x.fa", "what a Mac adds")
    return file.getvalue()


def with_zstandard(content):
    pa = pytest.importorskip("pyarrow")
    return pa.Codec("zstd").compress(content, asbytes=True)


PACKINGS = {
    "": lambda content: content,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zip": zipped,
    ".zst": with_zstandard,
    "twice": lambda content: gzip.compress(bz2.compress(content)),
}
ENDINGS = (".txt", "", ".fa", ".msa", ".seed", ".aln", ".csv", ".npz")
READ_BY_NAME = {("plain", ".csv"), ("plain", ".npz"), ("table", ".npz")} | {
    ("table", ending) for ending in (".fa", ".msa", ".seed", ".aln")
}  # what looks like sequences or like a table only, where the name says another domain


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", FORMS)
def test_content_says_how_a_file_is_packed_and_of_which_format_it_is(tmp_path, form, packing):
    content = PACKINGS[packing](FORMS[form].encode())
    for ending in ENDINGS:
        for last in ("", ".gz"):
            path = put(tmp_path, f"x{ending}{last}", content)
            if (form, ending) in READ_BY_NAME:
                assert letters(read(path, format=form)) == PROTEINS
                continue
            data = read(path)
            assert letters(data) == PROTEINS
            assert any("by its content" in line for line in data.notes) or ending not in (".txt", "")
            lie = packing in ("", ".xz", ".bz2", ".zip", ".zst") if last else packing != ""
            said = "is not packed" if packing == "" else "unpacked as ."
            assert any(line.startswith(said) for line in data.notes) == lie


def test_notes_on_names_that_lie(tmp_path):
    assert read(put(tmp_path, "x.fa", FORMS["fasta"])).notes == ()
    assert read(put(tmp_path, "x.fa.gz", FORMS["fasta"])).notes == ("is not packed, though the name ends in .gz",)
    data = read(put(tmp_path, "x.csv", bz2.compress(FORMS["fasta"].encode())))
    assert data.notes == (
        "read as fasta, by its content, though the name ends in .csv",
        "unpacked as .bz2, by its content",
    )
    np.save(tmp_path / "x.npy", np.eye(3, dtype=int))
    (tmp_path / "x.npy").rename(tmp_path / "x.npz")
    assert read(tmp_path / "x.npz").notes == ("read as npy, by its content, though the name ends in .npz",)


def test_a_format_can_be_named(tmp_path):
    path = put(tmp_path, "x.dat", ">a\nACaaDE\n>b\nACDE\n")
    assert letters(read(path, format="a3m")) == ["ACDE", "ACDE"]
    with pytest.raises(ConfigError, match=r"format: unknown format 'fastaa', known: .*did you mean 'fasta'"):
        read(path, format="fastaa")
    assert "'CLUSTAL' expected" in refused("data", "info", path, "--format", "clustal")


def test_names_before_sequences_are_read(tmp_path):
    path = put(tmp_path, "x.pfam", "a/1-9  ACDE\nb/2-9  ACDF\n")
    assert read(path).names.tolist() == ["a/1-9", "b/2-9"]
    with pytest.raises(FormatError, match=r"x.pfam:2: a name and its letters expected, got 1 words"):
        read(put(tmp_path, "x.pfam", "a/1-9  ACDE\nACDF\n"), format="plain")


def test_genotypes_are_unpacked_for_htslib(tmp_path):
    pytest.importorskip("cyvcf2")
    names = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\n"
    text = '##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="">\n' + names
    content = (text + "1\t1\t.\tA\tC\t.\t.\t.\tGT\t0|1\t1|1\n").encode()
    for name, packed in (
        ("x.vcf", gzip.compress(content)),
        ("y.vcf.gz", content),
        ("z.vcf.xz", lzma.compress(content)),
    ):
        assert read(put(tmp_path, name, packed)).values.ravel().tolist() == [0, 1, 1, 1]
    with pytest.raises(FormatError, match=r"w.vcf.xz:5: 10 columns"):
        read(put(tmp_path, "w.vcf.xz", lzma.compress(content.replace(b"0|1\t", b""))))


# Letters


def test_t_and_u_are_one_letter(tmp_path):
    rna = [row.replace("T", "U") for row in DNA]
    for unknown in ("error", "gap", "drop"):
        mixed = read(put(tmp_path, "x.fa", fasta([DNA[0], *rna[1:]])), unknown=unknown)
        assert letters(mixed) == rna
        assert mixed.notes == ("2 letters T read as U, in 1 of 4 sequences",)
    asked = read(put(tmp_path, "x.fa", fasta(DNA)), alphabet="rna")
    assert (letters(asked), asked.notes) == (rna, ("9 letters T read as U, in 4 of 4 sequences",))
    back = read(put(tmp_path, "x.csv", "sequence\n" + "\n".join(rna)), alphabet="dna")
    assert (letters(back), back.notes) == (DNA, ("9 letters U read as T, in 4 of 4 sequences",))
    further = read(put(tmp_path, "y.fa", fasta(DNA)), like=mixed)
    assert letters(further) == rna


@pytest.mark.parametrize("mark", "*?!X")
def test_marks_among_nucleotides_make_no_protein(tmp_path, mark):
    data = read(put(tmp_path, "x.fa", fasta([DNA[0] * 2, f"ACG{mark}TGCAA" + DNA[0]])), unknown="gap")
    assert (data.alphabet.name, letters(data)[1]) == ("dna", "ACG-TGCAA" + DNA[0])
    assert data.notes == (f"1 letter {mark} read as gaps, in 1 of 2 sequences",)


@pytest.mark.parametrize(
    ("rows", "read_as", "count"),
    [
        (["ACD*", "ACE*"], ["ACD", "ACE"], 2),
        (["ACD*", "ACE"], ["ACD", "ACE"], 1),
        (["ACD", "ACE*"], ["ACD", "ACE"], 1),
        (["ACD*", "AC*-", "ACE-"], ["ACD", "AC-", "ACE"], 2),
    ],
)
def test_stops_at_the_end_are_left_out(tmp_path, rows, read_as, count):
    data = read(put(tmp_path, "x.fa", fasta(rows)))
    assert letters(data) == read_as
    assert data.notes == (f"{count} {'stop' if count == 1 else 'stops'} (*) at the end of sequences left out",)


def test_a_sequence_without_its_last_letter_is_no_stop(tmp_path):
    with pytest.raises(FormatError, match=r"x.fa:3: record 2 \('b'\): has 3 sites, the first one has 4"):
        read(put(tmp_path, "x.fa", fasta(["ACD*", "ACE", "ACDE"])))


AMBIGUOUS = ["BCDEF", "AZJEF", "ACUOX", "ACDEF"]


@pytest.mark.parametrize(
    ("unknown", "read_as", "notes"),
    [
        ("gap", ["-CDEF", "A--EF", "AC---", "ACDEF"], ["6 letters B, J, O, U, X, Z read as gaps, in 3 of 4 sequences"]),
        (
            "drop",
            ["ACDEF"],
            ["3 of 4 sequences left out, with letters outside the protein alphabet: B, J, O, U, X, Z"],
        ),
        (
            "resolve",
            ["DCDEF", "AELEF", "ACCK-", "ACDEF"],
            [f"1 letter {a} read as {b}, in 1 of 4 sequences" for a, b in ("BD", "JL", "OK", "UC", "ZE")]
            + ["1 letter X read as gaps, in 1 of 4 sequences"],
        ),
    ],
)
def test_ambiguous_letters_are_a_choice_with_counts(tmp_path, unknown, read_as, notes):
    data = read(put(tmp_path, "x.fa", fasta(AMBIGUOUS)), unknown=unknown)
    assert (letters(data), list(data.notes)) == (read_as, notes)
    table = "name,sequence\n" + "".join(f"{i},{row}\n" for i, row in enumerate(AMBIGUOUS))
    same = read(put(tmp_path, "x.csv", table), unknown=unknown)
    assert (letters(same), list(same.notes)) == (read_as, notes)


def test_what_old_and_damaged_fasta_holds_besides_letters(tmp_path):
    data = read(put(tmp_path, "x.fa", "; a comment\n>a\nAC\n;another\nDE\n\ufeff>b\nACDF\n>a\nac.E\n\x1a"))
    assert letters(data) == ["ACDE", "ACDF", "AC-E"]
    assert data.notes == (
        "2 small letters read as capitals, in 1 of 3 sequences",
        "1 '.' read as gaps, in 1 of 3 sequences",
        "1 name more than once in the file, as 'a': 2 times",
        "2 comment lines (;) left out",
        "2 NUL or other empty characters left out",
    )
    a3m = read(put(tmp_path, "x.a3m", ">ss_pred\nHHHH\n>a\nACaaDE\n>b\nACD.E\n\0"))
    assert letters(a3m) == ["ACDE", "ACDE"]
    assert set(a3m.notes) == {
        "1 record of predictions, as ss_pred, left out",
        "2 inserted letters left out",
        "1 NUL or other empty character left out",
    }


def test_columns_left_out_are_said(tmp_path):
    data = read(put(tmp_path, "x.fa", fasta(["AC-E", "AC-E", "ACDE"])), max_gaps=0.5)
    assert data.notes == ("1 of 4 columns left out, with more than 50% gaps",)
    sto = "# STOCKHOLM 1.0\na ACdE\nb AC.E\n//\n"
    assert "1 of 4 columns left out, of insertions" in read(put(tmp_path, "x.sto", sto), inserts="remove").notes


# Bad records among good ones


def test_bad_records_are_left_out_and_counted(tmp_path):
    path = put(tmp_path, "x.fa", fasta(["ACD", "ACDE", "ACXE", "", "ACDF"]))
    data = read(path, skip_bad=True)
    assert data.names.tolist() == ["b", "e"]
    assert data.notes == (
        "1 of 3 sequences left out, with letters outside the protein alphabet: X",
        "2 of 5 records left out, not of 4 sites, the first record 1 ('a') in line 1",
    )
    assert "2 of 5 records left out" in good("data", "info", path, "--skip-bad").out
    with pytest.raises(FormatError, match=r"x.fa:2: record 1 \('a'\): letter '!'"):
        read(put(tmp_path, "x.fa", fasta(["A!"])), skip_bad=True)


def test_bad_rows_of_tables_are_left_out_and_counted(tmp_path):
    path = put(tmp_path, "x.csv", "name,a,b\nn1,0,1\nn2,1\nn3,x,1\nn4,1,1\nn5,1,1,1\n")
    data = read(path, skip_bad=True, alphabet="binary")
    assert data.names.tolist() == ["n1", "n4"]
    assert data.notes[1:] == (
        "3 of 5 rows left out that cannot be read, the first that was looked into in line 4: column 'a': "
        "a number expected, got 'x'",
    )
    rows = put(tmp_path, "y.csv", "name,sequence\na,ACDE\nb,ACDX\nc,ACDF\n")
    assert read(rows, skip_bad=True).names.tolist() == ["a", "c"]
    with pytest.raises(FormatError, match=r"x.csv:3: 2 fields"):
        read(path)


# stdin and stdout


def piped(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_dash_is_stdin_and_stdout(tmp_path, monkeypatch):
    piped(monkeypatch, gzip.compress(fasta(DNA).encode()))
    assert (letters(read("-")), letters(read("-", alphabet="rna"))[0]) == (DNA, "ACGUUGCAA")  # kept, so read twice
    piped(monkeypatch, fasta(DNA).encode())
    result = good("data", "convert", "-", "-", "--to", "csv", "--alphabet", "rna")
    assert result.out == "name,sequence\na,ACGUUGCAA\nb,ACGUUGCAU\nc,ACGUAGCAA\nd,UCGUUGCAA\n"
    assert result.err == "note: 9 letters T read as U, in 4 of 4 sequences\n"
    assert good("data", "convert", "-", "-").out == fasta(DNA)
    piped(monkeypatch, fasta(["ACD", "AC"]).encode())
    assert refused("data", "info", "-").startswith("error: stdin:3: record 2 ('b'): has 2 sites")
    table = put(tmp_path, "x.csv", "a,b\n0,1\n1,1\n")
    assert good("data", "convert", table, "-").out == "a,b\n0,1\n1,1\n"
    assert "takes several files" in refused("data", "convert", table, "-", "--to", "hapt")
    write(tmp_path / "y.dat", read(table), format="tsv")
    assert (tmp_path / "y.dat").read_text() == "a\tb\n0\t1\n1\t1\n"
    assert "cannot write '.xz'" in refused("data", "convert", table, tmp_path / "y.csv.xz")


def test_generated_samples_go_to_stdout(tmp_path):
    good("train", put(tmp_path, "x.fa", fasta(DNA)), "-o", tmp_path / "run", "--hidden", 2, "--updates", 1)
    result = call("generate", tmp_path / "run", "-n", 2, "-o", "-")
    assert result.out.splitlines()[::2] == [">generated_1", ">generated_2"]
    assert good("generate", tmp_path / "run", "-n", 1, "-o", "-", "--format", "csv").out.startswith("name,sequence\n")
    assert "--json: -o - writes one file" in refused("generate", tmp_path / "run", "-o", "-", "--json")


# Other encodings


def test_lines_in_another_encoding(tmp_path):
    names = ["Café", "Zoë", "Ångström", "Šárka"]
    for form in ("fasta", "stockholm", "clustal"):
        text = FORMS[form]
        for old, new in zip("abcd", names, strict=True):
            text = text.replace(f"\n{old} ", f"\n{new} ").replace(f">{old}\n", f">{new}\n")
        path = put(tmp_path, f"{form}.txt.gz", gzip.compress(text.encode("cp1250", "replace").replace(b"?", b"A")))
        assert "--encoding latin-1, cp1252 or another reads other encodings" in refused("data", "info", path)
        data = read(path, encoding="cp1250")
        assert data.names.tolist()[0] == names[0]
        assert data.names.tolist()[3] == names[3]
    path = put(tmp_path, "x.fa", ">a\nACD\n>b\nACX\n")
    assert refused("data", "info", path, "--encoding", "latin-1").startswith(f"error: {path}:4: ")
    assert "did you mean 'latin-1'" in refused("data", "info", path, "--encoding", "latim-1")

    for name in ("idna", "undefined", "rot13", "a\0b"):
        with pytest.raises(ConfigError, match=r"one of utf-8, utf-16, .* or another that Python knows expected"):
            read(path, encoding=name)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_says_the_encoding_of_lines(tmp_path, encoding):
    for form, text in FORMS.items():
        if isinstance(text, str):
            told, plain = (put(tmp_path, name, text.encode(code)) for name, code in (("x", encoding), ("y", "utf-8")))
            assert letters(read(told)) == letters(read(plain)), form
    path = put(tmp_path, "x.fa", gzip.compress(fasta(PROTEINS).encode(encoding)))
    assert letters(read(path)) == letters(read(path, encoding="utf-8")) == PROTEINS
    bad = put(tmp_path, "z.fa", ">a\nACD\n>b\nA?!\n".encode(encoding))
    assert refused("data", "info", bad).startswith(f"error: {bad}:4: ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_says_the_encoding_of_genotypes(tmp_path, encoding):
    pytest.importorskip("cyvcf2")
    head = '##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="">\n#'
    record = "1 5 rs5 A G . . . GT 0|1 1|1\n".replace(" ", "\t")
    columns = "CHROM POS ID REF ALT QUAL FILTER INFO FORMAT p q\n".replace(" ", "\t")
    path = put(tmp_path, "x.vcf", (head + columns + record).encode(encoding))
    assert letters(read(path)) == ["0", "1", "1", "1"]
    path = put(tmp_path, "x.hapt", "a p_A 0 1\nb p_B 1 1\n".encode(encoding))
    put(tmp_path, "x.legend", "id position a0 a1\nrs1 5 A G\nrs2 6 A G\n".encode(encoding))
    assert read(path).kind.genotypes.variants == ("0 5 rs1 A G", "0 6 rs2 A G")


def test_the_encoding_of_what_is_no_text_is_refused_and_that_of_a_label_table_is_not(tmp_path):
    table = put(tmp_path, "t.csv", "name,label\na,é\nb,é\nc,e\nd,e\n".encode("latin-1"))
    write(tmp_path / "x.npz", read(put(tmp_path, "x.fa", fasta(PROTEINS))))
    assert "--encoding is for tables" in refused("data", "info", tmp_path / "x.npz", "--encoding", "latin-1")
    assert read(tmp_path / "x.npz", labels=table, encoding="latin-1").classes == ("e", "é")


def test_data_info_reads_a_file_of_one_part_once(tmp_path, monkeypatch):
    calls, load = [], readers.load
    monkeypatch.setattr(readers, "load", lambda path, options: calls.append(options.part) or load(path, options))
    good("data", "info", put(tmp_path, "x.fasta", fasta(PROTEINS)))
    assert calls == [None]
    np.savez(tmp_path / "x.npz", x_train=np.eye(6, dtype=np.uint8), x_test=np.eye(6, dtype=np.uint8)[:2])
    assert "2 of 2 test samples (100.0%) are copies of training samples" in good("data", "info", tmp_path / "x.npz").out
    assert calls[1:] == [None, "train", "test"]
