"""Columns of an alignment that are left out of a training, and given back when samples are written.

`meta["kept_columns"]` says which columns of the file the sites are: {"of": L, "kept": [...]}, counted from 0. Lines
that say something of columns, such as the consensus structure, stay as long as the whole alignment in
`meta["annotation"]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.options import Options
from shortrun.data.sequences.encoding import GAP, gap_code
from shortrun.errors import DataError

KEY, ANNOTATION = "kept_columns", "annotation"
OPENING, CLOSING = "(<[{", ")>]}"


def selected(dataset: Dataset, options: Options) -> Dataset:
    """Return the samples on the columns that options ask for; data without gaps have all of them.

    Raises
    ------
    DataError
        If no column is left.
    """
    if dataset.alphabet is None or GAP not in dataset.alphabet.letters:
        return dataset
    if options.kept_columns is not None:
        return like(dataset, options.kept_columns)
    return dataset if options.max_gaps is None else without_gaps(dataset, options.max_gaps)


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
    return keep(dataset, np.flatnonzero(gaps <= max_gaps))


def gap_share(dataset: Dataset) -> np.ndarray:
    """Return the (S,) share of samples that have a gap at each site."""
    assert dataset.alphabet is not None
    gap = gap_code(dataset.alphabet)
    found = np.zeros(dataset.sites, np.int64)
    for _, part in scan(dataset.values):
        found += (part == gap).sum(axis=0)
    return found / len(dataset)


def keep(dataset: Dataset, sites: np.ndarray) -> Dataset:
    """Return the samples on some of their sites (numbers in order); meta remembers which columns those are."""
    if len(sites) == dataset.sites:
        return dataset
    now = dataset.meta.get(KEY, {"of": dataset.sites, "kept": range(dataset.sites)})
    columns = {"of": now["of"], "kept": [now["kept"][site] for site in sites]}
    return on_columns(dataset, np.ascontiguousarray(dataset.values[:, sites]), columns)


def like(dataset: Dataset, columns: Mapping[str, Any]) -> Dataset:
    """Return samples on the whole alignment on the columns that a training kept; other samples as they are."""
    return keep(dataset, np.asarray(columns["kept"])) if dataset.sites == columns["of"] else dataset


def restored(dataset: Dataset) -> Dataset:
    """Return the samples on all columns of the alignment they come from, gaps where columns had been removed."""
    columns = dataset.meta.get(KEY)
    if columns is None:
        return dataset
    assert dataset.alphabet is not None
    values = np.full((len(dataset), columns["of"]), gap_code(dataset.alphabet), np.uint8)
    values[:, columns["kept"]] = dataset.values
    return on_columns(dataset, values, None)


def on_columns(dataset: Dataset, values: np.ndarray, columns: Mapping[str, Any] | None) -> Dataset:
    """Return the samples with other values, on other columns of their alignment."""
    meta = {name: value for name, value in dataset.meta.items() if name != KEY}
    return dataset.with_values(values, meta if columns is None else meta | {KEY: columns})


def annotation(dataset: Dataset) -> dict[str, str]:
    """Return the lines about columns, such as SS_cons, cut to the columns that the samples have."""
    return cut_lines(dataset, dataset.meta.get(ANNOTATION, {}))


def cut_lines(dataset: Dataset, lines: Mapping[str, str]) -> dict[str, str]:
    """Return lines about the columns of the alignment that samples come from, cut to the columns that they have."""
    columns = dataset.meta.get(KEY)
    if columns is not None:
        lines = {tag: cut(line, columns["kept"], tag.startswith("SS")) for tag, line in lines.items()}
    return {tag: line for tag, line in lines.items() if len(line) == dataset.sites}


def cut(line: str, kept: list[int], structure: bool = False) -> str:
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
