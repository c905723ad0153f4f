"""Libraries that few files need: slow to import, and perhaps not there."""

from __future__ import annotations

import importlib
from typing import Any

from shortrun.errors import MissingExtraError


def library(module: str, name: str, extra: str) -> Any:
    """Return a module of an optional library.

    Parameters
    ----------
    module : str
        As it is imported.
    name : str
        As people call the library.
    extra : str
        Of this package, which installs it.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtraError(name, extra) from None
