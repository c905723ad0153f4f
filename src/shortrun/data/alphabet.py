"""Alphabets: which letter is which code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortrun.errors import ConfigError, DataError

MAX_COLOURS = 255  # codes are stored as uint8


@dataclass(frozen=True)
class Alphabet:
    """An ordered set of letters; the code of a letter is its position.

    Parameters
    ----------
    name : "protein", "rna", "dna", "binary" or "custom"
    letters : the letters in code order, at most 255 of them, all different
    """

    name: str
    letters: str

    def __post_init__(self):
        if len(set(self.letters)) != len(self.letters):
            raise ConfigError("alphabet", f"letters must differ, got '{self.letters}'")
        if not 2 <= len(self.letters) <= MAX_COLOURS:
            raise ConfigError("alphabet", f"2 to {MAX_COLOURS} letters expected, got {len(self.letters)}")

    def __len__(self) -> int:
        return len(self.letters)

    def encode(self, text: str) -> np.ndarray:
        """Return the uint8 codes of a string.

        Raises
        ------
        DataError : if a letter is not in the alphabet; names the letter and its position (from 1).
        """
        unknown = next((i for i, letter in enumerate(text) if letter not in self.letters), None)
        if unknown is not None:
            raise DataError(
                f"letter '{text[unknown]}' at position {unknown + 1} is not in the {self.name} alphabet '{self.letters}'"
            )
        return np.array([self.letters.index(letter) for letter in text], dtype=np.uint8)

    def decode(self, codes: np.ndarray) -> str:
        """Return the string of a vector of codes."""
        return "".join(self.letters[code] for code in codes)


PROTEIN = Alphabet("protein", "-ACDEFGHIKLMNPQRSTVWY")
RNA = Alphabet("rna", "-ACGU")
DNA = Alphabet("dna", "-ACGT")
BINARY = Alphabet("binary", "01")
