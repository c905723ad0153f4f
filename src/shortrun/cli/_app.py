"""The verbs put together, and how their errors become one line and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import shortrun
from shortrun.cli import STOPPED, USERS, _output
from shortrun.cli._lazy import group_of
from shortrun.errors import ELSEWHERE, ShortrunError, StoreError, worded_in_flags
from shortrun.files import explain
from shortrun.memory import shortage

OURS = 1
NO_ROOM = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT, errno.EBADF)
FOR_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
PHYSICS = "What the model has learned"

VERBS = {
    "train": None,
    "tune": None,
    "generate": None,
    "predict": None,
    "evaluate": None,
    "score": None,
    "curves": None,
    "fold": None,
    "animate": None,
    "studio": None,
    "info": None,
    "plot": None,
    "data": None,
    "import": None,
    "export": None,
    "fixed-points": PHYSICS,
    "tree": PHYSICS,
    "mixing": PHYSICS,
    "phases": PHYSICS,
    "learning-flow": PHYSICS,
    "couplings": PHYSICS,
    "contacts": PHYSICS,
    "mutations": PHYSICS,
    "likelihood": PHYSICS,
    "lyapunov": PHYSICS,
}  # verb -> panel of the help, in its order

app = typer.Typer(
    name="shortrun",
    cls=group_of(VERBS),
    help="Fast and functional generators of labelled structured data.",
    epilog="shortrun VERB --help shows examples and options; with the name of a file, the options for its data.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> bool:
    """Print the version and end, if wanted."""
    if wanted:
        _output.say(f"shortrun {shortrun.__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=show_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (also SHORTRUN_DEBUG=1).")
    ] = False,
) -> None:
    """Fast and functional generators of labelled structured data."""


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; an error is one line on stderr."""
    with worded_in_flags():
        return answered(arguments)


def answered(arguments: list[str]) -> int:
    """Do what `run` does; messages name flags."""
    debug = "--debug" in arguments or os.environ.get("SHORTRUN_DEBUG", "") not in ("", "0")
    arguments = [word for word in arguments if word != "--debug"]
    if arguments in ([], ["data"], ["plot"]):
        arguments.append("--help")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # letters that the terminal lacks are escapes, not errors
            stream.reconfigure(errors="backslashreplace")
    try:
        with told_in_a_line(debug):
            check_stdout()
            check_working_directory()
            code = app(arguments, prog_name="shortrun", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        return hang_up()
    except Exception as error:
        if debug:
            _output.block(traceback.format_exc(), aside=True)
        code, line = verdict(error)
        _output.complain(line)
        return code
    except KeyboardInterrupt:
        return STOPPED


@contextmanager
def told_in_a_line(debug: bool) -> Iterator[None]:
    """Say warnings of Python and of libraries in a line each, without the place in their source."""

    def tell(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if debug or not issubclass(category, FOR_DEVELOPERS):
            _output.say(f"warning: {' '.join(str(message).split())}", aside=True)

    with warnings.catch_warnings():
        warnings.showwarning = tell
        yield


def verdict(error: Exception) -> tuple[int, str]:
    """Return the exit code and the line for an error."""
    if isinstance(error, ShortrunError):
        return USERS, str(error)
    short = shortage(error)
    if short is not None:
        return USERS, short
    if isinstance(error, OSError):
        return USERS, f"{error.filename or place(error)}: {explain(error)}"
    if isinstance(error, typer.Abort):
        return STOPPED, "stopped"
    if hasattr(error, "format_message"):  # what typer calls wrong usage; its class moved between versions
        return USERS, usage(error)
    return OURS, (
        f"{type(error).__name__}: {error} - a fault of shortrun {shortrun.__version__}: please report it to its "
        "maintainers with the output of --debug"
    )


def usage(error: Exception) -> str:
    """Return what is wrong with a command line, and which help to ask for."""
    context = getattr(error, "ctx", None)
    if context and (meant := flag_meant(getattr(error, "option_name", ""), context.command.params)):
        error.possibilities = [meant]  # pyright: ignore[reportAttributeAccessIssue]
    command = context.command_path if context else "shortrun"
    message = error.format_message().strip().rstrip(".")  # pyright: ignore[reportAttributeAccessIssue]
    return f"{message}{about_json(message)} (see {command} --help)"


def about_json(message: str) -> str:
    """Return how `--json` is written, where a message says that it was written as another command has it."""
    if "'--json' requires an argument" in message:
        return ": --json FILE, or --json - for stdout"
    extra = "unexpected extra argument" in message and ".json" in message
    return ": --json prints to stdout, as in --json > FILE" if extra or "'--json' does not take" in message else ""


def flag_meant(word: str | None, parameters: Iterable[Any]) -> str | None:
    """Return the flag for which another program has this word, None where there is none."""
    flags = {each.name: each.opts[0] for each in parameters}
    return flags.get(ELSEWHERE.get((word or "").strip("-").replace("-", "_"), ""))


def check_stdout() -> None:
    """Raise StoreError if a shell has closed stdout (`>&-`), before anything is computed."""
    if sys.stdout is None:
        raise StoreError("stdout", "is closed: nothing can be printed")


def check_working_directory() -> None:
    """Raise StoreError if the working directory was deleted: libraries end the process where there is none."""
    try:
        Path.cwd()
    except OSError:
        raise StoreError("the working directory", "no longer exists: change to another") from None


def place(error: OSError) -> str:
    """Return what an error is about that names no file: writing files is said with their names, so a full stdout."""
    if error.errno not in NO_ROOM:
        return "a file"
    _output.forget(aside=False)
    return "stdout"


def hang_up() -> int:
    """Return the exit code of a program whose reader has left; nothing more is written to it."""
    _output.forget(aside=False)
    return OURS  # as rich and typer do in this case
