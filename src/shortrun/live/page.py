"""The page of a training, whose scripts and style are files of the server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import shortrun
from shortrun.pages import template
from shortrun.store import software_version
from shortrun.studio_page.page import SCRIPTS, TEMPLATE

HERE = Path(__file__).parent


class File(NamedTuple):
    """Files that are served as one."""

    kind: str
    paths: tuple[Path, ...]


STYLES = (Path(shortrun.__file__).with_name("pages.css"), TEMPLATE.with_suffix(".css"), HERE / "live.css")
FILES = {
    "style.css": File("text/css", STYLES),
    "live.js": File("text/javascript", (SCRIPTS["page"], SCRIPTS["views"], HERE / "curves.js", HERE / "live.js")),
}


def live_page(about: Mapping[str, Any], facts: str) -> str:
    """Return the page of a training.

    Parameters
    ----------
    about : Mapping[str, Any]
        What its script knows from the beginning (`Watched.about`).
    facts : str
        What the machine is, in a line.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    """
    footer = f"shortrun {software_version()}. The page is served on this machine, and asks nothing of the network."
    return template(HERE / "live.html").render(about=about, facts=facts, footer=footer)
