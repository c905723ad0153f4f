"""Stockholm, the format of Pfam, Rfam, HMMER and Infernal: one alignment, with lines that annotate it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedWriter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, always
from shortrun.data.core.kind import AlignmentKind
from shortrun.data.core.raw import read_lines, text_of
from shortrun.data.core.request import Request
from shortrun.data.sequences import gaps
from shortrun.data.sequences.formats._alignment import (
    USES,
    Pieces,
    Row,
    match_columns,
    one_line,
    texts,
    to_dataset,
    without_inserts,
    words,
)
from shortrun.errors import FormatError

SUFFIXES = (".sto", ".stk", ".stockholm", ".pfam", ".seed")

FORM = "Stockholm"
MARK = "# STOCKHOLM"
OURS = ("DE", "label", "group")  # what `#=GS` lines say of a sequence that a data set has a place for
GAPS = "-._~"


class Line(NamedTuple):
    """A line of the file (from 1): its kind ("" for letters, GF, GC, GS or GR), of which sequence, tag and text."""

    number: int
    kind: str
    name: str
    tag: str
    text: str


@dataclass
class Said:
    """What a file says besides the letters: of itself, of columns, of sequences, and of single letters."""

    GF: list[list[str]] = field(default_factory=list)
    GC: dict[str, str] = field(default_factory=dict)
    GS: dict[str, list[list[str]]] = field(default_factory=dict)
    GR: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, line: Line) -> None:
        """Add a line that annotates."""
        if line.kind == "GF":
            self.GF += [[line.tag, line.text]] if line.tag != "SQ" else []
        elif line.kind == "GS":
            self.GS.setdefault(line.name, []).append([line.tag, line.text])
        else:
            lines = self.GC if line.kind == "GC" else self.GR.setdefault(line.name, {})
            lines[line.tag] = lines.get(line.tag, "") + line.text

    def of(self, name: str, tag: str) -> str | None:
        """Return what is said of a sequence under a tag."""
        found = [text for other, text in self.GS.get(name, ()) if other == tag]
        return " ".join(found) if found else None


def read(path: Path, options: Request) -> Dataset:
    """Read an alignment, in one block or several, with all of its columns.

    The name of a sequence is its first word and what `#=GS ... DE` says of it; `#=GS ... label` and `group` are its
    label and group. With `options.inserts` "remove", columns are left out that `#=GC RF` marks as insertions, or,
    without such a line, that hold only lower-case letters and '.'. All other annotation is kept for `write`.

    Raises
    ------
    FormatError
        If the file does not begin with '# STOCKHOLM 1.0' or end with '//', holds several alignments, rows or
        annotations differ in length, or letters are unknown; names the line.
    """
    letters, said, start = collected(path)
    rows = [described(Row(name, start[name], "".join(found)), said) for name, found in letters.items()]
    names = list(letters)
    letters.clear()
    check_annotation(path, rows, said)
    data = to_dataset(path, rows, options, lambda row: pieces(path, names[row]))
    others = {name: [it for it in tags if it[0] not in OURS] for name, tags in said.GS.items()}
    remarks = {"GF": said.GF, "GS": {name: tags for name, tags in others.items() if tags}, "GR": said.GR}
    remarks = {kind: it for kind, it in remarks.items() if it}
    data = data.with_kind(alignment=AlignmentKind(annotation=said.GC, remarks=remarks))
    return without_inserts(data, matches(rows, said)) if options.inserts == "remove" else data


def collected(path: Path) -> tuple[dict[str, list[str]], Said, dict[str, int]]:
    """Return the letters of each sequence, block by block, what annotates them, and where each sequence begins."""
    letters: dict[str, list[str]] = {}
    start: dict[str, int] = {}
    said = Said()
    for line in lines(path):
        if line.kind:
            said.add(line)
        else:
            start.setdefault(line.name, line.number)
            letters.setdefault(line.name, []).append(line.text)
    return letters, said, start


def lines(path: Path) -> Iterator[Line]:
    """Yield the lines that say something.

    Raises
    ------
    FormatError
        If one cannot be understood, or a sequence occurs twice in a block; names the line.
    """
    begun, ended, number = False, False, 0
    block: set[str] = set()
    for number, text in enumerate(read_lines(path, foreign="#="), start=1):
        if not text.strip():
            block.clear()
        elif ended:
            raise FormatError(path, number, "a second alignment begins, one a file expected")
        elif not begun:
            begun = is_stockholm(path, number, text)
        elif text.strip() == "//":
            ended = True
        elif text.startswith("#="):
            yield annotating(path, number, text)
        elif not text.startswith("#"):
            yield sequence(path, number, text, block)
    if not ended:
        raise FormatError(path, number, "'//' expected at the end: is the file truncated?")


def is_stockholm(path: Path, number: int, line: str) -> bool:
    """Return True if a line is the first of a Stockholm file."""
    if not line.startswith(MARK):
        raise FormatError(path, number, f"'{MARK} 1.0' expected at the start, got '{line.strip()[:20]}'")
    return True


def annotating(path: Path, number: int, line: str) -> Line:
    """Return a line that begins with `#=`."""
    kind = line[2:4]
    fields = line.split(None, 3 if kind in ("GS", "GR") else 2)
    if kind == "GF" and len(fields) == 2:
        fields.append("")
    if fields[0] in ("#=GF", "#=GC") and len(fields) == 3:
        return Line(number, kind, "", fields[1], fields[2].rstrip())
    if fields[0] in ("#=GS", "#=GR") and len(fields) == 4:
        return Line(number, kind, fields[1], fields[2], fields[3].rstrip())
    raise FormatError(path, number, f"#=GF, #=GC, #=GS or #=GR with a tag and a text expected, got '{line[:30]}'")


def sequence(path: Path, number: int, line: str, block: set[str]) -> Line:
    """Return a line of letters; `block` holds the names that came before in the same block."""
    name, *rest = line.split()
    if len(rest) != 1:
        raise FormatError(path, number, f"a name and its letters expected, got {1 + len(rest)} words")
    if name in block:
        raise FormatError(path, number, f"sequence '{name}' occurs twice")
    block.add(name)
    return Line(number, "", name, "", rest[0])


def described(row: Row, said: Said) -> Row:
    """Return a row with what the file says of it."""
    about, label, group = (said.of(row.name, tag) for tag in OURS)
    return row._replace(name=f"{row.name} {about}" if about else row.name, label=label, group=group)


def pieces(path: Path, name: str) -> Pieces:
    """Yield the lines of a sequence."""
    return ((line.number, line.text) for line in lines(path) if line.name == name and not line.kind)


def check_annotation(path: Path, rows: list[Row], said: Said) -> None:
    """Raise FormatError unless lines about columns are as long as the sequences, and others name a sequence."""
    if not rows:
        return
    sites, names = len(rows[0].text), {row.name.split(" ", 1)[0] for row in rows}
    of_names = {name: said.GR.get(name, {}) for name in {**said.GS, **said.GR}}
    for name, found in {"": said.GC, **of_names}.items():
        for tag, text in found.items():
            if len(text) != sites:
                line = place(path, name, tag)
                raise FormatError(path, line, f"'{tag}' has {len(text)} columns, the first sequence has {sites}")
        if name and name not in names:
            raise FormatError(path, place(path, name, None), f"no sequence is called '{name}'")


def place(path: Path, name: str, tag: str | None) -> int | None:
    """Return the first line that annotates a sequence (or all columns, without a name), under a tag if there is one."""
    found = (line for line in lines(path) if line.kind not in ("", "GF") and line.name == name)
    return next((line.number for line in found if tag in (None, line.tag)), None)


def matches(rows: Iterable[Row], said: Said) -> np.ndarray:
    """Return the columns (from 0) that are no insertions."""
    if "RF" not in said.GC:
        return match_columns(rows)
    return np.flatnonzero([mark not in GAPS for mark in said.GC["RF"]])


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write an alignment in one block, with its labels, groups and all annotation that was read and still fits.

    Raises
    ------
    DataError
        If the data are not letters, or the first words of names do not differ.
    """
    rows = texts(dataset, FORM)  # may refuse
    names = words(np.array([(name.split() or [""])[0] for name in dataset.names.tolist()]), FORM)
    said = Said(**dataset.kind.alignment.remarks)
    columns = {f"#=GC {tag}": line for tag, line in gaps.annotation(dataset).items()}
    letters = {name: f"#=GR {name} {tag}" for name in names for tag in said.GR.get(name, ())}
    width = max(map(len, [*names, *columns, *letters.values()])) + 1
    file.write(f"{MARK} 1.0\n".encode())
    for tag, text in [*said.GF, ["SQ", str(len(dataset))]]:
        file.write(f"#=GF {tag} {text}".rstrip().encode() + b"\n")
    for row, name in enumerate(names):
        for tag, text in (*about(dataset, row), *said.GS.get(name, ())):
            file.write(f"#=GS {name} {tag} {one_line(text)}\n".encode())
    for name, text in zip(names, rows, strict=True):
        file.write(f"{name:{width}}{text}\n".encode())
        for tag, line in gaps.cut_lines(dataset, said.GR.get(name, {})).items():
            file.write(f"{f'#=GR {name} {tag}':{width}}{line}\n".encode())
    for start, line in columns.items():
        file.write(f"{start:{width}}{line}\n".encode())
    file.write(b"//\n")


def about(dataset: Dataset, row: int) -> Iterator[tuple[str, str]]:
    """Yield what is said of a sample besides its letters: the rest of its name, its group and its label."""
    rest = dataset.names[row].split()[1:]
    if rest:
        yield "DE", " ".join(rest)
    if dataset.groups is not None:
        yield "group", str(dataset.groups[row])
    if dataset.labels[row] >= 0:
        yield "label", dataset.classes[dataset.labels[row]]


def begins(start: bytes) -> bool:
    """Return whether content is of this format."""
    return text_of(start).lstrip().startswith(MARK)


FORMAT = Format(suffixes=SUFFIXES, text=always, read=read, write=write, begins=begins, uses=USES)
