"""Wild types counted along themselves, lists of mutants, structures, baselines, motifs, large unaligned files."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import good, refused
from shortrun import workflows
from shortrun.data.sequences.profile_alignment import align, log_odds
from shortrun.landscape import coupling_scores, mean_field_couplings, pseudo_likelihood

MOTIF = "MKTAYIAKQRQISFVK"  # 16 columns
LETTERS = "-ACDEFGHIKLMNPQRSTVWY"
CODES = "ALAARGASNASPCYSGLNGLUGLYHISILELEULYSMETPHEPROSERTHRTRPTYRVAL"
THREE = {letter: CODES[3 * i : 3 * i + 3] for i, letter in enumerate("ARNDCQEGHILKMFPSTWYV")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proteins")
    rng = np.random.default_rng(0)
    rows = np.array([[LETTERS.index(letter) for letter in MOTIF]]).repeat(200, 0)
    rows = np.where(rng.random(rows.shape) < 0.25, rng.integers(1, 21, rows.shape), rows)
    text = "".join(f">s{n}\n{''.join(LETTERS[c] for c in row)}\n" for n, row in enumerate(rows))
    (folder / "family.fasta").write_text(text)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    options = ("--scheme", "pcd", "--hidden", 8, "--updates", 60, "--batch", 100, "--lr", 0.1, "--validation", 0)
    good("train", folder / "family.fasta", "-o", folder / "run", *options, "--threads", 1)
    return folder / "run"


def wild(folder, text, name="wt.fasta"):
    (folder / name).write_text(f">wt\n{text}\n")
    return folder / name


def scores(run, *words):
    return good("mutations", run, *words, "--json").json


# Residues of the wild type


@pytest.mark.parametrize(
    ("text", "number", "insertions"),
    [
        (MOTIF, 4, ""),
        ("MKTggAYIAKQRQISFVK", 6, "4-5"),  # A2M: two insertions
        ("GGSHM" + MOTIF + "LEHHH", 9, "1-5, 22-26"),  # not aligned, as expressed
        ("MKTGGAYIAKQRQISFVK", 6, "4-5"),  # not aligned, with an insertion
        ("M--AYIAKQRQISFVK-"[:16], 2, ""),
    ],
)
def test_residues_are_counted_along_the_sequence(run, folder, text, number, insertions):
    found = scores(run, wild(folder, text))
    table = pd.DataFrame(found["scores"])
    alanine = table[(table["column"] == 4) & (table["wildtype"] == "A")]
    assert set(alanine["position"]) == {number}
    assert f"A{number}G" in set(alanine["mutant"])
    assert any(f"{insertions} are not scored" in line for line in found["notes"]) or not insertions
    shifted = scores(run, folder / "wt.fasta", "--first-residue", 30)
    assert pd.DataFrame(shifted["scores"])["position"].tolist() == (table["position"] + 29).tolist()


def test_gaps_of_the_wild_type_are_said(run, folder):
    found = scores(run, wild(folder, "M--AYIAKQRQISFVK"))
    assert len(found["scores"]) == 14 * 20
    assert found["notes"] == ["2 of 16 sites are gaps in 'wt': insertions there are not scored"]
    table = workflows.mutations(run, folder / "wt.fasta")  # the same in Python
    assert table["mutant"].tolist() == [row["mutant"] for row in found["scores"]]


def test_a_sequence_of_another_family_is_refused(run, folder):
    assert "that do not fit the 16 sites" in refused("mutations", run, wild(folder, "W" * 40))


def test_a_profile_alignment_puts_gaps_where_they_belong(folder):
    family = sr.read(folder / "family.fasta")
    text = MOTIF[:5] + MOTIF[7:]
    found = align(log_odds(family), family.alphabet.lookup("AA" + text))
    assert found.residues.tolist() == [2, 3, 4, 5, 6, -1, -1, *range(7, 16)]


# Lists of mutants


@pytest.mark.parametrize("between", [":", ";", "/", ",", "+"])
def test_multi_mutants_are_their_free_energies(run, folder, between):
    path = folder / "list.csv"
    path.write_text(f"A33G\nA33G{between}K37R\nWT\np.Ala33Gly\n")
    found = scores(run, wild(folder, MOTIF), "--mutants", path, "--first-residue", 30)["scores"]
    mutant = (folder / "double.fasta").write_text(">d\nMKTGYIARQRQISFVK\n") and folder / "double.fasta"
    double = scores(run, folder / "wt.fasta", "--sequences", mutant)["scores"][0]["score"]
    single = {row["mutant"]: row["score"] for row in scores(run, folder / "wt.fasta")["scores"]}["A4G"]
    assert [row["mutations"] for row in found] == [1, 2, 0, 1]
    assert [row["score"] for row in found] == pytest.approx([single, double, 0, single], abs=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("mutant\nA4G\nK5R\n", "l.csv:3: 'K5R': residue 5 is Y in 'wt'"),
        ("A33G\nK37R\n", "l.csv:1: 'A33G': residue 33 does not exist: 'wt' has 1-16 (all fit with --first-residue 30)"),
        ("A4G\nA4G:A4C\n", "l.csv:2: 'A4G:A4C' changes one residue twice"),
        ("A4G\nhello\n", "l.csv:2: a mutant such as A12G or A12G:K40R expected, got 'hello'"),
        ("name,what\nx,y\n", "l.csv:1: no column of mutants such as A12G"),
    ],
)
def test_mutants_that_do_not_fit_are_refused_with_the_place(run, folder, content, message):
    (folder / "l.csv").write_text(content)
    assert message in refused("mutations", run, wild(folder, MOTIF), "--mutants", folder / "l.csv")


def test_what_was_measured_is_compared_with_ours_and_independent_sites(run, folder):
    single = pd.DataFrame(scores(run, wild(folder, "GG" + MOTIF))["scores"])
    table = pd.DataFrame({"id": range(len(single)), "mutant": single["mutant"], "DMS_score": 2 * single["score"] - 1})
    table.loc[[3, 4], "DMS_score"] = np.nan
    extra = pd.DataFrame({"id": [900, 901], "mutant": ["G1A", "M3*"], "DMS_score": [0.5, 0.1]})
    pd.concat([table, extra]).to_csv(folder / "dms.csv", index=False)
    found = scores(run, folder / "wt.fasta", "--measured", folder / "dms.csv")
    assert found["spearman"]["score"] == {"rho": 1.0, "n": 318}
    assert 0.3 < found["spearman"]["independent"]["rho"] < 1
    assert "2 of 322 mutants have no score, as G1A: no such site or letter in the model" in found["notes"]
    assert found["scores"][-1]["score"] is None
    said = good("mutations", run, folder / "wt.fasta", "--measured", folder / "dms.csv").out
    assert "1.000 for F(wild type) - F (n = 318; 2 measured ones without a score and 2 not measured left out)" in said
    ours = workflows.mutations(run, folder / "wt.fasta", measured=folder / "dms.csv", baselines=("independent",))
    assert workflows.correlations(ours)["score"] == (1.0, 318)


# Structures


def atom_line(serial, name, residue, number, xyz):
    places = "".join(f"{value:8.3f}" for value in xyz)
    head = f"ATOM  {serial:5d}  {name:<3s} {residue} A{number:4d}    "
    return f"{head}{places}  1.00 10.00           {name[0]}\n"


@pytest.fixture(scope="module")
def structure(folder):
    """Return a chain along a line, 4 angstrom apart, with two residues before the family, and one of it missing."""
    lines, serial, number = [], 0, 9
    for index, letter in enumerate("GS" + MOTIF):
        number += 1
        if index == 7:
            continue
        for name, shift in (("N", 0.0), ("CA", 1.0), ("C", 2.0), ("CB", 1.0), ("H", 3.5)):
            if not (letter == "G" and name == "CB"):
                serial += 1
                place = (4.0 * index + shift, 1.5 * (name == "CB"), 0.0)
                lines.append(atom_line(serial, name, THREE[letter], number, place))
    with gzip.open(folder / "s.pdb.gz", "wt") as file:
        file.write("".join(lines) + "END\n")
    return folder / "s.pdb.gz"


def test_a_structure_is_mapped_to_the_columns(run, structure):
    pytest.importorskip("gemmi")
    given = ("--structure", structure, "--separation", 0, "--threshold", 4)
    found = good("contacts", run, *given, "--json").json
    distance = {(row["i"], row["j"]): row["distance"] for row in found["contacts"]}
    assert distance[1, 2] == pytest.approx(2.0)  # C of one to N of the next; hydrogens do not count
    assert distance[1, 3] == pytest.approx(6.0)
    assert distance[5, 6] is None  # the residue of column 6 is not in the file
    assert found["notes"][0].endswith(
        "chain A, 15 of 17 residues at 16 sites; 100% of them are the most frequent letter"
    )
    assert found["notes"][1:] == ["1 site without a residue: 6", "2 residues at no site: 10-11"]
    beta = workflows.contacts(run, structure=structure, separation=0, atoms="cb").table.set_index(["i", "j"])
    assert beta.loc[(1, 2), "distance"] == pytest.approx(4.0)


def test_structures_that_do_not_fit_are_refused(run, structure, folder):
    pytest.importorskip("gemmi")
    assert "one of A expected, got 'B'" in refused("contacts", run, "--structure", structure, "--chain", "B")
    (folder / "x.pdb").write_text("hello\n")
    assert "x.pdb: is no PDB or mmCIF file" in refused("contacts", run, "--structure", folder / "x.pdb")
    (folder / "d.csv").write_text("i,j,distance\n1,9,3\n")
    both = ("--structure", structure, "--distances", folder / "d.csv")
    assert "either a structure or a table of distances" in refused("contacts", run, *both)


# Baselines


def test_baselines_find_planted_pairs(monkeypatch):
    monkeypatch.setattr("shortrun.landscape.dca.STEPS", 60)
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (600, 10))
    codes[:, 9], codes[:, 6] = 3 - codes[:, 0], codes[:, 2]
    for found in (mean_field_couplings(codes, np.ones(600), 4), pseudo_likelihood(codes, np.ones(600), 4)):
        best = coupling_scores(found, 4).triu(1).flatten().argsort(descending=True)[:2]
        assert {divmod(int(place), 10) for place in best} == {(0, 9), (2, 6)}


def test_baselines_stand_beside_ours(run, folder, monkeypatch):
    monkeypatch.setattr("shortrun.landscape.dca.STEPS", 3)
    rows = "".join(f"{i},{j},{3 if j - i == 7 else 9}\n" for i in range(1, 17) for j in range(i + 1, 17))
    (folder / "far.csv").write_text("i,j,distance\n" + rows)
    given = ("--distances", folder / "far.csv", "--baselines", "mean-field,plm", "--figure", folder / "ppv.svg")
    said = good("contacts", run, *given, "-o", folder / "c.csv").out
    assert "mean-field: precision " in said
    assert "plm: precision " in said
    assert pd.read_csv(folder / "c.csv").columns.tolist() == [
        "i",
        "j",
        "score",
        "mean-field",
        "plm",
        "distance",
        "contact",
    ]


def test_baselines_say_that_the_data_are_gone(run, folder):
    (folder / "family.fasta").rename(folder / "moved.fasta")
    try:
        assert "cannot be read again" in refused("contacts", run, "--baselines", "plm")
        found = scores(run, wild(folder, MOTIF), "--baselines", "independent")
        assert "no baseline of independent sites" in found["notes"][0]
        assert len(scores(run, wild(folder, "GG" + MOTIF))["scores"]) == 320  # aligned to generated samples instead
    finally:
        (folder / "moved.fasta").rename(folder / "family.fasta")


# Filters, motifs, large files


def test_filters_leave_out_fragments_and_what_is_nearly_alike(folder):
    half = MOTIF[:6] + "-" * 10
    texts = [half, MOTIF, MOTIF[:15] + "-", MOTIF[:15] + "R", "W" * 16]
    (folder / "f.fasta").write_text("".join(f">s{i} label=a\n{text}\n" for i, text in enumerate(texts)))
    (folder / "f.csv").write_text("name,label\ns0,a\ns1,b\ns2,a\ns3,b\ns4,c\n")
    data = sr.read(folder / "f.fasta", min_coverage=0.5, max_identity=0.9, labels=folder / "f.csv")
    assert data.names.tolist() == ["s1", "s4"]
    assert [data.classes[label] for label in data.labels] == ["b", "c"]
    assert data.notes[-2:] == (
        "1 of 5 sequences left out: they cover less than 50% of the columns",
        "2 of 4 sequences left out: they are more than 90% identical to one that is kept",
    )
    said = good("data", "info", folder / "f.fasta", "--min-coverage", 0.5).out
    assert "1 of 5 sequences left out" in said
    wrong = refused("data", "info", folder / "f.fasta", "--max-gaps", 0.9, "--min-coverage", 1, "--max-identity", 1)
    assert "max-identity" in wrong


def test_no_two_of_many_are_more_alike_than_asked(folder):
    data = sr.read(folder / "family.fasta", max_identity=0.6)
    same = (data.values[:, None] == data.values).mean(2) - np.eye(len(data))
    assert 1 < len(data) < 200
    assert same.max() <= 0.6


def test_motifs_are_drawn(run, folder):
    assert "figure in" in good("plot", "motifs", run, "-o", folder / "m.svg", "-n", 2).out
    weights, letters, positions, names = workflows.motifs(run, count=2)
    assert weights.shape == (2, 16, 21)
    assert np.abs(weights.sum(2)).max() < 1e-9
    assert (letters, positions[-1], len(names)) == (LETTERS, 16, 2)


def test_a_large_unaligned_file_is_scored_by_the_hmm(run, folder):
    easel = pytest.importorskip("pyhmmer.easel")
    plan7 = pytest.importorskip("pyhmmer.plan7")
    alphabet = easel.Alphabet.amino()
    lines = [line for line in (folder / "family.fasta").read_text().split("\n") if line and line[0] != ">"]
    rows = [easel.TextSequence(name=f"s{i}".encode(), sequence=line) for i, line in enumerate(lines)]
    msa = easel.TextMSA(name=b"family", sequences=rows).digitize(alphabet)
    hmm, _, _ = plan7.Builder(alphabet).build_msa(msa, plan7.Background(alphabet))
    with (folder / "family.hmm").open("wb") as file:
        hmm.write(file)
    assert hmm.M == 16
    texts = ["GSG" + MOTIF + "LE", "W" * 30, MOTIF, "SS" + MOTIF[:8] + "X" + MOTIF[9:], "GS" + MOTIF]
    (folder / "many.fasta").write_text("".join(f">q{i}\n{text}\n" for i, text in enumerate(texts)))
    found = scores(run, folder / "many.fasta", "--align", folder / "family.hmm")
    score = [row["score"] for row in found["scores"]]
    assert score[0] == score[2] == score[4]
    assert score[1] is score[3] is None
    assert sorted(found["notes"]) == [
        "1 of 5 sequences have no score: the HMM finds nothing like itself in them",
        "1 of 5 sequences have no score: they hold letters outside the alphabet (--unknown gap reads these as gaps)",
    ]
