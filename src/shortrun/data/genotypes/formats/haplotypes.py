"""Haplotypes as text: `.hapt`, a row a haplotype, with the sites in a `.legend` beside it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from shortrun.data.core.alphabet import BINARY
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.kind import GenotypeKind, Kind
from shortrun.data.core.labels import UNKNOWN
from shortrun.data.core.parts import opened
from shortrun.data.core.raw import read_lines
from shortrun.data.core.request import Request
from shortrun.data.genotypes.formats._legend import (
    NOTHING,
    ZERO,
    beside,
    codes,
    find_legend,
    keeps_legend,
    legend_lines,
    note_of_legend,
    read_legend,
    refuse_columns,
)
from shortrun.data.genotypes.persons import check_haplotypes, groups_of, haplotype_names
from shortrun.data.genotypes.variants import one_word, variants_of
from shortrun.errors import FormatError
from shortrun.phrases import counted

SUFFIXES = (".hapt",)


def read(path: Path, options: Request) -> Dataset:
    """Read rows `LABEL NAME 0 1 1 ...` and the legend: the one of the same name, or whose name theirs begins with.

    Rows called NAME_A and NAME_B are one person's. Without a legend sites have numbers only; chromosomes are in a
    column of the legend, or in ids such as 22:16051497_A_G.

    Raises
    ------
    FormatError
        If a row is shorter or longer than the first, holds another letter than 0 or 1, or the legend does not fit;
        names the line.
    """
    refuse_columns(path, options)
    values, names, labels, sites, bad = bytearray(), [], [], None, []
    for line, text in enumerate(read_lines(path), start=1):
        cells = text.split()
        if not cells:
            continue
        try:
            values += codes(path, line, cells[2:], sites)
        except FormatError as error:
            if not options.skip_bad:
                raise
            bad.append(error)
            continue
        sites = len(cells) - 2
        labels.append(cells[0])
        names.append(cells[1])
    if not names:
        raise bad[0]
    table = np.frombuffer(values, np.uint8).reshape(len(names), -1)
    data = Dataset(
        values=table,
        labels=np.full(len(table), UNKNOWN),
        weights=np.ones(len(table), np.float32),
        names=np.array(names),
        kind=Kind(table.shape[1], BINARY),
        groups=groups_of(names),
    )
    legend = find_legend(path, SUFFIXES[0])
    variants = () if legend is None else read_legend(legend, data.sites)
    notes = (
        [f"left out {counted(len(bad), 'row')} that cannot be read: line {bad[0].line} has {bad[0].reason}"]
        if bad
        else []
    )
    data = data.with_labels(labels).with_kind(genotypes=GenotypeKind(variants))
    return data.with_notes(*notes, *note_of_legend(path, SUFFIXES[0], legend))


def save(path: Path, dataset: Dataset) -> None:
    """Write haplotypes and their legend; names and labels have `_` for spaces, an unknown label is NA.

    Raises
    ------
    DataError
        If the data are not haplotypes of 0 and 1.
    StoreError
        If a file cannot be written.
    """
    check_haplotypes(dataset)
    labels, names = [*map(one_word, dataset.classes), NOTHING], haplotype_names(dataset)  # the code -1 picks the last
    variants = variants_of(dataset)
    keep = keeps_legend(path, SUFFIXES[0], variants)
    with ExitStack() as stack:
        rows = stack.enter_context(opened(path))
        if not keep:
            legend = stack.enter_context(opened(beside(path, SUFFIXES[0], ".legend")))
            legend.writelines(legend_lines(variants))
        for start, part in scan(dataset.values):
            text = np.full((len(part), 2 * dataset.sites), ord(" "), np.uint8)
            text[:, 1::2] = part + ZERO
            for row, alleles in enumerate(text, start=start):
                head = f"{labels[dataset.labels[row]]} {one_word(names[row]) or '_'}"
                rows.write(head.encode() + alleles.tobytes() + b"\n")


FORMAT = Format(suffixes=SUFFIXES, read=read, save=save, uses=("skip_bad", "label_column", "group"))
