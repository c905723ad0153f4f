"""Finding what a room offers: every public module in the room's folder is one entry, nothing is listed by hand."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType


def packages(room: str, name: str) -> tuple[str, ...]:
    """Return the packages `room.<any>.name`, in alphabetical order of what is between."""
    root = importlib.import_module(room)
    inner = sorted(info.name for info in pkgutil.iter_modules(root.__path__) if info.ispkg)
    found = (f"{room}.{part}.{name}" for part in inner)
    return tuple(each for each in found if importlib.util.find_spec(each) is not None)


def modules(packages: str | Sequence[str]) -> Iterator[ModuleType]:
    """Yield the public modules of package folders in alphabetical order (`_private` and packages are skipped)."""
    found = [
        (info.name, f"{package}.{info.name}")
        for package in ((packages,) if isinstance(packages, str) else packages)
        for info in pkgutil.iter_modules(importlib.import_module(package).__path__)
        if not info.ispkg and not info.name.startswith("_")
    ]
    for _, module in sorted(found):
        yield importlib.import_module(module)
