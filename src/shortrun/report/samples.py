"""Samples to look at, real ones beside generated ones: letters in colours, rows of a table, or pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from shortrun.data import Dataset

SHOWN = 4  # samples a class and side
CLASSES = 6  # most frequent classes that are shown
SITES = 2000  # of a sample that are shown
COLUMNS = 12  # of a table
# Residues of one chemistry, as colours of alignments show them; nucleotides.
PROTEIN = {"h": "AVILMFWC", "p": "STNQYHG", "k": "KR", "d": "DE", "o": "P"}
NUCLEOTIDES = {"h": "A", "p": "C", "k": "G", "d": "TU"}


@dataclass(frozen=True)
class Rows:
    """Samples of one class.

    Parameters
    ----------
    cls : str
        The class, empty without.
    real, generated : list[list[tuple[str, str]]]
        Of each sample (kind, letters) runs, or cells.
    """

    cls: str
    real: list[list[tuple[str, str]]]
    generated: list[list[tuple[str, str]]]


def is_sequences(data: Dataset) -> bool:
    """Return whether samples are read as letters."""
    return data.alphabet is not None and data.alphabet.name in ("protein", "dna", "rna")


def as_letters(real: Dataset, generated: Dataset) -> list[Rows]:
    """Return some sequences of the most frequent classes, cut into runs of letters of one colour."""
    return [
        Rows(name, [*coloured(first)], [*coloured(second)])
        for name, first, second in by_class(real, generated)
        if first is not None and second is not None
    ]


def coloured(data: Dataset) -> Iterator[list[tuple[str, str]]]:
    """Yield each sample as (colour, letters) runs."""
    assert data.alphabet is not None
    groups = PROTEIN if data.alphabet.name == "protein" else NUCLEOTIDES
    colour = {letter: name for name, letters in groups.items() for letter in letters}
    for row in data.values:
        text = data.alphabet.decode(row[:SITES])
        yield [(name, "".join(run)) for name, run in groupby(text, lambda letter: colour.get(letter, ""))]


def as_cells(data: Dataset) -> list[list[str]]:
    """Return the first rows of a table, its label first."""
    assert data.columns is not None
    columns = data.columns[:COLUMNS]
    cells = np.stack([column.texts[data.values[:, i]] for i, column in enumerate(columns)], axis=1)
    return [
        [*([data.classes[label] if label >= 0 else ""] if data.classes else []), *row]
        for label, row in zip(data.labels.tolist(), cells.tolist(), strict=True)
    ]


def by_class(real: Dataset, generated: Dataset) -> Iterator[tuple[str, Dataset | None, Dataset | None]]:
    """Yield the first samples of the most frequent classes of both sides."""
    if not real.classes:
        yield "", real.head(SHOWN * 2), generated.head(SHOWN * 2)
    for k in most_frequent(real, CLASSES):
        yield real.classes[k], of_class(real, k), of_class(generated, k)


def of_class(data: Dataset, code: int) -> Dataset | None:
    """Return the first samples of a class, None without any."""
    rows = np.flatnonzero(data.labels == code)[:SHOWN]
    return data.select(rows) if len(rows) else None


def most_frequent(data: Dataset, count: int) -> list[int]:
    """Return the codes of the most frequent classes that occur, in code order."""
    counts = data.class_counts
    found = np.argsort(-counts, kind="stable")[:count]
    return sorted(int(k) for k in found if counts[k])


def of_classes(data: Dataset, codes: list[int]) -> Dataset:
    """Return the samples of some classes, and no other class."""
    if not data.classes:
        return data
    kept = data.select(np.isin(data.labels, codes))
    return kept.recode([data.classes[k] for k in codes])
