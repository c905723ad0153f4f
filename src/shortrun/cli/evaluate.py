"""`shortrun evaluate`: whether a run is good, as one page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortrun.cli import _evaluating, _options, _output
from shortrun.cli._verb import Given, verb
from shortrun.cli.score import check_names, show
from shortrun.errors import ConfigError, DataError, FormatError
from shortrun.files import atomic
from shortrun.phrases import counted
from shortrun.ranks import follows
from shortrun.settings import DATA, OUTPUT, Reading
from shortrun.settings.scoring import EvaluateSettings

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.plots import Movie
    from shortrun.scores import Evaluation
    from shortrun.store import Trajectory

LEAVES = 1000
CHAINS = 50  # that move


@verb(settings=EvaluateSettings, reading=Reading)
def evaluate(
    run: _options.RunFolder,
    reading: Given,
    settings: EvaluateSettings,
    test: Annotated[
        str | None,
        typer.Argument(metavar="[TEST]", help="Real samples not trained on; by default the held-out ones."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="HTML", help="Page to write, self-contained.", rich_help_panel=OUTPUT),
    ] = None,
    json: _options.JsonFile = None,
    train: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The training data, where they have moved.", rich_help_panel=DATA),
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN", help="Another run on these data, drawn beside this one (as PCD beside F&F)."),
    ] = None,
    tree: Annotated[
        bool,
        typer.Option(
            "--tree", help=f"Show the tree of at most {LEAVES:,} real samples in the page.", rich_help_panel=OUTPUT
        ),
    ] = False,
    moving: Annotated[
        bool,
        typer.Option(
            "--moving",
            help="Show chains, the walk of the training and the tree as moving pictures in the page.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    threads: _options.Threads = None,
) -> None:
    """Evaluate a run: generate, predict, score, and say how good it is, beside what real samples get.

    Examples
    --------
    # A page about the run, judged by the samples held out in training
    shortrun evaluate run -o report.html
    # Judged by other samples, with all scores as numbers
    shortrun evaluate run test.npz --json scores.json
    # Two runs side by side, without the slowest part
    shortrun evaluate run test.npz --beside other --no-curves -o report.html
    """
    check_page(out)
    check_names(settings.scores)
    for name, wanted in (("--tree", tree), ("--moving", moving)):
        if wanted and out is None:
            raise ConfigError(name, "a page to show it in expected: -o report.html")
    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    real = _evaluating.real_samples(trained, test, train, reading)
    for line in real.notes:
        _output.say(line, aside=True)
    page = tree_of(trained, real.test if real.train is None else real.train, settings.seed) if tree else None
    found = workflows.evaluate(
        trained,
        real.test,
        train=real.train,
        beside=beside or (),
        progress=lambda line: _output.say(line, aside=True),
        settings=settings,
    )
    shown = moving_pictures(trained, found.reference, settings.seed) if moving else {}
    if follows():
        return
    found = replace(found, command=shlex.join(["shortrun", *sys.argv[1:]]))
    if json is not None:
        _output.save(found.to_dict(), json)
    if out is not None:
        write_page(found, out, page, shown)
    piped = str(json) == _output.STDOUT  # nothing else goes there
    for line in found.leaks:
        _output.say(f"warning: {line}", aside=piped)
    if not piped:
        show(found.scores)
    for line in (*remarks(found), *conclusion(found, trained, settings, out)):
        _output.say(line, aside=piped)


def check_page(path: Path | None) -> None:
    """Check that a page can be written under its name before anything is computed.

    Raises
    ------
    FormatError
        If it is not the name of a page.
    MissingExtraError
        If its figures cannot be drawn.
    """
    if path is None:
        return
    from shortrun.plots.figure import check_matplotlib

    if path.suffix.lower() not in (".html", ".htm"):
        raise FormatError(path, None, f"a report is written as .html, got '{path.suffix}'")
    check_matplotlib()


def tree_of(run: Trajectory, data: Dataset | None, seed: int) -> str | None:
    """Return the page of the tree of some samples, None without any."""
    from shortrun import workflows
    from shortrun.tree_page import tree_page

    if data is None:
        _output.say("note: no tree: there are no real samples", aside=True)
        return None
    leaves = workflows.sampled(data, LEAVES, seed)
    _output.say(f"tree of {len(leaves):,} samples", aside=True)
    return tree_page(workflows.tree(run, leaves), leaves, title=run.path.name)


def moving_pictures(run: Trajectory, data: Dataset, seed: int) -> dict[str, Movie | str]:
    """Return what moves in the page of a run, or why it does not."""
    from shortrun import workflows

    asked = {"chains": {"n": CHAINS, "until": "100k", "seed": seed}, "walk": {}, "tree": {"seed": seed}}
    found: dict[str, Movie | str] = {}
    for name, options in asked.items():
        _output.say(f"moving picture: {name}", aside=True)
        try:
            found[name] = workflows.movie(run, data, show=name, **options)
        except (ConfigError, DataError) as error:
            found[name] = f"there is none: {error}"
            _output.say(f"note: no moving picture of the {name}: {error}", aside=True)
    return found


def write_page(found: Evaluation, path: Path, tree: str | None, moving: dict[str, Movie | str]) -> None:
    """Write the report, never half a page."""
    from shortrun.report import report

    page = report(found, tree=tree, moving=moving)
    with atomic(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def conclusion(found: Evaluation, run: Trajectory, settings: EvaluateSettings, page: Path | None) -> Iterator[str]:
    """Yield which machine was judged, the verdict in one line, and where the page is."""
    yield f"judged: {_options.told_age(run, settings)}, {counted(found.steps, 'sweep')}"
    yield f"verdict: {found.lead[0]}"
    if page is not None:
        yield f"page in {page}"


def remarks(found: Evaluation) -> list[str]:
    """Return what to know of an evaluation, a line each."""
    return [f"note: {line}" for line in found.notes] + [f"finding: {effect}" for effect in found.memory_effects]
