"""The report: all of an evaluation is in it, for every kind of data, and nothing else is needed to read it."""

from __future__ import annotations

import base64
import functools
import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import shortrun as sr
from quick_evaluations import quick_evaluations
from shortrun.data import Alphabet, Dataset
from shortrun.data.core.kind import GenotypeKind, MusicKind
from shortrun.data.leaks import Leak
from shortrun.report import report
from shortrun.report.words import told
from shortrun.scores import Curves, Score, offered, verdict
from sketches import sketched_pages

NAMES = ("<b>", "a&b", 'say "hi"')


class Page(HTMLParser):
    """What a browser would see of a page: tags, cells of scores, text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.values, self.open = [], "", {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if "data-value" in attrs:
            self.values[attrs["data-score"], attrs["data-class"]] = float(attrs["data-value"])

    def handle_data(self, data):
        self.text += data

    def images(self):
        return [attrs for tag, attrs in self.tags if tag == "img"]


def trained(data, out, **options):
    return sr.fit(data, out=out / "run", hidden=6, updates=6, batch=20, seed=1, **options)


def judged(data, out, *, curves=False, test=None, scores=None, **options):
    """Return the evaluation of a tiny machine."""
    run = trained(data, out, **options)
    return sr.evaluate(run, test, train=data, with_curves=curves, scores=scores)


def binary(rows=60, sites=12, seed=0):
    return (np.random.default_rng(seed).random((rows, sites)) < 0.4).astype(np.uint8)


def named(count, classes):
    return [classes[i % len(classes)] for i in range(count)]


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_evaluations():
        yield


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Images of three classes whose names need escapes, with curves and samples not trained on."""
    values = binary(90).reshape(-1, 3, 4)
    data = Dataset.from_arrays(values, named(90, NAMES), classes=NAMES)
    test = Dataset.from_arrays(binary(30, seed=1).reshape(-1, 3, 4), named(30, NAMES), classes=NAMES)
    return judged(data, tmp_path_factory.mktemp("images"), curves=True, test=test, scheme=sr.ff(2))


@pytest.fixture(scope="module")
def page(images):
    return report(images)


def sketched(found, **more):
    """Return the page of an evaluation whose figures are sketches."""
    with sketched_pages():
        return report(found, **more)


def test_every_score_of_every_class_is_on_the_page_with_the_value_of_the_json(images, page):
    found = Page(page).values
    expected = {(it["score"], it["class"]): it["value"] for it in (score.to_dict() for score in images.scores)}
    assert set(found) == set(expected)
    for key, value in expected.items():
        assert found[key] == value if value is not None else np.isnan(found[key])


def test_numbers_errors_floors_and_verdicts_are_written(images, page):
    text = re.sub(r"\s+", " ", Page(page).text)
    for score in images.scores:
        if score.cls == "all":
            shown = f"{score.value:.4g} ± {score.error:.2g}" if np.isfinite(score.value) else "– ±"
            assert shown in text
            assert verdict(score) in text or verdict(score) == "undefined"


def marks(cls, p_dd, p_gg):
    """Return P_DD and P_GG of a class whose real samples have 0.5; chance is 1, and errors are small."""
    return [
        Score(name, cls, value, 0.01, 0.51, 0.5, "none", chance=1.0) for name, value in (("p-dd", p_dd), ("p-gg", p_gg))
    ]


def memorisation(value):
    return Score("memorisation", "all", value, 0.01, 0.51, 0.5, "none")


COPIES = Score("copies", "all", 0.3, 0.001, 0.001, 0.0, "lower")
GOOD, BAD, ALIKE, FEW = (0.51, 0.5), (0.9, 0.3), (0.95, 1.0), (float("nan"), float("nan"))
IMPROVING = {"outlook": "P_DD 0.70, P_GG 0.50, coming closer: train on"}
DONE = {"outlook": "samples cannot be told from held-out ones: P_DD 0.50, P_GG 0.50"}
LEAK = Leak(30, 27)


@pytest.mark.parametrize(
    ("classes", "more", "changes", "said"),
    [
        ((GOOD, GOOD, GOOD), [], DONE, ["Samples of all 3 classes pass for real; the training is done."]),
        (
            (GOOD, BAD, GOOD),
            [],
            IMPROVING,
            ["Samples of 2 of 3 classes pass for real; class a&b is weakest; they st"],
        ),
        ((BAD, BAD, BAD), [], DONE, ["Samples of none of 3 classes pass for real; class <b> is weakest; the training"]),
        ((GOOD,) * 3, [memorisation(0.9)], DONE, ["The machine overfits: ", "Samples of all 3 classes pass for real"]),
        ((GOOD,) * 3, [COPIES], DONE, ["The machine copies: ", "Samples of all 3 classes pass for real"]),
        ((ALIKE,) * 3, [memorisation(0.9)], DONE, ["The machine has collapsed: ", "Samples of none of 3 classes"]),
        ((GOOD,) * 3, [memorisation(0.55)], DONE, ["Samples of all 3", "They are a little nearer to samples of"]),
        ((FEW, FEW, FEW), [], DONE, ["There are too few samples to tell whether they pass for real: 90 real ones"]),
        ((GOOD, FEW, GOOD), [], DONE, ["Samples of both classes (of 3; the others have too few samples to tell) pass"]),
        ((), [], DONE, ["Samples pass for real; the training is done."]),
        (
            (GOOD,) * 3,
            [],
            {"leak": LEAK},
            ["Take other test samples: 27 of 30 test samples (90.0%) are", "Samples "],
        ),
    ],
    ids=[
        "good",
        "some",
        "bad",
        "overfitted",
        "copies",
        "collapsed",
        "leaning",
        "few",
        "few in one",
        "no labels",
        "leaks",
    ],
)
def test_the_first_sentence_says_what_counts(classes, more, changes, said, images):
    overall = marks("all", *(classes or [GOOD])[0])
    scores = [it for name, values in zip(NAMES, classes, strict=False) for it in marks(name, *values)]
    run = images.run | {key: value for key, value in changes.items() if key == "outlook"}
    found = replace(images, run=run, scores=(*scores, *overall, *more), leak=changes.get("leak"))
    for line, beginning in zip(found.lead, said, strict=False):
        assert line.startswith(beginning)
    assert len(found.lead) <= 4
    assert ("--resume --updates 12)" in found.lead[0]) == (changes is IMPROVING)
    text = Page(sketched(found)).text
    assert text.count(found.lead[0]) == 1
    assert all(text.count(line) == 1 for line in found.leaks)  # said once


def test_samples_are_mixed_and_marked_on_request(images, page):
    sides = re.findall(r'<li class="(real|made)">.*?<b class="side">(real|generated)</b>', page)
    assert len(sides) == 24
    assert sum(side == "real" for side, _ in sides) == 12
    assert all((side == "real") == (word == "real") for side, word in sides)
    assert [side for side, _ in sides] != sorted(side for side, _ in sides)
    score = next(it for it in images.scores if it.score == "c2st")
    assert f"(c2st {score.value:.4g})" in page


def test_the_json_has_the_sentence_verdicts_and_sizes(images):
    form = images.to_dict()
    assert form["lead"] == images.lead
    for it, score in zip(form["scores"], images.scores, strict=True):
        assert it["verdict"] == verdict(score)
        count = 90 if score.cls == "all" else 30
        assert it["samples"] == {"real": count, "generated": count, "held_out": count // 3}
    json.dumps(form, allow_nan=False)


def test_every_score_says_what_it_means():
    assert [name for name, (quantity, _) in offered().items() if not quantity.meaning] == []


def test_names_of_classes_are_escaped(page):
    assert "<b>" not in page
    assert html.escape("<b>") in page
    text = Page(page).text
    assert all(name in text for name in NAMES)


def outside(text):
    """Return what a page would ask the network for."""
    found = [
        attrs[key]
        for _, attrs in Page(text).tags
        for key in ("src", "href", "srcset", "data", "action", "poster")
        if key in attrs and not attrs[key].startswith(("data:", "#"))
    ]
    tags = [tag for tag, _ in Page(text).tags if tag in ("script", "iframe", "object", "embed")]
    return found + tags + re.findall(r"@import|url\((?!#)[^)]*\)", text)


def test_the_page_needs_nothing_else(page):
    assert outside(page) == []
    for attrs in Page(page).images():
        kind, content = attrs["src"].split(";base64,")
        drawing = base64.b64decode(content)
        if kind == "data:image/svg+xml":
            links = re.findall(rb'(?:href|src)="([^"]*)"', drawing)
            assert all(link.startswith((b"#", b"data:")) for link in links)
    assert outside('<img src="http://a.b/c.png"><style>@import "x"; a { b: url(c) }</style>') != []


def test_every_picture_has_a_text_and_a_caption(page):
    images = Page(page).images()
    assert len(images) >= 10
    assert all(len(attrs["alt"]) > 20 for attrs in images)
    samples = [attrs for attrs in images if attrs["alt"].startswith("Sample ")]
    assert len(samples) == 24  # four of each of three classes on both sides
    assert page.count("<figcaption>") == len(images) - len(samples)


def test_the_same_evaluation_gives_the_same_bytes(images, page):
    assert report(images) == page


@pytest.fixture(scope="module")
def beside(images):
    """The text of a page of two runs, made by a command."""
    other = Curves("pcd & co", "pcd", 2, images.curves[0].table)
    return Page(sketched(replace(images, curves=(*images.curves, other), command="shortrun evaluate 'a <b>'"))).text


def test_the_finding_is_told_for_this_run_and_those_beside_it(images, beside):
    text = re.sub(r"\s+", " ", beside)
    for curves in images.curves:
        for effect in curves.memory_effects:
            assert told(effect) in text
    assert "pcd & co (pcd, k = 2): memory effect" in text


def test_a_command_is_repeated_as_it_was(beside):
    assert "shortrun evaluate 'a <b>'" in beside


def sequences(rows=60, letters="ACDE-"):
    draws = np.random.default_rng(3).integers(0, len(letters), (rows, 15))
    return ["".join(letters[i] for i in row) for row in draws]


def kinds():
    """Return data of every kind: name -> (data, what the page shows)."""
    two = named(60, ("x", "y"))
    protein = Alphabet("protein", "-ACDEFGHIKLMNPQRSTVWY")
    coded = np.array([protein.encode(row) for row in sequences()])
    floats = np.random.default_rng(0).random((60, 6)).astype(np.float32)
    many = [f"class {i}" for i in range(24)]
    return {
        "unlabelled": (Dataset.from_arrays(binary()), "Each line is a sample"),
        "continuous": (Dataset.from_arrays(floats, two), "continuous"),
        "many classes": (Dataset.from_arrays(binary(240), named(240, many)), "mean over 24 classes"),
        "sequences": (Dataset.from_arrays(coded, two, alphabet=protein), "Colours are kinds of residues"),
        "grey": (Dataset.from_arrays(floats.reshape(60, 2, 3), two), "Which are real?"),
        "partly labelled": (Dataset.from_arrays(binary(), [*two[:30], *[""] * 30]), "Can you tell?"),
        "one site": (Dataset.from_arrays(binary(60, 1), two), "Each line is a sample"),
        "the same": (Dataset.from_arrays(np.ones((60, 5), np.uint8), two), "constant columns"),
    }


@pytest.mark.parametrize("kind", kinds())
def test_what_does_not_apply_is_left_out(kind, tmp_path):
    data, shown = kinds()[kind]
    found = judged(data, tmp_path, validation=0.0)
    text = sketched(found)
    assert shown in Page(text).text
    assert outside(text) == []
    assert ("Confusion" in text) == bool(data.classes)
    assert 'id="memory"' not in text
    assert set(Page(text).values) == {(it.score, it.cls) for it in found.scores}
    assert ("Class by class" in text) == (len(data.classes) > 0)


def test_rows_of_a_table_are_shown(tmp_path):
    random = np.random.default_rng(0)
    lines = [f"{random.normal():.3f},{random.choice(['red', 'b<i>'])},{'xy'[i % 2]}" for i in range(60)]
    (tmp_path / "table.csv").write_text("\n".join(["size,colour,kind", *lines]))
    data = sr.read(tmp_path / "table.csv", label_column="kind")
    text = sketched(judged(data, tmp_path))
    assert 'class="lineup cells"' in text
    assert "<dt>colour</dt>" in text
    assert "b<i>" not in text
    assert "b<i>" in Page(text).text


def test_a_moving_picture_that_there_is_not_is_a_line(images):
    page = Page(sketched(images, moving={"walk": "there is none: <no diagram>"}))
    assert "The walk of the training: there is none: <no diagram>" in page.text
    assert "Hold them still" not in page.text


def test_music_is_shown_as_piano_rolls(tmp_path):
    data = Dataset.from_arrays(binary(60, 176), named(60, ("x", "y"))).with_kind(music=MusicKind(2, "beat/4", 1))
    text = sketched(judged(data, tmp_path))
    assert 'class="lineup rolls"' in text
    assert "Pitch classes" in text


@pytest.mark.parametrize("common", [True, False])
def test_genotypes_have_their_figures_where_there_is_something_to_draw(common, tmp_path):
    values = binary(60, 30)
    if not common:
        values[:, :] = 0
        values[0] = 1
    variants = tuple(f"1 {1000 * site} rs{site} A C" for site in range(30))
    data = Dataset.from_arrays(values, named(60, ("x", "y"))).with_kind(genotypes=GenotypeKind(variants))
    text = sketched(judged(data, tmp_path))
    assert "Allele frequencies" in text
    assert ("<h3>Linkage</h3>" in text) == common


def test_many_thousands_of_sites(tmp_path):
    data = Dataset.from_arrays(binary(20, 40_000))
    found = judged(data, tmp_path, scores=["aai", "first-moment"])
    text = report(found)
    assert "Sites 1 to 2,000 of 40,000." in text
    assert len(text) < 2e6


def test_other_faults_are_not_hidden(images, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("shortrun.plots.pca", broken)
    with pytest.raises(ZeroDivisionError):
        report(images)


@pytest.mark.slow
def test_a_page_of_large_images_is_small(tmp_path):
    values = binary(80, 784).reshape(-1, 28, 28)
    data = Dataset.from_arrays(values, named(80, "012"))
    text = report(judged(data, tmp_path, scheme=sr.ff(2), scores=["aai"]))
    assert len(text) < 4e6  # without curves, whose drawings do not depend on the images


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    f"--{flag}"
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
        *("disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"),
        "virtual-time-budget=10000",
        "host-resolver-rules=MAP * ~NOTFOUND",  # what the browser itself would ask for
    )
]
# The page in a frame as wide as a phone or a desktop, and a script outside of it that measures what came out.
FRAME = """<!DOCTYPE html><html><body><iframe style="width:{width}px;height:700px" srcdoc="{page}"></iframe><script>
addEventListener("load", () => {{
  const inside = document.querySelector("iframe"), page = inside.contentDocument, root = page.documentElement;
  const images = [...page.images];
  document.title = JSON.stringify({{
    scroll: root.scrollWidth, width: root.clientWidth, height: root.scrollHeight,
    images: images.length, drawn: images.filter((it) => it.complete && it.naturalWidth > 0).length,
    asked: inside.contentWindow.performance.getEntriesByType("resource").map((it) => it.name)
      .filter((name) => !name.startsWith("data:")),
    paper: inside.contentWindow.getComputedStyle(page.body).backgroundColor,
  }});
}});
</script></body></html>"""


@functools.cache
def browser_works():
    """Return whether a browser starts here at all."""
    if CHROMIUM is None:
        return False
    found = subprocess.run([CHROMIUM, *FLAGS, "--dump-dom", "data:text/html,<p>here"], capture_output=True, timeout=60)
    return b"<p>here" in found.stdout


def shown(text, folder, width, *more):
    """Return what a browser says of a page at a width: measures, console messages."""
    (folder / "frame.html").write_text(FRAME.format(width=width, page=html.escape(text)))
    words = [CHROMIUM, *FLAGS, *more, f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", "--v=0"]
    words += ["--window-size=1400,900", "--dump-dom", (folder / "frame.html").as_uri()]
    found = subprocess.run(words, capture_output=True, text=True, timeout=120)
    title = re.search(r"<title>(.*?)</title>", found.stdout)
    assert title, found.stderr[-2000:]
    console = [line for line in found.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(title[1])), console


@pytest.mark.skipif(not browser_works(), reason="no browser: install chromium to see reports rendered")
@pytest.mark.parametrize(("width", "dark"), [(360, False), (1200, True)])
def test_a_browser_shows_the_page(page, width, dark, tmp_path):
    """All pictures are drawn, nothing is wider than the screen, nothing is asked of the network, no messages."""
    more = ["--blink-settings=preferredColorScheme=0"] if dark else []
    found, console = shown(page, tmp_path, width, *more)
    assert found["width"] == width
    assert found["scroll"] <= width
    assert (found["height"] < 5000) == (width < 500)  # sections fold on phones
    assert found["drawn"] == found["images"] == len(Page(page).images())
    assert found["asked"] == []
    assert console == []
    assert found["paper"] == ("rgb(14, 18, 23)" if dark else "rgb(255, 255, 255)")


@pytest.mark.skipif(not browser_works(), reason="no browser: install chromium to see reports rendered")
def test_the_browser_would_see_faults(tmp_path):
    bad = (
        "<p style='width:900px'>wide</p><img src='http://127.0.0.1:9/missing.png'><script>console.error('bad')</script>"
    )
    found, console = shown(bad, tmp_path, 360)
    assert found["scroll"] > 360
    assert found["drawn"] < found["images"]
    assert found["asked"] == ["http://127.0.0.1:9/missing.png"]
    assert len(console) >= 1
