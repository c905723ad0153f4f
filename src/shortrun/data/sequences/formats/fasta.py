"""FASTA, A2M and A3M: aligned sequences, each under a line `>name`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import BufferedWriter
from itertools import islice
from pathlib import Path

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, always
from shortrun.data.core.raw import bare, head, read_lines, text_of
from shortrun.data.core.request import Request
from shortrun.data.sequences.encoding import INSERTS
from shortrun.data.sequences.formats._alignment import USES, Pieces, Row, one_line, texts, to_dataset
from shortrun.data.sequences.hmm import HMM
from shortrun.errors import DataError, FormatError
from shortrun.settings import Reading

SUFFIXES = (".fasta", ".fa", ".faa", ".fna", ".ffn", ".afa", ".fas", ".fsa", ".mfa", ".msa", ".a2m", ".a3m")

MATCHES_ONLY = (".a2m", ".a3m")
HEADER = re.compile(r"(?P<name>.*?)(?:\s+group=(?P<group>.*?))?(?:\s+label=(?P<label>.*))?")
PREDICTIONS = ("ss_pred", "ss_conf", "ss_dssp", "sa_dssp", "aa_pred", "aa_dssp")  # HH-suite: about the first sequence
OTHERS = {"# STOCKHOLM": "Stockholm, .sto", "CLUSTAL": "Clustal, .aln"}
A3M = "#A3M#"  # how HH-suite says in a file what it is
COMMENT = ";"  # of FASTA as it first was
NOTHING = "\0\x1a\ufeff"  # ends of files of HH-suite and of DOS, and marks of byte order between joined files


def read(path: Path, options: Request) -> Dataset:
    """Read aligned sequences, wrapped or not; a name is the whole header, and names may occur twice.

    A header may end in ` label=CLASS`, or in ` group=GROUP label=CLASS`, as `write` makes them. Letters become upper
    case, '.' a gap; the alphabet is `options.alphabet` or detected. `options.unknown` says what is done with other
    letters. Of A2M and A3M the insertions (lower-case letters and '.') are left out unless `options.inserts` is "keep".
    With `options.align`, sequences are aligned to an HMM.

    Raises
    ------
    FormatError
        If sequences differ in length, hold unknown letters, or there are none; names record and line.
    MissingExtraError
        If sequences are to be aligned and pyhmmer is not there.
    """
    matches = without_inserts(path, options)
    left = Counter()
    if options.align is None:
        data = to_dataset(path, records(path, matches, left), options, lambda row: pieces(path, row, matches))
        return data.with_notes(*notes_on(left))
    model = HMM(Path(options.align))
    rows = model.aligned(path, lambda: records(path, matches, left))
    options = options.but(alphabet=options.alphabet or model.alphabet)
    data = to_dataset(path, rows, options, lambda row: islice(pieces(path, row, matches), 1))
    return data.with_notes(*notes_on(left))


def without_inserts(path: Path, options: Reading) -> bool:
    """Return whether lower-case letters and '.' are left out."""
    if options.inserts is not None:
        return options.inserts == "remove"
    if options.format is not None:
        return f".{options.format.lower().removeprefix('.')}" in MATCHES_ONLY
    return bare(path).lower().endswith(MATCHES_ONLY) or text_of(head(path)).startswith(A3M)


def notes_on(left: Counter[str]) -> Iterator[str]:
    """Yield a line for each kind of thing that was left out."""
    for what, count in left.items():
        if count:
            one, many = what.split("|")
            yield f"{count:,} {one if count == 1 else many} left out"


def records(path: Path, matches: bool, left: Counter[str]) -> Iterator[Row]:
    """Yield the sequences of a file one by one; spaces inside them are dropped, and `left` counts what is left out."""
    left.clear()
    header, start, found = None, 0, []
    for line, text in lines(path, matches, left):
        if not text.startswith(">"):
            found.append(text)
            continue
        if header is not None:
            yield parse_header(header, start, "".join(found))
        header, start, found = text, line, []
    if header is not None:
        yield parse_header(header, start, "".join(found))


def lines(path: Path, matches: bool, left: Counter[str]) -> Pieces:
    """Yield the headers, and the letters of every other line; `left` counts what is left out.

    Raises
    ------
    FormatError
        If the file does not begin with a header; comments may come before it.
    """
    kept = False
    begun = False
    for number, line in enumerate(read_lines(path), start=1):
        if not line.isprintable():
            line = without_nothing(line, left)
        if line.startswith(">"):
            begun, kept = True, line[1:].strip() not in PREDICTIONS
            left["record of predictions, as ss_pred,|records of predictions, as ss_pred,"] += not kept
            if kept:
                yield number, line
        elif line.startswith(COMMENT):
            left["comment line (;)|comment lines (;)"] += 1
        elif kept:
            letters = "".join(line.split())
            found = letters.translate(INSERTS) if matches else letters
            left["inserted letter|inserted letters"] += len(letters) - len(found) - letters.count(".") * matches
            yield number, found
        elif not begun and line.strip() and not is_comment(line):
            raise FormatError(path, number, expected(line))


def without_nothing(line: str, left: Counter[str]) -> str:
    """Return a line without the characters that stand for nothing; `left` counts them."""
    count = sum(map(line.count, NOTHING))
    left["NUL or other empty character|NUL or other empty characters"] += count
    return line.translate(dict.fromkeys(map(ord, NOTHING))) if count else line


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
    for line, text in lines(path, matches, Counter()):
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
        raise DataError(f"lower-case letters are insertions in {suffix}: write .fasta")
    names = [*dataset.classes, ""]  # the code -1 picks the last
    for row, text in enumerate(texts(dataset, "FASTA")):
        group = "" if dataset.groups is None else f" group={one_line(dataset.groups[row])}"
        label = f" label={one_line(names[dataset.labels[row]])}" if dataset.classes else ""
        file.write(f">{one_line(dataset.names[row])}{group}{label}\n{text}\n".encode())


def begins(start: bytes) -> bool:
    """Return whether content has a header first, after comments."""
    lines = (line for line in text_of(start).splitlines() if line.strip() and not is_comment(line))
    return next((line for line in lines if not line.startswith(COMMENT)), "").startswith(">")


FORMAT = Format(
    suffixes=SUFFIXES, text=always, read=read, write=write, append=write, begins=begins, uses=(*USES, "align")
)  # more records are written as the first
