"""Sequences as text to codes; shared by the formats of alignments and by tables with a `sequence` column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

import numpy as np

from shortrun.data.core import disk
from shortrun.data.core.alphabet import PROTEIN, Alphabet, detected, is_nucleotides, named
from shortrun.data.core.blocks import rows_of, scan
from shortrun.data.core.values import CellError
from shortrun.errors import ConfigError
from shortrun.phrases import plural

GAP = "-"
GAPS = "._~"  # what other programs write for gaps
TIDY = str.maketrans(ascii_lowercase + GAPS, ascii_uppercase + GAP * len(GAPS))
INSERTS = dict.fromkeys(map(ord, ascii_lowercase + "."))  # A2M: what `str.translate` leaves out
STRANGE = 255  # no code: a letter outside the alphabet
PIECE = 2**16  # bytes looked at together
STOP = "*"
BASES = {"T": "U", "U": "T"}  # one base: DNA has the first, RNA the second
# The more frequent of the amino acids that an ambiguous letter allows, and the one that a rare one is made like
RESOLVED = {"B": "D", "Z": "E", "J": "L", "U": "C", "O": "K"}


class Encoded(NamedTuple):
    """(M, S) uint8 codes, their alphabet, an (N,) mask of the sequences kept, and what was changed, a line each."""

    values: np.ndarray
    alphabet: Alphabet
    kept: np.ndarray
    notes: tuple[str, ...] = ()


def encode_sequences(texts: Sequence[str], alphabet: Alphabet | str | None, unknown: str) -> Encoded:
    """Return the codes of aligned sequences.

    Raises
    ------
    CellError
        If sequences differ in length or hold unknown letters.
    ConfigError
        If the alphabet has no gap and gaps are needed.
    """
    stack = Stack(alphabet, unknown)
    for text in texts:
        stack.add(text)
    return stack.encoded()


class Stack:
    """Aligned sequences that are added one by one: memory holds a byte a letter, or where they are large the disk.

    Letters become upper case, and '.', '_' and '~' gaps, unless the alphabet itself holds them. Without an alphabet it
    is detected (see `detected`). T and U are one letter of nucleotides. A stop, '*', at the end of a sequence is left
    out. Other letters outside the alphabet, ambiguous ones such as X, B, Z and N among them, are an error, or become
    gaps (`unknown="gap"`), or their sequences are left out ("drop"), or they become letters that they may stand for
    (`RESOLVED`) or else gaps ("resolve").
    """

    def __init__(self, alphabet: Alphabet | str | None, unknown: str):
        self.alphabet = named(alphabet) if isinstance(alphabet, str) else alphabet
        self.unknown = unknown
        self.first, self.count, self.bytes = "", 0, bytearray()
        self.room: disk.Room | None = None  # where the bytes before are, of many
        self.short: int | None = None  # the first sequence to which a gap was added, where others have a stop
        self.stops = 0
        self.strange = ""  # the first letter that no byte stands for
        # a letter is kept as its ASCII code, or as its code in an alphabet of other letters, which is then given
        self.ascii = self.alphabet is None or self.alphabet.letters.isascii()
        self.known = {chr(i): i for i in range(128)} if self.ascii else codes_of(self.alphabet)
        self.may_stop = self.ascii and (self.alphabet is None or is_stoppable(self.alphabet))

    def add(self, text: str) -> None:
        """Add a sequence.

        Raises
        ------
        CellError
            If it is not as long as the first, or empty.
        """
        self.first = self.first or text
        text = self._without_stop(text) if self.may_stop and len(text) != len(self.first) else text
        if len(text) != len(self.first) or not text:
            raise CellError(self.count, None, self._length(text))
        self.bytes += text.encode() if self.ascii and text.isascii() else self._numbered(text)
        self.count += 1
        if len(self.bytes) > disk.LARGE:
            self._to_disk()
            disk.tell("sequences read", self.count)

    def _to_disk(self) -> None:
        disk.check_room(len(self.bytes))
        self.room = disk.Room() if self.room is None else self.room
        self.room.write(self.bytes)
        self.bytes = bytearray()

    def _without_stop(self, text: str) -> str:
        """Return a sequence as long as the first, if they differ by a stop at the end of one."""
        if len(text) == len(self.first) + 1 and text.endswith(STOP):
            self.stops += 1
            return text[:-1]
        if len(text) == len(self.first) - 1 and self.first.endswith(STOP):
            self.short = self.count if self.short is None else self.short
            return text + GAP
        return text

    def _numbered(self, text: str) -> bytes:
        numbers = bytes(self.known.get(letter, STRANGE) for letter in text)
        if not self.strange and STRANGE in numbers:
            self.strange = text[numbers.index(STRANGE)]
        return numbers

    def _length(self, text: str) -> str:
        if not text:
            return "has no letters"
        matches = {len(other.translate(INSERTS)) for other in (text, self.first)}
        inserted = len(matches) == 1 and matches != {0}
        hint = "--align MODEL.hmm aligns FASTA"
        if inserted:
            hint = "--inserts remove, if lower-case letters are insertions"
        return f"has {len(text)} sites, the first one has {len(self.first)}: aligned sequences expected ({hint})"

    def encoded(self) -> Encoded:
        """Return the codes of all sequences; call it once.

        Raises
        ------
        CellError
            If there is an unknown letter, and none is allowed or no sequence would be left.
        ConfigError
            If the alphabet has no gap and gaps are needed.
        """
        if self.room is not None:
            self._to_disk()
        self.table = self._writable(self.count, len(self.first))
        self.counts = self._counted_bytes()
        if self.may_stop and self.counts[ord(STOP)]:
            self._cut_stops()
            self.counts = self._counted_bytes()
        alphabet = self.alphabet or self._detected()
        meant = self._meant(alphabet)
        table = self._codes(alphabet, meant)
        wrong = self._unknown_letter(table, alphabet)
        if wrong is not None and self.unknown == "error":
            raise wrong
        notes = [*self._changes(alphabet, meant)]
        code_of = np.frombuffer(table, np.uint8)
        for piece in self._pieces():
            piece[:] = code_of[piece]
        values = self.table if self.room is None else self.room.whole(self.table.shape, np.uint8)
        if wrong is None:
            return Encoded(values, alphabet, np.ones(self.count, bool), tuple(notes))
        kept = np.concatenate([part.max(axis=1) != STRANGE for _, part in scan(values)])
        if not kept.any():
            raise wrong
        return Encoded(values[kept] if self.room is None else rows_of(values, kept), alphabet, kept, tuple(notes))

    def _writable(self, rows: int, sites: int) -> np.ndarray:
        """Return the bytes as a table that can be written to."""
        if self.room is None:
            return np.frombuffer(self.bytes, np.uint8).reshape(rows, sites)
        return self.room.writable((rows, sites), np.uint8)

    def _pieces(self) -> Iterator[np.ndarray]:
        """Yield all bytes, some at a time."""
        flat = self.table.reshape(-1)
        yield from (np.asarray(flat[place : place + PIECE]) for place in range(0, len(flat), PIECE))

    def _cut_stops(self) -> None:
        """Make gaps of stops at the ends of sequences, and leave out the columns at the end that hold nothing else.

        Raises
        ------
        CellError
            If a sequence is too short, where the first has a letter in place of a stop.
        """
        letters = np.frombuffer((GAP + GAPS + STOP).encode(), np.uint8)
        stopped = np.zeros(self.table.shape[1], bool)
        for _, part in scan(self.table):
            rows = np.flatnonzero((part == ord(STOP)).any(axis=1))
            found = part[rows]
            solid = ~np.isin(found, letters)
            behind = np.logical_and.accumulate(~solid[:, ::-1], axis=1)[:, ::-1]
            ends = (found == ord(STOP)) & behind & solid.any(axis=1, keepdims=True)
            found[ends] = ord(GAP)
            part[rows] = found
            self.stops += int(ends.sum())
            stopped |= ends.any(axis=0)
        sites = len(stopped)
        while sites > 1 and stopped[sites - 1] and (self.table[:, sites - 1] == ord(GAP)).all():
            sites -= 1
        if self.short is not None and sites == len(stopped):
            raise CellError(self.short, None, f"has {sites - 1} sites, the first one has {sites}")
        if sites < len(stopped):
            parts = (part[:, :sites] for _, part in scan(self.table))
            table = disk.gathered(parts, (self.count, sites), np.uint8)
            self.room = disk.room_of(table)
            self.table = table if self.room is None else self.room.writable(table.shape, np.uint8)
            self.first = self.first[:sites]

    def _detected(self) -> Alphabet:
        tally: dict[str, int] = {}
        for letter, count in enumerate(self.counts.tolist()):
            tidy = chr(letter).translate(TIDY)
            if count:
                tally[tidy] = tally.get(tidy, 0) + count
        return detected(tally)

    def _counted_bytes(self) -> np.ndarray:
        return sum((np.bincount(piece, minlength=256) for piece in self._pieces()), np.zeros(256, np.int64))

    def _meant(self, alphabet: Alphabet) -> dict[int, str]:
        """Return the letter of the alphabet that each byte stands for, of those that stand for one."""
        if not self.ascii:
            return dict(enumerate(alphabet.letters))
        meanings = ((byte, meant(chr(byte), alphabet, resolve=self.unknown == "resolve")) for byte in range(128))
        return {byte: letter for byte, letter in meanings if letter is not None}

    def _codes(self, alphabet: Alphabet, meant: dict[int, str]) -> bytes:
        """Return which code a byte becomes."""
        strange = gap_code(alphabet) if self.unknown in ("gap", "resolve") else STRANGE
        return bytes(alphabet.letters.index(meant[byte]) if byte in meant else strange for byte in range(256))

    def _unknown_letter(self, table: bytes, alphabet: Alphabet) -> CellError | None:
        """Return the error about the first letter outside the alphabet, where there is one that is no gap."""
        strange = (np.frombuffer(table, np.uint8) == STRANGE) & (self.counts > 0)
        if not strange.any():
            return None
        wrong = ((number, strange[piece]) for number, piece in enumerate(self._pieces()))
        place = next(number * PIECE + int(found.argmax()) for number, found in wrong if found.any())
        row, site = divmod(place, len(self.first))
        letter = self._letter(int(self.table[row, site]), alphabet)
        where = f"the {alphabet.name} alphabet '{alphabet.letters}'"
        reason = f"letter '{letter}' at site {site + 1} is not in {where}"
        return CellError(row, site, f"{reason} ('--unknown gap', 'drop' or 'resolve' says what to do)")

    def _letter(self, byte: int, alphabet: Alphabet) -> str:
        """Return the letter that a byte outside the alphabet stands for, as a message shows it."""
        return (self.strange or "?") if byte == STRANGE else chr(byte).translate(tidying(alphabet))

    # What was changed

    def _changes(self, alphabet: Alphabet, meant: dict[int, str]) -> Iterator[str]:
        """Yield a line for each change of letters, with counts."""
        counts = self.counts
        present = np.flatnonzero(counts).tolist()
        if self.stops:
            yield f"{self.stops:,} {plural(self.stops, 'stop')} (*) at the end of sequences left out"
        if self.ascii:
            small = [byte for byte in present if byte in meant and chr(byte).islower() and meant[byte] != chr(byte)]
            yield from self._counted(counts, small, "small", "read as capitals")
            gaps = [byte for byte in present if chr(byte) in GAPS and meant.get(byte) == GAP]
            yield from self._counted(counts, gaps, quoted(map(chr, gaps)), "read as gaps", "")
            yield from self._replaced(counts, {b: meant[b] for b in present if chr(b).isalpha() and b in meant})
        unknown = [byte for byte in present if byte not in meant]
        letters = ", ".join(dict.fromkeys(self._letter(byte, alphabet) for byte in unknown))
        if self.unknown in ("gap", "resolve"):
            yield from self._counted(counts, unknown, letters, "read as gaps")
        elif unknown:
            many = f"{self._rows_with(unknown):,} of {self.count:,} sequences"
            yield f"{many} left out, with letters outside the {alphabet.name} alphabet: {letters}"

    def _replaced(self, counts: np.ndarray, meant: dict[int, str]) -> Iterator[str]:
        """Yield a line for each letter that is read as another one."""
        for letter in sorted({chr(byte).upper() for byte, to in meant.items() if to.upper() != chr(byte).upper()}):
            bytes_of = [byte for byte in meant if chr(byte).upper() == letter]
            yield from self._counted(counts, bytes_of, letter, f"read as {meant[bytes_of[0]]}")

    def _counted(
        self, counts: np.ndarray, found: Collection[int], which: str, change: str, noun: str = "letter"
    ) -> Iterator[str]:
        """Yield the line on what became of some bytes, if there are any."""
        if found:
            count = int(counts[list(found)].sum())
            letters = f"{plural(count, noun)} " if noun else ""
            what = f"{which} {letters}" if which == "small" else f"{letters}{which} "
            yield f"{count:,} {what}{change}, in {self._rows_with(found):,} of {self.count:,} sequences"

    def _rows_with(self, found: Collection[int]) -> int:
        """Return how many sequences hold one of some bytes."""
        wanted = np.zeros(256, bool)
        wanted[list(found)] = True
        return sum(int(wanted[part].any(axis=1).sum()) for _, part in scan(self.table))


def quoted(letters: Iterator[str] | Sequence[str]) -> str:
    """Return letters in quotes, one after the other."""
    return ", ".join(f"'{letter}'" for letter in letters)


def meant(letter: str, alphabet: Alphabet, *, resolve: bool) -> str | None:
    """Return the letter of an alphabet that a letter of a file stands for, None if it stands for none."""
    if letter in alphabet.letters:
        return letter
    tidy = letter.translate(tidying(alphabet))
    base = BASES.get(tidy, "") if is_nucleotides(alphabet) else ""
    resolved = RESOLVED.get(tidy, "") if resolve and alphabet == PROTEIN else ""
    return next((it for it in (tidy, base, resolved) if it and it in alphabet.letters), None)


def is_stoppable(alphabet: Alphabet) -> bool:
    """Return whether a stop is none of the letters, and a gap is one."""
    return STOP not in alphabet.letters and GAP in alphabet.letters


def codes_of(alphabet: Alphabet | None) -> dict[str, int]:
    """Return the code of each letter, small ones and '.' among them where they mean others."""
    assert alphabet is not None
    codes = {letter: code for code, letter in enumerate(alphabet.letters)}
    others = {chr(point): chr(to) for point, to in tidying(alphabet).items() if chr(to) in codes}
    return codes | {letter: codes[to] for letter, to in others.items()}


def tidying(alphabet: Alphabet | None) -> dict[int, int]:
    """Return the translation of letters, less those that the alphabet tells apart itself."""
    letters = alphabet.letters if alphabet else ""
    if any(letter.islower() for letter in letters):
        return {ord(letter): ord(GAP) for letter in GAPS if letter not in letters}
    return {point: to for point, to in TIDY.items() if chr(point) not in letters}


def gap_code(alphabet: Alphabet) -> int:
    """Return the code of the gap.

    Raises
    ------
    ConfigError
        If the alphabet has none.
    """
    if GAP not in alphabet.letters:
        raise ConfigError("unknown", f"'gap' needs an alphabet with '{GAP}', got '{alphabet.letters}'")
    return alphabet.letters.index(GAP)
