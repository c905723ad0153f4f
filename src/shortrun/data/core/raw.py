"""The bytes and the text of a file, with one clear line for whatever a disk or an encoding can do wrong."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from shortrun.errors import ConfigError, FormatError, nearest
from shortrun.files import explain

UTF8 = "utf-8-sig"
MARKS = {  # what a text may begin with to say its encoding; that of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF8: UTF8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1252", "mac-roman", "shift-jis", "gb18030")


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


def read_text(path: Path, encoding: str | None = None) -> str:
    r"""Return the text of a file with `\n` for every kind of line end and without a byte-order mark.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str, optional
        Its encoding where it begins with no byte-order mark, UTF-8 by default.

    Raises
    ------
    FormatError
        As `read_bytes`, or if the text is not of that encoding; names the line.
    ConfigError
        If there is no such encoding.
    """
    text = decoded(path, read_bytes(path), encoding).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise FormatError(path, None, "the file is empty")
    return text


def decoded(path: Path, content: bytes, encoding: str | None) -> str:
    """Return the text that bytes are."""
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    chosen = marked or known_encoding(encoding)
    try:
        text = content.decode(chosen)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"{'UTF-8' if chosen == UTF8 else chosen} text"
        tip = "" if marked or encoding else ": --encoding latin-1, cp1252 or another reads other encodings"
        raise FormatError(path, line, f"byte 0x{content[error.start]:02x} is not {what}{tip}") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FormatError(path, line, "a byte 0, text expected: is it of another encoding, as --encoding utf-16-le?")
    return text


def known_encoding(name: str | None) -> str:
    """Return the encoding of that name, UTF-8 for None.

    Raises
    ------
    ConfigError
        If Python knows none; names the nearest.
    """
    try:
        b"a".decode(name or UTF8, "replace")
    except LookupError:
        reason = f"one of {', '.join(ENCODINGS)} or another that Python knows expected, got '{name}'"
        raise ConfigError("encoding", reason, nearest(str(name), ENCODINGS)) from None
    return name or UTF8


def hint(path: Path, also: tuple[str, ...] = ()) -> str:
    """Return the end of a message about a missing file: the nearest name in its folder or in `also`."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {folder} does not exist"
    guess = nearest(path.name, [*also, *(found.name for found in folder.iterdir())])
    return f" (did you mean '{guess}'?)" if guess else ""
