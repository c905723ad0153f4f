"""What every score is made of: its description, the samples it looks at, the number it returns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from shortrun.data import Dataset

Direction: TypeAlias = Literal["lower", "higher", "none"]
Convention: TypeAlias = Literal["default", "paper", "fef"]
Group: TypeAlias = Literal["quality", "memorisation", "labels", "domain"]
CONVENTIONS: tuple[Convention, ...] = ("default", "paper", "fef")
ALL = "all"  # the class of a score of all samples, or averaged over the classes
FEWEST = 4  # reference samples: two halves of two


@dataclass(frozen=True)
class Quantity:
    """A score as its module announces it.

    Parameters
    ----------
    name : str
        As the user writes it.
    ideal : float or None
        The value of a perfect generator with infinitely many samples; None where it depends on the data, and only the
        floor says what to expect.
    direction : Direction
        Which values are better; "none" where the ideal is approached from both sides.
    held_out : bool, default False
        Whether real samples are needed that the generator was not trained on.
    group : Group, default "quality"
        What it tells of: the samples' law, memorisation and privacy, labels, or what only such data have.
    meaning : str, default ""
        One sentence in plain words: what a good and a bad value say.
    """

    name: str
    ideal: float | None
    direction: Direction
    held_out: bool = False
    group: Group = "quality"
    meaning: str = ""


class Estimate(NamedTuple):
    """A value, and how to find its standard error (which costs more than the value, and a floor needs none)."""

    value: float
    error: Callable[[], float]


UNDEFINED = Estimate(math.nan, lambda: math.nan)


@dataclass(frozen=True)
class Pair:
    """Real and generated samples to compare, in random order; a module cuts them to equal sizes if it needs that.

    Parameters
    ----------
    reference : Dataset
        Real samples, as a rule those that the generator was trained on.
    generated : Dataset
        What it made.
    held_out : Dataset, optional
        Real samples that it has not seen, or None.
    convention : Convention, default "default"
        Whose definition to follow where published ones differ.
    seed : int, default 0
        Of every random choice.
    """

    reference: Dataset
    generated: Dataset
    held_out: Dataset | None = None
    convention: Convention = "default"
    seed: int = 0

    def shuffled(self) -> Pair:
        """Return the same samples in an order that is a function of the seed, another one on each side."""
        sides = (self.reference, self.generated, self.held_out)
        reference, generated, held_out = (
            side and side.select(np.random.default_rng([self.seed, i]).permutation(len(side)))
            for i, side in enumerate(sides)
        )
        return replace(self, reference=reference, generated=generated, held_out=held_out)

    def halves(self) -> Pair:
        """Return both halves of the reference as a pair, the second with at most as many samples as were generated."""
        middle = len(self.reference) // 2
        first, second = self.reference.head(middle), self.reference.select(slice(middle, 2 * middle))
        return replace(self, reference=first, generated=second.head(len(self.generated)))

    @cached_property
    def equal(self) -> tuple[Dataset, Dataset]:
        """The reference and the generated samples, as many of each."""
        reference, generated = cut(self.reference, self.generated)
        return reference, generated

    @property
    def unseen(self) -> Dataset:
        """The held-out samples, for scores that need them."""
        assert self.held_out is not None
        return self.held_out


def cut(*sets: Dataset) -> tuple[Dataset, ...]:
    """Return the first samples of each data set, as many as the smallest has."""
    count = min(map(len, sets))
    return tuple(data.head(count) for data in sets)


@dataclass(frozen=True)
class Score:
    """One number about generated samples, with what is needed to judge it.

    Parameters
    ----------
    score : str
        Name of the quantity.
    cls : str
        A class, or "all": all samples where classes play no role, else the mean over classes.
    value : float
        Nan where it is not defined, as for a class without enough samples.
    error : float
        Its standard error.
    floor : float
        What real samples get: half of the reference for the other half (at most as many samples as were generated), or
        where the size of the set matters each real sample for all others.
    ideal, direction : float or None or Direction
        Of the quantity.
    """

    score: str
    cls: str
    value: float
    error: float
    floor: float
    ideal: float | None
    direction: Direction

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; None for what is not defined."""
        form = {"class" if name == "cls" else name: value for name, value in asdict(self).items()}
        return {name: None if isinstance(it, float) and not math.isfinite(it) else it for name, it in form.items()}
