"""Verbs whose modules are imported when they are used, so that `shortrun --help` waits for none of them."""

from __future__ import annotations

import importlib
import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from shortrun.errors import ParallelError
from shortrun.files import check_named
from shortrun.ranks import here

# What the help calls files and folders.
FILES = {"FILE", "FILE|RUN", "FOLDER", "HMM", "HTML", "HTML|RUN", "RUN", "RUN|DATA", "TOML"}


def group_of(panels: Mapping[str, str | None]) -> type[TyperGroup]:
    """Return the class of a group of verbs, each of which is a module of this room with a function of its name.

    Parameters
    ----------
    panels : Mapping[str, str | None]
        Verb -> panel of the help.
    """

    class Verbs(TyperGroup):
        def __init__(self, **settings: Any):
            super().__init__(**settings)
            self.commands = {name: Stub(name, panel) for name, panel in panels.items()}

    return Verbs


class Stub(TyperCommand):
    """What the help shows of a verb; as soon as words are to be parsed, the verb itself."""

    def __init__(self, name: str, panel: str | None):
        super().__init__(name, help=summary(name), rich_help_panel=panel)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Return the context of the verb itself."""
        assert self.name is not None
        from shortrun.cli._help import fitted

        command = command_of(self.name)
        check_alone(self.name, command)
        check_words(command, args)
        return fitted(command, args).make_context(info_name, args, parent, **extra)


def check_alone(verb: str, command: Any) -> None:
    """Raise ParallelError if torchrun or srun started several processes of a verb that does not share its work.

    Each of them would do all of it, and write the same files.
    """
    if here() is None:
        return
    from shortrun.settings import Settings
    from shortrun.settings.shared import Shared

    if not issubclass(getattr(command.callback, "kinds", {}).get("settings", Settings), Shared):
        raise ParallelError(f"torchrun or srun started several processes, but '{verb}' is for one: start it alone")


def check_words(command: Any, words: list[str]) -> None:
    """Raise ConfigError for an empty word in place of a file or folder, as an unset variable of a shell leaves.

    It would become the working directory.
    """
    inner = getattr(command, "commands", {}).get(words[0] if words else "")
    if inner is not None:
        return check_words(inner, words[1:])
    options = [each for each in command.params if each.param_type_name == "option"]
    files = {flag for each in options if each.metavar in FILES for flag in each.opts}
    others = {flag for each in options if not each.is_flag for flag in each.opts} - files
    for before, word in zip(["", *words], words, strict=False):
        flag, given, value = word.partition("=")
        if flag in files and given and not value:
            check_named("", flag)
        if not word and before not in others:
            check_named("", before if before in files else "an argument")


def module_name(verb: str) -> str:
    """Return the name of a verb's module and function."""
    name = verb.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def summary(verb: str) -> str:
    """Return the first line of the docstring of a verb's function, without importing its module."""
    name = module_name(verb)
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    found = re.search(rf'^def {name}\(.*?"""(.*?)("""|$)', source, re.MULTILINE | re.DOTALL)
    assert found is not None, f"a function {name} with a docstring expected in {name}.py"
    return found[1]


def command_of(verb: str) -> Any:
    """Return the command of a verb, or the group of its commands, from its module."""
    from shortrun.cli._help import documented

    name = module_name(verb)
    module = importlib.import_module(f"shortrun.cli.{name}")
    every = typer.Typer(rich_markup_mode="rich")
    if hasattr(module, "app"):
        every.add_typer(module.app, name=verb)
    else:
        every.command(verb)(getattr(module, name))
    return documented(typer.main.get_group(every).commands[verb])
