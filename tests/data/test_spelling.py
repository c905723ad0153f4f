"""Spaces around texts, and the two ways of Unicode to compose letters: one rule for labels, names and columns."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd
import pytest

import shortrun as sr
from command_line import good
from shortrun.errors import ShortrunError

COMPOSED, APART = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
MERGED = f"2 spellings of '{COMPOSED}'"


def told(data, words):
    """Return whether a note of a data set holds some words."""
    return any(words in note for note in data.notes)


def table(rows=8, spaced=2):
    """Return a table whose classes are 'a' and 'b', some with spaces around them."""
    return pd.DataFrame(
        {"x": [str(i % 3) for i in range(rows)], "c": [" a" if i < spaced else "ab"[i % 2] for i in range(rows)]}
    )


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "frame"])
def test_spaces_around_cells_are_counted(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    if ending == "parquet":
        table().to_parquet(path)
    elif ending != "frame":
        table().to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    data = sr.read(table() if ending == "frame" else path, label_column="c")
    assert data.class_counts.tolist() == [5, 3]
    assert "spaces around 2 cells left out: 2 in column 'c'; ' a' and 'a' are one" in data.notes


def test_spaces_of_several_columns_and_none(tmp_path):
    (tmp_path / "x.csv").write_text("x, y,c\n1, 2,a\n3 , 4,b\n  ,6,b\n")
    data = sr.read(tmp_path / "x.csv", label_column="c")
    assert "spaces around 3 cells left out: 1 in column 'x', 2 in column 'y'" in data.notes  # '  ' is a missing cell
    assert not told(sr.from_pandas(pd.DataFrame({"x": ["1", "2"], "c": ["a", "b"]})), "spaces")


def test_spaces_are_said_by_commands_and_kept_in_the_run(tmp_path):
    table(30).to_csv(tmp_path / "x.csv", index=False)
    words = "spaces around 2 cells left out: 2 in column 'c'; ' a' and 'a' are one"
    assert words in good("data", "info", tmp_path / "x.csv", "--label-column", "c").out
    said = good("train", tmp_path / "x.csv", "--label-column", "c", "-o", tmp_path / "r", "--updates", 1)
    assert words in said.out + said.err
    assert words in (tmp_path / "r" / "run.json").read_text()


@pytest.mark.parametrize("labels", [[" a", "a", "b"], np.array([" a", "a", "b"])])
def test_spaces_around_labels_in_memory(labels):
    data = sr.from_numpy(np.eye(3, dtype=int), labels)
    assert (data.classes, data.labels.tolist()) == (("a", "b"), [0, 0, 1])
    assert "spaces around 1 label left out; ' a' and 'a' are one" in data.notes


def with_classes(tmp_path, kind):
    """Return data whose labels are one class in two spellings and another class, from a file of a kind."""
    classes = [COMPOSED, APART, "b", "b"]
    rows = ["ACDE", "ACDF", "ACDG", "ACDH"]
    if kind == "fasta":
        text = "".join(f">s{i} label={name}\n{row}\n" for i, (name, row) in enumerate(zip(classes, rows, strict=True)))
        (tmp_path / "x.fasta").write_text(text)
        return sr.read(tmp_path / "x.fasta")
    if kind == "labels":
        (tmp_path / "x.fasta").write_text("".join(f">s{i}\n{row}\n" for i, row in enumerate(rows)))
        (tmp_path / "t.csv").write_text("n,c\n" + "".join(f"s{i},{name}\n" for i, name in enumerate(classes)))
        return sr.read(tmp_path / "x.fasta", labels=tmp_path / "t.csv", label_column="c")
    if kind == "npz":
        np.savez(tmp_path / "x.npz", x=np.eye(4, dtype=np.uint8), y=np.array(classes))
        return sr.read(tmp_path / "x.npz")
    if kind == "images":
        from PIL import Image

        for i, name in enumerate(classes):
            (tmp_path / "im" / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((3, 3), 255 * (i % 2), np.uint8)).save(tmp_path / "im" / name / f"{i}.png")
        return sr.read(tmp_path / "im")
    if kind == "hapt":
        lines = [f"{name.replace(' ', '_')} p{i} 0 1 {i % 2}" for i, name in enumerate(classes)]
        (tmp_path / "x.hapt").write_text("\n".join(lines) + "\n")
        return sr.read(tmp_path / "x.hapt")
    frame = pd.DataFrame({"v": [0, 1, 2, 3], "c": classes})
    return sr.read(frame, label_column="c")


@pytest.mark.parametrize("kind", ["fasta", "labels", "npz", "images", "hapt", "frame"])
def test_composed_and_decomposed_classes_are_one(tmp_path, kind):
    data = with_classes(tmp_path, kind)
    assert data.classes == ("b", COMPOSED)
    assert data.class_counts.tolist() == [2, 2]
    assert told(data, MERGED)


def test_names_and_columns_are_found_in_either_spelling(tmp_path):
    (tmp_path / "x.fasta").write_text(f">{COMPOSED}1\nACDE\n>{APART}2\nACDF\n")
    (tmp_path / "t.csv").write_text(f"n,{APART}\n{APART}1,a\n{COMPOSED}2,b\n", encoding="utf-8")
    data = sr.read(tmp_path / "x.fasta", labels=tmp_path / "t.csv", label_column=COMPOSED)
    assert data.class_counts.tolist() == [1, 1]
    assert data.names.tolist() == [f"{COMPOSED}1", f"{APART}2"]  # as they came
    frame = pd.DataFrame({APART: [0.5, 1, 2, 3], "c": list("abab")})
    data = sr.from_pandas(frame, label_column="c", numeric=COMPOSED, like=None)
    assert data.kind.site_names == [APART]  # as it came
    assert len(sr.from_pandas(frame.rename(columns={APART: COMPOSED}), like=data)) == 4
    (tmp_path / "twice.csv").write_text(f"{COMPOSED},{APART}\n1,2\n3,4\n")
    with pytest.raises(ShortrunError, match="occurs twice"):
        sr.read(tmp_path / "twice.csv")


def test_a_run_knows_its_classes_and_categories_in_either_spelling():
    frame = pd.DataFrame({"v": [COMPOSED, "x"] * 20, "c": [COMPOSED, "b"] * 20})
    run = sr.fit(sr.from_pandas(frame, label_column="c"), hidden=2, updates=2)
    assert len(sr.generate(run, n=3, labels=APART, fix={"v": APART})) == 3
    found = sr.predict(run, frame.replace(COMPOSED, APART))
    assert found.labels.tolist() == [run.classes.index(COMPOSED), run.classes.index("b")] * 20


def test_groups_in_two_spellings_are_one():
    data = sr.from_numpy(np.eye(3, dtype=int)).with_groups([COMPOSED, APART, "b"])
    assert data.groups.tolist() == [COMPOSED, COMPOSED, "b"]
    assert told(data, MERGED)
