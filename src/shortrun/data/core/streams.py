"""What comes from a pipe, kept in a file while the program runs: formats look at their files more than once."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shortrun import scratch
from shortrun.data.core.raw import bare, unpacked
from shortrun.errors import FormatError

DASH = "-"  # stdin, or stdout

_kept: dict[Any, Path] = {}  # stream, or number of a pipe -> the file with what it held


def is_stream(path: Path) -> bool:
    """Return whether a path can be read only once: stdin, or a pipe."""
    return str(path) == DASH or path.is_fifo()


@contextmanager
def local(path: Path, *, whole: bool = False) -> Iterator[Path]:
    """Give a file with what a path holds: the path itself, or a copy of a pipe, or an unpacked copy if `whole` says so.

    Errors about a copy name the path.
    """
    if is_stream(path):
        with (
            renamed(from_stdin() if str(path) == DASH else from_pipe(path), path) as copy,
            local(copy, whole=whole) as it,
        ):
            yield it
    elif whole:
        with tempfile.TemporaryDirectory(dir=scratch.home()) as folder, unpacked(path) as content:
            copy = copied(content, Path(folder), bare(path))
            with renamed(copy, path):
                yield copy
    else:
        yield path


@contextmanager
def renamed(copy: Path, path: Path) -> Iterator[Path]:
    """Give a copy of a file, whose errors name the file."""
    try:
        yield copy
    except FormatError as error:
        if error.path != copy:
            raise
        raise FormatError("stdin" if str(path) == DASH else path, error.line, error.reason) from None


def from_stdin() -> Path:
    """Return a file with what stdin holds, which is read once and kept.

    Raises
    ------
    FormatError
        If stdin is a terminal, or closed.
    """
    if sys.stdin is None:
        raise FormatError("stdin", None, "is closed: pipe a file into the command")
    if sys.stdin.isatty():
        raise FormatError(
            "stdin", None, "is a terminal: pipe a file into the command, as in 'zcat x.gz | shortrun ...'"
        )
    return kept(sys.stdin, getattr(sys.stdin, "buffer", sys.stdin))


def from_pipe(path: Path) -> Path:
    """Return a file with what a pipe holds, which is read once and kept."""
    number = path.stat().st_ino
    if number in _kept:
        return _kept[number]
    with path.open("rb") as pipe:
        return kept(number, pipe)


def kept(source: Any, content: Any) -> Path:
    """Return a file with the content of a source, which is gone when the program ends."""
    if source not in _kept:
        _kept[source] = copied(content, scratch.folder(), "stdin")
    return _kept[source]


def copied(content: Any, folder: Path, name: str) -> Path:
    """Return a file of a folder with the content of a stream."""
    path = folder / name
    with path.open("wb") as file:
        shutil.copyfileobj(content, file, 2**20)
    return path
