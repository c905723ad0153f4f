"""The help of a verb: examples above the options, and of the options of reading those of the data at hand."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.markup import escape

from shortrun import jsons
from shortrun.errors import StoreError
from shortrun.files import check_regular
from shortrun.settings import DATA, READING_OF

ASKING = {"-h", "--help"}
LONGEST = 2**24  # bytes of a run.json that are looked at for a help text
SECTION = re.compile(r"\n+Examples\n-+\n")


def documented(command: Any) -> Any:
    """Return a command, and those of a group, whose help shows the examples of its docstring."""
    for each in (command, *getattr(command, "commands", {}).values()):
        about, examples = parts(each.help or "")
        each.help = about + (f"\n\n[bold]Examples[/]\n{escape(examples)}" if examples else "")
    return command


def parts(docstring: str) -> tuple[str, str]:
    """Return what the docstring of a command says, and its examples: lines of a shell with comments."""
    about, *examples = SECTION.split(inspect.cleandoc(docstring), maxsplit=1)
    return about.strip(), "".join(examples).strip()


def fitted(command: Any, words: list[str]) -> Any:
    """Return a command whose help shows, of the options of reading, those for the data that the words name, if any."""
    domain = next(domains(words), None) if ASKING & set(words) else None
    if domain is not None:
        for each in (command, *getattr(command, "commands", {}).values()):
            for option in each.params:
                panel = getattr(option, "rich_help_panel", None)
                if panel == READING_OF[domain]:
                    option.rich_help_panel = DATA
                elif panel in READING_OF.values():
                    option.hidden = True
    return command


def domains(words: Iterable[str]) -> Iterator[str]:
    """Yield the domain of each word that names a run, a file of data by its ending, or a data set."""
    for word in words:
        source = source_of(Path(word))
        if source and not source.startswith("-"):
            yield from domain_of(source)


def source_of(path: Path) -> str:
    """Return what a run learned from, if the path is that of a run, else the path."""
    header = path / "run.json"
    try:
        check_regular(header, LONGEST)
        source = jsons.loads(header.read_text(encoding="utf-8"))["kind"]["source"]
    except (StoreError, OSError, ValueError, KeyError, TypeError):
        source = None
    return source if isinstance(source, str) else str(path)


def domain_of(source: str) -> Iterator[str]:
    """Yield the domain, such as "sequences", of a named data set, of a file or of a folder of files."""
    from shortrun.data.formats import by_ending, holding, package_of
    from shortrun.data.recipes import ENTRIES
    from shortrun.errors import ShortrunError

    files = {entry.name: [file.path for file in entry.files] or ["array.npz"] for entry in ENTRIES}
    path = Path(files.get(source, [source])[0])
    try:
        found = holding(path) if path.is_dir() else (by_ending(path) or (None,))[0]
    except (ShortrunError, OSError):
        return
    if found is not None:
        yield str(package_of(found)).split(".")[2]
