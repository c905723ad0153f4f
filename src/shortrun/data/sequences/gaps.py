"""Columns of an alignment that are left out of a training, and given back when samples are written.

`kind.alignment.columns` says which columns of the file the sites are. Lines that say something of columns, such as the
consensus structure, stay as long as the whole alignment in `kind.alignment.annotation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.blocks import columns_of, scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import KeptColumns
from shortrun.data.core.request import Request
from shortrun.data.sequences.encoding import GAP, gap_code
from shortrun.errors import DataError

OPENING, CLOSING = "(<[{", ")>]}"


def selected(dataset: Dataset, options: Request) -> Dataset:
    """Return the samples on the columns that options ask for; data without gaps have all of them.

    Raises
    ------
    DataError
        If no column is left.
    """
    if not has_gaps(dataset.alphabet):
        return dataset
    columns = options.like and options.like.alignment.columns
    if columns is not None:
        found = like(dataset, columns)
        return found.with_notes(*said(dataset, found, "which the training left out too"))
    return dataset if options.max_gaps is None else without_gaps(dataset, options.max_gaps)


def has_gaps(alphabet: Alphabet | None) -> bool:
    """Return whether sites can hold a gap."""
    return alphabet is not None and GAP in alphabet.letters


def without_gaps(dataset: Dataset, max_gaps: float) -> Dataset:
    """Return the samples without the columns that have a larger share of gaps.

    Raises
    ------
    DataError
        If no column is left.
    """
    gaps = gap_share(dataset)
    if gaps.min() > max_gaps:
        raise DataError(f"every column has more than {max_gaps:.0%} gaps, the best one {gaps.min():.0%}")
    found = keep(dataset, np.flatnonzero(gaps <= max_gaps))
    return found.with_notes(*said(dataset, found, f"with more than {max_gaps:.0%} gaps"))


def said(whole: Dataset, part: Dataset, why: str) -> Iterator[str]:
    """Yield a line on columns that were left out, if there are any."""
    left = whole.sites - part.sites
    if left:
        yield f"{left:,} of {whole.sites:,} columns left out, {why}"


def gap_share(dataset: Dataset) -> np.ndarray:
    """Return the (S,) share of samples that have a gap at each site."""
    assert dataset.alphabet is not None
    gap = gap_code(dataset.alphabet)
    found = np.zeros(dataset.sites, np.int64)
    for _, part in scan(dataset.values):
        found += (part == gap).sum(axis=0)
    return found / len(dataset)


def keep(dataset: Dataset, sites: np.ndarray) -> Dataset:
    """Return the samples on some of their sites (numbers in order); their kind remembers which columns those are."""
    if len(sites) == dataset.sites:
        return dataset
    now = dataset.kind.alignment.columns or KeptColumns(dataset.sites, tuple(range(dataset.sites)))
    columns = KeptColumns(now.of, tuple(now.kept[site] for site in sites))
    return on_columns(dataset, columns_of(dataset.values, sites), columns)


def like(dataset: Dataset, columns: KeptColumns) -> Dataset:
    """Return samples on the whole alignment on the columns that a training kept; other samples as they are."""
    return keep(dataset, np.array(columns.kept)) if dataset.sites == columns.of else dataset


def restored(dataset: Dataset) -> Dataset:
    """Return the samples on all columns of the alignment they come from, gaps where columns had been removed."""
    columns = dataset.kind.alignment.columns
    if columns is None:
        return dataset
    assert dataset.alphabet is not None
    values = np.full((len(dataset), columns.of), gap_code(dataset.alphabet), np.uint8)
    values[:, list(columns.kept)] = dataset.values
    return on_columns(dataset, values, None)


def on_columns(dataset: Dataset, values: np.ndarray, columns: KeptColumns | None) -> Dataset:
    """Return the samples with other values, on other columns of their alignment."""
    kind = dataset.kind
    alignment = replace(kind.alignment, columns=columns)
    return dataset.with_values(values, replace(kind, sites=values.shape[1], alignment=alignment))


def annotation(dataset: Dataset) -> dict[str, str]:
    """Return the lines about columns, such as SS_cons, cut to the columns that the samples have."""
    return cut_lines(dataset, dataset.kind.alignment.annotation)


def cut_lines(dataset: Dataset, lines: Mapping[str, str]) -> dict[str, str]:
    """Return lines about the columns of the alignment that samples come from, cut to the columns that they have."""
    columns = dataset.kind.alignment.columns
    if columns is not None:
        lines = {tag: cut(line, columns.kept, tag.startswith("SS")) for tag, line in lines.items()}
    return {tag: line for tag, line in lines.items() if len(line) == dataset.sites}


def cut(line: str, kept: Sequence[int], structure: bool = False) -> str:
    """Return the characters of some columns; in a structure, a base whose partner is gone becomes unpaired."""
    gone = set(range(len(line))) - set(kept)
    alone = {i for pair in pairs(line) for i in pair if gone & set(pair)} if structure else ()
    return "".join("." if column in alone else line[column] for column in kept)


def pairs(structure: str) -> list[tuple[int, int]]:
    """Return the columns that pair in a structure: brackets, and pseudoknots as A...a; none where they do not match."""
    found, waiting = [], {}
    for place, mark in enumerate(structure):
        opened = OPENING[CLOSING.index(mark)] if mark in CLOSING else mark.upper()
        if mark in OPENING or mark.isupper():
            waiting.setdefault(mark, []).append(place)
        elif mark in CLOSING or mark.islower():
            if not waiting.get(opened):
                return []
            found.append((waiting[opened].pop(), place))
    return [] if any(waiting.values()) else found
