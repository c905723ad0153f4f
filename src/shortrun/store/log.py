"""log.jsonl: one JSON record a line, appended; an unfinished last line does not count."""

from __future__ import annotations

import json
import math
import os
from itertools import takewhile
from pathlib import Path

from shortrun.errors import StoreError
from shortrun.files import Place, atomic, explain
from shortrun.records import Record

NAME = "log.jsonl"


def read(folder: Path) -> list[Record]:
    """Return the finished records of a run.

    Raises
    ------
    StoreError
        If a finished line is not a record; names the line.
    """
    return [_parse(folder / NAME, i, line) for i, line in enumerate(_lines(folder / NAME), 1)]


def trim(folder: Path, update: int) -> None:
    """Drop all from the first record that is later than an update, or damaged, on.

    Raises
    ------
    StoreError
        If the file cannot be read or replaced.
    """
    path = folder / NAME
    content = b"".join(line + b"\n" for line in takewhile(lambda line: _is_until(line, update), _lines(path)))
    if path.exists() and path.stat().st_size != len(content):
        with atomic(path) as temporary:
            temporary.write_bytes(content)


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
        line = memoryview((json.dumps(_finite(record), allow_nan=False) + "\n").encode())
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


def _finite(record: Record) -> Record:
    """JSON has no NaN: null stands for it."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()}


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(path, explain(error)) from None


def _is_until(line: bytes, update: int) -> bool:
    try:
        return json.loads(line)["update"] <= update
    except (ValueError, TypeError, KeyError):
        return False


def _parse(path: Path, number: int, line: bytes) -> Record:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise StoreError(path, f"line {number} is not a JSON record")
    return record
