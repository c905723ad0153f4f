"""Sequences as text to codes; shared by FASTA and by tables with a `sequence` column."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase

import numpy as np

from shortrun.data.alphabet import Alphabet, detect, named
from shortrun.data.values import CellError
from shortrun.errors import ConfigError

GAP = "-"
ROWS = 1000  # sequences encoded at a time
TIDY = str.maketrans(ascii_lowercase + ".", ascii_uppercase + GAP)


def encode_sequences(
    texts: Sequence[str], alphabet: Alphabet | str | None, unknown: str
) -> tuple[np.ndarray, Alphabet, np.ndarray]:
    """Return the (M, S) uint8 codes of aligned sequences, their alphabet, and an (N,) mask of those kept.

    Letters become upper case and '.' a gap, unless the alphabet itself holds small letters or '.'. Without
    an alphabet it is detected (see `detect`). Letters outside it, ambiguous ones such as X, B, Z and N
    among them, are an error, or become gaps (`unknown="gap"`), or their sequences are left out
    (`unknown="drop"`).

    Raises
    ------
    CellError : if sequences differ in length or hold unknown letters.
    ConfigError : if the alphabet has no gap and gaps are needed.
    """
    alphabet = named(alphabet) if isinstance(alphabet, str) else alphabet
    texts = [text.translate(tidying(alphabet)) for text in texts]
    check_lengths(texts)
    alphabet = alphabet or detect(texts)
    codes = np.concatenate([lookup(alphabet, texts[first : first + ROWS]) for first in range(0, len(texts), ROWS)])
    if unknown == "gap":
        codes[codes < 0] = gap_code(alphabet)
    kept = np.asarray((codes >= 0).all(axis=1))
    if not kept.all() and (unknown == "error" or not kept.any()):
        raise unknown_letter(texts, codes, alphabet)
    return codes[kept].astype(np.uint8), alphabet, kept


def lookup(alphabet: Alphabet, texts: Sequence[str]) -> np.ndarray:
    """Return the (M, S) int16 codes of sequences of one length, -1 for a letter outside the alphabet."""
    return alphabet.lookup("".join(texts)).reshape(len(texts), -1)


def tidying(alphabet: Alphabet | None) -> dict[int, int]:
    """Return the translation of letters, less those that the alphabet tells apart itself."""
    letters = alphabet.letters if alphabet else ""
    if any(letter.islower() for letter in letters):
        return {} if "." in letters else {ord("."): ord(GAP)}
    return {point: to for point, to in TIDY.items() if chr(point) not in letters}


def check_lengths(texts: Sequence[str]) -> None:
    """Raise CellError unless all sequences are as long as the first, and not empty."""
    sites = len(texts[0])
    row = next((i for i, text in enumerate(texts) if len(text) != sites or not text), None)
    if row is not None:
        reason = f"has {len(texts[row])} sites, the first one has {sites}: aligned sequences expected"
        raise CellError(row, None, reason if texts[row] else "has no letters")


def gap_code(alphabet: Alphabet) -> int:
    """Return the code of the gap."""
    if GAP not in alphabet.letters:
        raise ConfigError("unknown", f"'gap' needs an alphabet with '{GAP}', got '{alphabet.letters}'")
    return alphabet.letters.index(GAP)


def unknown_letter(texts: Sequence[str], codes: np.ndarray, alphabet: Alphabet) -> CellError:
    """Return the error about the first letter outside the alphabet."""
    row, site = np.argwhere(codes < 0)[0].tolist()
    letter, where = texts[row][site], f"the {alphabet.name} alphabet '{alphabet.letters}'"
    return CellError(row, site, f"letter '{letter}' at site {site + 1} is not in {where}")
