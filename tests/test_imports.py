"""No file imports itself by way of others, not even within a function, and verbs import only what they need."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import shortrun

ROOT = Path(shortrun.__file__).parent


def modules():
    """Return module name -> file of the package."""
    files = sorted(ROOT.rglob("*.py"))
    names = (".".join(("shortrun", *file.relative_to(ROOT).with_suffix("").parts)) for file in files)
    return {name.removesuffix(".__init__"): file for name, file in zip(names, files, strict=True)}


def statements(node):
    """Yield the imports below a node, but for those that only types need."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        yield from statements(child)


def imported(file, known):
    """Return the modules of the package that a file imports."""
    found = set()
    for each in statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(each, ast.Import):
            found |= {alias.name for alias in each.names}
        else:
            inner = {f"{each.module}.{alias.name}" for alias in each.names}
            found |= {name if name in known else each.module for name in inner}
    return found & known.keys()


def reachable(start, graph):
    """Return what a module imports, and what that imports, and so on."""
    found, waiting = set(), [start]
    while waiting:
        for name in graph[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


@pytest.fixture(scope="module")
def graph():
    known = modules()
    return {name: imported(file, known) for name, file in known.items()}


@pytest.mark.parametrize("room", ["data", "engine"])
def test_no_file_imports_itself_by_way_of_others(room, graph):
    inside = [name for name in graph if name.startswith(f"shortrun.{room}.")]
    assert len(inside) > 5
    assert [name for name in inside if name in reachable(name, graph)] == []


HEAVY = ("anndata", "h5py", "joblib", "matplotlib", "pandas", "polars", "pyarrow", "scipy", "sklearn")  # import time
VERBS = """
import sys
from shortrun.cli import main
run, file, table = sys.argv[1:]
assert main(["generate", run, "-n", "3", "-o", file]) == 0
assert main(["predict", run, file, "-o", table]) == 0
print(*sorted({name.partition(".")[0] for name in sys.modules}))
assert "shortrun.workflows.contacts" not in sys.modules
import shortrun.workflows.contacts, shortrun
from shortrun import workflows
print(callable(workflows.contacts), workflows.contacts is shortrun.contacts, "tree" in dir(workflows))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """The lines of a process of its own, as others have imported everything: that takes as long as importing torch."""
    tmp_path = tmp_path_factory.mktemp("imports")
    run = shortrun.fit(shortrun.read("digits"), out=tmp_path / "run", hidden=4, updates=1)
    words = [sys.executable, "-c", VERBS, *map(str, (run.path, tmp_path / "new.npz", tmp_path / "new.csv"))]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()


def test_generate_and_predict_wait_for_nothing_heavy_but_torch(said):
    loaded = said[-2].split()
    assert "torch" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_a_verb_named_like_its_file_is_the_verb_whoever_imports_the_file(said):
    assert said[-1].split() == ["True", "True", "True"]
    with pytest.raises(AttributeError, match=r"'shortrun\.workflows' has no attribute 'contact'"):
        _ = shortrun.workflows.contact
