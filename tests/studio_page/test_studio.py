"""The page that runs a machine: its numbers, its scripts in node, its behaviour in a browser."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import shortrun as sr
from campaign import times
from command_line import good
from shortrun.data.core.kind import GenotypeKind, ImageKind, MusicKind
from shortrun.engine import machine
from shortrun.errors import ConfigError, DataError, StoreError
from shortrun.philox import philox4x32, uniform_reference
from shortrun.studio_page import size_of, studio_page
from shortrun.studio_page.payload import codes_of as codes_of_page
from shortrun.studio_page.payload import kind_form, machine_form, network_form
from shortrun.workflows.generation import _proportional
from studio_page.browser import Browser, browser_works

HERE, PAGE = Path(__file__).parent, Path(sr.__file__).parent / "studio_page"
NODE = shutil.which("node")
in_node = pytest.mark.skipif(NODE is None, reason="no node: install it to run the page's scripts outside a browser")
in_browser = pytest.mark.skipif(not browser_works(), reason="no browser: install chromium to see the page at work")
SAMPLES = times(50, 1000)
NETWORKS = ((), (12,), (12, 7))  # hidden layers
ODD = ["</script><b>x</b>", "\"quoted\" 'names'", "tab\tand\x07bell", "=1+1", "<!--", "${x}"]


def answers(*questions):
    """Return what the scripts say to questions, each (what, given)."""
    assert NODE is not None
    asked = json.dumps([{"ask": what, **given} for what, given in questions])
    words = [NODE, str(HERE / "engine.cjs"), str(PAGE)]
    found = subprocess.run(words, input=asked, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr[-3000:]
    return json.loads(found.stdout)


def noisy(prototypes, rows, share, seed=0):
    """Return rows that are one of some prototypes but for noise, and which."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, len(prototypes), rows)
    values = np.array(prototypes, np.uint8)[labels]
    other = random.integers(0, values.max() + 1, values.shape)
    return np.where(random.random(values.shape) < share, other, values).astype(np.uint8), labels


def images(classes=("a", "b", "c")):
    """Return images of 5 x 14 pixels: more than a block of noise."""
    random = np.random.default_rng(1)
    values, labels = noisy(random.integers(0, 2, (len(classes), 70)), 300, 0.2)
    return sr.Dataset.from_arrays(values, [classes[k] for k in labels]).with_kind(image=ImageKind((5, 14)))


def sequences():
    """Return aligned sequences of 21 letters in two classes."""
    from shortrun.data.core.alphabet import Alphabet

    random = np.random.default_rng(2)
    values, labels = noisy(random.integers(0, 21, (2, 23)), 200, 0.3)
    alphabet = Alphabet("protein", "-ACDEFGHIKLMNPQRSTVWY")
    return sr.Dataset.from_arrays(values, [f"family {k}" for k in labels], alphabet=alphabet)


def table():
    """Return a table of several kinds of columns, one of them with a single value, without classes."""
    random = np.random.default_rng(3)
    age = random.normal(40, 10, 200).round()
    return sr.from_pandas(
        pd.DataFrame(
            {
                "age": age,
                "smokes": random.random(200) < 0.3,
                "town": random.choice(["north", "south, east", 'the "west"'], 200),
                "planet": ["earth"] * 200,
                "weight": np.where(random.random(200) < 0.1, np.nan, (age + random.normal(30, 8, 200)).round(1)),
            }
        )
    )


def haplotypes():
    """Return haplotypes at 12 sites of two chromosomes."""
    values, labels = noisy(np.random.default_rng(4).integers(0, 2, (2, 12)), 100, 0.2)
    variants = tuple(f"{1 + site // 8} {100 + site} rs{site} A G" for site in range(12))
    return sr.Dataset.from_arrays(values, [f"p{k}" for k in labels]).with_kind(genotypes=GenotypeKind(variants))


def music():
    """Return windows of music of 3 bins."""
    values = (np.random.default_rng(5).random((80, 3 * 88)) < 0.05).astype(np.uint8)
    kind = MusicKind(3, "beat/4", 1, {"Bach": 90.0, "": 100.0})
    return sr.Dataset.from_arrays(values, ["Bach"] * 40 + ["Brahms"] * 40).with_kind(suffix=".mid", music=kind)


DATA = {"image": images, "sequence": sequences, "table": table, "genotypes": haplotypes, "music": music}
MACHINES = {
    "image": (images, {}),
    "image-uniform": (images, {"start": "uniform"}),
    "sequence": (sequences, {}),
    "table": (table, {}),
    "ising": (images, {"units": "ising", "hidden_units": "ising"}),
    "mean": (images, {"hidden_rule": "mean"}),
    "mean-ising": (images, {"hidden_rule": "mean", "hidden_units": "ising"}),
}


def trained(data, folder, **options):
    """Return a run of a few updates that has learned something."""
    settings = {"scheme": sr.ff(4), "hidden": 20, "updates": 15, "batch": 50, "seed": 1, "progress": None}
    return sr.fit(data, out=folder, **settings | options)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Give a function that trains each machine once."""
    folder, made = tmp_path_factory.mktemp("runs"), {}

    def of(name):
        if name not in made:
            data, options = MACHINES[name] if name in MACHINES else (DATA[name], {})
            made[name] = trained(data(), folder / name, **options)
        return made[name]

    return of


def form_of(run):
    return machine_form(run.model, run.at(run.best("generate")), run.sites)


def codes_of(run, **options):
    """Return the codes that `generate` draws, not the cells that it writes."""
    made = sr.generate(run, **options)
    return made.values, made.labels


# -------------------------------------------------------------------------------------------------- in node


@in_node
def test_the_noise_is_that_of_python():
    random = np.random.default_rng(0)
    counter, key = random.integers(0, 2**32, 4).tolist(), random.integers(0, 2**32, 2).tolist()
    seed, place, chain = 2**52 + 12345, 0xB1000007, 2**32 - 3
    words, numbers = answers(
        ("philox", {"counter": counter, "key": key}),
        ("uniforms", {"seed": seed, "place": place, "chain": chain, "sites": 147}),
    )
    assert words == philox4x32(torch.tensor(counter), torch.tensor(key)).tolist()
    assert numbers == uniform_reference(seed, 0, place, chain, 1, 147)[0].tolist()


@in_node
def test_the_exponential_is_that_of_the_kernels():
    x = np.concatenate([np.linspace(-87, 87, 5001), [-200, 0, 200]]).astype(np.float32)
    (found,) = answers(("exponential", {"values": x.tolist()}))
    exact = np.exp(x.clip(-87, 87).astype(np.float64))
    assert np.max(np.abs(np.array(found) / exact - 1)) < 1.9e-7


@in_node
@pytest.mark.parametrize("name", times(["image", "sequence", "table", "ising", "mean-ising"], [*MACHINES]))
def test_samples_are_those_of_generate(name, runs):
    run = runs(name)
    values, labels = codes_of(run, n=SAMPLES, seed=2**40 + 7)
    given = {"machine": form_of(run), "seed": 2**40 + 7, "sweeps": 4, "held": None, "labels": labels.tolist()}
    (found,) = answers(("samples", given))
    if given["machine"]["type"] == "int16":
        assert np.array_equal(found, values)
    else:  # sums of floats, in another order
        assert np.mean(np.array(found) == values) > 0.999


@in_node
def test_held_sites_are_held_as_by_generate(runs):
    run, k = runs("sequence"), 4
    values, labels = codes_of(run, n=20, seed=3, fix={2: "A", 20: "W"}, labels="family 1")
    mask, codes = np.zeros(23, int), np.zeros(23, int)
    mask[[1, 19]], codes[[1, 19]] = 1, [run.alphabet.letters.index(letter) for letter in "AW"]
    held = {"mask": mask.tolist(), "values": codes.tolist()}
    (found,) = answers(
        ("samples", {"machine": form_of(run), "seed": 3, "sweeps": k, "held": held, "labels": labels.tolist()})
    )
    assert np.array_equal(found, values)


@in_node
@pytest.mark.parametrize("name", ["sequence", "table", "ising"])
def test_free_energies_are_those_of_the_machine(name, runs):
    """So are p(label | sample), their softmax over the classes."""
    run = runs(name)
    made = sr.generate(run, n=10, seed=1)
    (found,) = answers(("scores", {"machine": form_of(run), "values": made.values.tolist()}))
    ready = machine(run.model, run.at(run.best("generate")))
    visible = [torch.from_numpy(made.values[:, list(it.holds or range(run.sites))].copy()) for it in run.spec.visible]
    for code in range(len(run.classes) or 1):
        label = [torch.full((10, 1), code, dtype=torch.uint8)] * (run.spec.label is not None)
        energy = ready.free_energy((*visible, *label))
        assert np.allclose(np.array(found)[:, code], -energy.numpy(), rtol=0, atol=1e-4)


@in_node
@pytest.mark.parametrize(
    ("layers", "classes"), times([((), True), ((12, 7), False)], [*product(NETWORKS, (False, True))])
)
def test_networks_go_as_those_of_python(layers, classes, tmp_path):
    """To rounding, which short runs do not make grow to a change of a sign."""
    run = sr.fit(
        images(),
        out=tmp_path / "run",
        model="chaotic",
        layers=layers,
        classes=classes,
        steps=30,
        updates=5,
        progress=None,
    )
    values, labels = codes_of(run, n=30, seed=9, fix={3: "1", 5: "0"}, labels="b" if classes else None)
    held = {"mask": [site in (2, 4) for site in range(70)], "values": [int(site == 2) for site in range(70)]}
    given = {"machine": network_form(run.model, run[-1], 70), "seed": 9, "sweeps": 30, "held": held}
    (found,) = answers(("samples", given | {"labels": labels.tolist()}))
    assert np.mean(np.array(found) == values) > 0.999


@in_node
def test_grey_images_of_a_network_are_those_of_python(tmp_path):
    grey = sr.read("digits", grey=True).select(np.arange(200))
    run = sr.fit(grey, out=tmp_path / "run", model="chaotic", layers=(9,), steps=30, updates=3, progress=None)
    values = codes_of_page(sr.generate(run, n=20, seed=9, fix={3: "0.4"}))
    code = round(0.4 * 255)
    held = {"mask": [site == 2 for site in range(64)], "values": [code * (site == 2) for site in range(64)]}
    given = {"machine": network_form(run.model, run[-1], 64), "seed": 9, "sweeps": 30, "held": held}
    (found,) = answers(("samples", given | {"labels": [-1] * 20}))
    assert np.abs(np.array(found) - values.astype(int)).max() <= 1
    assert np.mean(np.array(found) == values) > 0.99
    assert kind_form(run.kind)["letters"][code] == "0.4"


@in_node
def test_a_start_is_off_by_what_is_asked_for_and_the_distance_follows_the_network(tmp_path):
    """Held sites and labels have no other start; a network without couplings forgets its start as e^-t."""
    run = sr.fit(
        images(), out=tmp_path / "c", model="chaotic", layers=(9,), classes=True, steps=5, updates=1, progress=None
    )
    form = network_form(run.model, run[-1], 70)
    held = {"mask": [site in (2, 4) for site in range(70)], "values": [0] * 70}
    given = {"machine": form, "seed": 3, "label": 1, "size": 0.01, "held": held, "sweeps": 3}
    (found,) = answers(("nudged", given))
    assert found["same"] == [[2, 4], [0, 1, 2], []]
    assert found["apart"][0] == pytest.approx(0.01, rel=1e-3)
    alone = form | {"couplings": []}
    (found,) = answers(("nudged", given | {"machine": alone}))
    decay = (1 - form["pace"]) ** np.arange(4)
    assert np.allclose(found["apart"], 0.01 * decay, rtol=1e-3)


@in_node
def test_normal_numbers_are_those_of_torch():
    u = (np.array([0, 1, 2**22, 2**23 - 1, *np.random.default_rng(0).integers(0, 2**23, 500)]) + 0.5) * 2.0**-23
    (found,) = answers(("normal", {"values": u.tolist()}))
    assert np.allclose(found, torch.special.ndtri(torch.from_numpy(u)).numpy(), rtol=1e-9, atol=0)


@in_node
def test_classes_come_in_the_proportions_of_python():
    random = np.random.default_rng(0)
    cases = [([0, 0], 5), *((random.integers(0, 90, 7).tolist(), int(n)) for n in random.integers(1, 60, 20))]
    found = answers(*(("proportional", {"counts": counts, "n": n}) for counts, n in cases))
    assert found == [_proportional(np.array(counts), n).tolist() for counts, n in cases]


@in_node
def test_frames_hold_the_start_k_and_the_end():
    cases = [(10, 100, 161), (1, 1, 3), (500, 15000, 21), (10, 10, 161), (7, 70, 3)]
    for (k, last, most), found in zip(
        cases, answers(*(("times", {"k": k, "last": last, "most": most}) for k, last, most in cases)), strict=True
    ):
        assert found[0] == 0
        assert found[-1] == last
        assert k in found
        assert found == sorted(set(found))
        assert len(found) <= most + 2


@in_node
@pytest.mark.parametrize(
    ("name", "form"),
    [("sequence", "fasta"), ("sequence", "csv"), ("table", "csv"), ("image", "csv"), ("genotypes", "vcf")],
)
def test_files_of_the_page_are_read_back(name, form, runs, tmp_path):
    run = runs(name)
    made = sr.generate(run, n=6, seed=5)
    given = {"form": form, "kind": kind_form(run.kind), "classes": [*run.classes]}
    (found,) = answers(("exported", given | {"values": made.values.tolist(), "labels": made.labels.tolist()}))
    path = tmp_path / f"made.{form}"
    path.write_bytes(base64.b64decode(found))
    again = sr.read(path, like=run) if name != "image" else sr.read(path, label_column="label")
    assert np.array_equal(again.values, made.values)
    assert [again.classes[k] for k in again.labels if k >= 0] == [made.classes[k] for k in made.labels if k >= 0]


@in_node
def test_a_piece_of_the_page_is_read_back(runs, tmp_path):
    pytest.importorskip("symusic")
    run = runs("music")
    row = sr.generate(run, n=1, labels="Bach", seed=5).values
    given = {"form": "mid", "kind": kind_form(run.kind), "classes": [*run.classes], "labels": [0]}
    (found,) = answers(("exported", given | {"values": row.tolist()}))
    (tmp_path / "Bach.mid").write_bytes(base64.b64decode(found))
    again = sr.read(tmp_path / "Bach.mid")
    assert np.array_equal(again.values, row)
    assert again.kind.music.tempo[""] == pytest.approx(90, rel=1e-3)


# -------------------------------------------------------------------------------------------------- the page


class Parsed(HTMLParser):
    """The tags of a page, its texts and what its attributes ask for."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.asked, self.scripts, self.within = [], [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.asked += [
            value for name, value in attrs if name in ("src", "href") and not value.startswith(("#", "data:"))
        ]
        self.within = dict(attrs).get("id") if tag == "script" else None

    def handle_data(self, data):
        if self.within:
            self.scripts[self.within] = data
            self.within = None


@pytest.mark.parametrize("name", DATA)
def test_the_page_has_the_machine_and_asks_for_nothing(name, runs):
    run = runs(name)
    text = studio_page(run, age=run.best("generate"))
    page = Parsed(text)
    data = json.loads(page.scripts["data"])
    assert page.asked == []
    assert data["kind"]["view"] == name
    assert data["classes"] == [*run.classes]
    weights = np.frombuffer(base64.b64decode(data["machine"]["weights"]), data["machine"]["type"])
    assert (
        np.abs(
            weights.reshape(run.model.shape) * data["machine"]["step"] - run.model.view(run[-1]).weight.numpy()
        ).max()
        < (data["machine"]["step"])
    )
    assert 0.7 < len(text.encode()) / size_of(run) < 1.3
    assert text == studio_page(run, age=run.best("generate"))


def test_names_from_files_are_harmless(tmp_path):
    data = images(classes=ODD)
    run = trained(data, tmp_path / "</title><i>", updates=2)
    text = studio_page(run, age=2)
    page, plain = Parsed(text), Parsed(studio_page(trained(images(), tmp_path / "plain", updates=2), age=2))
    assert page.tags == plain.tags
    shown = json.loads(page.scripts["data"])["classes"]
    assert sorted(shown) == sorted(name.replace("\x07", "\\x07").replace("\t", "\\t") for name in run.classes)


def test_training_samples_are_in_the_page_only_if_asked_for(tmp_path):
    sr.write(tmp_path / "images.csv", images())
    data = sr.read(tmp_path / "images.csv", label_column="label")
    run = trained(data, tmp_path / "run", updates=2)
    assert json.loads(Parsed(studio_page(run, age=2)).scripts["data"])["known"] is None
    sr.studio(run, tmp_path / "page.html", nearest=30)
    text = (tmp_path / "page.html").read_text()
    known = json.loads(Parsed(text).scripts["data"])["known"]
    rows = np.frombuffer(base64.b64decode(known["values"]), np.uint8).reshape(30, 70)
    among = {row.tobytes(): data.classes[label] for row, label in zip(data.values, data.labels, strict=True)}
    assert [among[row.tobytes()] for row in rows] == [run.classes[label] for label in known["labels"]]
    assert run.rows.learned_from(
        data.select(np.array([[*map(bytes, data.values)].index(bytes(row)) for row in rows]))
    ).all()
    assert "This page holds 30 training samples" in text


def test_what_the_page_cannot_run_is_refused(tmp_path, runs):
    random = np.random.default_rng(0)
    numbers = sr.fit(
        random.normal(size=(40, 3)).astype(np.float32), out=tmp_path / "n", hidden=2, updates=1, progress=None
    )
    grey = random.random((60, 16)).astype(np.float32)
    network = sr.fit(grey, out=tmp_path / "c", model="chaotic", layers=(5,), updates=1, batch=50, progress=None)
    gaussian = trained(images(), tmp_path / "g", hidden_units="gaussian", updates=1)
    for run, what in ((numbers, "continuous values"), (network, "continuous values"), (gaussian, "hidden")):
        with pytest.raises(ConfigError, match=what):
            sr.studio(run, tmp_path / "page.html")
    run = runs("image")
    with pytest.raises(ConfigError, match=r"\.html"):
        sr.studio(run, tmp_path / "page.txt")
    with pytest.raises(ConfigError, match=r"largest: the page would have \d+ MB: allow as many"):
        sr.studio(trained(sequences(), tmp_path / "wide", hidden=2000, updates=1), tmp_path / "page.html", largest=1)
    with pytest.raises(StoreError, match="no such folder"):
        sr.studio(run, tmp_path / "none" / "page.html")
    with pytest.raises(DataError, match="training data"):
        sr.studio(sr.Trajectory.open(run.path), tmp_path / "page.html", nearest=5)
    assert not (tmp_path / "page.html").exists()


def test_the_command_says_the_size(runs, tmp_path):
    run, page = runs("image"), tmp_path / "page.html"
    assert good("studio", run.path, "-o", page).out == f"{page}: {page.stat().st_size / 1e6:.2f} MB\n"
    assert good("studio", run.path, "-o", page, "--json").json["bytes"] == page.stat().st_size


def test_scripts_and_styles_are_in_the_package():
    files = {path.name for path in PAGE.iterdir()}
    named = re.findall(r"scripts\.(\w+)", (PAGE / "studio.html").read_text())
    assert {f"{name}.js" for name in named} <= files
    assert {name for name in files if name.endswith(".js")} == {f"{name}.js" for name in named}


# -------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def page_of(runs, tmp_path):
    """Give a function that writes the page of a machine."""

    def of(name):
        sr.studio(runs(name), tmp_path / f"{name}.html")
        return tmp_path / f"{name}.html"

    return of


FRAME = "now.frames[{}].rows.map((row) => Array.from(row))"


@in_browser
@pytest.mark.parametrize("name", times(["sequence"], ["image", "sequence", "table", "genotypes", "music"]))
def test_the_page_draws_what_python_draws(name, runs, page_of, browser):
    browser.open(page_of(name))
    n = browser.value("now.labels.length")
    for t in (4, 40):
        values, _ = codes_of(runs(name), n=n, seed=0, steps=t)
        assert np.array_equal(browser.value(FRAME.format(f"now.times.indexOf({t})")), values)
    browser.value(f"byId('count').append(element('option', {{ value: {SAMPLES} }})), byId('count').value = {SAMPLES}")
    browser.value("byId('until').value = k, generate()")
    browser.finished(2)
    values, _ = codes_of(runs(name), n=SAMPLES, seed=0)
    assert np.array_equal(browser.value(FRAME.format("now.times.indexOf(4)")), values)
    assert browser.complaints == []


@in_browser
def test_sites_are_held_by_clicks_and_the_machine_completes(runs, page_of, browser):
    browser.open(page_of("image"))
    box = browser.value("(() => { const it = byId('sample').getBoundingClientRect(); return [it.x, it.y]; })()")
    cell = browser.value("layout.cellWidth")
    browser.click(box[0] + 2.5 * cell, box[1] + 1.5 * cell)  # pixel 17: row 2, column 3
    browser.finished(2)
    values, _ = codes_of(runs("image"), n=12, seed=0, fix={17: "1"})
    assert np.array_equal(browser.value(FRAME.format("now.times.indexOf(4)")), values)
    assert "--fix 17=1" in browser.value("byId('command').textContent")
    browser.value("byId('release-all').click()")
    browser.finished(3)
    assert np.array_equal(browser.value(FRAME.format("now.times.indexOf(4)")), codes_of(runs("image"), n=12, seed=0)[0])
    assert browser.complaints == []


@in_browser
def test_the_keyboard_is_enough(runs, page_of, browser):
    browser.open(page_of("sequence"))
    order = []
    for _ in range(60):
        browser.press("Tab")
        order.append(
            browser.value(
                "document.activeElement.id || document.activeElement.name || document.activeElement.className"
            )
        )
        if order[-1] == "copy":
            break
    wanted = [
        "skip",
        "class",
        "count",
        "seed",
        "until",
        "generate",
        "brush",
        "hold-all",
        "sample",
        "play",
        "time",
        "copy",
    ]
    assert [name for name in order if name in wanted] == wanted
    assert order.count("thumb") == 12
    browser.value("byId('sample').focus()")
    browser.press("ArrowRight", "w")  # holds W at site 2, and goes on to site 3
    browser.press("ArrowRight", "Enter", "ArrowLeft", "ArrowLeft", "Delete")
    browser.wait("now.run > 1 && now.done")
    assert browser.value("Array.from(held.mask.keys()).filter((site) => held.mask[site])") == [3]
    browser.value("byId('time').focus()")
    browser.press("End")
    assert browser.value("shown().t") == 40
    browser.press("Home", "ArrowRight")
    assert browser.value("byId('sweep').textContent") == "sweep 1"
    before = browser.value("now.run")
    browser.value("byId('generate').focus()")
    browser.press("Enter")
    browser.wait(f"now.run > {before} && now.done")
    assert browser.value("now.seed") == 1
    assert browser.complaints == []


@in_browser
def test_cells_of_a_row_are_held(runs, page_of, browser):
    run = runs("table")
    browser.open(page_of("table"))
    code = run.columns[2].values.index("south, east")
    browser.value(
        "(() => { const select = document.querySelector('[aria-label=\"hold town\"]');"
        f" select.value = '{code}'; select.dispatchEvent(new Event('change')); }})()"
    )
    browser.finished(2)
    assert set(np.array(browser.value(FRAME.format("now.times.indexOf(4)")))[:, 2]) == {code}
    assert browser.value("document.querySelector('#view tbody tr:nth-child(4) td').textContent") == "always"
    assert browser.complaints == []


@in_browser
def test_files_are_saved(runs, page_of, browser):
    run = runs("sequence")
    browser.open(page_of("sequence"))
    browser.value("document.querySelector('[data-form=fasta]').click()")
    (browser.folder / "again.fasta").write_bytes(browser.downloaded("samples-0-t4.fasta"))
    again = sr.read(browser.folder / "again.fasta", like=run)
    assert np.array_equal(again.values, codes_of(run, n=12, seed=0)[0])
    browser.value("document.querySelector('[data-form=png]').click()")
    assert browser.downloaded("samples-0-t4.png").startswith(b"\x89PNG")
    assert browser.complaints == []


@in_browser
@pytest.mark.parametrize(
    ("name", "width"), [("image", 390), ("sequence", 1280), ("table", 390), ("genotypes", 1280), ("music", 390)]
)
def test_nothing_is_wider_than_the_screen(name, width, page_of, browser):
    """Nor after the screen has turned, in light and in dark."""
    browser.open(page_of(name), width=width, dark=width < 1000)
    paper = browser.value("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(14, 18, 23)" if width < 1000 else "rgb(255, 255, 255)")
    for now in (width, 390, 1280):
        browser.ask("Emulation.setDeviceMetricsOverride", width=now, height=900, deviceScaleFactor=1, mobile=False)
        browser.wait(f"document.documentElement.scrollWidth <= {now}")  # once it is laid out anew
    assert browser.complaints == []


@in_browser
def test_a_network_is_shown(tmp_path, browser):
    run = sr.fit(
        images(), out=tmp_path / "c", model="chaotic", layers=(9,), classes=True, steps=20, updates=5, progress=None
    )
    sr.studio(run, tmp_path / "network.html")
    browser.open(tmp_path / "network.html")
    values, _ = codes_of(run, n=12, seed=0)
    assert np.mean(np.array(browser.value(FRAME.format("now.times.indexOf(20)"))) == values) > 0.999
    assert browser.value("byId('sweep').textContent") == "step 20 = k"
    assert browser.value("byId('labels').hidden")
    assert float(browser.value("byId('energy').textContent")) > 0
    browser.wait("now.path")
    assert browser.value("now.path.rates.map((it) => it.map((part) => part.length))")[20] == [64, 9]
    browser.value("byId('nudge').value = '0.1', byId('nudge').dispatchEvent(new Event('change'))")
    browser.wait("now.path")
    assert "0.1 at the start" in browser.value("byId('apart-told').textContent")
    assert browser.complaints == []


@in_browser
def test_odd_names_are_shown_as_they_are(tmp_path, browser):
    run = trained(images(classes=ODD), tmp_path / "run", updates=2)
    sr.studio(run, tmp_path / "odd.html")
    browser.open(tmp_path / "odd.html")
    assert "</script><b>x</b>" in browser.value("byId('classes').innerText")
    assert browser.value("document.querySelectorAll('#classes b').length") == 0
    assert browser.complaints == []


@in_browser
def test_motion_stops_at_k_and_the_browser_would_see_faults(page_of, browser):
    browser.open(page_of("image"), still=False)
    browser.wait("!now.playing && shown().t === k")
    browser.value("fetch('http://127.0.0.1:9/x').catch(() => console.error('refused'))")
    browser.wait("true")
    assert any("refused" in it for it in browser.complaints)
