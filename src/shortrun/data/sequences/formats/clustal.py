"""Clustal: an alignment in blocks of rows, each a name and up to 60 letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedWriter
from pathlib import Path

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, always
from shortrun.data.core.raw import read_lines, text_of
from shortrun.data.core.request import Request
from shortrun.data.sequences.formats._alignment import (
    USES,
    Pieces,
    Row,
    match_columns,
    texts,
    to_dataset,
    without_inserts,
    words,
)
from shortrun.errors import FormatError

SUFFIXES = (".aln", ".clustal", ".clw")

FORM = "Clustal"
PROGRAMS = ("CLUSTAL", "MUSCLE", "PROBCONS", "MSAPROBS", "Kalign")  # what first lines begin with
WIDTH = 60  # letters in a line
MARKS = re.compile(r"\s+[*:. ]*")  # the line of conserved columns under a block


def read(path: Path, options: Request) -> Dataset:
    """Read an alignment with all of its columns; the line of conserved columns is left out.

    With `options.inserts` "remove", columns that hold only lower-case letters and '.' are left out.

    Raises
    ------
    FormatError
        If the first line does not say CLUSTAL (or another program that writes the format), a block lacks a sequence,
        sequences differ in length, or letters are unknown; names the line.
    """
    letters: dict[str, list[str]] = {}
    start: dict[str, int] = {}
    for line, name, text in lines(path):
        start.setdefault(name, line)
        letters.setdefault(name, []).append(text)
    rows = [Row(name, start[name], "".join(found)) for name, found in letters.items()]
    data = to_dataset(path, rows, options, lambda row: pieces(path, rows[row].name))
    return without_inserts(data, match_columns(rows)) if options.inserts == "remove" else data


def lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the lines with letters: number (from 1), name and letters.

    Raises
    ------
    FormatError
        If there is another kind of line, or a sequence occurs twice in a block; names the line.
    """
    begun = False
    block: set[str] = set()
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip() or (begun and MARKS.fullmatch(line)):
            block.clear()
        elif begun:
            yield number, *row(path, number, line, block)
        elif not line.startswith(PROGRAMS):
            raise FormatError(path, number, f"'CLUSTAL' expected at the start, got '{line.strip()[:20]}'")
        begun = begun or bool(line.strip())


def row(path: Path, number: int, line: str, block: set[str]) -> tuple[str, str]:
    """Return the name and the letters of a line; `block` holds the names that came before in the same block."""
    name, *rest = line.split()
    counted = len(rest) == 2 and rest[1].isdecimal()  # how many letters there were so far
    if line[0].isspace() or not (len(rest) == 1 or counted):
        raise FormatError(path, number, f"a name and its letters expected, got '{line.strip()[:30]}'")
    if name in block:
        raise FormatError(path, number, f"sequence '{name}' occurs twice in a block")
    block.add(name)
    return name, rest[0]


def pieces(path: Path, name: str) -> Pieces:
    """Yield the lines of a sequence."""
    return ((line, text) for line, other, text in lines(path) if other == name)


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write an alignment in blocks of 60 columns; spaces in names become '_', labels and groups are lost.

    Raises
    ------
    DataError
        If the data are not letters, or names do not differ.
    """
    rows = list(texts(dataset, FORM))
    names = words(np.array(["_".join(name.split()) for name in dataset.names.tolist()]), FORM)
    width = max(map(len, names)) + 4
    file.write(b"CLUSTAL multiple sequence alignment by shortrun\n\n")
    for start in range(0, dataset.sites, WIDTH):
        for name, text in zip(names, rows, strict=True):
            file.write(f"{name:{width}}{text[start : start + WIDTH]}\n".encode())
        file.write(b"\n")


def begins(start: bytes) -> bool:
    """Return whether content is of this format."""
    return text_of(start).lstrip().startswith(PROGRAMS)


FORMAT = Format(suffixes=SUFFIXES, text=always, read=read, write=write, begins=begins, uses=USES)
