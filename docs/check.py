"""Check the site that was built: links and anchors lead somewhere, and opening a page loads nothing from elsewhere.

`python docs/check.py site` prints a line for each fault and exits with 1 if there are any. It needs no browser.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {"audio", "embed", "iframe", "img", "link", "object", "script", "source", "video"}  # an <a> loads nothing
TOLD = {"canonical", "prev", "next", "alternate"}  # links of a head that browsers do not follow
AWAY = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")  # in style sheets


class Page(HTMLParser):
    """What a page links to and loads, and the places in it that links may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.titles = 0
        self.silent: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        self.titles += tag == "h1"
        if tag == "img" and not found.get("alt"):
            self.silent.append(found.get("src", ""))
        if not TOLD & set(found.get("rel", "").split()):
            self.links += [(tag, found[name]) for name in ("href", "src", "data", "poster") if name in found]


def faults(site: Path) -> Iterator[str]:
    """Yield what is wrong with a site, a line each."""
    for path in sorted(site.rglob("*.html")):
        place, page = path.relative_to(site), read(path)
        if page.titles != 1 and place.name != "404.html":
            yield f"{place}: {page.titles} titles, one expected"
        yield from (f"{place}: a picture without a text in its place: {source}" for source in page.silent)
        yield from (f"{place}: {fault}" for tag, link in page.links if (fault := fault_of(path, site, tag, link)))
    for path in sorted(site.rglob("*.css")):
        for address in AWAY.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: loads {address}"


def fault_of(path: Path, site: Path, tag: str, link: str) -> str | None:
    """Return what is wrong with a link of a page; None if it leads somewhere."""
    address = urlsplit(link)
    if address.scheme or address.netloc:
        away = tag in LOADS and address.scheme in ("", "http", "https")
        return f"loads {link}" if away else None
    start = site if address.path.startswith("/") else path.parent
    target = (start / unquote(address.path).lstrip("/")).resolve() if address.path else path.resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return f"{link} leads nowhere"
    named = unquote(address.fragment)
    if named and not named.startswith("__") and target.suffix == ".html" and named not in read(target).anchors:
        return f"{link} names a place that is not there"
    return None


@cache
def read(path: Path) -> Page:
    """Return what a page holds."""
    return Page(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    found = list(faults(Path(sys.argv[1])))
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.exit(bool(found))
