"""The kind of data: what codes mean, what a stored run keeps of it, and which other data are of the same kind."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import good
from quick_evaluations import quick_evaluations
from shortrun.data import Kind
from shortrun.data.core.alphabet import BINARY, RNA
from shortrun.data.core.columns import Column
from shortrun.data.core.format import Format
from shortrun.data.core.kind import AlignmentKind, GenotypeKind, ImageKind, KeptColumns, MusicKind, TableKind
from shortrun.errors import ConfigError, DataError
from shortrun.settings import Reading

SEX, AGE = Column("sex", ("f", "m"), missing=True), Column("age", ("10", "20"), edges=(15.0,), type="integer")
KINDS = {
    "bits": Kind(3, BINARY),
    "numbers": Kind(2, image=ImageKind((1, 2), 255), suffix=".png"),
    "alignment": Kind(2, RNA, alignment=AlignmentKind(KeptColumns(3, (0, 2)), {"SS_cons": "<.>"}), source="x.sto"),
    "table": Kind(2, (SEX, AGE), table=TableKind(header=(("site", "sex", "text"), ("site", "age", "integer")))),
    "genotypes": Kind(1, BINARY, genotypes=GenotypeKind(("1 5 rs1 A G",), ("##x",))),
    "music": Kind(88, BINARY, music=MusicKind(1, "beat/4", 1, {"": 120.0}), reading=Reading(time_bin="beat/4")),
    "read": Kind(1, BINARY, reading=Reading(keys={"x": "a"}, ignore=("b", "c"), threshold=0.5)),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_comes_back_from_its_json_form(name):
    kind = KINDS[name]
    again = Kind.from_dict(json.loads(json.dumps(kind.to_dict())))
    assert again == kind
    assert again.reading.model_fields_set == kind.reading.model_fields_set


def test_remarks_on_single_sequences_are_not_kept():
    kind = replace(KINDS["alignment"], alignment=AlignmentKind(remarks={"GF": [["ID", "x"]]}))
    assert Kind.from_dict(kind.to_dict()).alignment == AlignmentKind()


def test_sites_of_a_genome_in_another_order_are_refused():
    one, two = "1 5 rs1 A G", "1 9 rs2 C T"
    model, other = (Kind(2, BINARY, genotypes=GenotypeKind(sites)) for sites in ((one, two), (two, one)))
    model.agrees(model)
    with pytest.raises(sr.DataError, match="site 1 is position '9', but '5' in what the model was trained on"):
        model.agrees(other)


def test_texts_become_codes():
    assert KINDS["alignment"].encode(1, "C") == 2
    assert KINDS["numbers"].encode(0, "0.25") == 0.25
    assert [KINDS["table"].encode(0, text) for text in ("f", "m", "NA")] == [0, 1, 2]
    assert [KINDS["table"].encode(1, text) for text in ("-3", "99")] == [0, 1]
    assert (KINDS["table"].texts(0), KINDS["alignment"].texts(0)) == (["f", "m", ""], [*"-ACGU"])


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("alignment", "CG", "one letter of '-ACGU' expected, got 'CG'"),
        ("alignment", "X", "letter 'X'.* is not in the rna alphabet"),
        ("numbers", "much", "a number expected for continuous data, got 'much'"),
        ("table", "x", "column 'sex': unknown category 'x'"),
    ],
)
def test_what_a_text_cannot_be_is_said(name, text, reason):
    with pytest.raises(sr.DataError, match=reason):
        KINDS[name].encode(0, text)


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ("bits", Kind(4, BINARY), "4 sites a sample, but run was trained on 3"),
        ("bits", Kind(3, RNA), "run was trained on the binary alphabet '01', the data have the rna alphabet '-ACGU'"),
        ("bits", Kind(3), "the data have continuous values"),
        ("table", Kind(2, BINARY), "trained on columns of different kinds, the data have the binary alphabet"),
        ("table", Kind(2, (SEX, replace(AGE, edges=(16.0,)))), "column 'age' is not coded as column 'age'.*like=run"),
    ],
)
def test_data_of_other_kinds_do_not_agree(ours, theirs, reason):
    KINDS[ours].agrees(replace(KINDS[ours], source="elsewhere"), "run")
    with pytest.raises(sr.DataError, match=reason):
        KINDS[ours].agrees(theirs, "run")


def test_names_of_sites():
    assert KINDS["table"].site_names == ["sex", "age"]
    assert KINDS["genotypes"].site_names == ["1:5_A_G"]
    assert Kind(2, BINARY, table=TableKind(("a", "b"))).site_names == ["a", "b"]
    assert Kind(2, BINARY, table=TableKind(("a", "a"))).site_names == ["site_1", "site_2"]


def people(rows, seed):
    random = np.random.default_rng(seed)
    kind = random.integers(0, 2, rows)
    colour = np.where(random.random(rows) < 0.1, "", np.array(["red", "blue"])[kind])
    return pd.DataFrame({"colour": colour, "size": (random.normal(size=rows) + kind).round(2), "cls": kind})


def test_a_run_trained_from_python_reads_like_files_and_its_own(tmp_path):
    people(200, 0).to_csv(tmp_path / "train.csv", index=False)
    people(60, 1).to_csv(tmp_path / "like.csv", index=False)
    data = sr.read(tmp_path / "train.csv", missing="category", label_column="cls")
    options = {"hidden": 8, "updates": 100, "batch": 50, "seed": 3}
    run = sr.fit(data, out=tmp_path / "python", **options)
    words = ("--missing", "category", "--label-column", "cls")
    words += tuple(word for name, value in options.items() for word in (f"--{name}", value))
    good("train", tmp_path / "train.csv", "-o", tmp_path / "command", *words)
    assert run.kind == sr.Trajectory.open(tmp_path / "command").kind
    like = sr.read(tmp_path / "like.csv", like=run)
    found = sr.predict(run, like)
    assert (found.labels >= 0).all()
    assert found.accuracy > 0.7
    told = [good("predict", tmp_path / name, tmp_path / "like.csv").out for name in ("python", "command")]
    assert told[0] == told[1]
    assert len(told[0].splitlines()) == 61
    with quick_evaluations():
        told = [good("evaluate", tmp_path / name, "--no-curves", "-n", 50) for name in ("python", "command")]
    assert told[0].out == told[1].out
    assert "test samples: the" in told[0].err
    assert "accuracy" in told[0].out


def read(path, options):
    raise AssertionError((path, options))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"suffix": (".x",), "read": read}, "suffix"),
        ({"suffixes": (".x",)}, "read"),
        ({"suffixes": (), "read": read}, "at least one"),
        ({"suffixes": (".X",), "read": read}, "lower-case letters"),
        ({"suffixes": (".x",), "read": read, "append": read}, "`append` goes with `write`"),
        ({"suffixes": (".x",), "read": read, "write": read, "save": read}, "not both"),
        ({"suffixes": (".x",), "read": read, "fits": read}, "go together"),
    ],
)
def test_a_format_that_lacks_a_name_is_refused_when_it_is_made(fields, reason):
    with pytest.raises(TypeError, match=reason):
        Format(**fields)


def test_weights_are_an_option_of_reading_that_further_files_do_not_take_over(tmp_path):
    (tmp_path / "x.fasta").write_text(">a\nACGU\n>b\nACGU\n>c\nUUUU\n")
    data = sr.read(tmp_path / "x.fasta", reweight=0.8)
    assert data.weights.tolist() == [0.5, 0.5, 1.0]
    assert sr.read(tmp_path / "x.fasta", like=data).weights.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(sr.ConfigError, match="reweight"):
        sr.read(tmp_path / "x.fasta", reweight=2)


def test_what_is_given_wins_over_what_is_remembered(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.array([[[0, 100, 200, 255]]], np.uint8))
    data = sr.read(tmp_path / "x.npz", threshold=0.5)
    assert sr.read(tmp_path / "x.npz", like=data).values.tolist() == [[0, 0, 1, 1]]
    assert sr.read(tmp_path / "x.npz", like=data, threshold=0.9).values.tolist() == [[0, 0, 0, 1]]
    assert sr.read(tmp_path / "x.npz").values.tolist() == [[0, 1, 1, 1]]


def test_data_of_another_domain_are_refused_in_words(tmp_path):
    proteins = sr.Dataset.from_arrays(np.ones((4, 3), int), alphabet="protein")
    sr.write(tmp_path / "x.vcf", sr.Dataset.from_arrays([[0, 1, 2], [1, 0, 2]], alphabet="dosage"))
    told = r"got the protein alphabet '-ACDEFGHIKLMNPQRSTVWY'$"
    with pytest.raises(ConfigError, match=rf"^alphabet: binary \(haplotypes\) or dosage expected of genotypes, {told}"):
        sr.read(tmp_path / "x.vcf", like=proteins)
    with pytest.raises(ConfigError, match=r"got 'dna'$"):
        sr.read(tmp_path / "x.vcf", alphabet="dna")
    assert sr.read("digits", like=proteins).alphabet == sr.read("digits").alphabet, "pixels are no letters"


@pytest.mark.parametrize("columns", [True, False])
def test_a_kind_is_no_data(columns):
    data = sr.from_pandas(pd.DataFrame({"a": ["x", "y"]})) if columns else sr.read("digits").head(5)
    with pytest.raises(DataError, match="a data frame or an array expected, got a Kind"):
        sr.read(data.kind, like=data)
