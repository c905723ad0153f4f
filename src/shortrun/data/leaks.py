"""What two sides of the data know of each other: copies, samples that are nearly copies, groups on both sides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from shortrun.data.core.blocks import taken
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.likeness import agreeing_sites, most_agreements
from shortrun.phrases import first_of
from shortrun.settings import check_seed

NEAR = 0.98  # share of the sites at which nearly copies agree
COMPARED = 1e10  # sites looked at, which takes a few seconds
SPOILED = 0.01  # share of copies from which on scores say nothing of new samples
ERRORS = 2.0


@dataclass(frozen=True)
class Leak:
    """What samples that should be new have in common with those of a training.

    Parameters
    ----------
    samples : int
        Those that should be new.
    copies : int
        How many of them equal a training sample at every site.
    repeated : float, default 0.0
        Share of the training samples that another one equals: as many new samples do by chance.
    groups : tuple[str, ...], default ()
        Groups on both sides.
    identity : float, default NEAR
        Share of the sites at which nearly copies agree.
    compared : int, default 0
        How many were compared site by site, drawn at random; 0 where only copies were looked for.
    near : int, default 0
        How many of these are nearly copies, without the copies.
    usual : float, default 0.0
        Share of the training samples that have such a neighbour (a copy or nearly) in the training.
    largest : float, default nan
        Largest identity across the sides of a sample that is no copy.
    binned : bool, default False
        Whether numbers were compared by their bins.
    """

    samples: int
    copies: int
    repeated: float = 0.0
    groups: tuple[str, ...] = ()
    identity: float = NEAR
    compared: int = 0
    near: int = 0
    usual: float = 0.0
    largest: float = math.nan
    binned: bool = False

    @property
    def spoils(self) -> bool:
        """Whether scores of these samples say little of new ones: more copies, or near ones, than in the training."""
        return unusual(self.copies, self.samples, self.repeated) or unusual(self.near, self.compared, self.usual)

    def lines(self, what: str = "test", of: str = "training") -> Iterator[str]:
        """Yield what to know of it, a line each; the sides are called `of` and `what`."""
        if self.copies:
            share = self.copies / self.samples
            usual = f"; of the {of} samples themselves {self.repeated:.1%} have an equal" if self.repeated else ""
            equal = f"equal {of} samples with numbers in bins" if self.binned else f"are copies of {of} samples"
            yield f"{self.copies:,} of {self.samples:,} {what} samples ({share:.1%}) {equal}{usual}"
        if self.near:
            looked = "" if self.compared == self.samples else f" {self.compared:,} of"
            others = f"{self.samples:,} {what} samples"
            usual = f"; of the {of} samples themselves {self.usual:.1%} have one so near" if self.usual else ""
            yield (
                f"{self.near:,} of{looked} {others} agree with a {of} sample at {self.identity:.0%} "
                f"of the sites or more without being copies (at most {self.largest:.1%}){usual}"
            )
        if self.groups:
            names = first_of(self.groups)
            count = "1 group" if len(self.groups) == 1 else f"{len(self.groups):,} groups"
            yield f"{count} (persons, pieces) on both sides, among {of} and {what} samples: {names}"


def repeated(hashes: np.ndarray) -> float:
    """Return the share of samples that another one equals, by the hashes of all."""
    _, times = np.unique(hashes, return_counts=True)
    return float(times[times > 1].sum() / len(hashes))


def unusual(count: int, of: int, usual: float) -> bool:
    """Return whether a share is larger than usual, beyond chance and a percent."""
    return count / max(of, 1) >= SPOILED + usual + ERRORS * math.sqrt(usual / max(of, 1))


def leak_between(train: Dataset, test: Dataset, *, identity: float = NEAR, seed: int = 0) -> Leak:
    """Return what two sides of the data have in common, but for labels.

    Parameters
    ----------
    train, test : Dataset
        Two data sets of one kind; of others only groups are compared.
    identity : float, default NEAR
        Share of the sites at which nearly copies agree at least.
    seed : int, default 0
        Of the choice of samples that are compared site by site, where they are too many.

    Examples
    --------
    >>> import shortrun as sr
    >>> digits = sr.read("digits")
    >>> leak_between(digits.head(100), digits.head(50)).copies
    50
    """
    check_seed(seed)
    groups = shared_groups(train, test)
    if train.sites != test.sites:
        return Leak(len(test), 0, groups=groups)
    known = train.row_hashes
    copied = np.isin(test.row_hashes, known)
    binned = train.kind.is_binned
    found = Leak(len(test), int(copied.sum()), repeated(known), groups, identity, binned=binned)
    return found if train.continuous or test.continuous else with_near(found, train, test, copied, seed)


def with_near(found: Leak, train: Dataset, test: Dataset, copied: np.ndarray, seed: int) -> Leak:
    """Return a leak with what comparing site by site shows."""
    random, most = np.random.default_rng([seed, 17]), max(1, int(COMPARED / (len(train) * train.sites)))
    ours, theirs = (np.sort(random.permutation(len(side))[:most]) for side in (test, train))
    agreements = most_agreements(taken(test.values, ours), train.values)
    among_themselves = most_agreements(taken(train.values, theirs), train.values, skip=theirs)
    enough = agreeing_sites(found.identity, train.sites)
    new = agreements[~copied[ours]]
    return replace(
        found,
        compared=len(ours),
        near=int((new >= enough).sum()),
        usual=float((among_themselves >= enough).mean()),
        largest=float(new.max()) / train.sites if len(new) else math.nan,
    )


def shared_groups(train: Dataset, test: Dataset) -> tuple[str, ...]:
    """Return the names of the groups on both sides."""
    if train.groups is None or test.groups is None:
        return ()
    return tuple(name for name in np.intersect1d(train.groups, test.groups).tolist() if name)
