"""FASTA: aligned sequences, each under a line `>name`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BufferedWriter
from pathlib import Path

import numpy as np

from shortrun.data.dataset import Dataset
from shortrun.data.options import Options
from shortrun.data.raw import read_text
from shortrun.data.sequences import encode_sequences
from shortrun.data.values import CellError
from shortrun.errors import DataError, FormatError

suffixes = (".fasta", ".fa", ".faa", ".fna", ".afa", ".fas")

HEADER = re.compile(r"(?P<name>.*?)(?:\s+group=(?P<group>.*?))?(?:\s+label=(?P<label>.*))?")


@dataclass
class Record:
    """One sequence: its name, its line (from 1), its pieces line by line, and what the header says."""

    name: str
    line: int
    label: str | None = None
    group: str | None = None
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def line_of(self, site: int | None) -> int:
        """Return the line that holds a site (from 0), or the header's for None."""
        if site is None:
            return self.line
        ends = np.cumsum([len(piece) for piece in self.pieces])
        return self.line + 1 + int(np.searchsorted(ends, site, side="right"))


def read(path: Path, options: Options) -> Dataset:
    """Read aligned sequences, wrapped or not; a name is the whole header, and names may occur twice.

    A header may end in ` label=CLASS`, or in ` group=GROUP label=CLASS`, as `write` makes them. Letters
    become upper case,     '.' a gap; the alphabet is `options.alphabet` or detected. `options.unknown`
    says what is done with other letters.

    Raises
    ------
    FormatError : if sequences differ in length, hold unknown letters, or there are none; names record and
        line.
    """
    records = parse(path, read_text(path))
    check_columns(path, records, options)
    try:
        codes, alphabet, kept = encode_sequences([r.text for r in records], options.alphabet, options.unknown)
    except CellError as error:
        wrong = records[error.row]
        reason = f"record {error.row + 1} ('{wrong.name}'): {error.reason}"
        raise FormatError(path, wrong.line_of(error.site), reason) from None
    data = Dataset.from_arrays(
        codes,
        names=[record.name for record, keep in zip(records, kept, strict=True) if keep],
        alphabet=alphabet,
    )
    return with_headers(data, [record for record, keep in zip(records, kept, strict=True) if keep])


def parse(path: Path, text: str) -> list[Record]:
    """Return the records of a FASTA text; spaces inside sequences are dropped."""
    records: list[Record] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(">"):
            records.append(parse_header(line[1:].strip(), number))
        elif records:
            records[-1].pieces.append("".join(line.split()))
        elif line.strip():
            raise FormatError(path, number, f"'>' expected at the start of the first record, got '{line.strip()[:20]}'")
    return records


def parse_header(header: str, line: int) -> Record:
    """Return the record that a header opens."""
    found = HEADER.fullmatch(" " + header)  # the space lets a name be empty
    assert found is not None
    label, group = found["label"], found["group"]
    return Record(found["name"].strip(), line, label and label.strip(), group and group.strip())


def check_columns(path: Path, records: list[Record], options: Options) -> None:
    """Raise FormatError if labels or groups are asked for that headers do not hold."""
    for what, column in (("label", options.label_column), ("group", options.group)):
        if column is not None and all(getattr(record, what) is None for record in records):
            raise FormatError(path, None, f"has no {what} '{column}': a labels file with that column is needed")


def with_headers(data: Dataset, records: list[Record]) -> Dataset:
    """Return the data with the labels and groups of the headers, where at least one header has them."""
    if any(record.label is not None for record in records):
        data = data.with_labels([record.label for record in records])
    if any(record.group is not None for record in records):
        data = data.with_groups([record.group or record.name for record in records])
    return data


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write one line a sequence under `>name`, with ` group=GROUP` and ` label=CLASS` where there are any.

    Raises
    ------
    DataError : if the data are not letters.
    """
    if dataset.alphabet is None:
        raise DataError("FASTA holds letters, these data are continuous: write .npz or .csv")
    names = [*dataset.classes, ""]  # the code -1 picks the last
    for row, text in enumerate(dataset.alphabet.decode_rows(dataset.values)):
        group = "" if dataset.groups is None else f" group={one_line(dataset.groups[row])}"
        label = f" label={one_line(names[dataset.labels[row]])}" if dataset.classes else ""
        file.write(f">{one_line(dataset.names[row])}{group}{label}\n{text}\n".encode())


append = write  # more records are written as the first


def one_line(text: str) -> str:
    """Return a text with every run of white space, line ends among them, as one space."""
    return " ".join(text.split())
