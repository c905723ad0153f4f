"""Write what is made from the code: docs/settings.md, docs/verbs.md, docs/api.md, and types of functions for editors.

`python docs/generate.py` writes these files, `--check` says whether they are up to date.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import importlib
import inspect
import sys
import typing
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin

import shortrun as sr
from shortrun.cli._app import VERBS
from shortrun.cli._help import parts
from shortrun.cli._lazy import command_of
from shortrun.settings import Config, Option, Settings
from shortrun.settings._base import members, option_of, section_of
from shortrun.settings.keywords import type_name
from shortrun.settings.sampling import Labels

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "settings.md"
VERB_PAGE = ROOT / "docs" / "verbs.md"
API_PAGE = ROOT / "docs" / "api.md"
STUB = ROOT / "src" / "shortrun" / "__init__.pyi"
HEAD = """# Settings

Every option, once: as a keyword of the Python functions, a flag of the command line, and, for options of a training, a
key of TOML files and of `--set`. A run *remembers* some options of reading and applies them to further files; "if
possible" gives one up for a file that lacks what it names. This page is made from the code by `make docs`.
"""
VERB_HEAD = """# Commands

Every command of `shortrun`, with examples. `shortrun VERB --help` shows the same with all options, and with the name of
a file only the options of reading that its data need. This page is made from the code by `make docs`.
"""
API_HEAD = """# Python

The public names of `shortrun`, room by room. This page is made from the code by `make docs`.
"""
ROOMS = ("plots", "sklearn")  # whose functions are public too, under their own names
Row = dict[str, str]  # column -> cell
GIVEN = {Labels: "str | int | Sequence[str | int] | Mapping[str | int, int] | None"}  # numbers become texts before all
STUB_HEAD = '"""Types of the public names, made from the code by `make docs`."""\n'


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command of the command line with its name, those of groups too."""
    for verb in VERBS:
        command = command_of(verb)
        for name, each in getattr(command, "commands", {}).items():
            yield f"{verb} {name}", each
        if not hasattr(command, "commands"):
            yield verb, command


def kinds_of(function: Any) -> dict[str, type[Settings]]:
    """Return parameter -> class of the settings that a command or a function takes."""
    return getattr(function, "kinds", {})


def declared(kind: type[Settings], within: str = "") -> Iterator[tuple[type[Settings], Option]]:
    """Yield the options of a class with the class that declares each."""
    for name, field in kind.model_fields.items():
        section = section_of(field)
        if section is not None:
            yield from declared(section, f"{within}{name}.")
        else:
            owner = next(each for each in kind.__mro__ if name in vars(each).get("__annotations__", {}))
            yield owner, option_of(f"{within}{name}", name, field)


def table() -> str:
    """Return docs/settings.md: a table for each class that declares options."""
    rows: dict[type[Settings], dict[str, Row]] = {}
    users: dict[type[Settings], list[str]] = {}
    for verb, command in commands():
        for kind in kinds_of(command.callback).values():
            for owner, each in declared(kind):
                rows.setdefault(owner, {})[each.key] = row(each, kind is Config)
                users.setdefault(owner, []).append(verb.partition(" ")[0])
    return HEAD + "".join(section(owner, [*rows[owner].values()], dict.fromkeys(users[owner])) for owner in rows)


def section(owner: type[Settings], rows: Collection[Row], verbs: Iterable[str]) -> str:
    """Return the part of the page about one class; columns that are empty in all its rows are left out."""
    used = ", ".join(f"`{verb}`" for verb in verbs)
    columns = [name for name in next(iter(rows)) if any(each[name] for each in rows)]
    summary = (inspect.getdoc(owner) or "").partition("\n")[0]
    lines = (columns, ["---"] * len(columns), *([each[name] for name in columns] for each in rows))
    table = "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
    return f"\n## {owner.__name__}\n\n{summary} Used by {used}.\n\n{table}"


def row(each: Option, in_files: bool) -> Row:
    """Return the row of an option, column -> cell."""
    cells = {
        "keyword": f"`{each.keyword}`",
        "flag": ", ".join(f"`{flag}`" for flag in each.flags),
        "meaning": each.help,
        "default": "" if each.default is None or each.default == () else f"`{each.default}`",
        "type": f"`{type_name(each.type)}`",
        "TOML key": f"`{each.key}`" if in_files else "",
        "remembered": "" if each.remembered == "no" else each.remembered,
        "`tune` tries": each.searched and f"`{each.searched}`",
    }
    return {name: cell.replace("|", "\\|") for name, cell in cells.items()}


def verb_page() -> str:
    """Return docs/verbs.md: a section for each verb, with what its docstring says and where its options are."""
    return VERB_HEAD + "".join(verb_section(verb) for verb in VERBS)


def verb_section(verb: str) -> str:
    """Return the part of docs/verbs.md about one verb; a group lists its commands."""
    command = command_of(verb)
    about, examples = parts(inspect.getdoc(command.callback) or "")
    text = f"\n## {verb}\n\n{about}\n\n```\n{examples}\n```\n"
    inner = getattr(command, "commands", {})
    if inner:
        rows = (f"| `{verb} {name}` | {first_line(each)} |\n" for name, each in inner.items())
        return f"{text}\n| command | what it does |\n|---|---|\n{''.join(rows)}"
    owners = dict.fromkeys(owner for kind in kinds_of(command.callback).values() for owner, _ in declared(kind))
    links = ", ".join(f"[{owner.__name__}](settings.md#{owner.__name__.lower()})" for owner in owners)
    return f"{text}\nOptions: {links}.\n" if links else text


def first_line(command: Any) -> str:
    """Return the first line of what a command says of itself."""
    return (inspect.getdoc(command.callback) or "").partition("\n")[0]


def api_page() -> str:
    """Return docs/api.md: what mkdocstrings is to show, for each public name."""
    rooms = {f"shortrun.{room}": importlib.import_module(f"shortrun.{room}").__all__ for room in ROOMS}
    return API_HEAD + "".join(api_section(room, names) for room, names in {**sr._ROOMS, **rooms}.items())


def api_section(room: str, names: Iterable[str]) -> str:
    """Return the part of docs/api.md about one room."""
    module = importlib.import_module(room)
    place = room if room.rpartition(".")[2] in ROOMS else "shortrun"
    values = [(name, getattr(module, name)) for name in names]
    shown = "".join(
        f"\n::: {value.__module__}.{value.__name__}\n    options:\n      heading: {place}.{name}\n"
        for name, value in values
        if inspect.isfunction(value) or inspect.isclass(value)
    )
    return f"\n## {room}\n\n{(inspect.getdoc(module) or '').partition(chr(10))[0]}\n{shown}"


class Imports:
    """The names that annotations of a stub need, each under a name of its own."""

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def text(self, annotation: Any, module: ModuleType) -> str:
        """Return the source of an annotation, with imports for its names."""
        tree = ast.parse(annotation if isinstance(annotation, str) else source(annotation), mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and not hasattr(builtins, node.id):
                node.id = self.name(node.id, module)
        return ast.unparse(tree)

    def name(self, name: str, module: ModuleType) -> str:
        """Return the name by which the stub knows what a module calls `name`."""
        module = next(each for each in (module, collections.abc, typing) if hasattr(each, name))
        value = getattr(module, name)
        if name in sr.__all__ and value == getattr(sr, name):
            return name
        same = name not in sr.__all__ and self.values.setdefault(name, value) == value
        own = name if same else f"_{name}_of_{module.__name__.rpartition('.')[2]}"
        self.lines.setdefault(own, imported(name, module) + ("" if same else f" as {own}"))
        return own


def imported(name: str, module: ModuleType) -> str:
    """Return the import of what a module calls `name`, from where it was made if it has the same name there."""
    value = getattr(module, name)
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    home = sys.modules.get(getattr(value, "__module__", ""))
    return f"from {home.__name__ if getattr(home, name, None) is value else module.__name__} import {name}"


def source(kind: Any) -> str:
    """Return the source of the annotation of an option, without its limits."""
    if kind in GIVEN:
        return GIVEN[kind]
    return " | ".join("None" if part is type(None) else simple(part) for part in members(kind))


def simple(kind: Any) -> str:
    """Return the source of one type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is None:
        return getattr(kind, "__name__", str(kind))
    if "Literal" in str(origin):
        return f"Literal[{', '.join(repr(word) for word in arguments)}]"
    if origin is tuple and arguments[-1] is ...:  # any sequence is taken
        return f"Sequence[{source(arguments[0])}]"
    return f"{origin.__name__}[{', '.join('...' if part is ... else source(part) for part in arguments)}]"


def stub() -> str:
    """Return the stub of the package."""
    imports, public = Imports(), {name: getattr(sr, name) for name in sr.__all__}
    made = [definition(name, value, imports) for name, value in public.items() if kinds_of(value)]
    others = [name for name, value in public.items() if name in sr._ROOM_OF and not kinds_of(value)]
    lines = {*imports.lines.values(), *(f"from {sr._ROOM_OF[name]} import {name} as {name}" for name in others)}
    names = "".join(f'    "{name}",\n' for name in public)
    return "\n".join([STUB_HEAD, *sorted(lines), "", "__version__: str", f"__all__ = [\n{names}]\n", *made])


def definition(name: str, function: Any, imports: Imports) -> str:
    """Return the signature of a function with all its options, as a stub has it."""
    module = sys.modules[function.__module__]
    found = inspect.signature(function)
    lines, starred = [], False
    for each in found.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            lines, starred = [*lines, "*"], True
        default = "" if each.default is each.empty else f" = {each.default!r}"
        lines.append(f"{each.name}: {imports.text(each.annotation, module)}{default}")
    inside = "".join(f"    {line},\n" for line in lines)
    return f"def {name}(\n{inside}) -> {imports.text(found.return_annotation, module)}: ...\n"


def main(words: list[str]) -> int:
    """Write the files, or check them."""
    made = {TABLE: table(), VERB_PAGE: verb_page(), API_PAGE: api_page(), STUB: stub()}
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in words:
        sys.stdout.writelines(f"{path.name} is not up to date: make docs\n" for path in stale)
        return int(bool(stale))
    for path in stale:
        path.write_text(made[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
