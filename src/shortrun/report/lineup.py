"""Real and generated samples side by side, unmarked until a reader asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

import numpy as np

from shortrun.data import Dataset
from shortrun.data.music.encoding import KEYS
from shortrun.report.pictures import raster
from shortrun.scores import ALL, Evaluation
from shortrun.scores.music import MUSIC

Form: TypeAlias = Literal["tiles", "rolls", "strips", "letters", "cells"]
# For each form the largest number of classes, and of samples of a class on either side.
SHOWN: dict[Form, tuple[int, int]] = {
    "tiles": (10, 4),
    "rolls": (4, 2),
    "strips": (8, 2),
    "letters": (4, 3),
    "cells": (3, 2),
}
WITHOUT_CLASSES = 4  # times as many samples where there is one group
PIXELS = 2000  # largest number of sites in a strip
LETTERS = 300  # largest number of sites of a sequence
COLUMNS = 14  # largest number of columns of a table
ORDER = 7  # of the noise: which samples, in which order
# Residues by chemistry, like the usual colours of alignments; nucleotides by base.
PROTEIN = {"h": "AVILMFWC", "p": "STNQYHG", "k": "KR", "d": "DE", "o": "P"}
NUCLEOTIDES = {"h": "A", "p": "C", "k": "G", "d": "TU"}


@dataclass(frozen=True)
class Sample:
    """A sample to look at.

    Parameters
    ----------
    real : bool
        Whether it is real.
    shown : str or list
        Its picture as a data: address, its letters as runs of (colour, letters), or its cells.
    """

    real: bool
    shown: str | list[tuple[str, str]] | list[str]


@dataclass(frozen=True)
class Lineup:
    """Real and generated samples, mixed.

    Parameters
    ----------
    form : Form
        How they are shown.
    groups : list[tuple[str, list[Sample]]]
        Samples by class; the class is empty without classes.
    note : str
        Which part of them is shown, empty if it is all.
    header : list[str]
        Names of the columns of a table.
    judged : str
        What a classifier reaches.
    """

    form: Form
    groups: list[tuple[str, list[Sample]]]
    note: str
    header: list[str]
    judged: str


def lineup(found: Evaluation) -> Lineup:
    """Return some real and generated samples of each class, in an order that a fixed seed gives."""
    real, made = found.reference, found.generated
    form = form_of(real)
    groups = [(name, [*mixed(form, real, made, code)]) for name, code in groups_of(real, SHOWN[form][0])]
    header = [] if real.columns is None else [column.name for column in real.columns[:COLUMNS]]
    return Lineup(form, [group for group in groups if group[1]], part_shown(form, real), header, judged(found))


def form_of(data: Dataset) -> Form:
    """Return how samples of a kind are shown."""
    if is_sequences(data):
        return "letters"
    if data.columns is not None:
        return "cells"
    if data.kind.image.shape is not None:
        return "tiles"
    return "rolls" if MUSIC.includes(data) else "strips"


def is_sequences(data: Dataset) -> bool:
    """Return whether samples are sequences of letters."""
    return data.alphabet is not None and data.alphabet.name in ("protein", "dna", "rna")


def groups_of(data: Dataset, count: int) -> list[tuple[str, int | None]]:
    """Return name and code of the most frequent classes, in their order; one group without labels."""
    if not data.labelled.any():
        return [("", None)]
    frequent = np.argsort(-data.class_counts, kind="stable")[:count]
    return [(data.classes[code], code) for code in sorted(frequent.tolist()) if data.class_counts[code]]


def mixed(form: Form, real: Dataset, made: Dataset, code: int | None) -> Iterator[Sample]:
    """Yield as many real as generated samples of a class, mixed."""
    rng = np.random.default_rng([ORDER, 0 if code is None else code])
    rows = [np.arange(len(side)) if code is None else np.flatnonzero(side.labels == code) for side in (real, made)]
    count = min(SHOWN[form][1] * (WITHOUT_CLASSES if code is None else 1), *map(len, rows))
    drawn = [(side, row) for side in (0, 1) for row in rng.permutation(rows[side])[:count].tolist()]
    for place in rng.permutation(len(drawn)).tolist():
        side, row = drawn[place]
        yield Sample(side == 0, picture_of(form, (real, made)[side], row, real))


def picture_of(form: Form, data: Dataset, row: int, real: Dataset) -> str | list[tuple[str, str]] | list[str]:
    """Return what is shown of a sample; numbers are grey as in the real samples."""
    if form == "letters":
        return coloured_runs(data, row)
    if form == "cells":
        assert data.columns is not None
        return [str(column.texts[data.values[row, i]]) for i, column in enumerate(data.columns[:COLUMNS])]
    values = data.values[row].astype(np.float32)
    if form == "tiles":
        assert data.kind.image.shape is not None
        return raster(
            values.reshape(data.kind.image.shape), (0, 1) if data.continuous else (0, (data.colours or 2) - 1)
        )
    if form == "rolls":
        return raster(values.reshape(-1, KEYS).T[::-1], (0, 1))
    return raster(values[None, :PIXELS], (float(real.values.min()), float(real.values.max())))


def coloured_runs(data: Dataset, row: int) -> list[tuple[str, str]]:
    """Return a sequence as runs of (colour, letters)."""
    assert data.alphabet is not None
    groups = PROTEIN if data.alphabet.name == "protein" else NUCLEOTIDES
    colour = {letter: name for name, letters in groups.items() for letter in letters}
    text = data.alphabet.decode(data.values[row, :LETTERS])
    return [(name, "".join(run)) for name, run in groupby(text, lambda letter: colour.get(letter, ""))]


def part_shown(form: Form, data: Dataset) -> str:
    """Return which part of each sample is shown, empty for all."""
    most = {"strips": PIXELS, "letters": LETTERS, "cells": COLUMNS}.get(form, data.sites)
    what = "Columns" if form == "cells" else "Sites"
    return "" if data.sites <= most else f"{what} 1 to {most:,} of {data.sites:,}."


def judged(found: Evaluation) -> str:
    """Return how well a classifier tells generated samples from real ones."""
    it = next((each for each in found.scores if each.score == "c2st" and each.cls == ALL), None)
    if it is None or it.value != it.value:
        return "No classifier was asked."
    real = "" if it.floor != it.floor else f"; of real samples alone, {100 * it.floor:.0f}"
    return (
        f"A classifier that learned from other samples picks the generated one of a pair {100 * it.value:.0f} times in "
        f"100 (c2st {it.value:.4g}). Guessing: 50{real}."
    )
