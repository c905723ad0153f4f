"""The page of the papers' figures: its table names every figure of every document, and each function draws."""

from __future__ import annotations

import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # benchmarks/ is not installed

from benchmarks import chaos_figures  # noqa: E402
from benchmarks.paper_figures import __main__ as page  # noqa: E402
from benchmarks.paper_figures import fast_and_functional  # noqa: E402
from benchmarks.paper_figures.entries import DOCUMENTS, ENTRIES, entry  # noqa: E402
from benchmarks.paper_figures.runs import PUBLISHED, RECIPES, Effort, Runs  # noqa: E402

import shortrun as sr  # noqa: E402

TINY = Effort(scale=1e-9, samples=40, longest=30, chains=20)  # trainings of two updates


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def digits():
    """Return digits of two classes, which stand in for all data here: few sites, images."""
    data = sr.read("digits")
    data = data.select(data.labels < 2).recode(data.classes[:2])
    return data.head(100), data.select(np.arange(100, 140))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_and_functional, "FF", ("mnist-ff", "hgd-ff"))
        patch.setattr(fast_and_functional, "PCD", ("mnist-pcd", "hgd-pcd"))
        patch.setattr(chaos_figures, "DATA", ("digits",))
        patch.setattr(chaos_figures, "read", grey)
        patch.setattr(chaos_figures, "LAYERS", {"one layer": (), "two layers": (5,), "three layers": (5, 4)})
        yield Runs(tmp_path_factory.mktemp("paper"), TINY, dict.fromkeys(PUBLISHED, digits))


@pytest.fixture(scope="module")
def drawn(runs):
    return cache(lambda each: each.draw(runs))


def grey(*_):
    data = sr.read("digits", grey=True).head(60)
    return data.with_labels(np.full(len(data), -1))


def test_the_table_has_every_figure_once():
    named = Counter(place for each in ENTRIES for place in each.places)
    known = {(document, figure) for document, (_, figures) in DOCUMENTS.items() for figure in figures}
    assert set(named) == known
    assert set(named.values()) == {1}
    for each in ENTRIES:
        assert (each.draw is None) == bool(each.reason)
        assert each.shows
        assert each.paper or each.draw is None
        assert "\n" not in each.shows + each.paper + each.reason
    assert {recipe.case for recipe in RECIPES.values()} == set(PUBLISHED)


@pytest.mark.parametrize("each", [each for each in ENTRIES if each.draw], ids=lambda each: each.name)
def test_every_function_draws(each, drawn):
    ours = drawn(each)
    assert ours.figures
    for title, figure in ours.figures.items():
        assert title
        assert figure.axes
    assert re.search(r"\d", ours.found)
    assert ours.differs
    assert "\n" not in ours.found + ours.differs


def test_what_was_made_is_read_again(runs, drawn, monkeypatch):
    chosen = [each for each in ENTRIES if each.name in ("FF23-7", "FF23-6")]
    found = [drawn(each).found for each in chosen]
    for name in ("fit", "curves"):
        monkeypatch.setattr(sr, name, lambda *_, **__: pytest.fail("made again"))
    again = Runs(runs.folder, TINY, runs.data)
    assert [each.draw(again).found for each in chosen] == found
    assert set(again.seconds()) >= {"mnist-ff", "mnist-pcd"}


def test_the_page(runs, tmp_path):
    def absent(_):
        raise sr.DataError("no copy of these data")

    places = {"none": "FF23 2", "absent": "FF23 4"}
    (good,) = (each for each in ENTRIES if each.name == "DS-magnetisation")
    chosen = [good, entry(places["none"], "a drawing", "", reason="no data"), entry(places["absent"], "x", "y", absent)]
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "ds-magnetisation.PNG").write_bytes(b"")
    (theirs / "other.png").write_bytes(b"")
    out = tmp_path / "page"
    out.mkdir()
    page.write_page([*page.made(chosen, runs, out, theirs)], runs, out / "index.html")
    text = (out / "index.html").read_text()
    (ours,) = re.findall(r'<img src="(DS-magnetisation[^"]*)"', text)
    assert (out / ours).read_bytes().startswith(b"<?xml")
    assert (theirs / "ds-magnetisation.PNG").as_uri() in text
    assert "other.png" not in text
    assert "no copy of these data" in text
    assert "no data" in text
    assert sorted(each.name for each in out.iterdir()) == sorted(["index.html", ours])


@pytest.mark.parametrize("words", [("--scale", "0"), ("--only", "FF23-9"), ("--published", "nowhere")])
def test_bad_arguments_are_one_line(words, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        page.main(["-o", str(tmp_path / "o"), *words])
    assert left.value.code == 2
    assert words[0] in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "o").exists()
