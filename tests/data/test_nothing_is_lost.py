"""What goes in comes out again, in every format; no file is written over; nothing that is asked for is passed over."""

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import good, refused
from shortrun.data.tables.mutants import read_measured
from shortrun.errors import ConfigError, DataError, FormatError

FEW = {"updates": 4, "hidden": 6, "overwrite": True}
ROWS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of all kinds of columns, and a run of it: whole numbers that may be missing, truths as classes."""
    path = tmp_path_factory.mktemp("lost")
    random = np.random.default_rng(4)
    lines = ["id,age,size,ill,town,when"]
    for i in range(ROWS):
        age = "" if i % 9 == 4 else str(20 + i)
        size = f"{random.normal():.3f}"
        lines.append(f"u{i},{age},{size},{'true' if i % 2 else 'false'},{'abc'[i % 3]},2020-01-{1 + i % 28:02d}")
    (path / "t.csv").write_text("\n".join(lines) + "\n")
    sr.fit(path / "t.csv", label_column="ill", out=path / "run", **FEW)
    return path


@pytest.mark.parametrize("ending", [".npz", ".h5", ".npz.gz"])
def test_cells_of_a_table_outlive_every_format_of_codes(folder, tmp_path, ending):
    if ending == ".h5":
        pytest.importorskip("h5py")
    good("data", "split", folder / "t.csv", tmp_path / f"a{ending}", tmp_path / f"b{ending}", "--label-column", "ill")
    rows = []
    for side in "ab":
        good("data", "convert", tmp_path / f"{side}{ending}", tmp_path / f"{side}.csv")
        header, *lines = (tmp_path / f"{side}.csv").read_text().splitlines()
        rows += lines
    before = (folder / "t.csv").read_text().splitlines()
    assert header == before[0]
    assert sorted(rows) == sorted(before[1:])


def test_cells_that_a_template_keeps_are_in_npz_too(folder, tmp_path):
    words = ("--template", folder / "t.csv", "--keep", "age,size", "-n", 5, "-o", tmp_path / "g.npz")
    good("generate", folder / "run", *words)
    good("data", "convert", tmp_path / "g.npz", tmp_path / "g.csv")
    made, before = (pd.read_csv(path, dtype=str).head(5) for path in (tmp_path / "g.csv", folder / "t.csv"))
    assert made[["age", "size"]].equals(before[["age", "size"]])


def test_damaged_cells_are_one_line(folder, tmp_path):
    sr.write(tmp_path / "t.npz", sr.read(folder / "t.csv", label_column="ill"))
    with np.load(tmp_path / "t.npz") as file:
        arrays = dict(file)
    for change in ({"table_cells": arrays["table_cells"][1:]}, {"table_texts": arrays["table_texts"][:-3]}):
        np.savez(tmp_path / "bad.npz", **(arrays | change))
        with pytest.raises(FormatError, match="the description of its columns is damaged"):
            sr.read(tmp_path / "bad.npz")


def test_whole_numbers_with_missing_cells_stay_whole(folder, tmp_path):
    made = sr.generate(folder / "run", n=40)
    assert str(made.to_pandas()["age"].dtype) == "Int64"
    assert str(made.head(1).to_pandas()["age"].dtype) == "Int64"  # whether or not one is missing
    pytest.importorskip("pyarrow")
    sr.write(tmp_path / "g.parquet", made)
    frame = pd.read_parquet(tmp_path / "g.parquet")
    assert (str(frame["age"].dtype), str(frame["size"].dtype)) == ("Int64", "float64")
    assert frame["age"].isna().any()


def test_a_file_that_is_read_is_not_written_nor_one_written_twice(folder, tmp_path):
    table, run = tmp_path / "t.csv", folder / "run"
    table.write_bytes((folder / "t.csv").read_bytes())
    before = table.read_bytes()
    for words in (
        ("data", "convert", table, table),
        ("data", "split", table, table, tmp_path / "b.csv"),
        ("data", "split", table, tmp_path / "a.csv", table),
        ("predict", run, table, "-o", table),
        ("generate", run, "-n", 2, "--template", table, "--keep", "age", "-o", table),
        ("evaluate", run, table, "-o", tmp_path / ".." / tmp_path.name / "t.csv"),
    ):
        assert "is a file to be read: choose another name" in refused(*words)
    assert "is to be written twice" in refused("data", "split", table, tmp_path / "a.csv", tmp_path / "a.csv")
    assert table.read_bytes() == before


def test_shares_of_a_split_are_refused_before_data_are_read(tmp_path):
    words = ("data", "split", "no.csv", tmp_path / "a.csv", tmp_path / "b.csv")
    assert "--fraction: a number above 0 and below 1 expected, got 1.5" in refused(*words, "--fraction", 1.5)
    assert "--identity: a number above 0 and at most 1 expected, got 7" in refused(*words, "--identity", 7)


def test_outputs_of_a_split_are_checked_before_either_is_written(folder, tmp_path):
    for last, reason in (("no/b.csv", "no such folder"), ("b.foo", "cannot write files that end in '.foo'")):
        assert reason in refused("data", "split", folder / "t.csv", tmp_path / "a.csv", tmp_path / last)
    assert not list(tmp_path.iterdir())


def test_arrays_of_numbers_are_tables_where_that_is_asked_for(tmp_path):
    random = np.random.default_rng(0)
    values = random.normal(size=(50, 3)) * [1, 10, 1000]
    labels = np.array(["a", "b"] * 25)
    np.savez(tmp_path / "x.npz", x=values, y=labels)
    np.save(tmp_path / "x.npy", values)
    for ending in ("npz", "npy"):
        plain, binned = (sr.read(tmp_path / f"x.{ending}", **options) for options in ({}, {"bins": 5}))
        (note,) = plain.notes
        assert note.startswith("numbers are kept as they are, with standard deviations from ")
        assert [column.colours for column in binned.columns] == [5, 5, 5]
        assert binned.kind.site_names == ["site_1", "site_2", "site_3"]
    data = sr.read(tmp_path / "x.npz", bins=5)
    assert [data.classes[code] for code in data.labels] == labels.tolist()
    run = sr.fit(data, out=tmp_path / "run", **FEW)
    assert sr.predict(run, tmp_path / "x.npz").accuracy is not None
    assert not sr.from_numpy(values / [1, 10, 1000]).notes


def test_true_is_a_class_in_any_spelling(folder, tmp_path):
    run = folder / "run"
    assert sr.generate(run, labels=True, n=2).labels.tolist() == [1, 1]
    assert sr.generate(run, labels={"FALSE": 1, "1": 2}).labels.tolist() == [0, 1, 1]
    good("generate", run, "--label", "TRUE", "-n", 2, "-o", tmp_path / "g.csv")
    assert pd.read_csv(tmp_path / "g.csv", dtype=str)["ill"].tolist() == ["true", "true"]
    text = (folder / "t.csv").read_text().replace("true", "True").replace("false", "0")
    (tmp_path / "t.csv").write_text(text)
    found = sr.evaluate(run, tmp_path / "t.csv", scores=["aai"])
    assert found.scores
    with pytest.raises(ConfigError, match=r"class 'maybe' is unknown, expected one of false, true"):
        sr.generate(run, labels="maybe", n=1)


def test_predictions_say_of_which_samples_the_run_learned(folder, tmp_path):
    found = sr.predict(folder / "run", folder / "t.csv")
    (note,) = found.notes
    assert found.learned.sum() > ROWS / 2
    assert note.startswith(f"{found.learned.sum()} of {ROWS} samples equal training samples with numbers in bins")
    said = good("predict", folder / "run", folder / "t.csv", "-o", tmp_path / "p.csv").err
    assert note.replace("samples equal", f"samples of {folder / 't.csv'} equal") in said
    others = found.learned == False  # noqa: E712
    right = (found.predicted == found.labels)[others]
    assert found.accuracy_of_others == (right.mean() if others.any() else None)


def test_a_table_of_labels_goes_with_a_file(tmp_path):
    (tmp_path / "f.fasta").write_text("".join(f">s{i}\n{'ACDE'[i % 4]}CDF\n" for i in range(24)))
    (tmp_path / "y.csv").write_text("id;kind\n" + "".join(f"s{i};{'xy'[i % 2]}\n" for i in reversed(range(30))))
    run = sr.fit(tmp_path / "f.fasta", labels=tmp_path / "y.csv", out=tmp_path / "run", **FEW)
    assert run.classes == ("x", "y")
    assert "names all 24 samples; 6 of 30 rows are of no sample" in run.data["notes"][-1]
    with pytest.raises(ConfigError, match=r"labels: a table of labels goes with a file: sr\.read\(FILE, labels="):
        sr.fit(sr.read(tmp_path / "f.fasta"), labels=str(tmp_path / "y.csv"))
    with pytest.raises(DataError, match="labels must be one a sample"):
        sr.read(tmp_path / "f.fasta").with_labels("y")


def test_measured_effects_with_decimal_commas(tmp_path):
    (tmp_path / "dms.csv").write_text("mutant;effect\nA12G;1,05\nA12C:K40R;-0,5\n")
    assert read_measured(tmp_path / "dms.csv").measured == [1.05, -0.5]
