"""The bytes and the text of a file, with one clear line for whatever a disk or an encoding can do wrong."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path, PurePosixPath
from typing import Any

from shortrun import scratch
from shortrun.data.core.libraries import library
from shortrun.errors import ConfigError, FormatError, nearest
from shortrun.files import explain

ENDINGS = {".gz": "gz", ".bgz": "gz", ".xz": "xz", ".bz2": "bz2", ".zst": "zst", ".zip": "zip"}  # of packed files
MAGIC = {"gz": b"\x1f\x8b", "xz": b"\xfd7zXZ\0", "bz2": b"BZh", "zst": b"\x28\xb5\x2f\xfd", "zip": b"PK\3\4"}
FOREIGN = {b"Rar!": "RAR", b"7z\xbc\xaf\x27\x1c": "7z", b"\x1f\x9d": ".Z"}
OFFICE = "[Content_Types].xml"
DEEPEST = 3  # a file that is packed twice, as browsers and pipelines leave some
HEAD = 2**16  # bytes that say what a file is
AT_ONCE = 2**20  # bytes unpacked together
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
UTF8 = "utf-8-sig"
MARKS = {  # what a text may begin with to say its encoding; that of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF8: UTF8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1252", "mac-roman", "shift-jis", "gb18030")

_most: ContextVar[int] = ContextVar("most", default=2**33)  # bytes that a packed file may unpack to
OTHER_ENCODINGS = ": --encoding latin-1, cp1252 or another reads other encodings"

# Packed files: their content says so, whatever their name


def bare(path: Path) -> str:
    """Return the name of a file without an ending that says that it is packed."""
    return path.name[: -len(path.suffix)] if path.suffix.lower() in ENDINGS else path.name


def packing(path: Path) -> str | None:
    """Return how the content of a file is packed: "gz", "xz", "bz2", "zst" or "zip"; None if it is not.

    Raises
    ------
    FormatError
        If the file is missing or not readable.
    """
    with explained(path), path.open("rb") as file:
        return packing_of(file.read(HEAD))


def is_packed(path: Path) -> bool:
    """Return whether the content of a file is packed."""
    return packing(path) is not None


def packing_of(start: bytes) -> str | None:
    """Return how a content that begins so is packed; NumPy's .npz is a zip of .npy files, and stays what it is."""
    found = next((name for name, magic in MAGIC.items() if start.startswith(magic)), None)
    return None if found == "zip" and first_member(start).endswith(".npy") else found


def first_member(start: bytes) -> str:
    """Return the name of the first file of a zip, which begins so."""
    length = int.from_bytes(start[26:28], "little")
    return start[30 : 30 + length].decode(errors="replace")


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Any]:
    """Open a file to read its content, unpacked as its first bytes say.

    Raises
    ------
    FormatError
        If it is an archive of several files, packed in a way that is not known, or (while it is read) too large.
    MissingExtraError
        If it is packed with Zstandard and pyarrow is not installed.
    """
    with contextlib.ExitStack() as closing:
        file: Any = closing.enter_context(path.open("rb"))
        for _ in range(DEEPEST):
            start = file.peek(HEAD)
            check_known(path, start)
            kind = packing_of(start)
            if kind is None:
                break
            packed = closing.enter_context(opened(path, file, kind))
            file = io.BufferedReader(Counted(path, packed), HEAD)
        yield file


def opened(path: Path, file: Any, kind: str) -> Any:
    """Return the content of an open file that is packed."""
    if kind == "zip":
        return only_member(path, file)
    if kind == "zst":
        pyarrow = library("pyarrow", "pyarrow, which unpacks .zst,", "io")
        return io.BufferedReader(pyarrow.CompressedInputStream(pyarrow.PythonFile(file, "r"), "zstd"), HEAD)
    return {"gz": gzip.open, "xz": lzma.open, "bz2": bz2.open}[kind](file, "rb")


@contextlib.contextmanager
def unpacking_at_most(size: float) -> Iterator[None]:
    """Let packed files unpack to so many GiB at most, until this is left."""
    before = _most.set(int(size * 2**30))
    try:
        yield
    finally:
        _most.reset(before)


def check_unpacked(path: Path, size: int) -> None:
    """Check that a file does not unpack to more than it may.

    Raises
    ------
    FormatError
        If it does.
    """
    if size > _most.get():
        most = f"{_most.get() / 2**30:g} GiB"
        raise FormatError(path, None, f"unpacks to more than {most}: if that is right, raise --max-unpacked")


class Counted(io.RawIOBase):
    """What comes out of a packed file, counted: what a file says of its size cannot be trusted."""

    def __init__(self, path: Path, content: Any):
        self.path, self.content, self.count = path, content, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self.content.readinto(buffer)
        self.count += found
        check_unpacked(self.path, self.count)
        return found

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(AT_ONCE), b""))  # pyright: ignore[reportReturnType, reportArgumentType]


def only_member(path: Path, file: Any) -> Any:
    """Return the only file of a zip, opened; what a Mac adds does not count."""
    try:
        return _only_member(path, file)
    except UnicodeDecodeError:
        raise FormatError(path, None, "cannot be unpacked: a name in it is not UTF-8; is it damaged?") from None
    except RuntimeError as error:  # a password, or a method or version that zipfile does not know
        raise FormatError(path, None, f"cannot be unpacked: {str(error).splitlines()[0]}") from None


def _only_member(path: Path, file: Any) -> Any:
    archive = zipfile.ZipFile(file)
    names = [name for name in archive.namelist() if name and not name.endswith("/")]
    if OFFICE in names:
        raise FormatError(path, None, "is a workbook (Excel or alike): save the sheet as CSV")
    names = [name for name in names if not name.startswith("__MACOSX/") and PurePosixPath(name).name[0] != "."]
    if len(names) != 1:
        some = f" ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})" if names else ""
        raise FormatError(path, None, f"is a zip archive of {len(names)} files{some}, one expected: unpack it first")
    return archive.open(names[0])


def check_known(path: Path, start: bytes) -> None:
    """Raise FormatError if a content begins as an archive that is not unpacked here."""
    name = next((name for magic, name in FOREIGN.items() if start.startswith(magic)), None)
    name = "tar" if start[257:262] == b"ustar" else name
    if name is not None:
        raise FormatError(path, None, f"is a {name} archive: unpack it first")


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say in one line what a disk, or a damaged packed file, does wrong.

    Raises
    ------
    FormatError
        If the file is missing (names the nearest one in the folder), a folder, not readable or damaged.
    """
    try:
        yield
    except FileNotFoundError:
        raise FormatError(path, None, f"no such file{hint(path)}") from None
    except DAMAGE:
        raise damaged(path) from None
    except OSError as error:  # those of what unpacks have no number
        raise (FormatError(path, None, explain(error)) if error.errno else damaged(path)) from None


def damaged(path: Path) -> FormatError:
    """Return the error about a packed file that cannot be unpacked."""
    with path.open("rb") as file:
        kind = packing_of(file.read(HEAD))
    return FormatError(path, None, f"is a truncated or damaged {f'.{kind} ' if kind else ''}file")


def head(path: Path) -> bytes:
    """Return the first bytes of the content of a file, unpacked.

    Raises
    ------
    FormatError
        As `read_bytes`, but for an empty file.
    """
    with explained(path), unpacked(path) as file:
        return file.read(HEAD)


def marked(start: bytes) -> str | None:
    """Return the encoding that content says by the byte-order mark that it begins with, None without one."""
    return next((name for mark, name in MARKS.items() if start.startswith(mark)), None)


def text_of(start: bytes) -> str:
    """Return the whole lines of content that begins so, as text."""
    lines = "\n".join(start.decode(marked(start) or UTF8, "replace").splitlines())
    return lines if len(start) < HEAD else lines.rpartition("\n")[0]


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked if it is packed.

    Raises
    ------
    FormatError
        If the file is missing, empty, a folder, not readable or damaged.
    """
    with explained(path), unpacked(path) as file:
        try:
            content = file.read()
        except MemoryError:
            raise MemoryError(f"for the content of a file of {path.stat().st_size:,} bytes") from None
    if not content:
        raise FormatError(path, None, "the file is empty")
    return content


def read_lines(path: Path, foreign: str = "") -> Iterator[str]:
    r"""Yield the lines of a UTF-8 text file, of which memory holds one at a time.

    Every kind of line end is understood and left out, a byte-order mark too. A text that says by its mark that it is
    UTF-16 or UTF-32 is held as a whole.

    Parameters
    ----------
    path : Path
        The file, unpacked if it is packed.
    foreign : str, default ""
        What lines begin with that may be in another encoding and are then taken for Latin-1, if not empty.

    Raises
    ------
    FormatError
        As `read_bytes`, or if a line is not UTF-8; names the line.
    """
    blank = True
    with explained(path), unpacked(path) as file:
        if marked(file.peek(len(codecs.BOM_UTF32_LE))) not in (None, UTF8):
            yield from read_text(path).removesuffix("\n").split("\n")
            return
        text = io.TextIOWrapper(file, UTF8, "surrogateescape")
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
    raise FormatError(path, number, f"byte 0x{escaped:02x} is not UTF-8 text{OTHER_ENCODINGS}")


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
    content = read_bytes(path)
    try:
        text = decoded(path, content, encoding).replace("\r\n", "\n").replace("\r", "\n")
    except MemoryError:
        raise MemoryError(f"for a text of {len(content):,} bytes") from None
    if not text.strip():
        raise FormatError(path, None, "the file is empty")
    return text


def decoded(path: Path, content: bytes, encoding: str | None) -> str:
    """Return the text that bytes are."""
    said = marked(content)
    chosen = said or known_encoding(encoding)
    try:
        text = content.decode(chosen)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"{'UTF-8' if chosen == UTF8 else chosen} text"
        tip = "" if said or encoding else OTHER_ENCODINGS
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
    except (LookupError, ValueError):  # some know no 'replace', or nothing at all
        reason = f"one of {', '.join(ENCODINGS)} or another that Python knows expected, got '{name}'"
        raise ConfigError("encoding", reason, nearest(str(name), ENCODINGS)) from None
    return name or UTF8


@contextlib.contextmanager
def in_utf8(path: Path, encoding: str | None) -> Iterator[Path]:
    """Give a copy of a text in UTF-8, unpacked; errors about it name the file.

    Raises
    ------
    FormatError
        As `read_text`.
    ConfigError
        If there is no such encoding.
    """
    with tempfile.TemporaryDirectory(dir=scratch.home()) as folder:
        copy = Path(folder) / bare(path)
        copy.write_text(read_text(path, encoding), encoding="utf-8")
        try:
            yield copy
        except FormatError as error:
            raise (FormatError(path, error.line, error.reason) if error.path == copy else error) from None


def hint(path: Path, also: tuple[str, ...] = ()) -> str:
    """Return the end of a message about a missing file: the nearest name in its folder or in `also`."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {folder} does not exist"
    guess = nearest(path.name, [*also, *(found.name for found in folder.iterdir())])
    return f" (did you mean '{guess}'?)" if guess else ""
