"""What separates the fields of a text table, found in its first lines, and the rows that it makes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from shortrun.data.core.raw import bare
from shortrun.errors import ConfigError, FormatError

csv.field_size_limit(2**31 - 1)  # long sequences are single fields

SPACE = " "  # any run of white space
MARKS = (",", "\t", ";", "|")
WORDS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe", SPACE: "space"}
LETTERS, LINES = 2**16, 100  # that are looked at
EXCEL = re.compile(r"sep=(.)")  # what Excel may write before the header

Numbered = tuple[int, list[str]]  # the line (from 1) of a row, and its fields


class Opened(NamedTuple):
    """The text of a table, what separates its fields, and what to know of both."""

    text: str
    mark: str
    notes: tuple[str, ...] = ()


def delimiter(suffix: str) -> str:
    """Return what separates the fields of a file to be written: a tab or a comma."""
    return "\t" if bare(Path(suffix)).lower().endswith(".tsv") else ","


def opened(path: Path, text: str, asked: str | None = None, *, strict: bool = True) -> Opened:
    """Return a text without lines before its header, and what separates its fields.

    Parameters
    ----------
    path : Path
        Of the file.
    text : str
        What is in it.
    asked : str, optional
        The separator, as a character or a word of `WORDS`; found by default.
    strict : bool, default True
        Whether the header line must have the separator that is asked for; else another is found then.

    Raises
    ------
    FormatError
        If it must and has not.
    ConfigError
        If `asked` is no separator.
    """
    wanted = None if asked is None else separator(asked)
    excel = EXCEL.fullmatch(text.split("\n", 1)[0].strip().strip('"'))
    if excel:
        text, wanted = "\n" + text.partition("\n")[2], wanted or excel[1]
    mark = found(path, without_comments(text, None)[0])
    if wanted is not None and wanted != mark and (strict or len(first_row(text, wanted)) > 1):
        if len(first_row(text, wanted)) == 1 and len(first_row(text, mark)) > 1:
            raise FormatError(path, 1, f"no {told(wanted)} in the header line, where {told(mark)} separates fields")
        mark = wanted
    text, comments = without_comments(text, mark)
    notes = () if mark in (",", "\t") or wanted else (f"{path.name}: fields are separated by {told(mark)}",)
    if comments:
        notes += (f"{path.name}: {comments} {'line' if comments == 1 else 'lines'} of comments passed over",)
    return Opened(text, mark, notes)


def separator(asked: str) -> str:
    """Return the character that an option names.

    Raises
    ------
    ConfigError
        If it is none.
    """
    by_word = {word: mark for mark, word in WORDS.items()} | {r"\t": "\t", "white space": SPACE, "whitespace": SPACE}
    mark = by_word.get(asked.strip().lower() or SPACE, asked) if asked != "\t" else asked
    if len(mark) != 1 or mark.isalnum() or mark in '"\n\r':
        expected = f"one character, or {', '.join(WORDS.values())}, expected, got '{asked}'"
        raise ConfigError("delimiter", expected)
    return mark


def told(mark: str) -> str:
    """Return how a message names a separator."""
    return {"\t": "a tab", SPACE: "white space"}.get(mark, f"'{mark}'")


def without_comments(text: str, mark: str | None) -> tuple[str, int]:
    """Return a text with its first lines that begin with '#' blank, and how many; but for a header that begins so.

    That is the last of them, if it has as many fields as the line that follows.
    """
    lines = text.lstrip("\n").split("\n", LINES)
    blank = len(text) - len(text.lstrip("\n"))
    count = next((i for i, line in enumerate(lines[:LINES]) if not line.startswith("#")), 0)
    if not count:
        return text, 0
    marks = (*MARKS, SPACE) if mark is None else (mark,)
    last, after = lines[count - 1], lines[count]
    heads = not last.startswith("##") and any(len(fields(last, each)) == len(fields(after, each)) for each in marks)
    count -= heads
    return "\n" * (blank + count) + "\n".join(lines[count:]), count


def found(path: Path, text: str) -> str:
    """Return what separates the fields: what gives every row as many as the header, and if several do, the most.

    White space counts only where the header holds no other separator. A header that is one field short, as R writes it,
    comes next; last, what the header holds most of.
    """
    header = text.lstrip("\n").split("\n", 1)[0]
    marks = [mark for mark in MARKS if mark in header]
    if bare(path).lower().endswith(".tsv") and "\t" in header:
        return "\t"
    spaced = [SPACE] if set(marks) <= {"\t"} else []
    shapes = {mark: shape(text, mark) for mark in [*marks, *spaced]}
    even = {mark: width for mark, (width, lacking) in shapes.items() if width > 1 and lacking == 0}
    if even:
        return max(even, key=lambda mark: (mark != SPACE, even[mark]))
    short = [mark for mark in (*MARKS, SPACE) if shape(text, mark)[1] == 1]
    return short[0] if short else max(marks or [","], key=header.count)


def shape(text: str, mark: str) -> tuple[int, int]:
    """Return how many fields the header has, and how many it lacks: 0, 1 if every row has one more, or -1."""
    whole = len(text) <= LETTERS
    rows = [*islice(rows_of(text[:LETTERS], mark), LINES)]
    rows = rows if whole or len(rows) == LINES else rows[:-1]  # the last one may end in the middle
    if not rows:
        return 0, -1
    (_, header), *rest = trimmed(rows)
    widths = {len(row) for _, row in rest} or {len(header)}
    lacking = widths.pop() - len(header) if len(widths) == 1 else -1
    return len(header), lacking if lacking in (0, 1) else -1


def first_row(text: str, mark: str) -> list[str]:
    """Return the fields of the first row."""
    return fields(text.lstrip("\n").split("\n", 1)[0], mark)


def fields(line: str, mark: str) -> list[str]:
    """Return the fields of one line."""
    return next((row for _, row in rows_of(line, mark)), [])


def rows_of(text: str, mark: str, path: Path | None = None) -> Iterator[Numbered]:
    """Yield the rows, each with the line (from 1) where it begins; blank lines are none, separators alone are one.

    Raises
    ------
    FormatError
        If a quote is not closed, and there is a path to name.
    """
    if mark == SPACE:
        text = "\n".join(line.strip().replace("\t", " ") for line in text.split("\n"))
    reader = csv.reader(io.StringIO(text), delimiter=mark, strict=path is not None, skipinitialspace=mark == SPACE)
    start = 1
    try:
        for row in reader:
            if len(row) > 1 or (row and not row[0].isspace()):
                yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        if path is not None:
            raise FormatError(path, start, f"is no valid CSV: {error}") from None


def named_part(header: list[str]) -> list[str]:
    """Return the names of columns without the empty ones at the end."""
    return header[: max((i for i, name in enumerate(header, 1) if name), default=0)]


def trimmed(numbered: list[Numbered]) -> list[Numbered]:
    """Return rows without columns at the end that hold nothing, as the panel of the 1000 Genomes has in its header."""
    width = len(named_part(numbered[0][1])) or 1
    return numbered if any(any(row[width:]) for _, row in numbered) else [(line, row[:width]) for line, row in numbered]
