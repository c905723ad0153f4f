"""`shortrun train`: learn a data set and keep the trajectory."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortrun.cli import _network, _options, _output, _reading
from shortrun.cli._options import CHAOTIC, DATA, MACHINE, MODEL, OUTPUT, TRAINING
from shortrun.cli._progress import monitored, shown
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.settings import Config
    from shortrun.store import Trajectory

STOPPED = 130  # what a shell calls a program that Ctrl-C ended


@_reading.with_reading
def train(
    reading: Mapping[str, Any],
    out: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="Folder of the run.", rich_help_panel=OUTPUT)
    ],
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA", help="A file (.npz, .npy, .csv, .tsv, .fasta, also with .gz) or the name of a data set."
        ),
    ] = None,
    reweight: Annotated[
        float | None,
        typer.Option(
            metavar="IDENTITY", help="Weigh sequences by 1 / those at least that alike.", rich_help_panel=DATA
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="rbm|chaotic", help="Kind of machine; rbm by default.", rich_help_panel=MODEL)
    ] = None,
    hidden: Annotated[int | None, typer.Option(help="Number of hidden units.", rich_help_panel=MODEL)] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            metavar="784,500,100", help="Units of each layer, the visible one first.", rich_help_panel=CHAOTIC
        ),
    ] = None,
    gain: Annotated[
        float | None, typer.Option(help="Variance g of the fixed random couplings.", rich_help_panel=CHAOTIC)
    ] = None,
    time: Annotated[float | None, typer.Option(help="Time T of every run; 100.", rich_help_panel=CHAOTIC)] = None,
    dt: Annotated[float | None, typer.Option(help="Length of an Euler step; 1.", rich_help_panel=CHAOTIC)] = None,
    tau: Annotated[float | None, typer.Option(help="Time constant of a unit; 10.", rich_help_panel=CHAOTIC)] = None,
    settling: Annotated[
        str | None,
        typer.Option(metavar="euler|exact", help="How one hidden layer follows held data.", rich_help_panel=CHAOTIC),
    ] = None,
    no_diagonal: Annotated[
        bool, typer.Option("--no-diagonal", help="No unit of a single layer feels itself.", rich_help_panel=CHAOTIC)
    ] = False,
    hebbian: Annotated[
        float | None,
        typer.Option(metavar="N", help="Power of rates that couplings learn from; 1.", rich_help_panel=CHAOTIC),
    ] = None,
    classes: Annotated[
        bool, typer.Option("--classes", help="Learn labels too, with a unit a class.", rich_help_panel=CHAOTIC)
    ] = False,
    scheme: Annotated[
        str | None, typer.Option(metavar="ff|pcd|cd|rdm", help="How free chains run.", rich_help_panel=MODEL)
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Sweeps k of the free chains.", rich_help_panel=MODEL)] = None,
    hidden_rule: Annotated[
        str | None,
        typer.Option(metavar="sample|mean", help="What hidden units pass on.", rich_help_panel=MODEL),
    ] = None,
    updates: Annotated[int | None, typer.Option(help="Number of updates.", rich_help_panel=TRAINING)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all noise.", rich_help_panel=TRAINING)] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a minibatch.", rich_help_panel=TRAINING)] = None,
    rate: Annotated[
        float | None, typer.Option("--lr", "--rate", help="Learning rate.", rich_help_panel=TRAINING)
    ] = None,
    optimiser: Annotated[
        str | None,
        typer.Option(metavar="sgd|momentum|adam", help="How parameters move.", rich_help_panel=TRAINING),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(metavar="constant|inverse|cosine", help="How the rate changes.", rich_help_panel=TRAINING),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Share held out to report accuracy on.", rich_help_panel=TRAINING),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Settings to start from.", rich_help_panel=TRAINING)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="TOML", help="File of settings.", rich_help_panel=TRAINING),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SECTION.KEY=VALUE",
            help="Any setting, as optimiser.l2=0.001.",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in RUN, with its settings.", rich_help_panel=OUTPUT)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run in RUN.", rich_help_panel=OUTPUT)
    ] = False,
    device: Annotated[
        str | None, typer.Option(metavar="auto|cpu|cuda", help="Where to compute.", rich_help_panel=MACHINE)
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Train a machine on labelled, partly labelled or unlabelled data; Ctrl-C stops it so that it can go on."""
    if resume and overwrite:
        raise ConfigError("--resume", "not together with --overwrite")
    old = stored(out) if resume else None
    kind = old.config["model"]["kind"] if old else preset  # the preset of chaotic networks has their name
    chaotic = (model or kind) == _network.KIND
    network = _network.sections(
        layers=layers,
        gain=gain,
        dt=dt,
        tau=tau,
        settling=settling,
        diagonal=False if no_diagonal else None,
        hebbian=hebbian,
        classes=classes or None,
    )
    if not chaotic and (network or time is not None):
        raise ConfigError("model", "options of chaotic networks, such as --layers and --gain, go with --model chaotic")
    if chaotic and hidden is not None:
        raise ConfigError("--hidden", "hidden units of a chaotic network are given with --layers")
    extra = {"reweight": reweight, "source": data}
    given = dict(reading) | {name: value for name, value in extra.items() if value is not None}
    settings = settings_of(
        old,
        preset=preset or ("default" if old is not None or not chaotic else _network.KIND),
        file=config,
        assignments=tuple(set_ or ()),
        model={"kind": model, "hidden": hidden, "hidden_rule": hidden_rule} | network.get("model", {}),
        chaotic=network.get("chaotic", {}),
        scheme={"name": scheme, "steps": steps},
        optimiser={"name": optimiser, "rate": rate, "schedule": schedule},
        training={"updates": updates, "seed": seed, "batch": batch, "validation": validation, "device": device},
    )
    settings = _network.timed(settings, time=time, dt=dt, steps=steps)
    if old is None and settings.model.kind == _network.KIND:
        samples = _network.samples_of(given, samples_of)
    else:
        samples = samples_of(given if old is None else _reading.remembered(old) | given)
    _network.check_sites(layers, samples)
    source = samples.kind.source
    if not json:
        _output.say(_reading.summary(source, samples))
    for line in _reading.notes(samples):
        _output.say(line, aside=True)
    _options.use_threads(threads)
    run = learn(samples, settings, out, resume=resume, overwrite=overwrite)
    report(run, settings, _reading.describe(source, samples) if json else None)


def stored(out: Path) -> Trajectory:
    """Return the run to resume."""
    from shortrun.store import Trajectory

    return Trajectory.open(out)


def settings_of(old: Trajectory | None, **layers: Any) -> Config:
    """Return the settings: those of the run that goes on, else the preset's, under what the user gives."""
    from shortrun.settings import resolve

    layers = {
        name: {key: value for key, value in part.items() if value is not None} if isinstance(part, Mapping) else part
        for name, part in layers.items()
    }
    return resolve(base=None if old is None else old.config, **layers)


def samples_of(options: Mapping[str, Any]) -> Dataset:
    """Return the training data that reading options describe, "source" among them.

    Raises
    ------
    ConfigError
        If there is no source.
    """
    options = dict(options)
    source = options.pop("source", None)
    if source is None:
        raise ConfigError("DATA", "a file of data or the name of a data set expected, see 'shortrun data list'")
    return _reading.training_data(source, options)


def learn(samples: Dataset, settings: Config, out: Path, *, resume: bool, overwrite: bool) -> Trajectory:
    """Train, showing how far it is; a second Ctrl-C ends it at once.

    Raises
    ------
    typer.Exit
        130 after the second Ctrl-C.
    """
    from shortrun import workflows

    try:
        with shown() as progress, terminated_like_interrupted():
            return workflows.fit(
                samples, out=out, config=settings, resume=resume, overwrite=overwrite, progress=progress
            )
    except KeyboardInterrupt:
        _output.say(f"stopped at once; what was saved goes on with: {command(out)}", aside=True)
        raise typer.Exit(STOPPED) from None


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Answer a batch system's request to end (SIGTERM) like Ctrl-C."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def command(out: Path) -> str:
    """Return the command that goes on with a run: it knows its data and settings."""
    return shlex.join(["shortrun", "train", "-o", str(out), "--resume"])


def report(run: Trajectory, settings: Config, read: Mapping[str, Any] | None) -> None:
    """Print what came out (as JSON with what was read, if that is given), and how to go on after Ctrl-C.

    Raises
    ------
    typer.Exit
        130 after Ctrl-C.
    """
    interrupted = run.updates < settings.training.updates
    if read is None:
        _output.say(outcome(run))
    else:
        _output.emit(run.info() | {"read": read, "interrupted": interrupted})
    if interrupted:
        _output.say(f"stopped at update {run.updates}; go on with: {command(run.path)}", aside=True)
        raise typer.Exit(STOPPED)


def outcome(run: Trajectory) -> str:
    """Return one line about a training."""
    last = run.log()[-1:] or [{}]
    values = monitored(last[0])
    seconds = f" in {last[0]['seconds']:.1f} s" if "seconds" in last[0] else ""
    ages = _output.amount(len(run.ages), "age")
    return f"{run.path}: {_output.amount(run.updates, 'update')}{seconds}, {ages}" + (f", {values}" if values else "")
