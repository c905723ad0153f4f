"""The bytes and the text of a file, with one clear line for whatever a disk or an encoding can do wrong."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from shortrun.errors import FormatError, nearest
from shortrun.files import explain


def is_packed(path: Path) -> bool:
    """Return whether the name of a file says that it is packed."""
    return path.suffix.lower() == ".gz"


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say in one line what a disk, or a damaged .gz file, does wrong.

    Raises
    ------
    FormatError
        If the file is missing (names the nearest one in the folder), a folder, not readable or a damaged .gz file.
    """
    try:
        yield
    except FileNotFoundError:
        raise FormatError(path, None, f"no such file{hint(path)}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FormatError(path, None, "is a truncated or damaged .gz file") from None
    except OSError as error:
        raise FormatError(path, None, explain(error)) from None


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked if its name ends in .gz.

    Raises
    ------
    FormatError
        If the file is missing, empty, a folder, not readable or a damaged .gz file.
    """
    with explained(path):
        content = path.read_bytes()
        content = gzip.decompress(content) if is_packed(path) and content else content
    if not content:
        raise FormatError(path, None, "the file is empty")
    return content


def read_lines(path: Path, foreign: str = "") -> Iterator[str]:
    r"""Yield the lines of a UTF-8 text file, of which memory holds one at a time.

    Every kind of line end is understood and left out, a byte-order mark too.

    Parameters
    ----------
    path : Path
        The file, unpacked if its name ends in .gz.
    foreign : str, default ""
        What lines begin with that may be in another encoding and are then taken for Latin-1, if not empty.

    Raises
    ------
    FormatError
        As `read_bytes`, or if a line is not UTF-8; names the line.
    """
    blank = True
    with explained(path), (gzip.open if is_packed(path) else open)(path, "rb") as file:
        text = io.TextIOWrapper(cast(BinaryIO, file), "utf-8-sig", "surrogateescape")
        for number, line in enumerate(text, start=1):
            blank = blank and line.isspace()
            yield (line if line.isascii() else valid(path, number, line, foreign)).removesuffix("\n")
    if blank:
        raise FormatError(path, None, "the file is empty")


def valid(path: Path, number: int, line: str, foreign: str) -> str:
    """Return a line after checking that it was UTF-8."""
    escaped = next((ord(letter) - 0xDC00 for letter in line if 0xDC80 <= ord(letter) <= 0xDCFF), None)
    if escaped is None:
        return line
    if foreign and line.startswith(foreign):
        return line.encode("utf-8", "surrogateescape").decode("latin-1")
    raise FormatError(path, number, f"byte 0x{escaped:02x} is not UTF-8 text")


def read_text(path: Path) -> str:
    r"""Return the UTF-8 text of a file with `\n` for every kind of line end and without a byte-order mark.

    Raises
    ------
    FormatError
        As `read_bytes`, or if the text is not UTF-8; names the line.
    """
    content = read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FormatError(path, line, f"byte 0x{content[error.start]:02x} is not UTF-8 text") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise FormatError(path, None, "the file is empty")
    return text


def hint(path: Path, also: tuple[str, ...] = ()) -> str:
    """Return the end of a message about a missing file: the nearest name in its folder or in `also`."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {folder} does not exist"
    guess = nearest(path.name, [*also, *(found.name for found in folder.iterdir())])
    return f" (did you mean '{guess}'?)" if guess else ""
