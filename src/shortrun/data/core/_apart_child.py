"""The process in which `apart` runs functions; it imports nothing of this package, so that it starts at once.

It takes pickled requests, but answers in JSON and the bytes of arrays: what a hostile file may make of this process
must not harm the one that asks.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import runpy
import signal
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

ITEM, END, FAULT = "item", "end", "fault"  # what an answer is
ARRAY = "array"
MOST = 4  # answers that wait for each other


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Run function after function as asked for, until nobody asks any more."""
    modules: dict[str, dict[str, Any]] = {}
    while True:
        try:
            file, name, args, fed, memory, lag = pickle.load(requests)
        except EOFError:
            return
        limit(memory)
        items, waiting, since = feed(requests) if fed else None, [], time.monotonic()
        try:
            modules[file] = modules.get(file) or runpy.run_path(file)
            for item in modules[file][name](*args, *([items] if items is not None else [])):
                waiting.append((ITEM, item))
                if len(waiting) == MOST or time.monotonic() - since >= lag:
                    send(answers, waiting)
                    waiting, since = [], time.monotonic()
            last: tuple[str, Any] = (END, None)
        except BaseException as error:
            last = (FAULT, (isinstance(error, MemoryError), f"{type(error).__name__}: {error}"))
        for _ in items or ():  # what was not asked for is not the next request
            pass
        send(answers, [*waiting, last])


def feed(requests: IO[bytes]) -> Iterator[Any]:
    """Yield what the other process hands over, to the end."""
    while (item := pickle.load(requests)) is not None:
        yield item


def send(answers: IO[bytes], found: list[tuple[str, Any]]) -> None:
    """Hand answers over: the length of their JSON, this, in which an array is [type, shape], and the arrays."""
    arrays: list[Any] = []

    def form(array: Any) -> dict[str, Any]:
        arrays.append(array)
        return {ARRAY: [array.dtype.str, array.shape]}

    text = json.dumps(found, default=form, separators=(",", ":")).encode()
    answers.write(len(text).to_bytes(8, "little") + text)
    for array in arrays:
        answers.write(array.tobytes())
    answers.flush()


def limit(memory: int) -> None:
    """Let this process have so many bytes of memory at most, where the system can see to it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory if most == resource.RLIM_INFINITY else min(memory, most), most))


def main() -> None:
    """Serve on stdin and stdout, which libraries must not write to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of Ctrl-C, the other process takes care
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
