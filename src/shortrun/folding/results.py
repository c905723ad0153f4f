"""A table of mean pLDDT on disk that grows line by line, so that an interrupted computation can continue."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from shortrun.errors import DataError, FormatError, StoreError
from shortrun.files import explain, sync

DIGITS = 4  # decimals; a mean pLDDT is not more precise


class Folded(NamedTuple):
    """A sample and its mean pLDDT.

    Parameters
    ----------
    name, label : str
        Name and label of the sample; the label is empty if unknown.
    source : str
        "real" or "generated".
    length : int
        Number of residues, without gaps.
    plddt : float
        Mean over the residues, 0 to 100; nan for a sample of gaps alone.
    model : str
        Name of the predictor.
    sequence : str
        Residues, without gaps.

    Examples
    --------
    >>> Folded("s1", "", "real", 3, 80.0, "esmfold_v1", "MKV").plddt
    80.0
    """

    name: str
    label: str
    source: str
    length: int
    plddt: float
    model: str
    sequence: str


COLUMNS = Folded._fields


class Results:
    """The results of one predictor in a CSV file, which one process writes at a time.

    Complete lines are appended and synced. The incomplete line that a killed process may have left is removed before
    the next ones are added.

    Parameters
    ----------
    path : Path or str
        CSV file with `COLUMNS`; it is created with the first results.
    model : str
        Name of the predictor.

    Raises
    ------
    FormatError
        If the file is something else.
    DataError
        If it has results of another predictor.

    Examples
    --------
    >>> results = Results("plddt.csv", "esmfold_v1")
    >>> results.add([Folded("s1", "", "real", 3, 80.0, "esmfold_v1", "MKV")])
    >>> len(Results("plddt.csv", "esmfold_v1").rows)
    1
    """

    def __init__(self, path: Path | str, model: str):
        self.path, self.model = Path(path), model
        complete = complete_lines(self.path)
        self._end = len(complete)
        self.rows = parse(self.path, complete)
        for other in {row.model for row in self.rows} - {model}:
            raise DataError(f"{path}: has pLDDT of '{other}', which '{model}' cannot continue: name another output")

    def add(self, rows: Sequence[Folded]) -> None:
        """Append results.

        Raises
        ------
        StoreError
            If they cannot be written.
        """
        if not rows:
            return
        text = csv_text(rows if self._end else [COLUMNS, *rows]).encode()
        try:
            with open(self.path, "r+b" if self.path.exists() else "xb", buffering=0) as file:  # noqa: PTH123
                file.truncate(self._end)
                file.seek(self._end)
                file.write(text)
                os.fsync(file.fileno())
            if not self._end:
                sync(self.path.parent)
        except OSError as error:
            raise StoreError(self.path, explain(error)) from error
        self._end += len(text)
        self.rows += rows


def frame(rows: Iterable[Folded]) -> pd.DataFrame:
    """Return results as a table."""
    return pd.DataFrame([*rows], columns=pd.Index(COLUMNS)).astype({"length": int, "plddt": float})


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as lines of CSV; undefined values are empty."""
    text = io.StringIO()
    tidy = [["" if value != value else value for value in row] for row in rows]
    csv.writer(text, lineterminator="\n").writerows(tidy)
    return text.getvalue()


def complete_lines(path: Path) -> bytes:
    """Return the complete lines of a file, none if it does not exist."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    complete = found[: found.rfind(b"\n") + 1]
    if found and not complete and not csv_text([COLUMNS]).encode().startswith(found):
        raise foreign_file(path)  # not the beginning of a header: nothing of ours to cut off
    return complete


def parse(path: Path, complete: bytes) -> list[Folded]:
    """Return the results in the lines of a file.

    Raises
    ------
    FormatError
        If a line is not a result.
    """
    try:
        lines = [*csv.reader(io.StringIO(complete.decode()), strict=True)]
    except (UnicodeDecodeError, csv.Error):
        raise foreign_file(path) from None
    if lines and tuple(lines[0]) != COLUMNS:
        raise foreign_file(path)
    return [result(path, number, cells) for number, cells in enumerate(lines[1:], start=2)]


def foreign_file(path: Path) -> FormatError:
    """Return the error about a file with other contents."""
    return FormatError(path, 1, f"columns {','.join(COLUMNS)} expected: name another output")


def result(path: Path, line: int, cells: Sequence[str]) -> Folded:
    """Return the result in a line."""
    try:
        name, label, source, length, plddt, model, sequence = cells
        return Folded(name, label, source, int(length), float(plddt) if plddt else math.nan, model, sequence)
    except ValueError:
        raise FormatError(path, line, f"{len(COLUMNS)} cells with a length and a pLDDT expected") from None
