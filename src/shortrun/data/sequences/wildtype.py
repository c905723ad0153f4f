"""One sequence as a wild type: its residues counted along itself, and which of them are at the sites of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import Kind
from shortrun.data.formats import recognised
from shortrun.data.sequences.encoding import GAP, INSERTS, codes_of, gap_code
from shortrun.data.sequences.formats import fasta
from shortrun.data.sequences.formats._alignment import Row, line_of
from shortrun.data.sequences.hmm import HMM
from shortrun.data.sequences.profile_alignment import align, runs
from shortrun.errors import FormatError

NO_RESIDUE = dict.fromkeys(map(ord, "-.~* "))


@dataclass(frozen=True, eq=False)
class WildType:
    """A sequence at the sites of a model.

    Parameters
    ----------
    name : str
        Of the sequence.
    letters : str
        All its residues; empty where samples are no sequences, or residues cannot be counted.
    codes : ndarray
        (S,) uint8 codes at the sites.
    residues : ndarray
        (S,) index of the residue (from 0) at each site, -1 for a gap.
    notes : tuple[str, ...], default ()
        How the residues were placed, and which are at no site.
    """

    name: str
    letters: str
    codes: np.ndarray
    residues: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether residues are counted along the sequence, rather than by columns."""
        return bool(self.letters)

    @cached_property
    def sites(self) -> dict[int, int]:
        """The site of each residue that has one, by its index from 0."""
        return {residue: site for site, residue in enumerate(self.residues.tolist()) if residue >= 0}

    def described(self, first: int) -> tuple[str, ...]:
        """Return the notes, and which residues (the first one has this number) and sites are not scored."""
        if not self.counted:
            return self.notes
        missing = sorted({*range(len(self.letters))} - {*self.residues.tolist()})
        lines = list(self.notes)
        if missing:
            gone = runs(np.array(missing) + first)
            lines.append(
                f"{len(missing):,} of {len(self.letters):,} residues of '{self.name}' are at no site of the model: "
                f"{gone} are not scored"
            )
        if gaps := int((self.residues < 0).sum()):
            lines.append(
                f"{gaps:,} of {len(self.residues):,} sites are gaps in '{self.name}': insertions there are not scored"
            )
        return tuple(lines)


def of_dataset(data: Dataset) -> WildType:
    """Return the first sample as a wild type; residues are counted along it where it has all columns of a sequence.

    Examples
    --------
    >>> from shortrun.data import Dataset
    >>> from shortrun.data.sequences.wildtype import of_dataset
    >>> wild = of_dataset(Dataset.from_arrays([[0, 1, 0, 3]], alphabet="protein"))
    >>> wild.letters, wild.residues.tolist()
    ('AD', [-1, 0, -1, 1])
    """
    codes, name, alphabet = data.values[0], str(data.names[0]), data.alphabet
    if alphabet is None or GAP not in alphabet.letters:
        return WildType(name, "", codes, np.arange(len(codes)))
    if data.kind.alignment.columns is not None:
        note = "residues have the numbers of their columns: the columns that were left out may hold others"
        return WildType(name, "", codes, np.arange(len(codes)), (note,))
    present = codes != gap_code(alphabet)
    return WildType(name, alphabet.decode(codes[present]), codes, np.where(present, present.cumsum() - 1, -1))


def is_fasta(path: Path) -> bool:
    """Return whether a path is that of a FASTA, A2M or A3M file."""
    return path.is_file() and recognised(path) is fasta.FORMAT


def single_row(path: Path) -> Row | None:
    """Return the only sequence of a FASTA file as the file has it; None for other files, and for several."""
    if not is_fasta(path):
        return None
    rows = []
    for row in fasta.records(path, False, Counter()):
        rows.append(row)
        if len(rows) > 1:
            return None
    return rows[0] if rows else None


def placed(path: Path, row: Row, kind: Kind, unknown: str, odds: Callable[[], np.ndarray]) -> WildType:
    """Return a sequence, aligned or not, at the sites of a model.

    Parameters
    ----------
    path, row : Path, Row
        The file and the sequence in it.
    kind : Kind
        Of the samples that the model knows: sequences with gaps.
    unknown : str
        What is done with a letter that the alphabet has not: "gap", else it is refused.
    odds : Callable[[], ndarray]
        Gives the (S, q) scores of letters at the sites, to align a sequence that is not; see `log_odds`.

    Raises
    ------
    FormatError
        For a letter at a site that the alphabet has not, or a sequence that fits nowhere.
    """
    width = kind.aligned_columns
    text = row.text
    if len(text) != width and kind.reading.align is not None:
        text = HMM(Path(kind.reading.align)).with_inserts(path, row)
        note = f"'{row.name}' was aligned to the HMM {kind.reading.align}"
        return replace(_on_columns(path, row, text, kind, unknown), notes=(note,))
    if width in (len(text), len(text.translate(INSERTS))):
        return _on_columns(path, row, text, kind, unknown)
    return _by_profile(path, row, kind, unknown, odds())


def _on_columns(path: Path, row: Row, text: str, kind: Kind, unknown: str) -> WildType:
    """Return an aligned sequence: as many letters as there are columns, but for lower-case letters and '.'."""
    columns = kind.alignment.columns
    width = kind.aligned_columns
    residues, letters = [], []
    for letter in text:
        inserted = len(text) != width and ord(letter) in INSERTS
        if not inserted:
            residues.append(-1 if letter in "-." else len(letters))
        if letter not in "-.":
            letters.append(letter.upper())
    at = np.array(residues) if columns is None else np.array(residues)[list(columns.kept)]
    return _coded(path, row, "".join(letters), at, kind, unknown)


def _by_profile(path: Path, row: Row, kind: Kind, unknown: str, odds: np.ndarray) -> WildType:
    letters = row.text.translate(NO_RESIDUE).upper()
    known = codes_of(kind.alphabet)
    if not letters:
        raise FormatError(path, row.line, f"'{row.name}': has no letters")
    found = align(odds, np.array([known.get(letter, -1) for letter in letters]))
    at = int((found.residues >= 0).sum())
    if found.score <= 0 or 2 * at <= min(len(letters), kind.sites):  # half or more is at no site
        reason = (
            f"{len(letters)} residues that do not fit the {kind.sites} sites of the model (--align HMM aligns them)"
        )
        raise FormatError(path, row.line, f"'{row.name}': {reason}")
    note = (
        f"'{row.name}' was aligned to the model's sites: {at:,} of {len(letters):,} residues at {kind.sites:,} sites, "
        f"{found.identity:.0%} of them the most frequent letter"
    )
    return replace(_coded(path, row, letters, found.residues, kind, unknown), notes=(note,))


def _coded(path: Path, row: Row, letters: str, residues: np.ndarray, kind: Kind, unknown: str) -> WildType:
    """Return the wild type with the codes of its letters.

    Raises
    ------
    FormatError
        For a letter that the alphabet has not.
    """
    assert kind.alphabet is not None
    known, gap = codes_of(kind.alphabet), gap_code(kind.alphabet)
    codes = np.full(kind.sites, gap, np.uint8)
    for site, residue in enumerate(residues.tolist()):
        if residue < 0:
            continue
        letter = letters[residue]
        if letter not in known and unknown != "gap":
            reason = f"letter '{letter}' at residue {residue + 1} is not in the {kind.alphabet.name} alphabet"
            place = [i for i, it in enumerate(row.text) if ord(it) not in NO_RESIDUE][residue]
            line = line_of(fasta.pieces(path, 0, False), place)
            raise FormatError(path, line, f"'{row.name}': {reason} '{kind.alphabet.letters}'")
        codes[site] = known.get(letter, gap)
    return WildType(row.name, letters, codes, np.where(codes == gap, -1, residues))


def read_wildtype(path: Path, kind: Kind, unknown: str, odds: Callable[[], np.ndarray]) -> WildType | None:
    """Return the only sequence of a FASTA file at the sites of a model; None for other files, data or several.

    Raises
    ------
    FormatError
        As `placed`.
    """
    if kind.alphabet is None or GAP not in kind.alphabet.letters:
        return None
    row = single_row(path)
    return None if row is None else placed(path, row, kind, unknown, odds)
