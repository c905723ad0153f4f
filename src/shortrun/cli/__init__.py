"""The command line: one file a verb, which parses, calls the function of that name and prints."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

__all__ = ["STOPPED", "main", "program"]

STOPPED = 130  # what a shell calls a program that Ctrl-C ended
USERS = 2
TOO_LITTLE = b"error: not enough memory: more asked for than there is\n"  # there before memory is short


def program() -> None:
    """Run the command line of this process, and end it without taking apart what it has imported.

    Python would visit every object of torch once more, which takes as long as predicting does. All that was registered
    for the end of the process comes first: functions run in the reverse order of their registration.
    """
    code = 1

    def leave() -> None:
        said = code
        for stream in filter(None, (sys.stdout, sys.stderr)):
            try:
                stream.flush()
            except (OSError, ValueError):
                said = said or 120  # as Python says it
        os._exit(said)

    atexit.register(leave)
    occupy_closed_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as of what runs with `&`
        signal.signal(signal.SIGINT, interrupted)
    try:
        code = main()
    except KeyboardInterrupt:
        code = STOPPED
    except MemoryError:  # while shortrun was imported, or an error told
        os.write(2, TOO_LITTLE)
        code = USERS
    sys.exit(code)


def occupy_closed_streams() -> None:
    """Let no file get the number of a stream that a shell closed (`2>&-`): libraries in C would print into it."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)


def interrupted(_: int, frame: FrameType | None) -> None:
    """Answer Ctrl-C as Python does, but end at once while torch is imported: its C++ would abort, in words of its own.

    Raises
    ------
    KeyboardInterrupt
        At other times.
    """
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "torch":
            os._exit(STOPPED)
        frame = frame.f_back
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 for our faults, 2 for the user's, 130 after Ctrl-C.

    Parameters
    ----------
    arguments : Sequence[str], optional
        Words after the program's name; by default those that the process was started with.
    """
    # OpenMP threads that spin while they wait make everything slower as soon as two programs share the cores;
    # the runtime reads this when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # What starts makes a million objects that stay: looking through them for unused ones, at Python's own pace, takes a
    # sixth of the time until torch is there. So does, a little, reading which plugins of pydantic are installed.
    gc.set_threshold(50_000, 20, 20)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from shortrun.cli._app import run

    return run(list(sys.argv[1:] if arguments is None else arguments))
