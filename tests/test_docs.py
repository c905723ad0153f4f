"""The documentation is true: README's Python and the skeletons run, public names, equations, paths and links exist."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

import shortrun as sr
from shortrun.models import RBM, Layer, Spec
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


@pytest.fixture(scope="module")
def skeletons():
    unit, scheme, data_format, score = (executed(source) for source in blocks("docs/extending.md"))
    return {"unit": unit, "scheme": scheme, "format": data_format, "score": score}


def test_the_unit_skeleton(skeletons):
    units = skeletons["unit"].Blume()
    field = torch.linspace(-2, 2, 12, dtype=torch.float64).view(2, 6).requires_grad_()
    (slope,) = torch.autograd.grad(units.log_z(field).sum(), field)
    torch.testing.assert_close(slope, units.mean(field).detach())
    torch.testing.assert_close(units.field_of_mean(units.mean(field)), field)
    model = RBM(Spec((Layer("visible", 6, units), Layer("hidden", 3, Bernoulli()))))
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

    found = known.modules
    monkeypatch.setattr(known, "modules", lambda packages: [*found(packages), skeletons["format"]])
    data = sr.Dataset.from_arrays([[0, 1, 1], [1, 0, 0]])
    sr.write(tmp_path / "d.bits", data)
    assert (sr.read(tmp_path / "d.bits").values == data.values).all()
    (tmp_path / "d.bits").write_text("010\n0110\n")
    with pytest.raises(sr.FormatError, match=r"d\.bits:2: 3 letters"):
        sr.read(tmp_path / "d.bits")


def test_the_score_skeleton(skeletons, monkeypatch):
    from shortrun.scores import _compare

    found = _compare.modules
    monkeypatch.setattr(_compare, "modules", lambda package: [*found(package), skeletons["score"]])
    monkeypatch.setattr(_compare, "offered", _compare.offered.__wrapped__)
    random = np.random.default_rng(0)
    data, other = (sr.Dataset.from_arrays(random.integers(0, 2, (40, 8)) * np.arange(8).clip(max=1)) for _ in range(2))
    (score,) = sr.score(data, other, scores=["variety"])
    assert (score.value, score.ideal, score.floor) == (1, 1, 1)
    (score,) = sr.score(data, data.select(np.zeros(40, int)), scores=["variety"])
    assert score.value == 0


def test_the_readme_example(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (source,) = blocks("README.md")
    module = executed(source)
    assert len(module.new) == 100
    assert {module.new.classes[label] for label in module.new.labels} == {"3"}
    assert float(capsys.readouterr().out) > 0.7


def test_the_public_names():
    assert len(sr.__all__) == 40
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


PAGES = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")),
)


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


@pytest.mark.parametrize("page", PAGES)
def test_links_in_the_pages_lead_somewhere(page):
    links = set(re.findall(r"\]\((?!https?:)([^)#]+)", prose(page)))
    assert {link for link in links if not (ROOT / page).parent.joinpath(link).exists()} == set()


def test_wrong_paths_are_seen():
    found = paths_in("`units/potts.py` and `units/pots.py`, `data/<domain>/formats/`, `data/formats/`, `--fix 12=A`")
    assert found == {"units/potts.py", "units/pots.py", "data/<domain>/formats/", "data/formats/"}
    assert {path for path in found if not exists(path)} == {"units/pots.py", "data/formats/"}
