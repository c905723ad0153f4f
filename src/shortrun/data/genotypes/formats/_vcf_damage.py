"""What is wrong with a VCF or BCF that htslib cannot read; htslib itself says little, and on stderr."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import cast

from shortrun.data.genotypes.regions import EXPECTED
from shortrun.errors import FormatError

BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")  # an empty block: the last one
GZIP, BGZF = b"\x1f\x8b", b"BC"
WHOLE, CALL = re.compile(r"-?\d{1,10}"), re.compile(r"[|/]?(\d{1,9}|\.)([|/](\d{1,9}|\.))*")
SHOWN = 30  # characters of a line that a message quotes


def check_end(path: Path) -> None:
    """Raise FormatError if a BGZF file lacks its last block: what is before it reads like a whole file."""
    size = path.stat().st_size
    if size == 0:
        raise FormatError(path, None, "the file is empty")
    with path.open("rb") as file:
        start = file.read(14)
        if start[:2] != GZIP or start[12:] != BGZF:
            return
        file.seek(max(0, size - len(BGZF_END)))
        if file.read() != BGZF_END:
            raise FormatError(path, None, "is truncated: its last block is missing")


def damage(path: Path, record: int | None) -> FormatError:
    """Return why htslib gave up at a record (from 0; None for the header or where records were skipped)."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
        with gzip.open(path) if packed else path.open("rb") as file:
            return explained(path, io.BufferedReader(cast(io.RawIOBase, file)), record)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return FormatError(path, None, "is a truncated or damaged .gz file")


def breakdown(path: Path, record: int, how: str) -> FormatError:
    """Return why htslib broke down at a record (from 0): it ends its process on some damaged files."""
    found = damage(path, record)
    return FormatError(path, found.line, f"{found.reason} (htslib breaks down at it, {how})")


def explained(path: Path, file: io.BufferedReader, record: int | None) -> FormatError:
    """Return what is wrong with the text of a VCF."""
    if file.read(3) == b"BCF":
        return FormatError(path, None, "is a truncated or damaged BCF")
    file.seek(0)
    numbered = enumerate(file, start=1)
    for line, text in numbered:
        if not is_text(text):
            return FormatError(path, line, "is not UTF-8 text: no VCF")
        if line == 1 and not text.startswith(b"##fileformat=VCF"):
            return FormatError(path, 1, f"'##fileformat=VCF...' expected at the start of a VCF, got '{shown(text)}'")
        if text.startswith(b"#CHROM"):
            return of_names(path, line, text) or of_record(path, numbered, record, text)
        if not text.startswith(b"#"):
            return FormatError(path, line, f"a line '#CHROM...' with the names expected before '{shown(text)}'")
    return FormatError(path, None, "has no line '#CHROM...' with the names of the persons")


def of_names(path: Path, line: int, text: bytes) -> FormatError | None:
    """Return what is wrong with the line of names, None if nothing is."""
    names = text.decode().rstrip("\r\n").split("\t")[9:]
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    return FormatError(path, line, f"two persons are called '{twice}'") if twice is not None else None


def of_record(path: Path, numbered: Iterator[tuple[int, bytes]], record: int | None, names: bytes) -> FormatError:
    """Return what is wrong with a record."""
    line, text = next(islice(numbered, record, None), (None, b"")) if record is not None else (None, b"")
    if line is None:
        return FormatError(path, None, "is a truncated or damaged VCF")
    deque(numbered, maxlen=0)  # a .gz file that is damaged further on says so
    expected, found = names.count(b"\t") + 1, text.count(b"\t") + 1
    if found != expected:
        return FormatError(path, line, f"{found} columns, the line of names has {expected}")
    if not is_text(text):
        return FormatError(path, line, "is not UTF-8 text: no VCF")
    return FormatError(path, line, of_fields(text.decode().split("\t")) or f"is no record of a VCF: '{shown(text)}'")


def of_fields(fields: list[str]) -> str | None:
    """Return what is wrong with the fields of a record, None if nothing is found."""
    if not WHOLE.fullmatch(fields[1]):
        return f"position: {EXPECTED}, got '{fields[1][:SHOWN]}'"
    cells = (cell.split(":")[0].strip() for cell in fields[9:] if fields[8].split(":")[0] == "GT")
    odd = next((cell for cell in cells if not CALL.fullmatch(cell)), None)
    return None if odd is None else f"a call such as 0|1 expected, got '{odd[:SHOWN]}'"


def is_text(line: bytes) -> bool:
    """Return whether a line is UTF-8 without control characters."""
    try:
        return "\0" not in line.decode()
    except UnicodeDecodeError:
        return False


def shown(line: bytes) -> str:
    """Return the beginning of a line for a message."""
    return " ".join(line.decode(errors="replace").split())[:SHOWN]
