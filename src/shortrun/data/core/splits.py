"""Which samples a split holds out, and what each side makes of its cells; which samples are alike at their sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from shortrun.data.core.blocks import taken
from shortrun.data.core.likeness import agreeing_sites, clusters, components
from shortrun.errors import ConfigError, DataError
from shortrun.settings import check_seed

if TYPE_CHECKING:
    from shortrun.data.core.columns import Column
    from shortrun.data.core.dataset import Dataset


def learned_from_rest(rest: Dataset, held_out: Dataset) -> tuple[Dataset, Dataset]:
    """Return both parts of a table with the bins of numbers that the cells of the rest make."""
    original, columns = rest.original, rest.columns
    if original is None or columns is None or not original.learned:
        return rest, held_out
    bins = rest.kind.reading.bins
    pairs = zip(columns, original.sites, strict=True)
    columns = tuple(column.relearned(original.columns[i], bins) for column, i in pairs)
    return coded_by(rest, columns), coded_by(held_out, columns)


def coded_by(part: Dataset, columns: Sequence[Column]) -> Dataset:
    """Return a table with its cells coded by other columns."""
    assert part.original is not None
    pairs = zip(columns, part.original.sites, strict=True)
    codes = [column.encode(part.original.columns[i]) for column, i in pairs]
    kind = replace(part.kind, codes=tuple(columns))
    return part.with_values(np.stack(codes, axis=1).astype(np.uint8), kind).with_original(part.original)


def check_shares(fraction: float | None = None, identity: float | None = None, *, flag: str = "") -> None:
    """Raise ConfigError for a share that is none; `flag` is what stands before the names of options."""
    if fraction is not None and not 0 < fraction < 1:
        raise ConfigError(f"{flag}fraction", f"a number above 0 and below 1 expected, got {fraction}")
    if identity is not None and not 0 < identity <= 1:
        raise ConfigError(f"{flag}identity", f"a number above 0 and at most 1 expected, got {identity}")


def split_rows(
    dataset: Dataset, fraction: float, *, seed: int, groups: bool = True, stratify: bool = True
) -> np.ndarray:
    """Return which samples `split` holds out, (N,) bool: a split that copies nothing."""
    check_shares(fraction)
    group = group_codes(dataset if groups else dataset.with_groups(None))
    strata = group_strata(dataset, group) if stratify else np.zeros(group.max() + 1, np.int64)
    random = np.random.default_rng(check_seed(seed))
    sizes = np.bincount(group)
    held_out = np.zeros(len(sizes), bool)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        if len(members) > 1:
            held_out[random_share(members, sizes, fraction, random)] = True
        elif stratum >= 0:
            raise DataError(single_member(dataset, stratify, int(stratum), grouped=len(sizes) < len(dataset)))
    return held_out[group]


def alike_together(dataset: Dataset, identity: float) -> np.ndarray:
    """Return (N,) groups of samples that agree at a share of the sites, or have groups in common, or a chain of those.

    Raises
    ------
    ConfigError
        If the share is out of range.
    DataError
        If the data are continuous, or all samples are of one such group.
    """
    check_shares(identity=identity)
    if dataset.continuous:
        raise DataError("identity is the share of sites that agree: these data are continuous")
    alike = clusters(taken(dataset.values, slice(None)), agreeing_sites(identity, dataset.sites))
    rows, groups = np.arange(len(dataset)), group_codes(dataset)
    joined = components(len(rows) + int(groups.max()) + 1, [(rows, alike), (rows, len(rows) + groups)])[: len(rows)]
    if len(dataset) > 1 and joined.max() == joined.min():
        raise DataError(
            f"all {len(dataset):,} samples are one cluster at identity {identity:g}: a higher identity splits them"
        )
    return joined.astype(str)


def group_codes(dataset: Dataset) -> np.ndarray:
    """Return the (N,) number of each sample's group; a sample without one is its own."""
    alone = np.arange(len(dataset)).astype(str)
    if dataset.groups is None:
        return np.arange(len(dataset))
    names = np.where(dataset.groups == "", np.char.add("\n", alone), dataset.groups)
    return np.unique(names, return_inverse=True)[1]


def group_strata(dataset: Dataset, group: np.ndarray) -> np.ndarray:
    """Return the class that most labelled samples of each group have, -1 for a group without labels."""
    known = dataset.labelled
    counts = np.zeros((group.max() + 1, len(dataset.classes) + 1), np.int64)
    np.add.at(counts, (group[known], dataset.labels[known] + 1), 1)
    return counts.argmax(axis=1) - 1  # ties and groups without labels fall to the lowest column


def random_share(members: np.ndarray, sizes: np.ndarray, fraction: float, random: np.random.Generator) -> np.ndarray:
    """Return random members whose sizes add up to nearly a share of all; at least one, never all."""
    order = random.permutation(members)
    total = np.cumsum(sizes[order])
    count = int(np.argmin(np.abs(total[:-1] - fraction * total[-1]))) + 1
    return order[:count]


def single_member(dataset: Dataset, stratify: bool, stratum: int, *, grouped: bool) -> str:
    """Return the message about a class that cannot be on both sides of a split."""
    what = "group" if grouped else "sample"
    if not stratify:
        return f"the data have a single {what} and cannot be split"
    remedy = "drop the class, merge it with another" + (", or divide the group" if grouped else "")
    return f"class '{dataset.classes[stratum]}' has a single {what}, a split needs at least two: {remedy}"
