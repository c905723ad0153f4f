"""log.jsonl: one JSON record a line, appended, with a checksum; the last may be unfinished while it is written."""

from __future__ import annotations

import contextlib
import math
import os
import re
import zlib
from pathlib import Path
from typing import NamedTuple

from shortrun import jsons
from shortrun.errors import StoreError
from shortrun.files import Place, atomic_file, check_regular, explain
from shortrun.phrases import first_of, plural
from shortrun.records import Record
from shortrun.store import restart
from shortrun.store.lock import NAME as LOCK

NAME, SUM = "log.jsonl", "crc32"
UPDATE = re.compile(rb'"update": (\d{1,12})\b')
SUMMED = re.compile(rb'(\{.+), "crc32": "([0-9a-f]{8})"\}', re.DOTALL)  # a line of this version; earlier have none
TEXTS = ("because",)  # what is said in words
LATEST = 10**12  # update
LONGEST = 2**30  # bytes


class Log(NamedTuple):
    """What a log holds.

    Parameters
    ----------
    records : list[Record]
        Those of whole lines.
    damaged : list[int]
        Numbers of the other lines, from 1.
    """

    records: list[Record]
    damaged: list[int]


def is_there(folder: Path) -> bool:
    """Return whether a run has a log."""
    return (folder / NAME).exists()


def read(folder: Path) -> list[Record]:
    """Return the finished records of a run.

    Raises
    ------
    StoreError
        If a finished line is not a record as it was written; names the lines.
    """
    found = scan(folder)
    if found.damaged:
        raise StoreError(folder / NAME, f"{damaged(found)}: --resume drops what is damaged and keeps the others")
    return found.records


def scan(folder: Path) -> Log:
    """Return the finished records of a run, and which lines are damaged.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    lines, rest = _lines(folder / NAME)
    if rest and not _is_being_written(folder, rest):
        lines.append(rest)
    found = [_parse(line) for line in lines]
    return Log([it for it in found if it is not None], [i for i, it in enumerate(found, 1) if it is None])


def _is_being_written(folder: Path, rest: bytes) -> bool:
    """Return whether what follows the last whole line may be one that a training is just writing."""
    update = _update_of(rest)
    saved = 0
    with contextlib.suppress(StoreError):  # of its own, the restart file is damaged
        saved = restart.saved_update(folder)
    return (folder / LOCK).exists() and (update is None or update > saved)


def _update_of(line: bytes) -> int | None:
    found = UPDATE.search(line)
    return None if found is None else int(found[1])


def damaged(found: Log) -> str:
    """Return which lines are no records, in words."""
    many = len(found.damaged)
    verb = "is not a JSON record" if many == 1 else "are not JSON records"
    return (
        f"{plural(many, 'line')} {first_of(found.damaged)} {verb} as {'it was' if many == 1 else 'they were'} written"
    )


def trim(folder: Path, update: int) -> list[str]:
    """Drop the records that are later than an update, and what is damaged; returns what is to be said of it.

    Raises
    ------
    StoreError
        If the file cannot be read or replaced.
    """
    path, kept, last = folder / NAME, [], 0
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return [f"{NAME} was missing: what was logged up to update {update} is lost"] if update else []
    lines, rest = _lines(path)
    lines += [rest] if rest else []
    records = [_parse(line) for line in lines]
    for line, record in zip(lines, records, strict=True):
        if record is not None and last < record["update"] <= update:
            kept.append(line)
            last = record["update"]
    content = b"".join(line + b"\n" for line in kept)
    if size != len(content):
        with atomic_file(path, Place(folder)) as file:
            file.write(content)
    # What was later comes again; so does the last line, if its training was killed before it had written all of it.
    later = [(_update_of(line) or (LATEST if line is rest else 0)) > update for line in lines]
    lost = [i for i, record in enumerate(records, 1) if record is None and not later[i - 1]]
    return [f"{NAME}: {damaged(Log([], lost))}: dropped, {len(kept)} others are kept"] if lost else []


class Appender:
    """Adds records to a log, each a whole line in the operating system's hands before `append` returns."""

    def __init__(self, place: Place):
        self.path = place.path / NAME
        try:
            self._file = place.open(NAME, "ab", buffering=0)
        except OSError as error:
            raise StoreError(self.path, explain(error)) from None

    def append(self, record: Record) -> None:
        """Add a record.

        Raises
        ------
        StoreError
            If it cannot be written whole; readers ignore the part that was.
        """
        line = memoryview(line_of(record))
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as error:
            raise StoreError(self.path, explain(error)) from None

    def sync(self) -> None:
        """Push all records to the disk."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StoreError(self.path, explain(error)) from None

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def line_of(record: Record) -> bytes:
    """Return the line of a record, with its checksum."""
    text = jsons.dumps(record).encode()
    return text[:-1] + f', "{SUM}": "{zlib.crc32(text):08x}"}}\n'.encode()


def _lines(path: Path) -> tuple[list[bytes], bytes]:
    """Return the whole lines, and what follows them."""
    try:
        check_regular(path, LONGEST)
        *lines, rest = path.read_bytes().split(b"\n")
        return lines, rest
    except FileNotFoundError:
        return [], b""
    except OSError as error:
        raise StoreError(path, explain(error)) from None


def _parse(line: bytes) -> Record | None:
    """Return the record of a line, None if it is none or was changed."""
    whole = SUMMED.fullmatch(line)
    text = line if whole is None else whole[1] + b"}"
    if whole is not None and f"{zlib.crc32(text):08x}".encode() != whole[2]:
        return None
    try:
        record = jsons.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) and is_record(record) else None


def is_record(record: Record) -> bool:
    """Return whether a mapping is a record: of an update, with finite numbers, and words only where they belong."""
    update = record.get("update")
    if type(update) is not int or not 0 < update <= LATEST:
        return False
    texts = [name for name, value in record.items() if isinstance(value, str)]
    numbers = (value for value in record.values() if not isinstance(value, str | bool) and value is not None)
    return set(texts) <= set(TEXTS) and all(isinstance(it, int | float) and math.isfinite(it) for it in numbers)
