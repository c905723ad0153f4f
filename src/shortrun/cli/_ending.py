"""Requests to end that are answered like Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_like_interrupted(*others: signal.Signals) -> Iterator[None]:
    """Answer a batch system's request to end (SIGTERM), and others, like Ctrl-C, also where that itself is ignored."""

    def answer(_: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):  # as in what a script runs with `&`
            raise KeyboardInterrupt
        handler(signal.SIGINT, frame)

    before = {each: signal.signal(each, answer) for each in (signal.SIGTERM, *others)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
