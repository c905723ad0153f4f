"""Packages whose names are imported when they are first used: a verb waits for what it needs, not for all verbs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any


class Door(ModuleType):
    """A package with names that live in its files."""

    file_of: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        if name not in self.file_of:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{self.__name__}.{self.file_of[name]}"), name)
        setattr(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # A file that is imported becomes an attribute of its package; if it is named like what it holds, that takes
        # its place, whoever imports the file first.
        if isinstance(value, ModuleType) and name in self.file_of:
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.file_of})


def open_when_used(package: str, files: Mapping[str, Sequence[str]]) -> list[str]:
    """Make the names of a package's files its own when they are first used; return them, as `__all__`.

    Parameters
    ----------
    package : str
        Its `__name__`.
    files : Mapping[str, Sequence[str]]
        For each file the names that it gives to the package.

    Returns
    -------
    list[str]
        All names, sorted.
    """
    module = sys.modules[package]
    module.__class__ = Door
    file_of = {name: file for file, names in files.items() for name in names}
    vars(module)["file_of"] = file_of
    return sorted(file_of)
