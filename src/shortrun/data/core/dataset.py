"""The one value that every reader makes, every model learns from and every generator returns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from shortrun import jsons
from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.blocks import is_mapped, rows_of, scan
from shortrun.data.core.columns import Column
from shortrun.data.core.frames import one_hot, to_anndata, to_pandas
from shortrun.data.core.kind import ImageKind, Kind
from shortrun.data.core.labels import UNKNOWN, codes_of, encode_labels, notes_on_labels
from shortrun.data.core.likeness import row_hashes
from shortrun.data.core.originals import Original
from shortrun.data.core.parts import merged
from shortrun.data.core.values import CellError, encode_values, first, plain_array
from shortrun.data.core.words import plain
from shortrun.errors import DataError
from shortrun.phrases import counted, fitting
from shortrun.shown import LINE, ROWS, Shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNKNOWN", "Dataset"]

HASH, ROW_HASHES = "hash", "row_hashes"  # of a Dataset, which looking at all values takes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Dataset(Shown):
    """Labelled samples.

    Parameters
    ----------
    values : ndarray
        (N, S) uint8 codes in 0..q-1, or float32 for continuous data; they may be a read-only memory map of a file that
        is larger than memory.
    labels : ndarray
        (N,) int64 codes into `classes`, -1 where unknown.
    weights : ndarray
        (N,) float32, non-negative; how much each sample counts.
    names : ndarray
        (N,) strings, one a sample.
    kind : Kind
        What the values mean, what a file of them needs besides, and how they were read.
    classes : tuple[str, ...], default ()
        The class names in code order; empty for unlabelled data.
    groups : ndarray, optional
        (N,) strings or None; samples of one group must not be split apart.
    notes : tuple[str, ...], default ()
        What a user should know of how the file was read, a line each.
    original : Original, optional
        The cells of a table as they were in its file, which writing it again gives back.

    Raises
    ------
    DataError
        If lengths, types or ranges do not agree with the above.

    Examples
    --------
    >>> data = Dataset.from_arrays([[0, 1, 1], [1, 0, 0], [1, 1, 0]], labels=["a", "b", None])
    >>> data
    Dataset of 3 samples, 3 sites: the binary alphabet '01'
      1 without a label; 2 classes: a (1), b (1)
    >>> len(data.select(data.labelled)), data.class_counts
    (2, array([1, 1]))
    """

    values: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    names: np.ndarray
    kind: Kind
    classes: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    original: Original | None = None

    def __post_init__(self):
        check_values(self.values, self.kind)
        check_lengths(self)
        check_labels(self.labels, self.classes)
        check_weights(self.weights)

    @classmethod
    def from_arrays(
        cls,
        values: Any,
        labels: Any = None,
        *,
        classes: Sequence[str] | None = None,
        names: Any = None,
        weights: Any = None,
        alphabet: Alphabet | str | None = None,
        columns: Sequence[Column] | None = None,
        groups: Any = None,
    ) -> Dataset:
        """Return the data set of plain arrays or lists.

        Parameters
        ----------
        values : Any
            (N, S) or (N, h, w) numbers. 0 and 1 (integers, booleans or floats) become binary codes, other floats stay
            continuous, other integers need an alphabet; the shape of images is kept in `kind.image`.
        labels : Any, optional
            (N,) numbers or strings; missing ones are '', NA, None, NaN, -1 or 'uncategorized'.
        classes : Sequence[str], optional
            The class names in code order; by default those that occur, sorted (numbers as numbers). If given, integer
            labels are codes into it.
        names : Any, optional
            (N,) by default '0', '1', ...
        weights : Any, optional
            (N,) by default 1.
        alphabet : Alphabet or str, optional
            An `Alphabet`, the name of one, its letters, "codes" (as many letters as the codes need) or "continuous"
            (keep 0 and 1 as numbers).
        columns : Sequence[Column], optional
            A `Column` for each site, whose codes the values are.
        groups : Any, optional
            (N,) or None.

        Raises
        ------
        DataError
            If the arrays do not make a data set.
        """
        if columns is None:
            codes, meaning = encode_values(values, alphabet)
        else:
            codes, meaning = np.asarray(values, np.uint8), tuple(columns)
        count, shape = len(codes), np.shape(values)
        notes = (*notes_on_labels(labels), *notes_on_labels(groups, "group"))
        labels, classes = encode_labels(np.full(count, UNKNOWN) if labels is None else labels, classes)
        return cls(
            values=codes,
            labels=labels,
            weights=np.ones(count, np.float32) if weights is None else plain_array(weights).astype(np.float32),
            names=numbers(count) if names is None else plain_array(names).astype(str),
            kind=Kind(codes.shape[1], meaning, image=ImageKind(tuple(shape[1:])) if len(shape) == 3 else ImageKind()),
            classes=classes,
            groups=None if groups is None else group_texts(groups),
            notes=notes,
        )

    def __len__(self) -> int:
        return len(self.values)

    def said(self) -> tuple[str, str]:
        """Return what samples and classes there are."""
        first = f"Dataset of {counted(len(self), 'sample')}, {self.kind.extent}: {self.kind.words}"
        if not self.classes:
            return first, "  no labels"
        counts = [f"{name} ({n:,})" for name, n in zip(self.classes, self.class_counts, strict=True)]
        gaps = len(self) - int(self.class_counts.sum())
        unknown = f"{gaps:,} without a label; " if gaps else ""
        start = f"  {unknown}{counted(len(self.classes), 'class')}: "
        return first, start + fitting(counts, LINE - len(start))

    def first_rows(self) -> Any:
        """Return the first samples as a frame."""
        return self.head(ROWS).to_pandas()

    @property
    def sites(self) -> int:
        """S, the number of sites of a sample."""
        return self.values.shape[1]

    @property
    def alphabet(self) -> Alphabet | None:
        """What codes mean, the same at every site; None for continuous data, and with `columns`."""
        return self.kind.alphabet

    @property
    def columns(self) -> tuple[Column, ...] | None:
        """What codes mean where sites differ, one a site: the columns of a table; None otherwise."""
        return self.kind.columns

    @property
    def colours(self) -> int | None:
        """q, the number of letters a site can hold; None for continuous data, and where sites differ."""
        return self.kind.colours

    @property
    def continuous(self) -> bool:
        """Whether the values are numbers rather than codes."""
        return self.kind.continuous

    @property
    def in_units(self) -> np.ndarray:
        """(N, S) values, numbers of a table that were standardised in their own units again."""
        scales = self.kind.table.scales
        if not scales:
            return self.values
        mean, scale, _ = np.array(scales).T
        return self.values * scale + mean

    @property
    def labelled(self) -> np.ndarray:
        """(N,) bool: which samples have a known label."""
        return self.labels != UNKNOWN

    @property
    def class_counts(self) -> np.ndarray:
        """(K,) int64: how many samples each class has."""
        return np.bincount(self.labels[self.labelled], minlength=len(self.classes))

    @cached_property
    def hash(self) -> str:
        """sha256 of values, labels, classes and alphabet (or columns) in hexadecimal, the same on every machine."""
        digest = hash_begun(self)
        for _, part in scan(self.values):
            digest.update(np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<")).data)
        return hash_ended(digest, self)

    @cached_property
    def row_hashes(self) -> np.ndarray:
        """(N,) uint64: a hash of the values of each sample, by which runs know it again."""
        return row_hashes(self.values)

    def select(self, rows: Any) -> Dataset:
        """Return the samples at `rows`: indices, a mask or a slice, in that order.

        Of values that are a memory map, a slice stays in the file; indices and masks copy the rows asked for, many of
        them to the disk.

        Raises
        ------
        DataError
            If no sample is left.
        """
        copied = is_mapped(self.values) and not isinstance(rows, slice)
        some = self._with(
            values=rows_of(self.values, rows) if copied else self.values[rows],
            labels=self.labels[rows],
            weights=self.weights[rows],
            names=self.names[rows],
            groups=None if self.groups is None else self.groups[rows],
            original=None if self.original is None else self.original[rows],
        )
        if ROW_HASHES in vars(self):
            vars(some)[ROW_HASHES] = self.row_hashes[rows]
        return some

    def head(self, count: int) -> Dataset:
        """Return the first `count` samples, or all if there are fewer."""
        return self.select(slice(0, count))

    def split(self, fraction: float, *, seed: int = 0, identity: float | None = None) -> tuple[Dataset, Dataset]:
        """Return the rest and about `fraction` of the samples, classes in proportion, groups and the alike together."""
        from shortrun.data.splits import split  # a room above, asked when it is needed

        return split(self, fraction, seed=seed, identity=identity)

    def merge(self, *others: Dataset) -> Dataset:
        """Return these samples and those of others of the same kind; classes are united.

        Raises
        ------
        DataError
            If sites, alphabet or columns differ.
        """
        return merged((self, *others))

    def one_hot(self) -> np.ndarray:
        """Return (N, F) float32: a column for each colour of each site; two-valued and continuous sites as they are."""
        return one_hot(self)

    def to_pandas(self) -> pd.DataFrame:
        """Return names as index, label and group, and a column for each site."""
        return to_pandas(self)

    def to_anndata(self) -> Any:
        """Return an `anndata.AnnData`: values as X, labels, groups and weights in obs, sites in var.

        Raises
        ------
        MissingExtraError
            If anndata is not installed.
        """
        return to_anndata(self)

    def with_labels(self, labels: Any, classes: Sequence[str] | None = None) -> Dataset:
        """Return the same samples with other labels, given as in `from_arrays`."""
        codes, names = encode_labels(labels, classes)
        return self._with(labels=codes, classes=names).with_notes(*notes_on_labels(labels))

    def with_groups(self, groups: Any) -> Dataset:
        """Return the same samples with (N,) groups that `split` keeps together; None for no groups."""
        found = self._with(groups=None if groups is None else group_texts(groups))
        return found.with_notes(*notes_on_labels(groups, "group"))

    def with_names(self, names: Any) -> Dataset:
        """Return the same samples with other (N,) names."""
        return self._with(names=plain_array(names).astype(str))

    def with_weights(self, weights: Any) -> Dataset:
        """Return the same samples with other (N,) weights."""
        return self._with(weights=plain_array(weights).astype(np.float32))

    def with_values(self, values: np.ndarray, kind: Kind | None = None) -> Dataset:
        """Return the same samples with other (N, S) values, of this kind or of the one given."""
        kind = self.kind if kind is None else kind
        check_values(values, kind)
        return self._with(values=values, kind=kind, original=None)

    def with_kind(self, **changes: Any) -> Dataset:
        """Return the same samples with other fields of `Kind`."""
        kind = replace(self.kind, **changes)
        if not kind.is_like(self.kind):
            check_values(self.values, kind)
            return self._with(kind=kind, original=None)
        return self._with(kind=kind)

    def with_notes(self, *notes: str, first: bool = False) -> Dataset:
        """Return the same samples with more lines on how they were read: what was changed or left out, with counts."""
        new = tuple(note for note in notes if note not in self.notes)
        return self._with(notes=(*new, *self.notes) if first else (*self.notes, *new)) if new else self

    def recode(self, classes: Sequence[str]) -> Dataset:
        """Return the same samples with labels as codes into `classes`, the order of a trained model.

        Raises
        ------
        DataError
            If a label that occurs is not in `classes`; names the nearest known one.
        """
        occurring = np.flatnonzero(self.class_counts)
        code = np.full(len(self.classes) + 1, UNKNOWN)  # the code -1 picks the last
        code[occurring] = codes_of([self.classes[k] for k in occurring], classes)
        return self._with(labels=code[self.labels], classes=tuple(classes))

    def with_original(self, original: Original | None) -> Dataset:
        """Return the same samples with the cells that they had in a file."""
        return self._with(original=original)

    def _with(self, **changes: Any) -> Dataset:
        """Return these samples with some fields changed: `replace`, but values, which may be large, stay checked.

        What was found by looking at all of them is kept, as far as it holds.
        """
        new = self.looked_at({each.name: getattr(self, each.name) for each in fields(self)} | changes)
        if new.values is self.values:
            same = new.labels is self.labels and new.classes == self.classes and new.kind.codes is self.kind.codes
            kept = (HASH, ROW_HASHES) if same else (ROW_HASHES,)
            vars(new).update({name: vars(self)[name] for name in kept if name in vars(self)})
        return new

    @classmethod
    def looked_at(cls, parts: Mapping[str, Any]) -> Dataset:
        """Return the samples that all fields by their names make, of which the values were checked before."""
        new = object.__new__(cls)
        for name, part in parts.items():
            object.__setattr__(new, name, part)
        check_shape(new.values)
        check_lengths(new)
        check_labels(new.labels, new.classes)
        check_weights(new.weights)
        return new


def hash_begun(data: Dataset) -> Any:
    """Return the sha256 of what values mean, which goes on with the values, in little-endian order."""
    letters = None if data.alphabet is None else data.alphabet.letters
    header = {"shape": data.values.shape, "classes": data.classes, "alphabet": letters}
    if data.columns is not None:
        header["columns"] = [column.meaning() for column in data.columns]
    return hashlib.sha256(jsons.dumps(header, sort_keys=True).encode())


def hash_ended(digest: Any, data: Dataset) -> str:
    """Return the hash of samples, of which the digest knows all but the labels."""
    digest.update(data.labels.astype("<i8").data)
    return digest.hexdigest()


def numbers(count: int) -> np.ndarray:
    """Return the names '0', '1', ... in as few bytes as they need."""
    return np.arange(count).astype(f"U{len(str(count - 1))}")


def group_texts(groups: Any) -> np.ndarray:
    """Return groups as texts in the form in which they are compared."""
    texts = plain_array(groups).astype(str).tolist()
    form = {text: plain(text) for text in set(texts)}
    return np.array([form[text] for text in texts], dtype=str)


def check_values(values: np.ndarray, kind: Kind) -> None:
    """Raise DataError unless values are a finite table of the right type, with codes within the alphabet or columns."""
    for _ in checked(values, kind):
        pass


def checked(values: np.ndarray, kind: Kind) -> Iterator[np.ndarray]:
    """Yield values block by block, each when it was checked: see `check_values`."""
    check_shape(values)
    check_columns(values, kind.columns)
    if kind.sites != values.shape[1]:
        raise DataError(f"values at {kind.extent} expected, got values of shape {values.shape}")
    if values.dtype != kind.dtype:
        raise DataError(f"values of type {np.dtype(kind.dtype)} expected, got {values.dtype}")
    colours = kind.colours_by_site if kind.colours is None else kind.colours
    for start, part in scan(values):
        if kind.colours is not None and part.max() < kind.colours:  # which looks at 20 GB a second
            yield part
            continue
        wrong = ~np.isfinite(part) if colours is None else part >= colours
        if wrong.any():
            row, site = first(wrong)
            most = "a finite number" if colours is None else f"0 to {np.broadcast_to(colours, part.shape[1])[site] - 1}"
            raise CellError(start + row, site, f"{most} expected, got {part[row, site]}")
        yield part


def check_columns(values: np.ndarray, columns: tuple[Column, ...] | None) -> None:
    """Raise DataError unless there is one column a site, with names that differ, where there are columns."""
    if columns is not None and len(columns) != values.shape[1]:
        raise DataError(f"one column a site expected: {values.shape[1]} sites, {len(columns)} columns")
    if columns is not None and len({column.name for column in columns}) < len(columns):
        raise DataError(f"column names must differ, got {', '.join(column.name for column in columns)}")


def check_shape(values: np.ndarray) -> None:
    """Raise DataError unless there is a sample with a site."""
    if values.ndim != 2 or values.size == 0:
        raise DataError(f"at least one sample and one site expected, got values of shape {values.shape}")


def check_lengths(data: Dataset) -> None:
    """Raise DataError unless there is one label, weight, name and group a sample."""
    for name in ("labels", "weights", "names", "groups", "original"):
        array = getattr(data, name)
        if array is not None and array.shape != (len(data),):
            raise DataError(f"one of {name} a sample expected: {len(data)} samples, {name} of shape {array.shape}")


def check_labels(labels: np.ndarray, classes: tuple[str, ...]) -> None:
    """Raise DataError unless labels are int64 codes of different classes, or -1."""
    if labels.dtype != np.int64:
        raise DataError(f"labels of type int64 expected, got {labels.dtype}")
    if labels.min() < UNKNOWN or labels.max() >= len(classes):
        wrong = labels.min() if labels.min() < UNKNOWN else labels.max()
        raise DataError(f"label {wrong} is outside -1..{len(classes) - 1} ({len(classes)} classes)")
    if len(set(classes)) != len(classes):
        raise DataError(f"class names must differ, got {', '.join(classes)}")


def check_weights(weights: np.ndarray) -> None:
    """Raise DataError unless weights are finite, not negative and not all zero."""
    if weights.dtype != np.float32:
        raise DataError(f"weights of type float32 expected, got {weights.dtype}")
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.sum() <= 0:
        raise DataError("weights must be finite, not negative and not all zero")
