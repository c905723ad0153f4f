"""FASTA, A2M and A3M: aligned sequences, each under a line `>name`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedWriter
from itertools import islice
from pathlib import Path

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.raw import read_lines
from shortrun.data.core.request import Request
from shortrun.data.sequences.encoding import INSERTS
from shortrun.data.sequences.formats._alignment import Pieces, Row, one_line, texts, to_dataset
from shortrun.data.sequences.hmm import HMM
from shortrun.errors import DataError, FormatError
from shortrun.settings import Reading

SUFFIXES = (".fasta", ".fa", ".faa", ".fna", ".afa", ".fas", ".a2m", ".a3m")

MATCHES_ONLY = (".a2m", ".a3m")
HEADER = re.compile(r"(?P<name>.*?)(?:\s+group=(?P<group>.*?))?(?:\s+label=(?P<label>.*))?")
PREDICTIONS = ("ss_pred", "ss_conf", "ss_dssp", "sa_dssp", "aa_pred", "aa_dssp")  # HH-suite: about the first sequence
OTHERS = {"# STOCKHOLM": "Stockholm, .sto", "CLUSTAL": "Clustal, .aln"}


def read(path: Path, options: Request) -> Dataset:
    """Read aligned sequences, wrapped or not; a name is the whole header, and names may occur twice.

    A header may end in ` label=CLASS`, or in ` group=GROUP label=CLASS`, as `write` makes them. Letters become upper
    case, '.' a gap; the alphabet is `options.alphabet` or detected. `options.unknown` says what is done with other
    letters. Of A2M and A3M the insertions (small letters and '.') are left out unless `options.inserts` is "keep".
    With `options.align`, sequences are aligned to an HMM.

    Raises
    ------
    FormatError
        If sequences differ in length, hold unknown letters, or there are none; names record and line.
    MissingExtraError
        If sequences are to be aligned and pyhmmer is not there.
    """
    matches = without_inserts(path, options)
    if options.align is None:
        return to_dataset(path, records(path, matches), options, lambda row: pieces(path, row, matches))
    model = HMM(Path(options.align))
    rows = model.aligned(path, lambda: records(path, matches))
    options = options.but(alphabet=options.alphabet or model.alphabet)
    return to_dataset(path, rows, options, lambda row: islice(pieces(path, row, matches), 1))


def without_inserts(path: Path, options: Reading) -> bool:
    """Return whether small letters and '.' are left out."""
    if options.inserts is not None:
        return options.inserts == "remove"
    return path.name.lower().removesuffix(".gz").endswith(MATCHES_ONLY)


def records(path: Path, matches: bool) -> Iterator[Row]:
    """Yield the sequences of a file one by one; spaces inside them are dropped."""
    header, start, found = None, 0, []
    for line, text in lines(path, matches):
        if not text.startswith(">"):
            found.append(text)
            continue
        if header is not None:
            yield parse_header(header, start, "".join(found))
        header, start, found = text, line, []
    if header is not None:
        yield parse_header(header, start, "".join(found))


def lines(path: Path, matches: bool) -> Pieces:
    """Yield the headers, and the letters of every other line.

    Raises
    ------
    FormatError
        If the file does not begin with a header; comments may come before it.
    """
    kept = False
    begun = False
    for number, line in enumerate(read_lines(path), start=1):
        if line.startswith(">"):
            begun, kept = True, line[1:].strip() not in PREDICTIONS
            if kept:
                yield number, line
        elif kept:
            letters = "".join(line.split())
            yield number, letters.translate(INSERTS) if matches else letters
        elif not begun and line.strip() and not is_comment(line):
            raise FormatError(path, number, expected(line))


def is_comment(line: str) -> bool:
    """Return whether a line before the first header is one that A3M files begin with."""
    return line.startswith("#") and not line.startswith(tuple(OTHERS))


def expected(line: str) -> str:
    """Return the message about a file that does not begin as FASTA does."""
    hint = next((f" (is it {name}?)" for start, name in OTHERS.items() if line.startswith(start)), "")
    return f"'>' expected at the start of the first record, got '{line.strip()[:20]}'{hint}"


def pieces(path: Path, row: int, matches: bool) -> Pieces:
    """Yield the lines of a record (from 0), its header as one without letters."""
    at = -1
    for line, text in lines(path, matches):
        at += text.startswith(">")
        if at == row:
            yield line, "" if text.startswith(">") else text


def parse_header(header: str, line: int, text: str) -> Row:
    """Return the row that a header opens."""
    header = header[1:].strip()
    if "label=" not in header and "group=" not in header:
        return Row(header, line, text)
    found = HEADER.fullmatch(" " + header)  # the space lets a name be empty
    assert found is not None
    label, group = found["label"], found["group"]
    return Row(found["name"].strip(), line, text, label and label.strip(), group and group.strip())


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:
    """Write one line a sequence under `>name`, with ` group=GROUP` and ` label=CLASS` where there are any.

    Raises
    ------
    DataError
        If the data are not letters, or small ones in A2M.
    """
    if suffix in MATCHES_ONLY and dataset.alphabet and any(map(str.islower, dataset.alphabet.letters)):
        raise DataError(f"small letters are insertions in {suffix}: write .fasta")
    names = [*dataset.classes, ""]  # the code -1 picks the last
    for row, text in enumerate(texts(dataset, "FASTA")):
        group = "" if dataset.groups is None else f" group={one_line(dataset.groups[row])}"
        label = f" label={one_line(names[dataset.labels[row]])}" if dataset.classes else ""
        file.write(f">{one_line(dataset.names[row])}{group}{label}\n{text}\n".encode())


FORMAT = Format(suffixes=SUFFIXES, read=read, write=write, append=write)  # more records are written as the first
