"""Haplotypes as IMPUTE and SHAPEIT have them: `.hap`, a row a site, with a `.legend` and a `.sample` beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from shortrun.data.core.alphabet import BINARY
from shortrun.data.core.blocks import give_back
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.kind import GenotypeKind, Kind
from shortrun.data.core.labels import UNKNOWN
from shortrun.data.core.parts import opened
from shortrun.data.core.raw import read_lines
from shortrun.data.core.request import Request
from shortrun.data.genotypes.formats._legend import (
    RS,
    ZERO,
    beside,
    codes,
    find_beside,
    find_legend,
    keeps_legend,
    legend_lines,
    note_of_legend,
    read_legend,
    refuse_columns,
)
from shortrun.data.genotypes.persons import FIRST, SECOND, check_haplotypes, persons
from shortrun.data.genotypes.variants import UNNAMED, Variant, one_word, variants_of
from shortrun.errors import DataError, FormatError

SUFFIXES = (".hap",)

HEADER = ("sample", "population", "group", "sex")
OXFORD = ["0", "0", "0"]  # the second line of IMPUTE's own .sample says of which type columns are
NOTHING = "NA"


def read(path: Path, options: Request) -> Dataset:
    """Read rows of 0 and 1, two columns a person, with the sites of the legend and the persons of .sample or .samples.

    `options.label_column` names a column of .sample. Without that file persons have numbers.

    Raises
    ------
    FormatError
        If a row is shorter or longer than the first, holds another letter than 0 or 1, or the other files do not fit;
        names the line.
    """
    values, haplotypes = bytearray(), None
    for line, text in enumerate(read_lines(path), start=1):
        if text.strip():
            cells = text.split()
            values += codes(path, line, cells, haplotypes)
            haplotypes = len(cells)
    table = np.ascontiguousarray(np.frombuffer(values, np.uint8).reshape(-1, haplotypes or 1).T)
    if len(table) % 2:
        raise FormatError(path, None, f"{len(table)} columns, two for each person expected")
    source = find_beside(path, SUFFIXES[0], ".sample", ".samples")
    columns = numbered(len(table) // 2) if source is None else read_persons(source, len(table) // 2)
    refuse_columns(path, options, tuple(columns))
    people = np.repeat(next(iter(columns.values())), 2)
    data = Dataset(
        values=table,
        labels=np.full(len(table), UNKNOWN),
        weights=np.ones(len(table), np.float32),
        names=np.char.add(people, np.tile([FIRST, SECOND], len(table) // 2)),
        kind=Kind(table.shape[1], BINARY),
        groups=people,
    )
    legend = find_legend(path, SUFFIXES[0])
    variants = () if legend is None else read_legend(legend, data.sites)
    data = data.with_kind(genotypes=GenotypeKind(variants)).with_notes(*note_of_legend(path, SUFFIXES[0], legend))
    if options.label_column is not None:
        data = data.with_labels(np.repeat(columns[options.label_column], 2))
    return data.with_groups(np.repeat(columns[options.group], 2)) if options.group is not None else data


def numbered(people: int) -> dict[str, list[str]]:
    """Return the columns of persons that nobody named."""
    return {HEADER[0]: [f"person_{i + 1}" for i in range(people)]}


def read_persons(path: Path, people: int) -> dict[str, list[str]]:
    """Return the columns of a .sample file by their names, that of the persons first.

    Raises
    ------
    FormatError
        If a row is too short or too long, two persons have one name, or there are more or fewer than in .hap.
    """
    lines = ((number, line.split()) for number, line in enumerate(read_lines(path), start=1) if line.strip())
    _, header = next(lines)
    rows = [(line, row) for line, row in lines if row[:3] != OXFORD]
    line_of: dict[str, int] = {}
    for line, row in rows:
        if len(row) != len(header):
            raise FormatError(path, line, f"{len(row)} columns, the header has {len(header)}")
        if line_of.setdefault(row[0], line) != line:
            raise FormatError(path, line, f"person '{row[0]}' is in line {line_of[row[0]]} too")
    if len(rows) != people:
        raise FormatError(path, None, f"{len(rows):,} persons, the haplotypes are of {people:,}")
    return {name: [row[i] for _, row in rows] for i, name in enumerate(header)}


def save(path: Path, dataset: Dataset) -> None:
    """Write .hap, .legend and .sample of persons with two haplotypes each (see `persons`); labels are populations.

    Ids become 22:16051497_A_G where the chromosome is known, as `bcftools convert` needs them.

    Raises
    ------
    DataError
        If the data are not haplotypes, or a person has only one.
    StoreError
        If a file cannot be written.
    """
    check_haplotypes(dataset)
    people = persons(dataset)
    single = next((person for person in people if len(person.rows) == 1), None)
    if single is not None:
        raise DataError(f"two haplotypes a person expected, '{single.name}' has one: write .hapt or .vcf")
    order, labels = [row for person in people for row in person.rows], [*map(one_word, dataset.classes), NOTHING]
    variants = variants_of(dataset)
    keep = keeps_legend(path, SUFFIXES[0], variants)
    with ExitStack() as stack:
        rows, sample = (stack.enter_context(opened(each)) for each in (path, beside(path, SUFFIXES[0], ".sample")))
        if not keep:
            legend = stack.enter_context(opened(beside(path, SUFFIXES[0], ".legend")))
            legend.writelines(spoken_lines(variants))
        sample.write((" ".join(HEADER) + "\n").encode())
        for person in people:
            sample.write(f"{person.name} {labels[person.label]} {labels[person.label]} 0\n".encode())
        step = max(1, 2**22 // len(order))
        for start in range(0, dataset.sites, step):
            values = np.asarray(dataset.values[:, start : start + step])[order].T
            give_back(dataset.values)
            text = np.full((len(values), 2 * len(order)), ord(" "), np.uint8)
            text[:, ::2] = values + ZERO
            text[:, -1] = ord("\n")
            rows.write(text.tobytes())


def spoken_lines(variants: list[Variant]) -> Iterator[bytes]:
    """Yield the lines of a legend whose ids say where sites are; other ids, as rs numbers, stand last."""
    every = [spoken(variant) for variant in variants]
    kept = any(old.id not in (".", new.id) for old, new in zip(variants, every, strict=True))
    for text, name in zip(legend_lines(every), [RS, *(variant.id for variant in variants)], strict=True):
        yield text[:-1] + (f" {name}" if kept else "").encode() + b"\n"


def spoken(variant: Variant) -> Variant:
    """Return a site whose id says where it is, and its alleles."""
    if variant.alt == UNNAMED[1]:
        return variant
    return variant._replace(id=f"{variant.place}_{variant.ref}_{variant.alt}")


FORMAT = Format(suffixes=SUFFIXES, read=read, save=save, uses=("label_column", "group"))
