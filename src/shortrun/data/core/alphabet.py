"""Alphabets: which letter is which code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from shortrun.cells import HALVES
from shortrun.errors import ConfigError, DataError, nearest

AMBIGUOUS = "NRYSWKMBDHVX"  # letters for several bases
MAX_COLOURS = 255  # codes are stored as uint8


@dataclass(frozen=True)
class Alphabet:
    """An ordered set of letters; the code of a letter is its position.

    Parameters
    ----------
    name : str, optional
        "protein", "rna", "dna", "binary", "dosage" or "custom"; alphabets of the same letters are equal.
    letters : str
        The letters in code order, at most 255 of them, all different.

    Examples
    --------
    >>> bases = Alphabet("dna", "-ACGT")
    >>> bases.encode("GAT-A"), bases.decode(np.array([1, 2, 3]))
    (array([3, 1, 4, 0, 1], dtype=uint8), 'ACG')
    """

    name: str = field(compare=False)
    letters: str

    def __post_init__(self):
        if HALVES.search(self.letters):
            raise ConfigError("alphabet", f"whole letters expected, got '{self.letters}'")
        if len(set(self.letters)) != len(self.letters):
            raise ConfigError("alphabet", f"letters must differ, got '{self.letters}'")
        if not 2 <= len(self.letters) <= MAX_COLOURS:
            raise ConfigError("alphabet", f"2 to {MAX_COLOURS} letters expected, got {len(self.letters)}")

    def __len__(self) -> int:
        return len(self.letters)

    def lookup(self, text: str) -> np.ndarray:
        """Return the int16 code of each letter, -1 for a letter that is not in the alphabet."""
        points, letters = code_points(text), code_points(self.letters)
        order = np.argsort(letters)
        place = order[np.searchsorted(letters, points, sorter=order).clip(max=len(letters) - 1)]
        return np.where(letters[place] == points, place, -1).astype(np.int16)

    def encode(self, text: str) -> np.ndarray:
        """Return the uint8 codes of a string.

        Raises
        ------
        DataError
            If a letter is not in the alphabet; names the letter and its position (from 1).
        """
        codes = self.lookup(text)
        if (codes < 0).any():
            i = int(np.argmax(codes < 0))
            raise DataError(
                f"letter '{text[i]}' at position {i + 1} is not in the {self.name} alphabet '{self.letters}'"
            )
        return codes.astype(np.uint8)

    def decode(self, codes: np.ndarray) -> str:
        """Return the string of a vector of codes."""
        return self.decode_rows(np.atleast_2d(codes))[0]

    def decode_rows(self, codes: np.ndarray) -> list[str]:
        """Return the N strings of an (N, S) table of codes."""
        if self.letters.isascii():
            text, sites = (
                codes.astype(np.uint8).tobytes().translate(self.letters.encode().ljust(256)).decode(),
                codes.shape[1],
            )
            return [text[start : start + sites] for start in range(0, len(text), sites)]
        points = np.ascontiguousarray(code_points(self.letters)[codes])
        return [row.tobytes().decode("utf-32-le") for row in points]


PROTEIN = Alphabet("protein", "-ACDEFGHIKLMNPQRSTVWY")
RNA = Alphabet("rna", "-ACGU")
DNA = Alphabet("dna", "-ACGT")
BINARY = Alphabet("binary", "01")
DOSAGE = Alphabet("dosage", "012")  # how many of a person's two alleles are the alternative one
KNOWN = {alphabet.name: alphabet for alphabet in (PROTEIN, RNA, DNA, BINARY, DOSAGE)}


def code_points(text: str) -> np.ndarray:
    """Return the Unicode code points of a string as little-endian uint32."""
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")


def numbered(colours: int) -> Alphabet:
    """Return an alphabet of 0, 1, ..., 9, A, B, ... for data that are codes already.

    Raises
    ------
    ConfigError
        If there are fewer than 2 or more than 255 colours.
    """
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    letters += "".join(chr(point) for point in range(0x100, 0x100 + max(0, colours - len(letters))))
    return Alphabet("custom", letters[: max(colours, 0)])


def of_letters(letters: str) -> Alphabet:
    """Return the known alphabet with these letters, else a custom one."""
    known = next((alphabet for alphabet in KNOWN.values() if alphabet.letters == letters), None)
    return known or Alphabet("custom", letters)


def named(text: str) -> Alphabet:
    """Return the alphabet called `text`, or the custom one whose letters `text` lists.

    Raises
    ------
    ConfigError
        If `text` looks like a name (lower-case letters only) and is not a known one.
    """
    if text in KNOWN:
        return KNOWN[text]
    if text.isalpha() and text.islower():
        raise ConfigError("alphabet", f"unknown name '{text}', known: {', '.join(KNOWN)}", nearest(text, KNOWN))
    return of_letters(text)


def detect(texts: Sequence[str]) -> Alphabet:
    """Return the alphabet that sequences are most likely written in: see `detected`."""
    points, counts = np.unique(code_points("".join(texts)), return_counts=True)
    return detected({chr(point): int(count) for point, count in zip(points, counts, strict=True)})


def detected(tally: Mapping[str, int]) -> Alphabet:
    """Return the alphabet of letters that occur so often; nucleotides win ties, DNA before RNA.

    Sequences are nucleotides if at least nine tenths of their letters are A, C, G, T and U and every other letter is
    one of the codes for an ambiguous nucleotide; RNA if U is more frequent than T. 0 and 1 alone are binary, with 2
    they are dosages; all else is protein.
    """
    tally = {letter: count for letter, count in tally.items() if letter.isalnum()}  # gaps, stops and marks say nothing
    if tally and set(tally) <= set(DOSAGE.letters):
        return BINARY if set(tally) <= set(BINARY.letters) else DOSAGE
    bases = sum(tally.get(letter, 0) for letter in "ACGTU")
    if bases < 0.9 * sum(tally.values()) or not set(tally) <= set("ACGTU" + AMBIGUOUS):
        return PROTEIN
    return RNA if tally.get("U", 0) > tally.get("T", 0) else DNA


def is_nucleotides(alphabet: Alphabet) -> bool:
    """Return whether letters are those of DNA or RNA, ambiguous ones perhaps among them."""
    letters = set(alphabet.letters) - {"-"}
    return set("ACG") < letters <= set("ACGTU" + AMBIGUOUS) and len(letters & set("TU")) == 1
