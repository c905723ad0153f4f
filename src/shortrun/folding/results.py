"""A table of mean pLDDT on disk that grows by whole lines, so that a stopped computation goes on where it was."""

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

DIGITS = 4  # after the point; a mean pLDDT is not known better


class Folded(NamedTuple):
    """A sample and its mean pLDDT.

    Parameters
    ----------
    name, label : str
        Of the sample; the label is empty where it is unknown.
    source : str
        "real" or "generated".
    length : int
        Residues, gaps not counted.
    plddt : float
        Mean over the residues, 0 to 100; nan for a sample of gaps alone.
    model : str
        What predicted it.
    sequence : str
        Without gaps.
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
    """The results of one predictor in a CSV file; one process writes it at a time.

    Lines are added at the end, whole and synced. What a killed process may have left of a line is cut off before the
    next ones are added.

    Parameters
    ----------
    path : Path or str
        CSV file with `COLUMNS`; it is made with the first results.
    model : str
        The predictor's name.

    Raises
    ------
    FormatError
        If the file is something else.
    DataError
        If another predictor made it.
    """

    def __init__(self, path: Path | str, model: str):
        self.path, self.model = Path(path), model
        whole = lines_of(self.path)
        self._end = len(whole)
        self.rows = parsed(self.path, whole)
        for other in {row.model for row in self.rows} - {model}:
            raise DataError(f"{path}: holds pLDDT of '{other}', which '{model}' cannot go on with: name another output")

    def add(self, rows: Sequence[Folded]) -> None:
        """Write some results behind the others.

        Raises
        ------
        StoreError
            If they cannot be written.
        """
        if not rows:
            return
        text = written(rows if self._end else [COLUMNS, *rows]).encode()
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


def written(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as lines of CSV; what is not defined is empty."""
    text = io.StringIO()
    tidy = [["" if value != value else value for value in row] for row in rows]
    csv.writer(text, lineterminator="\n").writerows(tidy)
    return text.getvalue()


def lines_of(path: Path) -> bytes:
    """Return the whole lines of a file, none of one that is not there."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(path, explain(error)) from error
    whole = found[: found.rfind(b"\n") + 1]
    if found and not whole and not written([COLUMNS]).encode().startswith(found):
        raise unlike(path)  # not the beginning of a header: nothing of ours to cut off
    return whole


def parsed(path: Path, whole: bytes) -> list[Folded]:
    """Return the results in the lines of a file.

    Raises
    ------
    FormatError
        If a line is none of ours.
    """
    try:
        lines = [*csv.reader(io.StringIO(whole.decode()), strict=True)]
    except (UnicodeDecodeError, csv.Error):
        raise unlike(path) from None
    if lines and tuple(lines[0]) != COLUMNS:
        raise unlike(path)
    return [result(path, number, cells) for number, cells in enumerate(lines[1:], start=2)]


def unlike(path: Path) -> FormatError:
    """Return the error about a file that holds something else."""
    return FormatError(path, 1, f"columns {','.join(COLUMNS)} expected: name another output")


def result(path: Path, line: int, cells: Sequence[str]) -> Folded:
    """Return the result in a line."""
    try:
        name, label, source, length, plddt, model, sequence = cells
        return Folded(name, label, source, int(length), float(plddt) if plddt else math.nan, model, sequence)
    except ValueError:
        raise FormatError(path, line, f"{len(COLUMNS)} cells with a length and a pLDDT expected") from None
