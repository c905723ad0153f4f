"""`shortrun evaluate`: whether a run is good, as one page."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _evaluating, _options, _output, _reading
from shortrun.cli._options import DATA, MODEL, OUTPUT
from shortrun.cli.score import names_of, save, show
from shortrun.errors import ConfigError, FormatError, StoreError
from shortrun.files import atomic

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.scores import Evaluation
    from shortrun.store import Trajectory

LEAVES = 1000


@_reading.with_reading
def evaluate(
    run: _options.RunFolder,
    reading: Mapping[str, Any],
    test: Annotated[
        str | None,
        typer.Argument(metavar="[TEST]", help="Real samples not trained on; those kept aside by default."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="HTML", help="Page to write, self-contained.", rich_help_panel=OUTPUT),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write every score, class by class.", rich_help_panel=OUTPUT),
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The training data, where they have moved.", rich_help_panel=DATA),
    ] = None,
    n: Annotated[
        int, typer.Option("-n", "--number", min=2, help="Most samples to generate.", rich_help_panel=MODEL)
    ] = 10_000,
    steps: Annotated[
        int | None,
        typer.Option(help="Sweeps from noise; the k of the training by default.", rich_help_panel=MODEL),
    ] = None,
    age: _options.Age = None,
    scores: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="aai, spectrum, accuracy, ...; all by default.")
    ] = None,
    convention: Annotated[
        str, typer.Option(metavar="default|paper|fef", help="Whose definitions, where published ones differ.")
    ] = "default",
    beside: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN", help="Another run on these data, drawn beside this one (as PCD beside F&F)."),
    ] = None,
    curves: Annotated[
        bool, typer.Option("--curves/--no-curves", help="Scores against sampling time and age too.")
    ] = True,
    tree: Annotated[
        bool,
        typer.Option(
            "--tree", help=f"The tree of at most {LEAVES:,} real samples too, in the page.", rich_help_panel=OUTPUT
        ),
    ] = False,
    seed: _options.NoiseSeed = 0,
    threads: _options.Threads = None,
) -> None:
    """Evaluate a run: generate, predict, score, and say how good it is, beside what real samples get."""
    check_page(out)
    check_folders(out, json)
    if tree and out is None:
        raise ConfigError("--tree", "a page to show it in expected: -o report.html")
    from shortrun import workflows
    from shortrun.store import Trajectory

    _options.use_threads(threads)
    trained = Trajectory.open(run)
    real = _evaluating.real_samples(trained, test, train, reading)
    for line in real.told:
        _output.say(line, aside=True)
    shown = tree_of(trained, real.test if real.train is None else real.train, seed) if tree else None
    found = workflows.evaluate(
        trained,
        real.test,
        train=real.train,
        steps=steps,
        n=n,
        age=age,
        scores=names_of(scores),
        convention=convention,
        seed=seed,
        with_curves=curves,
        beside=beside or (),
        progress=lambda line: _output.say(line, aside=True),
    )
    found = replace(found, command=shlex.join(["shortrun", *sys.argv[1:]]))
    if json is not None:
        save(found.scores, json)
    if out is not None:
        write_page(found, out, shown)
    show(found.scores)
    for line in told(found):
        _output.say(line)


def check_page(path: Path | None) -> None:
    """Check the name of a page before anything is computed.

    Raises
    ------
    FormatError
        If it is not one of a page.
    """
    if path is not None and path.suffix.lower() not in (".html", ".htm"):
        raise FormatError(path, None, f"a report is written as .html, got '{path.suffix}'")


def check_folders(*paths: Path | None) -> None:
    """Check that there are folders for what is to be written.

    Raises
    ------
    StoreError
        If one is missing.
    """
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise StoreError(path, "no such folder")


def tree_of(run: Trajectory, data: Dataset | None, seed: int) -> str | None:
    """Return the page of the tree of some samples, None without any."""
    from shortrun import workflows
    from shortrun.tree_page import tree_page

    if data is None:
        return None
    leaves = workflows.sampled(data, LEAVES, seed)
    _output.say(f"tree of {len(leaves):,} samples", aside=True)
    return tree_page(workflows.tree(run, leaves), leaves, title=run.path.name)


def write_page(found: Evaluation, path: Path, tree: str | None) -> None:
    """Write the report, never half a page."""
    from shortrun.report import report

    page = report(found, tree=tree)
    with atomic(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def told(found: Evaluation) -> list[str]:
    """Return what to know of an evaluation, a line each."""
    return [f"note: {line}" for line in found.notes] + [f"finding: {effect}" for effect in found.memory_effects]
