"""Finding what a room offers: every public module in the room's folder is one entry, nothing is listed by hand."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType


def modules(package: str) -> Iterator[ModuleType]:
    """Yield the public modules of a package folder in alphabetical order (`_private` and packages are skipped)."""
    root = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda info: info.name):
        if not info.ispkg and not info.name.startswith("_"):
            yield importlib.import_module(f"{package}.{info.name}")
