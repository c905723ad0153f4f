"""The documentation is true: README's Python and the skeletons run, public names, equations, paths and links exist."""

from __future__ import annotations

import ast
import doctest
import functools
import hashlib
import importlib
import importlib.util
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

import shortrun as sr
from shortrun import scores, units
from shortrun.cli._app import VERBS
from shortrun.cli._lazy import command_of
from shortrun.learning.schemes import SCHEMES, NamedScheme
from shortrun.models import RBM, Layer, Spec
from shortrun.settings.training import SchemeSettings
from shortrun.units import Bernoulli

ROOT = Path(__file__).parents[1]


def blocks(name):
    """Return the Python blocks of a page as namespaces, in order of their headings."""
    sources = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), flags=re.DOTALL)
    return [source for source in sources if "Layer(name, sites, units)" not in source]


def executed(source):
    module = types.ModuleType("skeleton")
    sys.modules["skeleton"] = module  # dataclasses look their module up
    exec(source, vars(module))
    return module


def skeletons_of(kind):
    """Return the Python blocks below the heading of docs/extending.md that begins with a kind: unit, scheme, ..."""
    _, *sections = re.split(r"^## An? ", (ROOT / "docs" / "extending.md").read_text(), flags=re.MULTILINE)
    (section,) = [each for each in sections if kind in each.split(":")[0]]
    return re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)


@pytest.fixture(scope="module")
def skeletons():
    return {kind: executed(skeletons_of(kind)[0]) for kind in ("unit", "scheme", "format", "score")}


def test_the_unit_skeleton(skeletons):
    blume = skeletons["unit"].Blume()
    field = torch.linspace(-2, 2, 12, dtype=torch.float64).view(2, 6).requires_grad_()
    (slope,) = torch.autograd.grad(blume.log_z(field).sum(), field)
    torch.testing.assert_close(slope, blume.mean(field).detach())
    torch.testing.assert_close(blume.field_of_mean(blume.mean(field)), field)
    model = RBM(Spec((Layer("visible", 6, blume), Layer("hidden", 3, Bernoulli()))))
    from shortrun.dynamics import Noise, run, start

    theta, noise = torch.zeros(model.size()), Noise(0, 0)
    end = run(model, theta, start(model, noise, 30_000, {}), noise, steps=2)[0]
    shares = torch.bincount(end.flatten().long()) / end.numel()
    assert ((shares - 1 / 3).abs() < 4 * (2 / 9 / end.numel()) ** 0.5).all()


def test_the_scheme_skeleton(skeletons, tmp_path):
    data = sr.Dataset.from_arrays(np.random.default_rng(0).integers(0, 2, (50, 5)))
    run = sr.fit(data, scheme=skeletons["scheme"].mixed(3), out=tmp_path / "run", hidden=4, updates=5, batch=25)
    assert run.recipe["name"] == "mixed"
    assert len(run.recipe["scheme"]["free"]) == 2


def test_the_format_skeleton(skeletons, tmp_path, monkeypatch):
    skeletons["format"].__name__ = "shortrun.data.arrays.formats.bits"
    import shortrun.data.formats as known

    found = known.declaring()
    monkeypatch.setattr(known, "declaring", lambda: (*found, skeletons["format"]))
    data = sr.Dataset.from_arrays([[0, 1, 1], [1, 0, 0]])
    sr.write(tmp_path / "d.bits", data)
    assert (sr.read(tmp_path / "d.bits").values == data.values).all()
    (tmp_path / "d.bits").write_text("010\n0110\n")
    with pytest.raises(sr.FormatError, match=r"d\.bits:2: 3 letters"):
        sr.read(tmp_path / "d.bits")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that puts a module into a room, as a file in its folder would be."""
    names = []

    def install(room, name, source):
        (tmp_path / f"{name}.py").write_text(source)
        package = importlib.import_module(room)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        importlib.invalidate_caches()
        names.append(f"{room}.{name}")
        return f"{room}.{name}"

    scores.offered.cache_clear()
    units.kinds.cache_clear()
    yield install
    scores.offered.cache_clear()
    units.kinds.cache_clear()
    for name in names:
        room, _, module = name.rpartition(".")
        sys.modules.pop(name, None)
        vars(sys.modules[room]).pop(module, None)


def bits(seed, *shape):
    return np.random.default_rng(seed).integers(0, 2, shape)


def test_the_skeleton_of_sample_scores(installed):
    installed("shortrun.scores", "variety", skeletons_of("score")[0])
    data, other = (sr.Dataset.from_arrays(bits(seed, 40, 8) * np.arange(8).clip(max=1)) for seed in range(2))
    (score,) = sr.score(data, other, scores=["variety"])
    assert (score.value, score.ideal, score.floor) == (1, 1, 1)
    (score,) = sr.score(data, data.select(np.zeros(40, int)), scores=["variety"])
    assert score.value == 0


def test_the_skeleton_of_scores_with_floors_and_a_domain(installed):
    installed("shortrun.scores", "outside", skeletons_of("score")[1])
    random = np.random.default_rng(0)
    data, other = (sr.Dataset.from_arrays(random.normal(size=(400, 50)), alphabet="continuous") for _ in range(2))
    (score,) = sr.score(data, other, scores=["outside-range"])
    assert score.floor == 2 / 401
    assert abs(score.value - score.floor) < 4 * score.error
    with pytest.raises(sr.ConfigError, match="'outside-range' needs continuous samples"):
        sr.score(*(sr.Dataset.from_arrays(bits(seed, 40, 8)) for seed in range(2)), scores=["outside-range"])


def test_the_skeleton_of_class_scores(installed):
    installed("shortrun.scores", "balance", skeletons_of("score")[2])
    data = sr.Dataset.from_arrays(bits(0, 40, 8), labels=["a", "b", "b", "b"] * 10)
    halves = sr.Dataset.from_arrays(bits(1, 40, 8), labels=["a", "b"] * 20)
    (score,) = sr.score(data, halves, scores=["class-frequencies"])[:1]
    assert (score.cls, score.value, score.floor) == ("all", 0.25, 0)


def test_the_skeleton_of_prediction_scores(installed):
    installed("shortrun.scores", "loss", skeletons_of("score")[3])
    found = sr.Predictions(
        names=np.array(["x", "y"]),
        labels=np.array([0, 1]),
        classes=("a", "b"),
        probabilities=np.array([[0.5, 0.5], [0.75, 0.25]], np.float32),
    )
    data = sr.Dataset.from_arrays(bits(0, 40, 8))
    score = scores.compare(data, data, predictions=found, scores=["log-loss"])[0]
    assert score.value == pytest.approx((np.log(2) + np.log(4)) / 2)
    with pytest.raises(sr.ConfigError, match="'log-loss' needs predictions"):
        scores.compare(data, data, scores=["log-loss"])


def test_the_skeleton_of_reconstruction_scores(installed):
    installed("shortrun.scores", "recovered", skeletons_of("score")[4])
    data = sr.Dataset.from_arrays(bits(0, 40, 8))
    rebuilt = data.values.copy()
    rebuilt[:, 0] = 1 - rebuilt[:, 0]
    found = (data, sr.Dataset.from_arrays(rebuilt))
    assert scores.compare(data, data, rebuilt=found, scores=["recovered"])[0].value == 7 / 8
    assert len(skeletons_of("score")) == 5  # every one has a test


WRONG_SCORES = [
    ("SCORES = ", "SCORE = ", r"shortrun\.scores\.wrong: SCORES = .*found none \(did you mean 'SCORE'\?\)"),
    ("SCORES = SampleScores", "SCORES = dict", r"shortrun\.scores\.wrong: SCORES = SampleScores or .* expected"),
    ("measure=measure", "mesure=measure", "'mesure'|'measure'"),
    ("    measure=measure,\n", "", "missing .*'measure'"),
    ("floors=floors", "flors=floors", "unexpected keyword argument 'flors'"),
    (
        "def floors(pair)",
        "def floors(pair, other)",
        r"floors must take 1 positional arguments, found floors\(pair, other\)",
    ),
    ("def measure(pair)", "def measure()", r"measure must take 1 positional arguments, found measure\(\)"),
    ("direction=", "diretion=", "'diretion'|'direction'"),
    ("domain=NUMBERS", "domains=NUMBERS", "unexpected keyword argument 'domains'"),
    ("lambda data: data.continuous", "lambda: True", "includes must take 1 positional arguments"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG_SCORES, ids=[wrong for _, wrong, _ in WRONG_SCORES])
def test_a_misspelt_name_of_a_score_is_refused_at_import(installed, right, wrong, message):
    source = skeletons_of("score")[1]
    assert right in source
    installed("shortrun.scores", "wrong", source.replace(right, wrong))
    with pytest.raises(TypeError, match=message):
        scores.offered()


def test_a_value_that_no_quantity_is_named_after_is_refused(installed):
    installed("shortrun.scores", "wrong", skeletons_of("score")[0].replace('{"variety": ', '{"varity": '))
    data = sr.Dataset.from_arrays(bits(0, 40, 8))
    with pytest.raises(TypeError, match=r"'varity', which no quantity has \(did you mean 'variety'\?\)"):
        sr.score(data, data, scores=["variety"])


def test_two_scores_of_one_name_are_refused(installed):
    installed("shortrun.scores", "wrong", skeletons_of("score")[0].replace('"variety"', '"copies"'))
    with pytest.raises(TypeError, match="'copies'"):
        scores.offered()


def test_the_unit_skeleton_is_found_by_its_file(installed):
    installed("shortrun.units", "blume", skeletons_of("unit")[0])
    blume = units.from_dict({"kind": "blume"})
    assert (blume.levels, units.to_dict(blume)) == (3, {"kind": "blume"})


WRONG_UNITS = [
    ("UNITS = ", "UNIT = ", r"shortrun\.units\.wrong: UNITS = UnitType\(...\) expected, found none .*'UNIT'"),
    ("def log_z", "def logz", r"Blume: Units need 'log_z', found none \(did you mean 'logz'\?\)"),
    (
        "def start(self, u)",
        "def start(self, uniforms)",
        r"Blume: start\(self, u\) expected, found start\(self, uniforms\)",
    ),
    ("    kind: ClassVar", "    kindd: ClassVar", "Blume: Units need 'kind'"),
    ("@dataclass(frozen=True)\n", "", "Blume: a dataclass expected"),
    ("UnitType(Blume)", "UnitType(Blume, AtMeans)", "Blume: AtMeans need 'entropy'"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG_UNITS, ids=[wrong.strip() for _, wrong, _ in WRONG_UNITS])
def test_a_misspelt_name_of_a_unit_type_is_refused_at_import(installed, right, wrong, message):
    source = skeletons_of("unit")[0]
    assert right in source
    source = source.replace("import UnitType", "import AtMeans, UnitType")
    installed("shortrun.units", "wrong", source.replace(right, wrong))
    with pytest.raises(TypeError, match=message):
        units.kinds()


def test_a_scheme_that_takes_no_setting_of_that_name_is_refused():
    def mixed(stepps=10):
        raise AssertionError

    with pytest.raises(TypeError, match=r"scheme 'mixed': parameter 'stepps' is no setting \(did you mean 'steps'\?\)"):
        NamedScheme(mixed)


def test_every_scheme_has_a_name_in_the_settings():
    assert {"auto", *SCHEMES} == set(get_args(SchemeSettings.model_fields["name"].annotation))


def test_a_room_with_a_wrong_module_cannot_be_imported(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "csrc"))
    wrong = {
        room: skeletons_of(kind)[0].replace("UNITS = ", "UNIT = ").replace("SCORES = ", "SCORE = ")
        for room, kind in (("units", "unit"), ("scores", "score"))
    }
    program = f"""
import importlib, pathlib
for room, text in {wrong}.items():
    path = pathlib.Path({str(tmp_path)!r}, "src", "shortrun", room, "wrong.py")
    path.write_text(text)
    try:
        importlib.import_module(f"shortrun.{{room}}")
    except TypeError as error:
        print(error)
    path.unlink()
"""
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    one, two = run.stdout.splitlines()
    assert one.startswith("shortrun.units.wrong: UNITS = ")
    assert two.startswith("shortrun.scores.wrong: SCORES = ")


def examples():
    """Return the modules of the package that have examples."""
    paths = sorted((ROOT / "src" / "shortrun").rglob("*.py"))
    return [path for path in paths if ">>> " in path.read_text()]


def module_of(path):
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", examples(), ids=module_of)
def test_the_examples_run(path, tmp_path, monkeypatch):
    """Each docstring is run on its own, in the namespace of its module and in an empty folder."""
    monkeypatch.chdir(tmp_path)
    module, parser = importlib.import_module(module_of(path)), doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ">>> " in (
            text := ast.get_docstring(node) or ""
        ):
            name, line = getattr(node, "name", "module"), getattr(node, "lineno", 0)
            runner.run(parser.get_doctest(text, vars(module) | {"__name__": "__main__"}, name, str(path), line))
    assert runner.tries > 0
    assert runner.failures == 0


def test_every_public_name_has_an_example():
    rooms = {room: importlib.import_module(room).__all__ for room in ("shortrun", "shortrun.plots", "shortrun.sklearn")}
    public = {f"{room}.{name}": getattr(sys.modules[room], name) for room, names in rooms.items() for name in names}
    documented = {name: value for name, value in public.items() if inspect.isfunction(value) or inspect.isclass(value)}
    assert len(documented) > 90
    assert [name for name, value in documented.items() if ">>> " not in (inspect.getdoc(value) or "")] == []


def test_the_readme_example(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (source,) = blocks("README.md")
    module = executed(source)
    assert len(module.new) == 100
    assert {module.new.classes[label] for label in module.new.labels} == {"3"}
    accuracy, judged = capsys.readouterr().out.split("\n", 1)
    assert float(accuracy) > 0.9
    assert {each.score for each in module.judged} == {"label-fidelity", "p-dd", "memorisation"}
    assert judged.count("real") == len(module.judged)
    assert (tmp_path / "digits.png").read_bytes()[1:4] == b"PNG"


def test_the_example_of_scikit_learn():
    (source,) = blocks("docs/sklearn.md")
    module = executed(source)
    assert module.accuracy > 0.9
    assert (module.new.shape, set(module.classes), module.features.shape) == ((100, 13), {2}, (45, 32))


@pytest.mark.parametrize("page", ["sparse_labels", "parts_fixed"])
def test_the_examples_of_the_how_to_pages(page, capsys):
    (source,) = blocks(f"docs/howto/{page}.md")
    module = executed(source)
    out = capsys.readouterr().out
    if page == "parts_fixed":
        assert out == "True\n"
    else:
        assert 0.05 < module.few.labelled.mean() < 0.15
        assert float(out.split()[-1]) > 0.75


def test_classes_keep_their_names_where_labels_are_taken_away():
    (line,) = (line for line in blocks("docs/howto/sparse_labels.md")[0].splitlines() if line.startswith("few = "))
    names = {"np": np, "train": sr.from_numpy(np.eye(20, dtype=int), ["heart", "liver"] * 10)}
    exec(line, names)
    assert names["few"].classes == ("heart", "liver")
    assert names["few"].labels.tolist() == [0, *[-1] * 9] * 2


def commands_in(page):
    """Return the commands of a page's blocks, as words; those with a place to fill in or a pipe are not."""
    fences = re.findall(r"^```\w*\n(.*?)^```", (ROOT / page).read_text(), flags=re.DOTALL | re.MULTILINE)
    lines = [line.strip() for fence in fences for line in fence.replace("\\\n", " ").splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("shortrun ")]


@functools.cache
def flags_of(verb, part=None):
    """Return the flags of a verb, or of a part of `data` and `plot`; None if there is no such command."""
    if verb not in VERBS:
        return None
    command = command_of(verb)
    if hasattr(command, "commands"):
        if part not in command.commands:
            return None
        command = command.commands[part]
    return {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}


def unknown_in(words):
    """Return the verb or flag of a command line that does not exist; None if all do, or the verb is for any one."""
    if words[0].isupper() or words[0] == "--help":
        return None
    flags = flags_of(words[0], words[1] if words[0] in ("data", "plot") else None)
    if flags is None:
        return " ".join(words[:2])
    given = [re.split(r"[=|\]]", word.lstrip("["))[0] for word in words if word.lstrip("[").startswith("--")]
    return next((flag for flag in given if flag not in flags), None)


PAGES = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(p.relative_to(ROOT).as_posix() for p in sorted(ROOT.glob("docs/**/*.md"))),
)


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_pages_exist(page):
    assert [fault for words in commands_in(page) if (fault := unknown_in(words[1:]))] == []


def test_wrong_commands_are_seen():
    assert unknown_in(["trian", "x"]) == "trian x"
    assert unknown_in(["data", "splitt"]) == "data splitt"
    assert unknown_in(["train", "x", "--hiden", "3"]) == "--hiden"
    assert unknown_in(["train", "x", "--hidden=3", "[--seed", "1]"]) is None


def test_the_public_names():
    assert len(sr.__all__) == 62
    for name in sr.__all__:
        assert getattr(sr, name) is not None
    assert set(sr.__all__) - {"__version__"} == set(sr._ROOM_OF)
    assert set(dir(sr)) == set(sr.__all__)
    with pytest.raises(AttributeError, match="fitt"):
        sr.fitt  # noqa: B018


def test_cited_equations_are_listed():
    listed = set()
    for numbers in re.findall(r"\*\*(\d[^*]*)\*\*", (ROOT / "docs/theory.md").read_text()):
        for part in numbers.split(", "):
            first, _, last = part.partition(" to ")
            chapter, _, low = first.partition(".")
            high = last.partition(".")[2] or low
            listed |= {first} if not low.isdecimal() else {f"{chapter}.{n}" for n in range(int(low), int(high) + 1)}
    cited = {}
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").glob("*.md"), *(ROOT / "tests").glob("*.py")]:
        for number in re.findall(r"theory:? \(?(\d+\.\d+[a-z]?)", path.read_text()):
            cited.setdefault(number, path.name)
    assert len(cited) > 30
    assert not {number: name for number, name in cited.items() if number not in listed}


def test_every_tutorial_shows_what_its_script_does():
    scripts = sorted((ROOT / "docs/tutorials").glob("*.py"))
    assert len(scripts) == 4
    for path in scripts:
        notebook = json.loads(path.with_suffix(".ipynb").read_text())
        assert notebook["metadata"]["source_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest(), "make docs"
        assert any(cell.get("outputs") for cell in notebook["cells"])


def prose(page):
    return re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.DOTALL | re.MULTILINE)


def paths_in(text):
    """Return the modules and, with a slash at the end, the rooms that stand in backticks."""
    words = {word for span in re.findall(r"`([^`\n]+)`", text) for word in span.split()}
    return {word for word in words if re.fullmatch(r"[\w/<>]+\.py|[a-z_]+/([\w<>]+/)*", word)}


def exists(path):
    """Say whether a path, with <name> for any name, leads somewhere from the repository or the package."""
    pattern = re.sub(r"<\w+>", "*", path)
    return any(any(folder.glob(pattern)) for folder in (ROOT, ROOT / "src/shortrun"))


@pytest.mark.parametrize("page", [page for page in PAGES if page != "README.md"])  # it names folders of users
def test_paths_named_in_the_pages_exist(page):
    assert {path for path in paths_in(prose(page)) if not exists(path)} == set()


@pytest.fixture(scope="module")
def beside():
    """Names of the pages that are made from files beside the documentation."""
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / "docs" / "notebooks.py")
    spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
    return set(module.BESIDE.values())


@pytest.mark.parametrize("page", PAGES)
def test_links_in_the_pages_lead_somewhere(page, beside):
    """A page of a tutorial is made from the notebook of its name, others from files beside the documentation."""
    links = set(re.findall(r"\]\((?!https?:)([^)#]+)", prose(page)))
    places = {link: (ROOT / page).parent / link for link in links}
    made = {link for link, place in places.items() if place.with_suffix(".ipynb").exists()}
    made |= {link for link, place in places.items() if place.parent == ROOT / "docs" and link in beside}
    assert {link for link, place in places.items() if not place.exists()} - made == set()


def test_wrong_paths_are_seen():
    found = paths_in("`units/potts.py` and `units/pots.py`, `data/<domain>/formats/`, `data/formats/`, `--fix 12=A`")
    assert found == {"units/potts.py", "units/pots.py", "data/<domain>/formats/", "data/formats/"}
    assert {path for path in found if not exists(path)} == {"units/pots.py", "data/formats/"}


@pytest.fixture
def site(tmp_path):
    """Return a site of two pages without a fault."""
    (tmp_path / "one.html").write_text('<h1 id="a">One</h1><a href="two.html#b">two</a><a href="https://x.org">x</a>')
    (tmp_path / "two.html").write_text('<h1 id="b">Two</h1><img src="a.png" alt="A"><a href="#b">b</a>')
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "style.css").write_text("a { background: url(data:image/png;base64,) }")
    return tmp_path


FAULTS = [
    ("one.html", "two.html#b", "three.html", "one.html: three.html leads nowhere"),
    ("one.html", "#b", "#c", "one.html: two.html#c names a place that is not there"),
    ("two.html", "#b", "#c", "two.html: #c names a place that is not there"),
    ("two.html", "a.png", "https://x.org/a.png", "two.html: loads https://x.org/a.png"),
    ("two.html", ' alt="A"', "", "two.html: a picture without a text in its place: a.png"),
    ("two.html", "h1", "h2", "two.html: 0 titles, one expected"),
    ("style.css", "data:image/png;base64,", "//x.org/f.woff", "style.css: loads //x.org/f.woff"),
]


@pytest.mark.parametrize(("page", "right", "wrong", "fault"), FAULTS, ids=[fault for *_, fault in FAULTS])
def test_faults_of_a_site_are_seen(site, page, right, wrong, fault):
    check = [sys.executable, ROOT / "docs" / "check.py", site]
    assert subprocess.run(check, capture_output=True, text=True).stdout == ""
    text = (site / page).read_text()
    (site / page).write_text(text.replace(right, wrong, 1))
    found = subprocess.run(check, capture_output=True, text=True)
    assert (found.stdout, found.returncode) == (f"{fault}\n", 1)


def test_the_reading_list_is_short():
    """What ARCHITECTURE.md sends a newcomer to: five files, at most 640 lines."""
    (sentence,) = re.findall(
        r"A newcomer reads five files, at most 640 lines.*?\n\n", (ROOT / "ARCHITECTURE.md").read_text(), re.S
    )
    files = re.findall(r"`(\w+/\w+\.py)`", sentence)
    lines = [len((ROOT / "src" / "shortrun" / file).read_text().splitlines()) for file in files]
    assert len(files) == 5
    assert sum(lines) <= 640, dict(zip(files, lines, strict=True))
