"""Where files meet libraries: what these raise becomes one line about the file, and what they print is kept back.

Formats say themselves what they know to be wrong. What is left comes here, for all of them at once; the cause is kept,
so that a fault of our own is seen with --debug, and campaigns count what came so far.
"""

from __future__ import annotations

import contextlib
import csv
import lzma
import os
import struct
import sys
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from shortrun.errors import FormatError, ShortrunError, StoreError
from shortrun.files import check_named, explain

FOREIGN = (  # what libraries raise on odd files; no AssertionError, NameError or ImportError: those are our faults
    ArithmeticError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    SystemError,
    TypeError,
    ValueError,
    csv.Error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
SHOWN = 120  # characters of what a library says


@contextlib.contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Say in one line of whatever a library raises that a file cannot be read.

    Raises
    ------
    ConfigError
        If the path names nothing.
    FormatError
        With the exception as its cause.
    """
    check_named(path)
    with quiet():
        try:
            yield
        except ShortrunError:
            raise
        except MemoryError as error:
            size = f"for a file of {Path(path).stat().st_size:,} bytes" if Path(path).is_file() else "for these data"
            about = str(error) or size
            raise FormatError(path, None, f"cannot be read: {complaint(MemoryError(about))}") from error
        except FOREIGN as error:
            raise FormatError(path, None, f"cannot be read: {complaint(error)}{damaged(error)}") from error


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Say in one line of whatever a library raises that data cannot be written to a file.

    Raises
    ------
    FormatError
        With the exception as its cause.
    StoreError
        If it was the disk.
    """
    with quiet():
        try:
            yield
        except ShortrunError:
            raise
        except OSError as error:
            raise StoreError(path, explain(error)) from error
        except FOREIGN as error:
            raise FormatError(path, None, f"these data cannot be written to it: {complaint(error)}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep back the warnings of libraries, which name lines of their source."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def mute() -> Iterator[None]:
    """Keep back what a C library says on stderr by itself; all of the process is mute, so be short."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def complaint(error: BaseException) -> str:
    """Return what an exception says, in one line; of memory, how much there was to be."""
    text = explain(error) if isinstance(error, OSError) else " ".join(str(error).split())
    text = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    if isinstance(error, MemoryError):
        return f"there is not enough memory{f' ({text})' if text else ''}"
    return text if isinstance(error, OSError) else f"{type(error).__name__}{f': {text}' if text else ''}"


def damaged(error: BaseException) -> str:
    """Return the end of a message: a guess at why a file cannot be read."""
    return "" if isinstance(error, OSError) else "; is it damaged?"
