"""Sequences as text to codes; shared by the formats of alignments and by tables with a `sequence` column."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase

import numpy as np

from shortrun.data.core.alphabet import Alphabet, detected, named
from shortrun.data.core.values import CellError
from shortrun.errors import ConfigError

GAP = "-"
TIDY = str.maketrans(ascii_lowercase + ".", ascii_uppercase + GAP)
INSERTS = dict.fromkeys(map(ord, ascii_lowercase + "."))  # A2M: what `str.translate` leaves out
STRANGE = 255  # no code: a letter outside the alphabet
PIECE = 2**16  # bytes looked at together


def encode_sequences(
    texts: Sequence[str], alphabet: Alphabet | str | None, unknown: str
) -> tuple[np.ndarray, Alphabet, np.ndarray]:
    """Return the (M, S) uint8 codes of aligned sequences, their alphabet, and an (N,) mask of those kept.

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
    """Aligned sequences that are added one by one: memory holds a byte a letter.

    Letters become upper case and '.' a gap, unless the alphabet itself holds small letters or '.'. Without
    an alphabet it is detected (see `detected`). Letters outside it, ambiguous ones such as X, B, Z and N
    among them, are an error, or become gaps (`unknown="gap"`), or their sequences are left out
    (`unknown="drop"`).
    """

    def __init__(self, alphabet: Alphabet | str | None, unknown: str):
        self.alphabet = named(alphabet) if isinstance(alphabet, str) else alphabet
        self.unknown = unknown
        self.first, self.count, self.bytes = "", 0, bytearray()
        self.strange = ""  # the first letter that no byte stands for
        # a letter is kept as its ASCII code, or as its code in an alphabet of other letters, which is then given
        self.ascii = self.alphabet is None or self.alphabet.letters.isascii()
        self.known = {chr(i): i for i in range(128)} if self.ascii else codes_of(self.alphabet)

    def add(self, text: str) -> None:
        """Add a sequence.

        Raises
        ------
        CellError
            If it is not as long as the first, or empty.
        """
        self.first = self.first or text
        if len(text) != len(self.first) or not text:
            raise CellError(self.count, None, self._length(text))
        self.bytes += text.encode() if self.ascii and text.isascii() else self._numbered(text)
        self.count += 1

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
        hint = "--inserts remove, if small letters are insertions" if inserted else "--align MODEL.hmm aligns FASTA"
        return f"has {len(text)} sites, the first one has {len(self.first)}: aligned sequences expected ({hint})"

    def encoded(self) -> tuple[np.ndarray, Alphabet, np.ndarray]:
        """Return the (M, S) uint8 codes, their alphabet, and an (N,) mask of the sequences kept; call it once.

        Raises
        ------
        CellError
            If there is an unknown letter, and none is allowed or no sequence would be left.
        ConfigError
            If the alphabet has no gap and gaps are needed.
        """
        alphabet = self.alphabet or self._detected()
        table = self._codes(alphabet)
        wrong = self._unknown_letter(table, alphabet)
        if wrong is not None and self.unknown == "error":
            raise wrong
        for place in range(0, len(self.bytes), PIECE):
            self.bytes[place : place + PIECE] = self.bytes[place : place + PIECE].translate(table)
        values = self._table()
        if wrong is None:
            return values, alphabet, np.ones(self.count, bool)
        kept = values.max(axis=1) != STRANGE
        if not kept.any():
            raise wrong
        return values[kept], alphabet, kept

    def _table(self) -> np.ndarray:
        return np.frombuffer(self.bytes, np.uint8).reshape(self.count, -1)

    def _detected(self) -> Alphabet:
        tally: dict[str, int] = {}
        for letter, count in enumerate(self._counts().tolist()):
            tidy = chr(letter).translate(TIDY)
            if count:
                tally[tidy] = tally.get(tidy, 0) + count
        return detected(tally)

    def _counts(self) -> np.ndarray:
        flat = np.frombuffer(self.bytes, np.uint8)
        pieces = (flat[place : place + PIECE] for place in range(0, len(flat), PIECE))
        return sum((np.bincount(piece, minlength=256) for piece in pieces), np.zeros(256, np.int64))

    def _codes(self, alphabet: Alphabet) -> bytes:
        """Return which code a byte becomes."""
        strange = gap_code(alphabet) if self.unknown == "gap" else STRANGE
        codes = codes_of(alphabet) if self.ascii else {chr(code): code for code in range(len(alphabet))}
        return bytes(codes.get(chr(byte), strange) if byte != STRANGE else strange for byte in range(256))

    def _unknown_letter(self, table: bytes, alphabet: Alphabet) -> CellError | None:
        """Return the error about the first letter outside the alphabet, where there is one that is no gap."""
        present = np.flatnonzero(self._counts()).tolist()
        place = min((self.bytes.index(byte) for byte in present if table[byte] == STRANGE), default=None)
        if place is None:
            return None
        row, site = divmod(place, len(self.first))
        byte = self.bytes[place]
        letter = self.strange if byte == STRANGE else chr(byte).translate(tidying(alphabet))
        where = f"the {alphabet.name} alphabet '{alphabet.letters}'"
        return CellError(row, site, f"letter '{letter}' at site {site + 1} is not in {where}")


def codes_of(alphabet: Alphabet | None) -> dict[str, int]:
    """Return the code of each letter, small ones and '.' among them where they mean others."""
    assert alphabet is not None
    codes = {letter: code for code, letter in enumerate(alphabet.letters)}
    meant = {chr(point): chr(to) for point, to in tidying(alphabet).items() if chr(to) in codes}
    return codes | {letter: codes[to] for letter, to in meant.items()}


def tidying(alphabet: Alphabet | None) -> dict[int, int]:
    """Return the translation of letters, less those that the alphabet tells apart itself."""
    letters = alphabet.letters if alphabet else ""
    if any(letter.islower() for letter in letters):
        return {} if "." in letters else {ord("."): ord(GAP)}
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
