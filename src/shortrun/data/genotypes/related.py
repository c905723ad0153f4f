"""Which persons are alike: groups of those that share much of their genotypes, for splits without relatives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data.core.alphabet import BINARY, DOSAGE
from shortrun.data.core.blocks import BYTES, give_back
from shortrun.data.core.likeness import components
from shortrun.data.core.splits import check_shares
from shortrun.data.genotypes.persons import check_kind, groups_of
from shortrun.errors import DataError

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset

COMPARED = 1e11  # sites looked at across the sides of a split, which takes some seconds
AT_ONCE = 1024  # persons compared with as many others at a time


def related(data: Dataset, share: float) -> np.ndarray:
    r"""Return (N,) groups of samples: persons who share at least so much, directly or through others, have one.

    What two persons share is their identity by state, :math:`1 - \sum_i |a_i - b_i| / 2S` of dosages :math:`a` and
    :math:`b`. Two haplotypes are one person if they have one group, or are called NAME_A and NAME_B; any other sample
    is a person, a single haplotype one with two equal alleles. Samples of one group stay together. How alike unrelated
    persons are depends on the sites: look at `shares` before choosing a threshold. Memory is bounded whatever N is.

    Parameters
    ----------
    data : Dataset
        N haplotypes or dosages.
    share : float
        The least share of persons that stay together, above 0 and at most 1.

    Returns
    -------
    ndarray
        (N,) strings: the group of each sample is the name of the first person in it

    Raises
    ------
    ConfigError
        If the share is out of range.
    DataError
        If the data are neither haplotypes nor dosages, or all persons are of one group.

    Examples
    --------
    >>> import shortrun as sr
    >>> from shortrun.data.genotypes.related import related
    >>> data = sr.Dataset.from_arrays([[0, 1, 2, 0], [0, 1, 2, 1], [2, 0, 0, 2]], alphabet="dosage", names=[*"abc"])
    >>> related(data, 0.8).tolist()
    ['a', 'a', 'c']
    """
    check_shares(identity=share)
    check_kind(data)
    names, person, rows = people_of(data)
    most = math.floor((1 - share) * 2 * data.sites + 1e-9)  # alleles that may differ
    group = joined_by(person, data)
    for first, second, differences in compared(data, rows):
        one, other = np.nonzero(differences <= most)
        group = components(len(rows), [(group, np.arange(len(rows))), (one + first, other + second)])
    if len(rows) > 1 and group.max() == group.min():
        raise DataError(f"all {len(rows):,} persons are one group at identity {share:g}: {usual_shares(data)}")
    return np.array(names)[group][person]


def usual_shares(data: Dataset) -> str:
    """Return what helps to choose a threshold: what pairs of persons share."""
    found = np.concatenate([block.astype(np.float32) for block in shares(data.head(2 * AT_ONCE))])
    middle, high, most = np.quantile(found, [0.5, 0.99, 1])
    return f"pairs share {middle:.3f} (median), {high:.3f} (99 % of them share less), {most:.3f} at most"


def largest_share(train: Dataset, test: Dataset) -> tuple[float, int, int]:
    """Return the most that a person on one side shares with one on the other.

    Of the persons of `test` as many are looked at, drawn at random, as are compared with all others in reasonable time;
    then come how many these are, and how many there are.
    """
    (_, _, theirs), (_, _, ours) = people_of(train), people_of(test)
    most = max(1, int(COMPARED / (len(theirs) * train.sites)))
    some = ours[np.sort(np.random.default_rng(17).permutation(len(ours))[:most])]
    least = np.inf
    for first in range(0, len(some), AT_ONCE):
        few = test.select(some[first : first + AT_ONCE].ravel())  # two rows a person
        rows = np.arange(len(few)).reshape(-1, 2)
        for second in range(0, len(theirs), AT_ONCE):
            others = theirs[second : second + AT_ONCE]
            least = min(least, differences(few, rows, others, train).min())
    return 1 - least / (2 * train.sites), len(some), len(ours)


def shares(data: Dataset) -> Iterator[np.ndarray]:
    """Yield blocks of what pairs of persons share, each pair once: numbers from 0 to 1, as `related` compares them."""
    check_kind(data)
    _, _, rows = people_of(data)
    for first, second, differences in compared(data, rows):
        alike = 1 - differences / (2 * data.sites)
        yield alike[np.triu_indices(len(alike), 1)] if first == second else alike.ravel()


def people_of(data: Dataset) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the persons' names, the (N,) number of each sample's person, and the (P, 2) rows of their alleles."""
    owner = owners(data)
    _, first, person = np.unique(owner, return_index=True, return_inverse=True)
    order = np.argsort(first)  # that of the data, not of the names
    first, person = first[order], np.argsort(order)[person]
    last = np.empty(len(first), np.int64)
    last[person] = np.arange(len(data))
    return owner[first].tolist(), person, np.stack([first, last], 1)


def owners(data: Dataset) -> np.ndarray:
    """Return the (N,) name of the person whose alleles a sample is."""
    alone = data.names
    if len(np.unique(alone)) < len(alone):
        alone = np.array([f"{name}#{row}" for row, name in enumerate(alone, start=1)])
    if data.alphabet == DOSAGE:
        return alone
    owner = data.groups if data.groups is not None else groups_of(data.names.tolist())
    if owner is None:
        return alone
    _, inverse, size = np.unique(owner, return_inverse=True, return_counts=True)
    return np.where((owner != "") & (size[inverse] <= 2), owner, alone)


def joined_by(person: np.ndarray, data: Dataset) -> np.ndarray:
    """Return the first person that each person is in one group of the data with, (P,)."""
    count = int(person.max()) + 1
    if data.groups is None:
        return np.arange(count)
    _, code = np.unique(data.groups, return_inverse=True)
    named = data.groups != ""
    return components(count + int(code.max()) + 1, [(person[named], count + code[named])])[:count]


def compared(data: Dataset, rows: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield in how many alleles persons differ: two first persons, and the differences of those from there on."""
    for first in range(0, len(rows), AT_ONCE):
        for second in range(first, len(rows), AT_ONCE):
            yield first, second, differences(data, rows[first : first + AT_ONCE], rows[second : second + AT_ONCE])


def differences(data: Dataset, some: np.ndarray, others: np.ndarray, of: Dataset | None = None) -> np.ndarray:
    """Return the (A, B) sums over sites of |a - b|, the dosages of two sets of persons, some sites at a time.

    The others are persons of the same data, or `of` other ones.
    """
    total = np.zeros((len(some), len(others)))
    step = max(1, BYTES // (4 * AT_ONCE))
    for start in range(0, data.sites, step):
        sites = slice(start, start + step)
        one, other = dosages(data, some, sites), dosages(of or data, others, sites)
        for least in (1, 2):  # |a - b| counts the thresholds between a and b
            u, v = ((each >= least).astype(np.float32) for each in (one, other))
            total += u.sum(1)[:, None] + v.sum(1) - 2 * (u @ v.T)
    return total


def dosages(data: Dataset, rows: np.ndarray, sites: slice) -> np.ndarray:
    """Return the dosages of persons at some sites; a single haplotype is both."""
    values = np.asarray(data.values[:, sites])
    found = values[rows[:, 0]] + values[rows[:, 1]] if data.alphabet == BINARY else values[rows[:, 0]]
    give_back(data.values)
    return found
