"""What the formats of aligned sequences share: rows to a data set, and letters to rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import Kind
from shortrun.data.core.labels import encode_labels, notes_on_labels
from shortrun.data.core.request import Request
from shortrun.data.core.values import CellError
from shortrun.data.sequences import gaps
from shortrun.data.sequences.encoding import STOP, Stack
from shortrun.errors import DataError, FormatError
from shortrun.phrases import plural

USES = ("alphabet", "unknown", "inserts", "skip_bad", "label_column", "group")  # options of reading
Pieces = Iterable[tuple[int, str]]  # the lines (from 1) that hold a sequence, and what they hold of it


class Row(NamedTuple):
    """A sequence as a file has it: its name, the line (from 1) where it begins, its letters, its label and group."""

    name: str
    line: int
    text: str
    label: str | None = None
    group: str | None = None


@dataclass
class Heads:
    """What was said of the sequences that were read, one a sequence."""

    rows: list[int] = field(default_factory=list)  # numbers of the records, from 0
    names: list[str] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)

    def add(self, number: int, row: Row) -> None:
        """Add what a row says besides its letters."""
        self.rows.append(number)
        self.names.append(row.name)
        self.labels.append(row.label)
        self.groups.append(row.group)

    def only(self, kept: np.ndarray) -> Heads:
        """Return those of some sequences, (N,) bool."""
        chosen = ([it for it, keep in zip(column, kept, strict=True) if keep] for column in vars(self).values())
        return self if kept.all() else Heads(*chosen)


def to_dataset(path: Path, rows: Iterable[Row], options: Request, pieces: Callable[[int], Pieces]) -> Dataset:
    """Return the data set of aligned sequences, which are looked at one by one.

    Parameters
    ----------
    path : Path
        Of the file.
    rows : Iterable[Row]
        Its sequences.
    options : Request
        Of reading; its `alphabet`, `unknown` and `skip_bad` are used.
    pieces : Callable[[int], Pieces]
        Gives the lines of a sequence (from 0), where an error has to be found.

    Raises
    ------
    FormatError
        If sequences differ in length, hold unknown letters, or labels are asked for that are not there; names the
        sequence and the line.
    """
    numbered: Iterable[tuple[int, Row]] = enumerate(rows)
    notes: list[str] = []
    if options.skip_bad:
        numbered, notes = of_one_length([*numbered])
    unknown = "drop" if options.skip_bad and options.unknown == "error" else options.unknown
    stack, heads = Stack(options.alphabet, unknown), Heads()
    data = encoded(path, stacked(path, numbered, stack, heads), pieces)
    check_columns(path, heads, options)
    return data.with_notes(*notes, *repeated(heads.names))


def of_one_length(rows: list[tuple[int, Row]]) -> tuple[list[tuple[int, Row]], list[str]]:
    """Return the numbered rows of the most frequent length, and a line on the others, if there are any."""
    lengths = Counter(len(row.text) for _, row in rows if row.text)
    common = lengths.most_common(1)[0][0] if lengths else 0
    kept, bad = [], []
    for number, row in rows:
        (kept if len(row.text.removesuffix(STOP)) == common or len(row.text) == common else bad).append((number, row))
    if not bad or not kept:
        return rows, []
    first, row = bad[0]
    where = f"{called(first, row.name)} in line {row.line}"
    note = f"{len(bad):,} of {len(rows):,} records left out, not of {common:,} sites, the first {where}"
    return kept, [note]


def repeated(names: Sequence[str]) -> Iterator[str]:
    """Yield a line on names that occur more than once."""
    twice = [(name, count) for name, count in Counter(names).items() if count > 1]
    if twice:
        name, count = twice[0]
        yield f"{len(twice):,} {plural(len(twice), 'name')} more than once in the file, as '{name}': {count:,} times"


def stacked(path: Path, rows: Iterable[tuple[int, Row]], stack: Stack, heads: Heads) -> tuple[Stack, Heads]:
    """Add all numbered rows to a stack.

    Raises
    ------
    FormatError
        If there is none, or one has another length.
    """
    for number, row in rows:
        heads.add(number, row)
        try:
            stack.add(row.text)
        except CellError as error:
            raise FormatError(path, row.line, f"{called(number, row.name)}: {error.reason}") from None
    if not heads.names:
        raise FormatError(path, None, "holds no sequence")
    return stack, heads


def encoded(path: Path, rows: tuple[Stack, Heads], pieces: Callable[[int], Pieces]) -> Dataset:
    """Return the data set of a stack of sequences, with what was changed."""
    stack, heads = rows
    try:
        values, alphabet, kept, notes = stack.encoded()
    except CellError as error:
        number = heads.rows[error.row]
        reason = f"{called(number, heads.names[error.row])}: {error.reason}"
        raise FormatError(path, line_of(pieces(number), error.site), reason) from None
    return labelled(values, alphabet, heads.only(kept)).with_notes(*notes)


def called(row: int, name: str) -> str:
    """Return how a message names a sequence."""
    return f"record {row + 1} ('{name}')"


def line_of(pieces: Pieces, site: int | None) -> int | None:
    """Return the line that holds a site (from 0) of a sequence, its first line where that cannot be told."""
    seen, first = 0, None
    for line, piece in pieces:
        seen, first = seen + len(piece), first or line
        if site is not None and seen > site:
            return line
    return first


def match_columns(rows: Iterable[Row]) -> np.ndarray:
    """Return the columns (from 0) in which a sequence has a capital letter or '-': what A2M calls matches."""
    found = np.zeros(1, bool)
    for row in rows:
        letters = np.frombuffer(row.text.encode("ascii", "replace"), np.uint8)
        found = found | ((letters >= ord("A")) & (letters <= ord("Z"))) | (letters == ord("-"))
    return np.flatnonzero(found)


def without_inserts(data: Dataset, matches: np.ndarray) -> Dataset:
    """Return an alignment on the columns (from 0) that are no insertions."""
    found = gaps.keep(data, matches[matches < data.sites])  # stops may have been the last column
    return found.with_notes(*gaps.said(data, found, "of insertions"))


def labelled(values: np.ndarray, alphabet: Alphabet, heads: Heads) -> Dataset:
    """Return the data set of codes, with labels and groups where at least one sequence has them; copies no codes."""
    known = any(label is not None for label in heads.labels)
    labels, classes = encode_labels(heads.labels) if known else (np.full(len(values), -1), ())
    grouped = any(group is not None for group in heads.groups)
    groups = [group or name for group, name in zip(heads.groups, heads.names, strict=True)] if grouped else None
    return Dataset(
        values=values,
        labels=labels,
        weights=np.ones(len(values), np.float32),
        names=np.array(heads.names, dtype=str),
        classes=classes,
        kind=Kind(values.shape[1], alphabet),
        groups=None if groups is None else np.array(groups, dtype=str),
        notes=(*notes_on_labels(heads.labels),),
    )


def check_columns(path: Path, heads: Heads, options: Request) -> None:
    """Raise FormatError if labels or groups are asked for that the file does not hold."""
    for what, column, found in (("label", options.label_column, heads.labels), ("group", options.group, heads.groups)):
        if column is not None and all(it is None for it in found):
            raise FormatError(path, None, f"has no {what} '{column}': a labels file with that column is needed")


# Writing


def texts(dataset: Dataset, form: str) -> Iterator[str]:
    """Yield the letters of every sample.

    Raises
    ------
    DataError
        If the data are not letters.
    """
    if dataset.alphabet is None:
        raise DataError(f"{form} holds letters, these data are {dataset.kind.words}: write .npz or .csv")
    for _, part in scan(dataset.values):
        yield from dataset.alphabet.decode_rows(part)


def words(names: np.ndarray, form: str) -> list[str]:
    """Return the names that a format of words without spaces can hold, after checking that they differ.

    Raises
    ------
    DataError
        If two are the same, or one is empty or looks like a comment.
    """
    seen: set[str] = set()
    for name in names.tolist():
        if not name or re.match("#|//", name):
            raise DataError(f"{form} cannot hold a sequence called '{name}': write .fasta")
        if name in seen:
            raise DataError(f"{form} needs different names, '{name}' occurs twice: write .fasta")
        seen.add(name)
    return names.tolist()


def one_line(text: str) -> str:
    """Return a text with every run of white space, line ends among them, as one space."""
    return " ".join(text.split())
