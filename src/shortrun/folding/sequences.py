"""Samples as sequences to fold: no gaps, the twenty amino acids and X."""

from __future__ import annotations

from shortrun.data import Dataset
from shortrun.data.core.alphabet import DNA, RNA
from shortrun.errors import DataError

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
AMBIGUOUS = "XBZJUO"  # unknown, four that stand for two, selenocysteine and pyrrolysine: folded as X
NO_RESIDUES = "-.~*"  # gaps and stops


def residues(text: str) -> str:
    """Return a sequence to fold: capitals without gaps and stops, X for other letters than the twenty amino acids.

    Parameters
    ----------
    text : str
        Letters of an aligned sequence.

    Examples
    --------
    >>> residues("mk-vB*")
    'MKVX'
    """
    letters = (letter for letter in text.upper() if letter not in NO_RESIDUES)
    return "".join(letter if letter in AMINO_ACIDS else "X" for letter in letters)


def sequences_of(data: Dataset) -> list[str]:
    """Return the N sequences of protein samples, without gaps; a sample of gaps alone is empty.

    Parameters
    ----------
    data : Dataset
        Aligned proteins.

    Raises
    ------
    DataError
        If the samples are not proteins.

    Examples
    --------
    >>> sequences_of(Dataset.from_arrays([[0, 1, 2]], alphabet="-ACDEFGHIKLMNPQRSTVWY"))
    ['AC']
    """
    alphabet = data.alphabet
    known = set(AMINO_ACIDS + AMBIGUOUS + NO_RESIDUES)
    if alphabet is None or alphabet in (DNA, RNA) or not known.issuperset(alphabet.letters.upper()):
        kind = "numbers" if alphabet is None else f"written with '{alphabet.letters}'"
        raise DataError(f"protein sequences are needed for folding, and these samples are {kind}")
    return [residues(text) for text in alphabet.decode_rows(data.values)]
