"""Files of labels: a class for each sample, by its name, or by order where that is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.labels import label_text
from shortrun.data.tables.delimited import NAMES, Delimited, read_delimited
from shortrun.data.tables.naming import match
from shortrun.errors import FormatError
from shortrun.settings import Reading

REMEDY = ": --labels-by-order takes its rows in the order of the samples"


@dataclass(frozen=True)
class LabelTable:
    """A table of labels; the columns that hold classes and groups, where these are known before the samples are."""

    table: Delimited
    label: int | None
    group: int | None

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.table.path.name

    def legend(self, name: int | None) -> int:
        """Return which column holds the classes, where another one holds names."""
        if self.label is not None:
            return self.label
        left = [index for index in range(len(self.table.header)) if index != name]
        if len(left) != 1:
            raise nameless(self.table)
        return left[0]


def read_labels(path: Path, options: Reading) -> LabelTable:
    """Read a text table with a header line, of names and classes in any columns.

    Classes are in the column that `label_column` names, in the column `label`, or in the only one beside that of names.

    Parameters
    ----------
    path : Path
        The file.
    options : Reading
        Of reading; `label_column` and `group` are columns, of which `group` may be in the data instead.

    Raises
    ------
    FormatError
        If the file is no such table or lacks the column; names the line and the nearest column.
    """
    table = read_delimited(path, options, strict=False)
    label = table.find("label") if options.label_column is None else table.require(options.label_column)
    if label is None and len(table.header) != 2 and not (options.labels_by_order and len(table.header) == 1):
        raise nameless(table)
    return LabelTable(table, label, None if options.group is None else table.find(options.group))


def nameless(table: Delimited) -> FormatError:
    """Return the error about a table of which nobody can say where classes are."""
    columns = ", ".join(table.header)
    return FormatError(table.path, table.first_line, f"no column 'label'; say which one holds the classes: {columns}")


def attach(dataset: Dataset, labels: LabelTable, *, by_order: bool = False) -> Dataset:
    """Return the samples with the labels (and groups) of a file, and notes on who found whom.

    Rows belong to samples by name (`tables.naming` says how), or by order if that is asked for. Samples without a row
    are unlabelled, rows of no sample are passed over.

    Raises
    ------
    FormatError
        If no column names samples, rows of one sample disagree, or by order there is not one row a sample.
    """
    rows, column, note = in_order(dataset, labels) if by_order else by_name(dataset, labels)
    texts = labels.table.column(column)
    cells = np.array([*map(label_text, texts), ""], dtype=object)[rows]  # the row -1 picks the last
    dataset = dataset.with_labels(cells).with_notes(*labels.table.notes, note, *missing(labels, texts, rows))
    if labels.group is None:
        return dataset
    told = labels.table.column(labels.group)
    return dataset.with_groups([told[row] if row >= 0 else dataset.names[i] for i, row in enumerate(rows)])


def by_name(dataset: Dataset, labels: LabelTable) -> tuple[np.ndarray, int, str]:
    """Return the (N,) row of each sample, the column of classes, and a note."""
    table = labels.table
    candidates = range(len(table.header)) if labels.label is None else [labels.label]
    legend = {index: [*map(label_text, table.column(index))] for index in candidates}
    groups = None if labels.group is None else table.column(labels.group)

    def says(name: int, row: int) -> tuple[str, str] | None:
        label = legend[labels.legend(name)][row]
        return (label, "" if groups is None else groups[row]) if label else None

    found = match(table, dataset, says, spared=(labels.label,), remedy=REMEDY)
    return found.rows, labels.legend(found.column), found.note


def in_order(dataset: Dataset, labels: LabelTable) -> tuple[np.ndarray, int, str]:
    """Return the same where rows belong to samples by order."""
    count, rows = len(dataset), len(labels.table.lines)
    if rows != count:
        raise FormatError(labels.table.path, None, f"{rows:,} rows, the data have {count:,} samples")
    name = next((i for i in map(labels.table.find, NAMES) if i is not None), 0)
    column = labels.legend(name if len(labels.table.header) > 1 else None)
    return np.arange(count), column, f"{labels.name}: {rows:,} rows belong to the samples in their order"


def missing(labels: LabelTable, texts: list[str], rows: np.ndarray) -> list[str]:
    """Return a note on the labels that are words for none."""
    found = Counter(texts[row] for row in rows.tolist() if row >= 0 and texts[row] and not label_text(texts[row]))
    if not found:
        return []
    words = ", ".join(f"'{word}'" for word, _ in found.most_common(3))
    samples = "1 sample has no label" if found.total() == 1 else f"{found.total():,} samples have no label"
    return [f"{labels.name}: {samples} but {words}"]
