"""What every score is made of: its description, the samples that it compares, the number that it returns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np

from shortrun.data import Dataset
from shortrun.settings import check_seed

Direction: TypeAlias = Literal["lower", "higher", "none"]
Convention: TypeAlias = Literal["default", "paper", "fef"]
Group: TypeAlias = Literal["quality", "memorisation", "labels", "domain"]
ALL = "all"  # class of a score of all samples, or averaged over the classes
T = TypeVar("T")
Known: TypeAlias = dict[Any, Any]  # what was found of real samples alone, by the function and its arguments
FEWEST = 4  # smallest number of reference samples: two halves of two


@dataclass(frozen=True)
class Quantity:
    """One score of a family.

    Parameters
    ----------
    name : str
        Name that users type.
    ideal : float or None
        Value of a perfect generator with infinitely many samples; None if it depends on the data, so that only the
        floor says what to expect.
    direction : Direction
        Which values are better: "lower", "higher", or "none" if the ideal is approached from both sides.
    held_out : bool, default False
        Whether it needs real samples that the generator was not trained on.
    group : Group, default "quality"
        "quality" of the distribution, "memorisation" and privacy, "labels", or "domain" checks.
    meaning : str, default ""
        One sentence: what good and bad values mean.
    chance : float or Callable[[Dataset], float], optional
        Value of samples that have nothing in common with real ones (independent sites, random labels, no neighbours),
        or a function that returns it given the reference; None if it is unknown. It says whether a score can tell.

    Examples
    --------
    >>> Quantity("copies", ideal=0.0, direction="lower").group
    'quality'
    """

    name: str
    ideal: float | None
    direction: Direction
    held_out: bool = False
    group: Group = "quality"
    meaning: str = ""
    chance: float | Callable[[Dataset], float] | None = None

    def chance_in(self, reference: Dataset) -> float | None:
        """Return the value of samples that have nothing in common with the reference, None if it is unknown."""
        return self.chance(reference) if callable(self.chance) else self.chance


class Estimate(NamedTuple):
    """A value, a function that returns its standard error, and a note for readers.

    The error costs more time than the value, and a floor needs none.

    Examples
    --------
    >>> Estimate(0.5, lambda: 0.1).error()
    0.1
    """

    value: float
    error: Callable[[], float]
    note: str = ""


UNDEFINED = Estimate(math.nan, lambda: math.nan)


@dataclass(frozen=True)
class Pair:
    """Real and generated samples to compare, in random order; a score makes them equal in number if it needs that.

    Parameters
    ----------
    reference : Dataset
        Real samples, usually those that the generator was trained on.
    generated : Dataset
        Generated samples.
    held_out : Dataset, optional
        Real samples that the generator has not seen.
    convention : Convention, default "default"
        Whose definition to follow where published ones differ.
    seed : int, default 0
        Seed of every random choice.
    training : Dataset, optional
        All samples that the generator was trained on, where the reference is only a part, as the labelled ones.
    wanted : frozenset[str], optional
        Names of the quantities to measure, by default all.

    Examples
    --------
    >>> pair = Pair(Dataset.from_arrays([[0], [1], [1]]), Dataset.from_arrays([[1], [0]]))
    >>> [len(side) for side in pair.equal]
    [2, 2]
    """

    reference: Dataset
    generated: Dataset
    held_out: Dataset | None = None
    convention: Convention = "default"
    seed: int = 0
    training: Dataset | None = None
    wanted: frozenset[str] | None = None
    known: Known = field(default_factory=dict, init=False, repr=False, compare=False)  # empty after `replace`

    def wants(self, *names: str) -> bool:
        """Return whether any of these quantities is to be measured."""
        return self.wanted is None or not self.wanted.isdisjoint(names)

    def of_real(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return what a function finds of the reference of `equal`, once for all pairs that share `known`."""
        real = self.equal[0]
        key = function, len(real), arguments
        if key not in self.known:
            self.known[key] = function(real, *arguments)
        return self.known[key]

    def knowing(self, known: Known) -> Pair:
        """Return the pair with what other pairs with the same reference have found of it, to be added to."""
        found = replace(self)
        object.__setattr__(found, "known", known)
        return found

    def with_all_training(self) -> Pair:
        """Return the pair with all training samples as the reference."""
        return self if self.training is None else replace(self, reference=self.training)

    def shuffled(self) -> Pair:
        """Return the same samples in a random order, a function of the seed that differs between the sides."""
        sides = (self.reference, self.generated, self.held_out)
        reference, generated, held_out = (
            side and side.select(np.random.default_rng([check_seed(self.seed), i]).permutation(len(side)))
            for i, side in enumerate(sides)
        )
        return replace(self, reference=reference, generated=generated, held_out=held_out)

    def halves(self) -> Pair:
        """Return the halves of the reference as a pair, the second with at most as many samples as were generated."""
        middle = len(self.reference) // 2
        first, second = self.reference.head(middle), self.reference.select(slice(middle, 2 * middle))
        return replace(self, reference=first, generated=second.head(len(self.generated)))

    @cached_property
    def equal(self) -> tuple[Dataset, Dataset]:
        """Equal numbers of reference and generated samples."""
        reference, generated = cut(self.reference, self.generated)
        return reference, generated

    @property
    def unseen(self) -> Dataset:
        """The held-out samples, for scores that need them."""
        assert self.held_out is not None
        return self.held_out


def cut(*sets: Dataset) -> tuple[Dataset, ...]:
    """Return the first samples of each data set, equally many of each."""
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
        A class, or "all": all samples if they were pooled, else the mean over classes.
    value : float
        The value, nan if it is undefined, as for a class with too few samples.
    error : float
        Standard error of the value.
    floor : float
        Value of real samples: one half of the reference against the other (at most as many samples as were generated),
        or each real sample against all others where the size of the set matters.
    ideal : float or None
        Value of a perfect generator, None if only the floor says what to expect.
    direction : Direction
        Which values are better.
    chance : float, optional
        Value of samples that have nothing in common with real ones, None if it is unknown.
    note : str, default ""
        How it was measured here, as the classifier that was used.
    spoiled : str, default ""
        Why it says nothing: samples that it takes for new were trained on.

    Examples
    --------
    >>> Score("copies", "all", 0.0, 0.0, 0.02, 0.0, "lower").to_dict()["class"]
    'all'
    """

    score: str
    cls: str
    value: float
    error: float
    floor: float
    ideal: float | None
    direction: Direction
    chance: float | None = None
    note: str = ""
    spoiled: str = ""

    def __repr__(self) -> str:
        ideal = "" if self.ideal is None else f", ideal {self.ideal:g}"
        return f"Score({self.score}, {self.cls}: {self.value:.4g} ± {self.error:.2g}, real {self.floor:.4g}{ideal})"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; undefined values are None."""
        form = {"class" if name == "cls" else name: value for name, value in asdict(self).items()}
        return {name: None if isinstance(it, float) and not math.isfinite(it) else it for name, it in form.items()}
