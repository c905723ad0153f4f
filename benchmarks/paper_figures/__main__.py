"""Every figure of the papers beside ours, as one page to look at.

    make figures            or    python -m benchmarks.paper_figures -o FOLDER [--scale 1] [--only NAME ...]
                                  [--published FOLDER]

Trains small machines with the published recipes, draws each figure from them, and writes FOLDER/index.html: what the
published figure shows and what its authors found, ours with the same in numbers, and what differs and why. Published
figures are not included: `--published` shows those of a folder of yours, named as FF23-3A.png, from where they are.

Trainings and measurements are kept in FOLDER/cache, so that a second run only draws again; `--scale 0.1` makes all
trainings a tenth as long. Data are read from $SHORTRUN_SHARED; a figure without its data is listed with the reason.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.paper_figures.drawn import Drawn
from benchmarks.paper_figures.entries import DOCUMENTS, ENTRIES, Entry
from benchmarks.paper_figures.runs import Effort, Runs
from shortrun.errors import ShortrunError
from shortrun.files import atomic
from shortrun.pages import template
from shortrun.plots.figure import shown
from shortrun.report.pictures import MOST_BYTES, png, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATE = Path(__file__).with_name("page.html")
IMAGES = (".png", ".jpg", ".jpeg", ".svg", ".webp", ".gif")


@dataclass(frozen=True)
class Shown:
    """An entry as the page has it.

    Parameters
    ----------
    entry : Entry
        The published figure.
    drawn : Drawn or None
        Ours, None without one.
    files : dict[str, str]
        Title and name of the file of each of our figures.
    published : tuple[str, ...]
        Addresses of images of the published figure.
    reason : str
        Why there is none of ours.
    """

    entry: Entry
    drawn: Drawn | None
    files: dict[str, str]
    published: tuple[str, ...]
    reason: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER", help="where the page goes")
    parser.add_argument("--scale", type=float, default=1.0, help="factor of the lengths of all trainings")
    names = [entry.name for entry in ENTRIES]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--published", type=Path, metavar="FOLDER", help="images of published figures, to show")
    options = parser.parse_args(arguments)
    if not 0 < options.scale <= 1000:
        parser.error(f"--scale: a number from 0 to 1,000 expected, got {options.scale:g}")
    if options.published is not None and not options.published.is_dir():
        parser.error(f"--published: a folder expected, got '{options.published}'")
    cache = options.out / "cache" / f"scale-{options.scale:g}"
    cache.mkdir(parents=True, exist_ok=True)
    runs = Runs(cache, Effort(scale=options.scale))
    chosen = [entry for entry in ENTRIES if entry.name in options.only]
    page = options.out / "index.html"
    write_page([*made(chosen, runs, options.out, options.published)], runs, page)
    print(f"page in {page}")
    return 0


def made(entries: Sequence[Entry], runs: Runs, folder: Path, published: Path | None) -> Iterator[Shown]:
    """Yield entries with their figures written."""
    for entry in entries:
        print(entry.title, flush=True)
        theirs = tuple(addresses(entry, published))
        if entry.draw is None:
            yield Shown(entry, None, {}, theirs, entry.reason)
            continue
        try:
            drawn = entry.draw(runs)
        except (ShortrunError, FileNotFoundError) as error:
            yield Shown(entry, None, {}, theirs, str(error))
            continue
        numbered = enumerate(drawn.figures.items(), 1)
        files = {title: written(figure, folder, f"{entry.name}-{number}") for number, (title, figure) in numbered}
        yield Shown(entry, drawn, files, theirs, "")


def written(figure: Figure, folder: Path, name: str) -> str:
    """Write a figure, as .svg or, of many points, as .png, and return the name of its file."""
    drawing = svg(shown(figure))
    content, suffix = (drawing, "svg") if len(drawing) <= MOST_BYTES else (png(figure), "png")
    with atomic(folder / f"{name}.{suffix}") as temporary:
        temporary.write_bytes(content)
    return f"{name}.{suffix}"


def addresses(entry: Entry, folder: Path | None) -> Iterator[str]:
    """Yield where the images of a published figure are."""
    wanted = {"-".join(place).lower() for place in entry.places}
    for path in sorted(folder.iterdir()) if folder is not None else ():
        if path.suffix.lower() in IMAGES and path.stem.lower() in wanted:
            yield path.resolve().as_uri()


def write_page(entries: Sequence[Shown], runs: Runs, path: Path) -> None:
    """Write the page."""
    seconds = runs.seconds()
    values = {
        "documents": {name: title for name, (title, _) in DOCUMENTS.items()},
        "drawn": [it for it in entries if it.drawn is not None],
        "missing": [it for it in entries if it.drawn is None],
        "minutes": sum(seconds.values()) / 60,
        "scale": runs.effort.scale,
    }
    with atomic(path) as temporary:
        temporary.write_text(template(TEMPLATE).render(values), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
