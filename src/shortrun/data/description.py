"""What a user wants to know of data before training, and what will hurt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.music.encoding import leak
from shortrun.data.sequences.weights import sequence_weights
from shortrun.phrases import counted, first_of

PAIRS = 2e10  # sites compared by the effective size; more would take longer than half a minute
FEW = 10  # samples of a class
GAPS = "-."


def describe(data: Dataset) -> dict[str, Any]:
    """Return sizes, class counts, duplicates, constant columns, gaps, effective size, and warnings.

    Returns
    -------
    dict
        samples, sites, values (what they are), classes (name -> count), unlabelled, groups, distinct (samples that
        differ), constant_sites (from 1), gap_fraction (None without gaps), effective_size (the sum of the weights
        1 / number of samples that agree at 80 % of the sites; of sequences, None if it takes long),
        warnings (one line each)

    Examples
    --------
    >>> import shortrun as sr
    >>> from shortrun.data import describe
    >>> found = describe(sr.read("digits"))
    >>> found["samples"], found["sites"], found["classes"]["0"]
    (1797, 64, 178)
    """
    groups = None if data.groups is None else len(np.unique(data.groups[data.groups != ""]))
    found: dict[str, Any] = {
        "samples": len(data),
        "sites": data.sites,
        "values": values_of(data),
        "classes": dict(zip(data.classes, data.class_counts.tolist(), strict=True)),
        "unlabelled": int((~data.labelled).sum()) if data.classes else None,
        "groups": groups,
        "distinct": len(np.unique(data.row_hashes)),
        "constant_sites": [int(site) + 1 for site in np.flatnonzero(constant(data.values))],
        "gap_fraction": gap_fraction(data),
        "effective_size": effective_size(data),
    }
    return found | {"warnings": warnings(found, data)}


def values_of(data: Dataset) -> str:
    """Return what the values are, in words."""
    if data.columns is not None:
        names: dict[str, list[str]] = {}
        for column in data.columns:
            names.setdefault(column.summary, []).append(column.name)
        return "; ".join(f"{what}: {', '.join(some)}" for what, some in names.items())
    if data.alphabet is None:
        return "continuous"
    return f"{data.alphabet.name} '{data.alphabet.letters}'" if len(data.alphabet) <= 32 else f"{data.colours} values"


def constant(values: np.ndarray) -> np.ndarray:
    """Return which sites have one value in all samples, (S,) bool."""
    same = np.ones(values.shape[1], bool)
    for _, part in scan(values):
        same &= (part == values[0]).all(0)
    return same


def gap_code(data: Dataset) -> int | None:
    """Return the code of the gap, None if the alphabet has none."""
    letters = "" if data.alphabet is None else data.alphabet.letters
    return next((code for code, letter in enumerate(letters) if letter in GAPS), None)


def gap_fraction(data: Dataset) -> float | None:
    """Return the share of cells that are gaps, None if the alphabet has none."""
    gap = gap_code(data)
    return None if gap is None else sum(int((part == gap).sum()) for _, part in scan(data.values)) / data.values.size


def effective_size(data: Dataset) -> float | None:
    """Return the number of samples that remain when those alike at 80 % of the sites count as one."""
    if gap_code(data) is None or len(data) ** 2 * data.sites > PAIRS:
        return None
    return float(sequence_weights(data).sum())


def warnings(found: Mapping[str, Any], data: Dataset) -> list[str]:
    """Return a line for each thing that will hurt a training or its evaluation."""
    lines = []
    names = data.kind.site_names if data.kind.is_table else range(1, data.sites + 1)
    told = [column.name for column in data.columns or () if column.colours == 1]  # by a note on the table
    same = [name for site in found["constant_sites"] if (name := names[site - 1]) not in told]
    if same:
        lines.append(f"nothing varies in {counted(len(same), 'constant column')}: {first_of(same)}")
    copies = found["samples"] - found["distinct"]
    if copies:
        share = copies / found["samples"]
        equal = f"equal{'s' if copies == 1 else ''} an earlier one{' with numbers in bins' * data.kind.is_binned}"
        lines.append(f"{counted(copies, 'sample')} ({share:.1%}) {equal}: a random split puts copies on both sides")
    small = [name for name, count in found["classes"].items() if count < FEW]
    if small:
        lines.append(f"fewer than {FEW} samples in {counted(len(small), 'class')}: {first_of(small)}")
    if len(found["classes"]) == 1:
        lines.append("there is only one class: nothing to predict")
    if found["unlabelled"] and found["unlabelled"] > 0.9 * found["samples"]:
        lines.append(f"{found['unlabelled'] / found['samples']:.0%} of the samples have no label")
    overlap = leak(data)
    return lines if overlap is None else [*lines, overlap]
