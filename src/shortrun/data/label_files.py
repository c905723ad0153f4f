"""Files of labels: a class for each sample, by name or by order."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shortrun.data.core.dataset import Dataset, numbers
from shortrun.data.core.labels import did_you_mean, label_text
from shortrun.data.tables.delimited import Delimited, read_delimited
from shortrun.errors import FormatError

PERSON = ("sample", "iid")  # columns of a panel that name persons


@dataclass(frozen=True)
class LabelTable:
    """Labels as a file holds them: per row a line, a label, and where there are any a name, a group and a person."""

    path: Path
    lines: list[int]
    labels: list[str]
    names: list[str] | None
    groups: list[str] | None
    people: list[str] | None = None


def read_labels(path: Path, *, label_column: str | None = None, group: str | None = None) -> LabelTable:
    """Read a CSV or TSV file (.gz or not) with columns `name,label` or `Name,<legend>`, in any case.

    Without `label_column` the labels are in the column `label`, or in the only one beside `name`. Without `name`, a
    column `sample` or `IID` names persons, as in the panel of the 1000 Genomes (`sample pop super_pop gender`).

    Parameters
    ----------
    path : Path
        The file.
    label_column : str, optional
        The column that holds the classes.
    group : str, optional
        A column that says which samples belong together; it may be missing here and be in the data.

    Raises
    ------
    FormatError
        If the file is no such table or lacks the column; names the line and the nearest column.
    """
    table = read_delimited(path)
    name, found_group = table.find("name"), None if group is None else table.find(group)
    person = person_index(table)
    return LabelTable(
        path=path,
        lines=table.lines,
        labels=[label_text(text) for text in table.column(label_index(table, label_column))],
        names=None if name is None else table.column(name),
        groups=None if found_group is None else table.column(found_group),
        people=None if person is None else table.column(person),
    )


def person_index(table: Delimited) -> int | None:
    """Return which column names persons, of a table without names of samples; None if there is none."""
    found = [index for index in map(table.find, PERSON) if index is not None]
    return found[0] if found and table.find("name") is None else None


def label_index(table: Delimited, label_column: str | None) -> int:
    """Return which column holds the classes."""
    if label_column is not None:
        return table.require(label_column)
    index = table.find("label")
    legends = [i for i in range(len(table.header)) if i not in (table.find("name"), person_index(table))]
    if index is None and len(legends) != 1:
        known = ", ".join(table.header[i] for i in legends)
        raise FormatError(table.path, 1, f"no column 'label'; say which one holds the classes: {known}")
    return legends[0] if index is None else index


def attach(dataset: Dataset, table: LabelTable) -> Dataset:
    """Return the samples with the labels (and groups) of a file.

    Where rows name persons that the data have, each labels all samples of its person, and rows of other persons are
    passed over: a panel may be of more people. Else rows belong to samples by order where the file has no names, where
    the samples have none of their own, or where names agree row by row (so names may occur twice). Otherwise by name:
    each row must name a sample (its whole name, the first word of it, or its file or piece of music). Samples without a
    row are unlabelled.

    Raises
    ------
    FormatError
        If the number of rows does not fit, a row names no sample (names the nearest), or two rows disagree.
    """
    rows = rows_by_person(dataset, table)
    rows = rows_by_order(dataset, table) if rows is None else rows
    rows = rows_by_name(dataset, table) if rows is None else rows
    labels = np.array([*table.labels, ""], dtype=object)[rows]  # the row -1 picks the last
    dataset = dataset.with_labels(labels)
    if table.groups is None:
        return dataset
    groups = [table.groups[row] if row >= 0 else dataset.names[i] for i, row in enumerate(rows)]
    return dataset.with_groups(groups)


def rows_by_person(dataset: Dataset, table: LabelTable) -> np.ndarray | None:
    """Return the (N,) row of the person (the group, if any) of each sample, None if rows name none of them.

    Raises
    ------
    FormatError
        If rows name none of the persons of genotypes, or two rows disagree.
    """
    known = (dataset.names if dataset.groups is None else dataset.groups).tolist()
    if table.people is None:
        return None
    if set(table.people).isdisjoint(known):
        if dataset.kind.genotypes.variants and len(table.people) != len(known):
            raise FormatError(table.path, None, f"names none of the persons, as '{known[0]}': is it their panel?")
        return None
    row_of = first_rows(table, table.people)
    return np.array([row_of.get(name, -1) for name in known])


def rows_by_order(dataset: Dataset, table: LabelTable) -> np.ndarray | None:
    """Return 0..N-1 if rows belong to samples by order, None if by name."""
    names, count = table.names, len(dataset)
    if names is not None and len(names) == count and np.array_equal(np.array(names), dataset.names):
        return np.arange(count)
    unnamed = np.array_equal(dataset.names, numbers(count))
    if names is not None and not (unnamed and not np.isin(names, dataset.names).any()):
        return None
    if len(table.labels) != count:
        raise FormatError(table.path, None, f"{len(table.labels)} rows, the data have {count} samples")
    return np.arange(count)


def rows_by_name(dataset: Dataset, table: LabelTable) -> np.ndarray:
    """Return the (N,) row of each sample, -1 where the file has none."""
    assert table.names is not None
    row_of = first_rows(table, table.names)
    known = dataset.names.tolist()
    if not row_of.keys() <= set(known):
        known = [called(name, row_of, dataset.kind.suffix) for name in known]
    check_names(table, row_of, known)
    return np.array([row_of.get(name, -1) for name in known])


def first_rows(table: LabelTable, names: list[str]) -> dict[str, int]:
    """Return the first row of each name.

    Raises
    ------
    FormatError
        If a later row has another label.
    """
    row_of: dict[str, int] = {}
    for row, name in enumerate(names):
        first = row_of.setdefault(name, row)
        if table.labels[first] != table.labels[row]:
            reason = f"name '{name}' has another label than in line {table.lines[first]}"
            raise FormatError(table.path, table.lines[row], reason)
    return row_of


def called(name: str, rows: Container[str], suffix: str) -> str:
    """Return what a file calls a sample: its name, the piece of music it is of, either as a file, or the first word."""
    piece = name.rpartition("@")[0] or name
    first_word = (name.split() or [""])[0]
    return next((text for text in (name, piece, name + suffix, piece + suffix) if text in rows), first_word)


def check_names(table: LabelTable, row_of: dict[str, int], known: list[str]) -> None:
    """Raise FormatError if a row names no sample."""
    samples = set(known)
    unknown = next((name for name in row_of if name not in samples), None)
    if unknown is not None:
        line = table.lines[row_of[unknown]]
        raise FormatError(table.path, line, f"no sample is called '{unknown}'{did_you_mean(unknown, known)}")
