"""Persons and their haplotypes: which samples are one person's, where a format writes persons."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shortrun.data.core.alphabet import BINARY, DOSAGE
from shortrun.data.genotypes.variants import one_word
from shortrun.errors import DataError

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset

FIRST, SECOND = "_A", "_B"  # what the names of a person's two haplotypes end in


class Person(NamedTuple):
    """A person: a name, the rows of the alleles (two haplotypes, or one, or the only row of a dosage), a label code."""

    name: str
    rows: tuple[int, ...]
    label: int


def persons(dataset: Dataset) -> list[Person]:
    """Return who the samples are: a person for each dosage, or for each two haplotypes that belong together.

    Two haplotypes in a row belong together if they are called NAME_A and NAME_B, or have one group, or (of samples
    without such names and without groups, as generated ones) have one label. Any other is a person with a single allele
    a site. A person is called NAME, or as the group, or else as the first of its samples.

    Raises
    ------
    DataError
        If the data are no genotypes, or two persons would have one name.
    """
    check_kind(dataset)
    found = [Person(str(name), (row,), 0) for row, name in enumerate(dataset.names)]
    if dataset.alphabet == BINARY:
        found = [Person(called(dataset, rows), rows, 0) for rows in pairs(dataset)]
    names = Counter(person.name for person in found)
    twice = [person.name if names[person.name] == 1 else str(dataset.names[person.rows[0]]) for person in found]
    named = [
        Person(one_word(name), p.rows, int(dataset.labels[p.rows[0]])) for name, p in zip(twice, found, strict=True)
    ]
    check_names(named)
    return named


def check_kind(dataset: Dataset) -> None:
    """Raise DataError unless samples are haplotypes (0 and 1) or dosages (0, 1 and 2)."""
    if dataset.alphabet not in (BINARY, DOSAGE):
        words = dataset.kind.words
        raise DataError(f"haplotypes of 0 and 1, or dosages of 0, 1 and 2, expected, these data are {words}")


def check_haplotypes(dataset: Dataset) -> None:
    """Raise DataError unless samples are haplotypes."""
    check_kind(dataset)
    if dataset.alphabet != BINARY:
        raise DataError("haplotypes of 0 and 1 expected, these data are dosages, of which nobody knows the phase")


def groups_of(names: list[str]) -> np.ndarray | None:
    """Return the persons of haplotypes: NAME where there are NAME_A and NAME_B, else as the haplotype; None without."""
    known = set(names)
    stems = [name[: -len(FIRST)] if name.endswith((FIRST, SECOND)) else name for name in names]
    paired = [stem + FIRST in known and stem + SECOND in known for stem in stems]
    if not any(paired):
        return None
    return np.array([stem if pair else name for stem, pair, name in zip(stems, paired, names, strict=True)])


def haplotype_names(dataset: Dataset) -> list[str]:
    """Return what haplotypes are called in a file without groups: NAME_A and NAME_B where groups say whose they are."""
    names = [str(name) for name in dataset.names]
    for person in persons(dataset) if dataset.groups is not None else ():
        if len(person.rows) == 2:
            for row, ending in zip(person.rows, (FIRST, SECOND), strict=True):
                names[row] = person.name + ending
    return names


def check_names(found: list[Person]) -> None:
    """Raise DataError unless persons have different names."""
    name, count = Counter(person.name for person in found).most_common(1)[0]
    if count > 1:
        raise DataError(f"{count} persons are called '{name}': names must differ")
    if any(not person.name for person in found):
        raise DataError("a person has no name")


def pairs(dataset: Dataset) -> list[tuple[int, ...]]:
    """Return the rows of each person: two haplotypes that belong together, or one."""
    rows: list[tuple[int, ...]] = []
    row = 0
    while row < len(dataset):
        size = 2 if row + 1 < len(dataset) and together(dataset, row, row + 1) else 1
        rows.append(tuple(range(row, row + size)))
        row += size
    return rows


def together(dataset: Dataset, one: int, other: int) -> bool:
    """Return whether two haplotypes are one person's."""
    if dataset.labels[one] != dataset.labels[other]:
        return False
    names = str(dataset.names[one]), str(dataset.names[other])
    if any(name.endswith((FIRST, SECOND)) for name in names):
        return names == (names[0][: -len(FIRST)] + FIRST, names[0][: -len(FIRST)] + SECOND)
    return dataset.groups is None or dataset.groups[one] == dataset.groups[other]


def called(dataset: Dataset, rows: tuple[int, ...]) -> str:
    """Return the name of the person whose haplotypes some rows are."""
    name = str(dataset.names[rows[0]])
    if len(rows) == 1:
        return name
    if name.endswith(FIRST):
        return name.removesuffix(FIRST)
    return name if dataset.groups is None else str(dataset.groups[rows[0]])
