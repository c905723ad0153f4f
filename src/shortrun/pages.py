"""Pages that need nothing else: one HTML file, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shortrun.errors import MissingExtraError


def template(path: Path, filters: Mapping[str, Callable[..., Any]] | None = None) -> Any:
    """Return the Jinja template in a file; it escapes what it is given.

    Parameters
    ----------
    path : Path
        The template.
    filters : Mapping[str, Callable[..., Any]], optional
        Functions that it may call, by name.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError:
        raise MissingExtraError("jinja2", "plots") from None
    loader = FileSystemLoader([path.parent, Path(__file__).parent])  # the style of all pages lies here
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= dict(filters or {})
    return environment.get_template(path.name)
