"""Functions that run in a process apart: what ends a process there (a fault of a C library) does not end this one.

The process starts when it is first needed, is used again, and ends with this one.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from shortrun.data.core import _apart_child as child

LAG = 0.05
MEMORY = 2**33  # bytes that a process apart may have
NUMBERS = {np.dtype(kind).str: kind for kind in (np.bool_, np.int8, np.int16, np.int32)}  # that arrays may hold
START = "import sys, runpy; sys.path[:] = {path!r}; runpy.run_path({file!r}, run_name='__main__')"

_idle: list[Worker] = []  # processes that wait


class BrokenOffError(RuntimeError):
    """The process apart came to its end: its signal or exit code."""


class Worker:
    """A process apart."""

    def __init__(self):
        self.owner, self.process = os.getpid(), started()

    def send(self, *items: Any) -> None:
        """Hand something over."""
        try:
            for item in items:
                pickle.dump(item, self.process.stdin, pickle.HIGHEST_PROTOCOL)  # pyright: ignore[reportArgumentType]
            self.process.stdin.flush()  # pyright: ignore[reportOptionalMemberAccess]
        except (BrokenPipeError, OSError):
            raise self.end() from None

    def receive(self) -> list[tuple[str, Any]]:
        """Return the next answers; nothing in them is code, and what is no answer is the end."""
        file: Any = self.process.stdout
        arrays: list[np.ndarray] = []

        def array(form: dict[str, Any]) -> np.ndarray:
            kind, shape = form[child.ARRAY]
            arrays.append(np.empty(shape, NUMBERS[kind]))
            return arrays[-1]

        try:
            found = json.loads(file.read(min(int.from_bytes(file.read(8), "little"), MEMORY)), object_hook=array)
            for each in arrays:
                if file.readinto(each.reshape(-1).view(np.uint8)) != each.nbytes:
                    raise EOFError
            return [(kind, answer) for kind, answer in found]
        except (KeyError, TypeError, ValueError, EOFError, MemoryError, OverflowError, RecursionError):
            raise self.end() from None

    def end(self) -> BrokenOffError:
        """Return how the process ended."""
        self.process.kill()  # if it hangs without its pipes; what has ended keeps its code
        code = self.process.wait()
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return BrokenOffError(name)

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # pyright: ignore[reportOptionalMemberAccess]


def started() -> subprocess.Popen[bytes]:
    """Return a process that serves on its stdin and stdout."""
    code = START.format(path=sys.path, file=child.__file__)
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-P", "-c", code], stdin=pipe, stdout=pipe, stderr=none)


def apart(
    function: Callable[..., Iterable[Any]], *args: Any, feed: Iterable[Any] | None = None, lag: float = LAG
) -> Iterator[Any]:
    """Yield what a generator function yields in a process apart.

    Parameters
    ----------
    function : Callable
        Of a module that imports no module of this package, as that takes long. It yields what JSON knows, and
        arrays of whole numbers; tuples come as lists.
    *args : object
        What it is called with.
    feed : Iterable, optional
        Values, none of them None, that it takes one by one from an iterator, its last argument.
    lag : float, optional
        Seconds that what was yielded may wait for more; what waits is lost when the process ends.

    Raises
    ------
    BrokenOffError
        If the process came to its end.
    MemoryError
        If there was too little memory in it.
    RuntimeError
        If the function raised something else.
    """
    answer: Any = None
    worker, kind = taken(), child.ITEM
    try:
        file = sys.modules[function.__module__].__file__
        worker.send((file, function.__name__, args, feed is not None, MEMORY, lag))
        for item in feed or ():
            worker.send(item)
        if feed is not None:
            worker.send(None)
        while kind == child.ITEM:
            *items, (kind, answer) = worker.receive()
            for _, item in items:
                yield item
            if kind == child.ITEM:
                yield answer
    finally:
        if kind == child.ITEM:  # there is more to come that nobody wants
            worker.stop()
        else:
            _idle.append(worker)
    if kind == child.FAULT:
        raise (MemoryError if answer[0] else RuntimeError)(answer[1])


def taken() -> Worker:
    """Return a process that waits, or a new one; what a process had before it was forked is not its own."""
    while _idle:
        worker = _idle.pop()
        if worker.owner == os.getpid() and worker.process.poll() is None:
            return worker
    return Worker()


@atexit.register
def stop() -> None:
    """End all processes that wait."""
    while _idle:
        worker = _idle.pop()
        if worker.owner == os.getpid():
            worker.stop()
