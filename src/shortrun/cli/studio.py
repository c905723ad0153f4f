"""`shortrun studio`: a trained machine as a page that runs it, or the page of a training while it goes on."""

from __future__ import annotations

import contextlib
import shlex
import signal
import time
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from shortrun.cli import _options, _output
from shortrun.cli._ending import ended_like_interrupted
from shortrun.cli._verb import Given, verb
from shortrun.errors import ConfigError, StoreError
from shortrun.files import RUN, check_named
from shortrun.settings import OUTPUT, Config, Reading, ServingSettings, StudioSettings, TrainSettings

PAGES = (".html", ".htm")
OF_THE_MACHINE = ("processes", "share")  # options of a training that a run does not remember
LOOK_SECONDS = 0.2  # between two looks for signals
HANG_UP = [signal.SIGHUP] if hasattr(signal, "SIGHUP") else []  # of the terminal


@verb(settings=StudioSettings, serving=ServingSettings, reading=Reading, changes=Config, start=TrainSettings)
def studio(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|DATA", help="Folder of a run, or data to train on as `train` takes them.", show_default=False
        ),
    ],
    settings: StudioSettings,
    serving: Given,
    reading: Given,
    changes: Given,
    start: Given,
    out: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="HTML|RUN",
            help="Of a RUN: page to write, .html, instead of serving one. Of DATA: folder of the run, else NAME-run.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    threads: _options.Threads = None,
    json: _options.Json = False,
) -> None:
    """Train with a live page in the browser, or show a run so; with -o a page that runs the machine without network.

    The page is served on this machine alone. It shows curves and samples while they improve, stops the training, lets
    it go on and changes its rate. Ctrl-C ends both; a training that was not started from here goes on.

    Examples
    --------
    # Train, and follow it in the browser at the address that is printed
    shortrun studio digits
    # A run that was stopped, is trained elsewhere or is finished: curves, samples, the machines of all ages
    shortrun studio digits-run
    # One file that runs the machine, to open or to send, with 500 training samples to see which is nearest
    shortrun studio digits-run --nearest 500 -o studio.html
    """
    is_run, given = (Path(run) / RUN).is_file(), {**reading.words, **changes.words, **start.words}
    if out is not None and (is_run or out.suffix.lower() in PAGES):
        unused = {**given, **serving.words, **machine_words(threads)}
        check_unused(unused, "goes with a page that is served, not with one that -o writes")
        write(Path(run), out, settings, json)
        return
    if is_run and not start.get("resume"):
        check_unused(given, f"goes with data, or with --resume: '{run}' is a run")
    folder = Path(run) if is_run else out or run_of(run)
    if not is_run and (folder / RUN).is_file() and not start.keys() & {"resume", "overwrite"}:
        show = shlex.join(["shortrun", "studio", str(folder)])
        raise StoreError(folder, f"holds a run: '{show}' shows it, --resume goes on with it, --overwrite replaces it")
    machine = [word for name in OF_THE_MACHINE for word in given.pop(name, ())]
    machine += machine_words(threads).get("threads", [])
    words = None if is_run and not start.get("resume") else [word for each in given.values() for word in each]
    serve(Followed(folder, machine, words, None if is_run else run), settings, ServingSettings.of(**serving), json)


def machine_words(threads: int | None) -> dict[str, list[str]]:
    """Return the option that says how many threads a training has, if it was given, as it is typed."""
    return {} if threads is None else {"threads": [f"--threads={threads}"]}


def check_unused(given: Mapping[str, Sequence[str]], reason: str) -> None:
    """Raise ConfigError for the first option that was given."""
    for words in given.values():
        raise ConfigError(words[0].partition("=")[0], reason)


def run_of(data: str) -> Path:
    """Return the folder of the run of some data, in the working directory.

    Raises
    ------
    ConfigError
        For data that have no name.

    Examples
    --------
    >>> run_of("families/sh3.fasta.gz")
    PosixPath('sh3-run')
    """
    check_named(data, "data")
    name = Path(data).name.partition(".")[0]
    if data == "-" or not name:
        raise ConfigError("data", f"a file or the name of a data set expected, got '{data}'")
    return Path(f"{name}-run")


def write(run: Path, out: Path, settings: StudioSettings, json: bool) -> None:
    """Write the page of a run, and say how large it is."""
    from shortrun import workflows
    from shortrun.store import Trajectory

    trained = Trajectory.open(run)
    size = workflows.studio(trained, out, settings=settings)
    if json:
        from shortrun.workflows._runs import age_of

        found = {"run": str(run), "output": str(out), "bytes": size, "nearest": settings.nearest}
        _output.emit(found | {"age": age_of(trained, settings.age)})
        return
    _output.say(f"{out}: {size / 10**6:.2f} MB")
    _output.say(f"from {_options.told_age(trained, settings)}", aside=True)


class Followed(NamedTuple):
    """A run whose page is served, and how its training is started.

    Parameters
    ----------
    folder : Path
        Of the run.
    machine : list[str]
        Options of `train` that a run does not remember.
    words : list[str] or None
        Those of the training that is started; None to start none.
    data : str or None
        What it learns; None for a run that goes on.
    """

    folder: Path
    machine: list[str]
    words: list[str] | None
    data: str | None


def serve(followed: Followed, settings: StudioSettings, serving: ServingSettings, json: bool) -> None:
    """Serve the page of a run until Ctrl-C, with the training that is started for it.

    Raises
    ------
    typer.Exit
        With the code of the training, if it ends before there is a run; 130 after Ctrl-C until then.
    """
    from shortrun.live import Server, Training, Watched

    folder = followed.folder
    training = Training(folder, lambda line: _output.say(line, aside=True), followed.machine)
    with ended_like_interrupted(*HANG_UP):
        try:
            if followed.words is not None:
                training.start(followed.words, followed.data)
                if not training.wait_for_run():
                    raise typer.Exit(training.code or 0)
            with Server(Watched(folder, training, settings), serving.port) as server:
                announce(server.address, folder, json)
                if serving.open:
                    webbrowser.open(server.address)
                wait_for_interrupt()
        finally:
            training.end()
    _output.say(f"ended; it is served again by: {training.command}", aside=True)
    if training.number is not None:
        _output.say(f"its training goes on, in process {training.number}, which was not started from here", aside=True)


def announce(address: str, folder: Path, json: bool) -> None:
    """Say where the page is."""
    if json:
        _output.emit({"address": address, "run": str(folder)})
    else:
        _output.say(f"{folder}: {address}")
        _output.say("Whoever has the address can use the page, on this machine; Ctrl-C ends it.", aside=True)


def wait_for_interrupt() -> None:
    """Wait for Ctrl-C, which is how the page is meant to end.

    Python 3.11 forgets to look at a signal that came while a thread of the server took over (its `eval_breaker` is
    computed anew there, without the signals of the main thread): one asks for that look, again and again.
    """
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(LOOK_SECONDS)
            if hasattr(signal, "pthread_sigmask"):
                signal.pthread_sigmask(signal.SIG_BLOCK, ())
