"""An empty path, as a shell leaves it, is never the working directory; no path has a NUL or half a letter."""

from __future__ import annotations

from pathlib import Path

import pytest

import shortrun as sr
from command_line import refused
from shortrun.errors import ShortrunError
from shortrun.plots.figure import new_figure, save

WORDS = "the name of a file or folder expected, got"
COMMANDS = [
    ("data", "info", ""),
    ("data", "convert", "digits", ""),
    ("data", "split", "digits", "", "b.csv"),
    ("data", "get", "digits", "-o", ""),
    ("train", "", "-o", "r"),
    ("train", "digits", "-o", ""),
    ("train", "digits", "--output="),
    ("train", "digits", "--labels", "", "-o", "r"),
    ("train", "digits", "--config", "", "-o", "r"),
    ("generate", "", "-o", "x.csv"),
    ("generate", "r", "--template", "", "-o", "x.csv"),
    ("predict", "r", ""),
    ("evaluate", "r", "-o", ""),
    ("score", "a.csv", ""),
    ("info", ""),
    ("import", "", "-o", "r"),
    ("export", "r", ""),
    ("plot", "samples", "", "-o", "x.png"),
    ("plot", "samples", "r", "-o", ""),
    ("tree", "r", "-o", ""),
    ("fold", "x.fasta", "-o", ""),
    ("contacts", "r", "--structure", ""),
    ("mutations", "r", ""),
    ("mixing", "r", "--figure", ""),
    ("phases", ""),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_verb_refuses_one(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert WORDS in refused(*words)
    assert not [*tmp_path.iterdir()]


CALLS = [
    (sr.read, "", {}),
    (sr.read, "digits", {"labels": ""}),
    (sr.write, "", {"dataset": sr.from_numpy([[0, 1], [1, 0]])}),
    (sr.fit, "", {"updates": 1}),
    (sr.fit, "digits", {"out": "", "updates": 1}),
    (sr.Trajectory, "", {}),
    (sr.Trajectory.open, "", {}),
    (sr.generate, "", {"n": 1}),
    (sr.predict, "", {"data": sr.from_numpy([[0, 1], [1, 0]])}),
    (sr.import_model, "", {}),
    (sr.import_model, "x.npz", {"out": ""}),
    (sr.export_model, "r", {"path": ""}),
    (sr.animate, "r", {"out": ""}),
    (sr.studio, "r", {"out": ""}),
    (sr.from_parameters, [[0]], {"bias": [0], "hidden_bias": [0], "out": ""}),
    (sr.fold, "x.fasta", {"out": ""}),
    (sr.contacts, "r", {"structure": ""}),
    (sr.mutations, "r", {"mutants": ""}),
]


@pytest.mark.parametrize("path", ["", "a\0b", Path("a\0b"), "a\ud800b"], ids=["empty", "NUL", "Path", "half"])
@pytest.mark.parametrize(("function", "first", "given"), CALLS, ids=lambda it: getattr(it, "__name__", str(it)))
def test_every_function_refuses_one(function, first, given, path):
    first, *values = (path if it == "" else it for it in (first, *given.values()))
    with pytest.raises(ShortrunError, match=WORDS):
        function(first, **dict(zip(given, values, strict=True)))


def test_what_results_are_saved_with_refuses_one():
    with pytest.raises(ShortrunError, match=WORDS):
        save(new_figure(1, 1), Path("a\0b.png"))


def test_a_class_may_be_empty():
    """Only files are looked at: other options say themselves what an empty text is."""
    assert WORDS not in refused("generate", "r", "--label", "", "-o", "x.csv")
