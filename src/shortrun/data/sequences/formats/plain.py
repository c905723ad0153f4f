"""One sequence a line: nothing but its letters, as CCMpred and PSICOV read them, or a name before them, as in Pfam."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import BufferedWriter
from pathlib import Path

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, always
from shortrun.data.core.raw import read_lines
from shortrun.data.core.request import Request
from shortrun.data.sequences.formats._alignment import (
    USES,
    Row,
    match_columns,
    texts,
    to_dataset,
    without_inserts,
)
from shortrun.errors import FormatError

SUFFIXES = (".seq", ".psicov")

COMMENT = "#"
LETTERS = re.compile(r"[A-Za-z.*~_-]{2,}|[012]{4,}")
MOST = 0.9  # share of lines of one length, at least, for text to be taken for this format


def read(path: Path, options: Request) -> Dataset:
    """Read aligned sequences, one a line; the first word of a line is its name, if there are two.

    Raises
    ------
    FormatError
        If a line has more words or fewer than the first, sequences differ in length, or letters are unknown; names the
        line.
    """
    found = [Row(name or str(number), line, text) for number, (line, name, text) in enumerate(lines(path))]
    data = to_dataset(path, found, options, lambda row: [(found[row].line, found[row].text)])
    return without_inserts(data, match_columns(found)) if options.inserts == "remove" else data


def lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number of each line that holds a sequence, its name ('' without one) and its letters.

    Raises
    ------
    FormatError
        If a line has more words or fewer than the first; names the line.
    """
    first = None
    for number, line in enumerate(read_lines(path), start=1):
        words = line.split()
        if not words or line.startswith((COMMENT, "//")):
            continue
        first = first or len(words)
        if len(words) != first or first > 2:
            expected = "a name and its letters" if first == 2 else "the letters of a sequence"
            raise FormatError(path, number, f"{expected} expected, got {len(words)} words")
        yield number, words[0] if first == 2 else "", words[-1]


def looks(text: str) -> bool:
    """Return whether each line is a word of letters, or two, and most are of one length."""
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith((COMMENT, "//"))]
    lengths = Counter(len(row[-1]) for row in rows)
    if len(rows) < 2 or {len(row) for row in rows} not in ({1}, {2}):
        return False
    alike = lengths.most_common(1)[0][1] >= MOST * len(rows)
    return alike and all(LETTERS.fullmatch(row[-1]) for row in rows)


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write the letters of a sample a line; names, labels and groups are lost.

    Raises
    ------
    DataError
        If the data are not letters.
    """
    file.writelines(f"{text}\n".encode() for text in texts(dataset, "a file of sequences"))


FORMAT = Format(suffixes=SUFFIXES, text=always, read=read, write=write, append=write, looks=looks, uses=USES)
