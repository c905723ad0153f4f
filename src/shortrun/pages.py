"""Self-contained pages: one HTML file with the style of all pages (`pages.css`), without network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shortrun.errors import MissingExtraError, printable


def template(path: Path, filters: Mapping[str, Callable[..., Any]] | None = None) -> Any:
    """Return the Jinja template in a file; it escapes inserted values, and control characters in them.

    Parameters
    ----------
    path : Path
        Template, which may include files of its folder and `pages.css`.
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
    loader = FileSystemLoader([path.parent, Path(__file__).parent])  # the latter has the style of all pages
    tidy: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "finalize": shown}
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, **tidy)
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "allow_nan": False}
    environment.filters |= dict(filters or {})
    return environment.get_template(path.name)


def shown(value: Any) -> Any:
    """Return a value as a page has it: text without control characters but line breaks."""
    return printable(value, keep="\n") if type(value) is str else value
