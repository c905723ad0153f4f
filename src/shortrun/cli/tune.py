"""`shortrun tune`: many trainings in search of good settings."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import STOPPED, _options, _output, _reading, _tables
from shortrun.cli._ending import ended_like_interrupted
from shortrun.cli._verb import Given, given_as_words, verb
from shortrun.cli.train import without_visible
from shortrun.errors import ConfigError
from shortrun.settings import OUTPUT, Config, Reading, StartSettings, TuneSettings
from shortrun.settings.tuning import check_varied

if TYPE_CHECKING:
    from shortrun.workflows import Study

GO_ON = "stopped; the same command goes on"
say_aside = partial(_output.say, aside=True)


@verb(reading=Reading, given=Config, settings=TuneSettings)
def tune(
    data: Annotated[str, typer.Argument(metavar="DATA", help="What `shortrun train` takes.")],
    settings: TuneSettings,
    given: Given,
    reading: Given,
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the study.", rich_help_panel=OUTPUT)
    ],
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Search for good settings of a training by samples that it holds out; the same command goes on with a search.

    Trainings have at least 50 updates, from which on samples are compared. Of a grid, combinations that differ only in
    options that are of no use there, as profiles with start uniform, are tried once.

    Examples
    --------
    # 20 trainings: hidden units, rate, weight of predicting, penalties
    shortrun tune family.fasta --labels family.csv -o study
    # What to vary, for generating, two trainings at a time
    shortrun tune digits --vary hidden=64..512 --for generate --jobs 2 -o study
    # Three seeds of one training, all runs kept
    shortrun tune digits --search grid --vary seed=0,1,2 --keep all -o seeds
    """
    from shortrun import workflows
    from shortrun.workflows.tuning import training_part

    visible, changes = without_visible(given)
    check_varied(settings, changes)  # a wrong one is refused before data are read
    samples = training_part(data, reading)
    source = samples.kind.source or data
    if visible not in (None, samples.sites):
        raise ConfigError("layers", f"{visible} visible units, but the samples have {samples.kind.extent}")
    if not json:
        _output.say(_reading.summary(source, samples, samples.kind.reading.part))
    for told in _reading.notes(samples):
        say_aside(told)
    _options.use_threads(threads)
    try:
        with ended_like_interrupted():
            found = workflows.tune(samples, out=out, settings=settings, progress=say_aside, **changes)
    except KeyboardInterrupt:  # before there is anything to show
        say_aside(GO_ON)
        raise typer.Exit(STOPPED) from None
    part = {"part": samples.kind.reading.part} if samples.kind.reading.part else {}
    command = repeated(source, reading | part, found, given)
    if json:
        _output.emit(about(found) | {"command": command})
    else:
        show(found, command)
    if found.interrupted:
        say_aside(GO_ON)
        raise typer.Exit(STOPPED)


def repeated(source: str, reading: dict[str, Any], found: Study, given: dict[str, Any]) -> str:
    """Return the command that does the training of the best trial again."""
    given = {**given, **found.tried[found.best]}
    kinds = ((Reading, reading), (StartSettings, found.settings), (Config, given))
    words = (word for kind, values in kinds for word in given_as_words(kind, values))
    return shlex.join(["shortrun", "train", source, *words, "-o", "RUN"])


def about(found: Study) -> dict[str, Any]:
    """Return what was found, for a JSON document."""
    return {
        "study": str(found.path),
        "for": found.purpose,
        "best": found.best,
        "quality": found.quality,
        "tried": found.tried[found.best],
        "run": str(found.run.path),
        "trials": _tables.records(found.table),
    }


def show(found: Study, command: str) -> None:
    """Print the trials, the best first, and how to do that training again."""
    from shortrun.workflows.tuning import worded

    trials = _tables.records(found.table.sort_values("quality", ascending=False))
    lines = [row(trial, worded(found.tried[trial["trial"]])) for trial in trials]
    _output.rows(("trial", "quality", "P_DD", "P_GG", "accuracy", "age", "tried"), lines)
    _output.say(f"best: trial {found.best}, quality {found.quality:.3f} to {found.purpose}; its run: {found.run.path}")
    _output.say(f"again: {command}")


def row(trial: dict[str, Any], tried: str) -> tuple[str, ...]:
    """Return the cells of a trial: what it tried, how good its best age is, and how it ended, unless by itself."""
    numbers = ("-" if trial[name] is None else f"{trial[name]:.3f}" for name in ("quality", "p_dd", "p_gg", "accuracy"))
    age = "-" if trial["update"] is None else f"{trial['update']:.0f}"
    outcome = "" if trial["outcome"] == "done" else f" ({trial['outcome']})"
    return str(trial["trial"]), *numbers, age, tried + outcome
