"""`shortrun train`: learn a data set and keep the trajectory."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import STOPPED, _options, _output, _reading
from shortrun.cli._ending import ended_like_interrupted
from shortrun.cli._progress import shown
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError
from shortrun.files import RUN, mark
from shortrun.phrases import counted
from shortrun.progress import monitored
from shortrun.records import FIRST_MONITORED, NOISE_HURT
from shortrun.settings import OUTPUT, Config, Reading, TrainSettings, configured
from shortrun.settings.training import asked, check_once

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.store import Trajectory


@verb(reading=Reading, given=Config, settings=TrainSettings)
def train(
    settings: TrainSettings,
    given: Given,
    reading: Given,
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="Folder of the run.", rich_help_panel=OUTPUT)
    ],
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="A file or folder of sequences, genotypes, a table, images or music, or the name of a data set.",
        ),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Train a model on labelled, partly labelled or unlabelled data; Ctrl-C stops it so that it can go on.

    Examples
    --------
    # An alignment with a table of classes, until held-out samples say it is done
    shortrun train family.fasta.gz --labels family.csv -o run
    # A table of categories and numbers, for at most five minutes
    shortrun train table.csv --label-column class --minutes 5 -o run
    # Go on with a training that was stopped
    shortrun train -o run --resume
    """
    check_once(settings, given)
    settings = settings.restarted(out)
    visible, changes = without_visible(given)

    from shortrun.store import Trajectory
    from shortrun.workflows.training import check_ahead, engine_of, training_data

    old = Trajectory.open(out) if settings.resume else None
    config = configured(settings, changes, None if old is None else old.config)
    check_ahead(config, asked(config, settings, changes), old, config.scheme.name)
    if old is not None and not json:
        for line in resumed(old, config, changes):
            _output.say(line, aside=True)
    samples = training_data(config, data, reading, old)
    source = samples.kind.source or str(data)
    if visible not in (None, samples.sites):
        raise ConfigError("layers", f"{visible} visible units, but the samples have {samples.kind.extent}")
    if not json:
        _output.say(_reading.summary(source, samples))
    for line in _reading.notes(samples):
        _output.say(line, aside=True)
    _options.use_threads(threads)
    if not json:
        _output.say(f"engine: {engine_of(samples, config)}")
    run = learn(samples, out, settings, changes)
    report(run, config, _reading.describe(source, samples) if json else None)


def resumed(run: Trajectory, config: Config, changes: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is remembered of a run that goes on, what is damaged, and that one at its end has nothing to do."""
    for fault in run.faults():
        yield f"note: {fault}" + (", and dropped; the others are kept" if fault.startswith("log.jsonl: line") else "")
    from shortrun.workflows.training import at_end

    minutes = config.training.minutes
    if minutes is not None and "minutes" not in changes:
        yield f"note: it ends after {minutes:g} minutes, as the run was begun; --minutes changes that"
    if at_end(run, config):
        yield f"note: {run.path} is finished at update {run.updates}: nothing is left to do, unless --updates is more"


def without_visible(given: Mapping[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """Return the number of visible units, which comes first in `--layers`, and the options that a training takes."""
    if "layers" not in given:
        return None, dict(given)
    visible, *hidden = given["layers"]
    return visible, {**given, "layers": tuple(hidden)}


def learn(samples: Dataset, out: Path, settings: TrainSettings, changes: Mapping[str, Any]) -> Trajectory:
    """Train, showing how far it is; a second Ctrl-C ends it at once.

    Raises
    ------
    typer.Exit
        130 after the second Ctrl-C.
    """
    from shortrun import workflows

    before = None if settings.resume else mark(out / RUN)
    try:
        with shown() as progress, ended_like_interrupted():
            return workflows.fit(samples, out=out, settings=settings, progress=progress, **changes)
    except KeyboardInterrupt:
        nothing = mark(out / RUN) in (None, before)
        told = "before there was anything to save" if nothing else f"what was saved goes on with: {command(out)}"
        _output.say(f"stopped at once{' ' if nothing else '; '}{told}", aside=True)
        raise typer.Exit(STOPPED) from None


def command(out: Path) -> str:
    """Return the command that goes on with a run: it knows its data and settings."""
    return shlex.join(["shortrun", "train", "-o", str(out), "--resume"])


def report(run: Trajectory, config: Config, read: Mapping[str, Any] | None) -> None:
    """Print what came out (as JSON with what was read, if that is given), and how to go on after Ctrl-C.

    Raises
    ------
    typer.Exit
        130 after Ctrl-C.
    """
    from shortrun.workflows.training import at_end

    if read is None:
        _output.say(outcome(run))
        for line in advice(run):
            _output.say(line)
    else:
        _output.emit(run.info() | {"read": read, "interrupted": run.interrupted})
    if not at_end(run, config):
        after = "" if run.interrupted else f" by --minutes {config.training.minutes:g}"
        _output.say(f"stopped at update {run.updates}{after}; go on with: {command(run.path)}", aside=True)
    if run.interrupted:
        raise typer.Exit(STOPPED)


def advice(run: Trajectory) -> Iterator[str]:
    """Yield why a training ended, or what more of it may bring, and which ages are best for what."""
    records = run.log()
    for record in records:
        if "set_back_to" in record:
            slower = f"at {record['pace']:g} of the rate and"
            on = "without it, at half the weight" if record["because"] == NOISE_HURT else slower
            yield (
                f"note: {record['because']}, so at update {record['update']} it went back to age "
                f"{record['set_back_to']} and on {on} of predicting"
            )
    if run.updates < FIRST_MONITORED and run.config["training"]["validation"] > 0:
        yield f"too early to say how good samples are: they are compared from update {FIRST_MONITORED} on"
    if any("p_dd" in record for record in records):
        found = run.outlook
        yield f"{'done' if found.done else 'not done'}: {found.reason} (0.5 each is ideal: samples like real ones)"
        if not found.done and run.config["training"]["updates"] != "auto":
            yield f"to train on: {command(run.path)} --updates {2 * run.updates}"
        tasks = [f"to {task} {run.best(task)}" for task in run.tasks]
        yield f"best age {', '.join(tasks)} (used by default; --age last for the last)"


def outcome(run: Trajectory) -> str:
    """Return one line about a training."""
    last = run.log()[-1:] or [{}]
    values = monitored(last[0])
    seconds = f" in {last[0]['seconds']:.1f} s" if "seconds" in last[0] else ""
    ages = counted(len(run.ages), "age")
    return f"{run.path}: {counted(run.updates, 'update')}{seconds}, {ages}" + (f", {values}" if values else "")
