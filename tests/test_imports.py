"""No file imports itself by way of others, not even within a function."""

import ast
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


@pytest.mark.parametrize("room", ["data", "engine"])
def test_no_file_imports_itself_by_way_of_others(room):
    known = modules()
    graph = {name: imported(file, known) for name, file in known.items()}
    inside = [name for name in known if name.startswith(f"shortrun.{room}.")]
    assert len(inside) > 5
    assert [name for name in inside if name in reachable(name, graph)] == []
