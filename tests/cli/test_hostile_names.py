"""Names that would be obeyed by a terminal, a page or a spreadsheet are shown as text; a short part of the campaign."""

from __future__ import annotations

import csv
import json
import os
import shutil

import numpy as np
import pytest
from matplotlib.figure import Figure

import shortrun as sr
from campaigns import terminal
from command_line import good
from quick_evaluations import quick_evaluations
from shortrun.cells import for_spreadsheets, guarded, harmless
from shortrun.cli import _output
from shortrun.data import Dataset
from shortrun.data.core.kind import ImageKind
from shortrun.errors import ConfigError, DataError, FormatError, StoreError, TableError, printable
from shortrun.landscape import leaf_names
from shortrun.plots.figure import shown

HOSTILE = "\x1b]0;x\x07\u202e\x9b"
SHOWN = r"\x1b]0;x\x07\u202e\x9b"


def test_a_short_campaign_of_hostile_names_finds_nothing(tmp_path):
    with quick_evaluations():
        report = terminal.campaign(tmp_path, short=True)
    assert report.faults == []
    assert report.commands > 30


@pytest.mark.parametrize(
    "error",
    [
        DataError(HOSTILE),
        ConfigError(HOSTILE, HOSTILE, HOSTILE),
        StoreError(HOSTILE, HOSTILE),
        FormatError(HOSTILE, 1, HOSTILE),
        TableError([FormatError(HOSTILE, i, HOSTILE) for i in (1, 2)]),
    ],
)
def test_every_error_shows_what_is_in_a_name(error):
    assert SHOWN in str(error)
    assert not terminal.RAW.search(str(error))


def test_letters_of_all_scripts_stay():
    persian, family, french = "می\u200cخواهم", "👨\u200d👩", "a\u00a0b"
    assert [printable(text) for text in (persian, family, french)] == [persian, family, french]
    assert printable("a\nb\tc\ud800") == r"a\nb\tc\ud800"


def test_markup_of_consoles_is_text(capsys):
    _output.rows(("[red]x[/red]",), [("[link=http://a]b[/link] :skull:",)])
    _output.facts({"[b]n[/b]": HOSTILE})
    _output.say("[red]x[/red] " + HOSTILE)
    out = capsys.readouterr().out
    assert all(text in out for text in ("[red]x[/red]", "[link=http://a]b[/link] :skull:", "[b]n[/b]", SHOWN))
    assert "\x1b" not in out


def test_json_is_strict_and_shows_what_is_in_a_name():
    values = {"a": [float("nan"), np.float32("inf"), np.arange(2)], HOSTILE: {1: (None, True, 2**70)}}
    text = _output.document(values)
    assert json.loads(text) == {"a": [None, None, [0, 1]], HOSTILE: {"1": [None, True, 2**70]}}
    assert not terminal.RAW.search(text)


def test_cells_of_formulas_get_an_apostrophe_where_that_is_asked_for():
    formulas = ["=1+1", "+A1", "-A1", "@A1", "\tx"]
    assert [guarded(text) for text in formulas] == formulas
    with for_spreadsheets():
        assert [guarded(text) for text in formulas] == [f"'{text}" for text in formulas]
        assert [guarded(text) for text in ("-1.5", "+2", "-1e-3", "a=1", "")] == ["-1.5", "+2", "-1e-3", "a=1", ""]
    assert guarded("=1") == "=1"
    assert harmless("a\nb\x1b") == r"a" + "\n" + r"b\x1b"


@pytest.mark.parametrize("by", ["verb", "function"])
def test_safe_csv_of_data(by, tmp_path):
    data = Dataset.from_arrays([[0, 1], [1, 0]], ["=1+1", "b"], names=["@x", "-1"])
    sr.write(tmp_path / "data.npz", data)
    if by == "verb":
        good("data", "convert", tmp_path / "data.npz", tmp_path / "safe.csv", "--safe-csv")
    else:
        sr.write(tmp_path / "safe.csv", data, safe_csv=True)
    sr.write(tmp_path / "plain.csv", data)
    safe, plain = ([*csv.reader((tmp_path / name).open())][1:] for name in ("safe.csv", "plain.csv"))
    assert [row[:2] for row in safe] == [["'@x", "'=1+1"], ["-1", "b"]]
    assert [row[:2] for row in plain] == [["@x", "=1+1"], ["-1", "b"]]


def test_arrays_keep_names_as_they_are_and_text_does_not(tmp_path):
    data = Dataset.from_arrays([[0, 1], [1, 0]], [HOSTILE, "b"], names=[HOSTILE, "li\nne"], alphabet="dna")
    for name in ("x.npz", "x.csv", "x.fasta"):
        sr.write(tmp_path / name, data)
    assert sr.read(tmp_path / "x.npz").classes == data.classes
    assert not any(terminal.RAW.search((tmp_path / name).read_text()) for name in ("x.csv", "x.fasta"))
    assert sr.read(tmp_path / "x.csv").names.tolist() == [SHOWN, "li\nne"]


def test_a_figure_shows_names_that_are_no_formulas():
    figure = Figure()
    axis = figure.add_subplot(title=r"$\frac{$" + HOSTILE, xlabel=r"$w_\alpha$")
    axis.set_xticks([0, 1], [HOSTILE, r"$\frac{$"])
    shown(figure).canvas.draw()
    assert axis.get_title() == r"\$\frac{\$" + SHOWN
    assert axis.get_xlabel() == r"$w_\alpha$"
    assert [text.get_text() for text in axis.get_xticklabels()] == [SHOWN, r"\$\frac{\$"]


def test_names_of_files_that_are_not_utf_8_can_be_written_everywhere(tmp_path):
    folder = tmp_path / "folder"
    (folder / os.fsdecode(b"\xffb")).mkdir(parents=True)
    sr.write(tmp_path / "a.png", Dataset.from_arrays([[0, 1, 1, 0]]).with_kind(image=ImageKind((2, 2))))
    shutil.copy(tmp_path / "a.png", folder / os.fsdecode(b"\xffb/\xfe\xc3\xa4.png"))
    data = sr.read(folder)
    assert (data.names.tolist(), data.classes) == ([r"\xfeä"], (r"\xffb",))
    half = Dataset.from_arrays([[0, 1], [1, 0]], ["\udcff", "b"], names=["x\ud800", "y"], alphabet="dna")
    for name in ("x.csv", "x.h5", "x.npz", "x.parquet", "x.fasta"):
        sr.write(tmp_path / name, half)
        found = sr.read(tmp_path / name)
        assert {"b", r"\udcff"} == set(found.classes)
        assert r"x\ud800" in found.names.tolist()


def test_a_run_knows_its_data_by_a_name_that_is_not_utf_8(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.csv")
    sr.write(path, sr.read("digits").head(30))
    good("train", path, "-o", tmp_path / "run", "--hidden", 2, "--updates", 1)
    assert os.fsencode(sr.Trajectory.open(tmp_path / "run").kind.source).endswith(b"/\xff.csv")
    good("train", "-o", tmp_path / "run", "--resume", "--updates", 2)


def test_classes_that_are_no_text_are_not_trained_on(tmp_path):
    half = Dataset.from_arrays([[0, 1], [1, 0]] * 5, ["\udcff", "b"] * 5)
    with pytest.raises(ConfigError, match=r"labels: names of whole letters expected, got '.udcff'"):
        sr.fit(half, out=tmp_path / "run", hidden=2, updates=1)
    assert not (tmp_path / "run").exists()


def test_leaves_of_a_tree_are_distinct_and_shown():
    assert leaf_names([HOSTILE, HOSTILE]) == [SHOWN, f"{SHOWN} (2)"]


def test_fixed_points_are_numbered_where_a_class_is_no_formula():
    values = np.random.default_rng(0).integers(0, 2, (20, 5))
    data = sr.Dataset.from_arrays(values, np.where(values[:, 0], r"$\frac{$", "b"))
    figure = sr.plots.fixed_points(data, values[:2].astype(np.float64), np.array([3, 1]), np.array([0, 1]))
    assert r"\$\frac{\$" in [text.get_text() for text in figure.legends[0].get_texts()]
