"""Real and generated samples to read: coloured letters, or rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from shortrun.data import Dataset

PER_CLASS = 4  # samples of a class on each side
CLASSES = 6  # number of most frequent classes
SITES = 2000  # largest number of sites
COLUMNS = 12  # largest number of columns of a table
# Residues by chemistry, like the usual colours of alignments; nucleotides by base.
PROTEIN = {"h": "AVILMFWC", "p": "STNQYHG", "k": "KR", "d": "DE", "o": "P"}
NUCLEOTIDES = {"h": "A", "p": "C", "k": "G", "d": "TU"}


@dataclass(frozen=True)
class Rows:
    """Samples of one class.

    Parameters
    ----------
    cls : str
        Name of the class, empty without classes.
    real, generated : list[list[tuple[str, str]]]
        Each sample as runs of (colour, letters).
    """

    cls: str
    real: list[list[tuple[str, str]]]
    generated: list[list[tuple[str, str]]]


def is_sequences(data: Dataset) -> bool:
    """Return whether samples are sequences of letters."""
    return data.alphabet is not None and data.alphabet.name in ("protein", "dna", "rna")


def sequences_by_class(real: Dataset, generated: Dataset) -> list[Rows]:
    """Return some sequences of the most frequent classes, as runs of letters of one colour."""
    return [
        Rows(name, [*coloured_runs(first)], [*coloured_runs(second)])
        for name, first, second in sides_by_class(real, generated)
        if first is not None and second is not None
    ]


def coloured_runs(data: Dataset) -> Iterator[list[tuple[str, str]]]:
    """Yield each sample as runs of (colour, letters)."""
    assert data.alphabet is not None
    groups = PROTEIN if data.alphabet.name == "protein" else NUCLEOTIDES
    colour = {letter: name for name, letters in groups.items() for letter in letters}
    for row in data.values:
        text = data.alphabet.decode(row[:SITES])
        yield [(name, "".join(run)) for name, run in groupby(text, lambda letter: colour.get(letter, ""))]


def table_rows(data: Dataset) -> list[list[str]]:
    """Return the first columns of a table, after the label."""
    assert data.columns is not None
    columns = data.columns[:COLUMNS]
    cells = np.stack([column.texts[data.values[:, i]] for i, column in enumerate(columns)], axis=1)
    return [
        [*([data.classes[label] if label >= 0 else ""] if data.classes else []), *row]
        for label, row in zip(data.labels.tolist(), cells.tolist(), strict=True)
    ]


def sides_by_class(real: Dataset, generated: Dataset) -> Iterator[tuple[str, Dataset | None, Dataset | None]]:
    """Yield the first real and generated samples of the most frequent classes."""
    if not real.classes:
        yield "", real.head(PER_CLASS * 2), generated.head(PER_CLASS * 2)
    for k in most_frequent(real, CLASSES):
        yield real.classes[k], first_of_class(real, k), first_of_class(generated, k)


def first_of_class(data: Dataset, code: int) -> Dataset | None:
    """Return the first samples of a class, None without any."""
    rows = np.flatnonzero(data.labels == code)[:PER_CLASS]
    return data.select(rows) if len(rows) else None


def most_frequent(data: Dataset, count: int) -> list[int]:
    """Return the codes of the most frequent classes that occur, in order of the codes."""
    counts = data.class_counts
    found = np.argsort(-counts, kind="stable")[:count]
    return sorted(int(k) for k in found if counts[k])


def keep_classes(data: Dataset, codes: list[int]) -> Dataset:
    """Return the samples of some classes, without the other classes."""
    if not data.classes:
        return data
    kept = data.select(np.isin(data.labels, codes))
    return kept.recode([data.classes[k] for k in codes])
