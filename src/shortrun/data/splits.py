"""Splits: a share of the samples held out, classes in proportion, groups together, and what is alike by its domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shortrun.data.core.splits import alike_together, learned_from_rest, split_rows
from shortrun.data.genotypes.related import related
from shortrun.data.genotypes.variants import is_genotypes
from shortrun.errors import DataError
from shortrun.phrases import counted
from shortrun.settings import checked

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset


@checked
def split(
    dataset: Dataset,
    fraction: float,
    *,
    seed: int = 0,
    groups: bool = True,
    stratify: bool = True,
    identity: float | None = None,
) -> tuple[Dataset, Dataset]:
    """Return the data set in two parts: the rest, and about `fraction` of the samples held out.

    Each part keeps the order of the samples. The same seed gives the same split.

    Parameters
    ----------
    dataset : Dataset
        N samples, or what `read` takes.
    fraction : float
        Share that is held out, above 0 and below 1.
    seed : int, default 0
        Of the random choice.
    groups : bool, default True
        Keep the samples of a group together, where the data set has groups.
    stratify : bool, default True
        Hold out that share of each class, and of the unlabelled; a group counts for the class that most of its labelled
        samples have. At least one sample (group) of each class is then on either side.
    identity : float, optional
        Keep samples together too that agree at this share of the sites, and those that agree with them, and so on; of
        genotypes persons, by the share of their alleles that is identical by state. The notes of both parts say how
        many groups there are.

    Raises
    ------
    ConfigError
        If the fraction is not between 0 and 1, or the identity not above 0 and at most 1.
    DataError
        If a class has a single sample (group), so that it cannot be on either side; names the class.

    Returns
    -------
    tuple[Dataset, Dataset]
        The rest, and what is held out.

    Examples
    --------
    >>> import shortrun as sr
    >>> train, test = sr.split(sr.read("digits"), 0.2, seed=0)
    >>> len(train), len(test)
    (1438, 359)
    """
    kept = dataset if groups else dataset.with_groups(None)
    together = kept if identity is None else kept.with_groups(alike(kept, identity))
    told = () if identity is None or together.groups is None else groups_told(together.groups, identity)
    try:
        held_out = split_rows(together, fraction, seed=seed, stratify=stratify)
    except DataError as error:
        if identity is None:
            raise
        hint = f"those alike at identity {identity:g} count as one, a higher one splits them"
        raise DataError(f"{error}: {hint}") from None
    rest, out = learned_from_rest(dataset.select(~held_out), dataset.select(held_out))
    return rest.with_notes(*told), out.with_notes(*told)


def alike(dataset: Dataset, identity: float) -> np.ndarray:
    """Return (N,) groups of samples that are alike: of genotypes persons by their alleles, else by their sites."""
    return (related if is_genotypes(dataset) else alike_together)(dataset, identity)


def groups_told(groups: np.ndarray, identity: float) -> tuple[str, ...]:
    """Return what to tell of the groups that stay together."""
    _, sizes = np.unique(groups, return_counts=True)
    whole, most = f"{counted(len(sizes), 'group')} of {counted(len(groups), 'sample')}", int(sizes.max())
    return (f"{whole} alike at identity {identity:g} stay together; the largest has {counted(most, 'sample')}",)
