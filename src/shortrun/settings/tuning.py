"""The options of a search for settings, and what it varies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from shortrun.errors import ConfigError, likely
from shortrun.records import Purpose
from shortrun.settings._base import MACHINE, OUTPUT, SEARCH, Option, Positive, option, options
from shortrun.settings.training import (
    CHAOS,
    OF_LABELS,
    OF_MACHINES,
    OF_PREDICTING,
    Config,
    StartSettings,
    asked,
    check_once,
    check_use_ahead,
    configured,
    value_of,
)

FIXED = ("model", "layers")  # another kind of machine, or lists
DECIDING = ("scheme", "start", "classes")  # which other options are of use
ALIKE = ("updates", "max_updates", "minutes", "validation")  # what a comparison of trials rests on
DIGITS = 3  # of a number that is tried
Value: TypeAlias = bool | int | float | str


def texts_to_vary(given: Any) -> Any:
    """Return what is to vary as texts: one text, several, or a mapping of options to texts or values.

    Examples
    --------
    >>> texts_to_vary({"hidden": "64..512", "batch": [100, 500]})
    ('hidden=64..512', 'batch=100,500')
    """
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Mapping):
        return given
    listed = {name: ",".join(map(str, it)) if isinstance(it, list | tuple) else it for name, it in given.items()}
    return tuple(f"{name}={it}" for name, it in listed.items())


class TuneSettings(StartSettings):
    """Options of `tune`."""

    trials: Positive | None = option(
        None,
        "Number of trainings in the study, those of earlier calls included; by default 20, or all of a grid.",
        panel=SEARCH,
        metavar="N",
    )
    task: Purpose | None = option(
        None,
        "What the machine is for, hence by what trainings are compared; by default both, or generate without labels.",
        panel=SEARCH,
        flags=("--for",),
    )
    vary: Annotated[tuple[str, ...], BeforeValidator(texts_to_vary)] = option(
        (),
        "Option of the training to vary, and where: a range as hidden=64..1024 (logarithmic if it begins above 0), "
        "values as batch=100,500, or its name alone where it has a range of its own; by default all that have one.",
        panel=SEARCH,
        metavar="OPTION[=LOW..HIGH|A,B]",
    )
    search: Literal["tpe", "random", "grid"] = option(
        "tpe",
        "Which values are tried: near good ones, any, or all combinations of listed ones, once each.",
        panel=SEARCH,
    )
    prune: bool = option(
        True, "End a training that at some age is worse than the median of those before at this age.", panel=SEARCH
    )
    jobs: Positive = option(
        1, "Trainings at a time, each by a process of its own with its part of the threads.", panel=MACHINE, metavar="N"
    )
    keep: Literal["best", "all"] = option("best", "Which runs are kept in the folder.", panel=OUTPUT)


@dataclass(frozen=True)
class Varied:
    """An option of a training that a search varies.

    Parameters
    ----------
    keyword : str
        Its keyword.
    values : tuple
        The lowest and the highest number, or the values.
    is_range : bool
        Whether all numbers between them are meant.
    """

    keyword: str
    values: tuple[Value, ...]
    is_range: bool = False

    @classmethod
    def of(cls, text: str) -> Varied:
        """Return what a text such as "hidden=64..1024" says.

        Raises
        ------
        ConfigError
            For an unknown option (names the nearest), a value that it cannot have, or a range that is none.
        """
        name, equals, words = (part.strip() for part in text.partition("="))
        each = _option(name.removeprefix("--"))
        if each.keyword in ALIKE:
            raise ConfigError("vary", f"{each.keyword} has to be the same in all trials, which are compared by it")
        if each.keyword in FIXED:
            raise ConfigError("vary", f"{each.keyword} cannot be varied: a search compares machines of one kind")
        words = words if equals else each.searched
        if not words:
            raise ConfigError("vary", f"values of {name} expected, as {name}=LOW..HIGH or {name}=A,B")
        low, dots, high = words.partition("..")
        values = tuple(_checked(each, word.strip()) for word in ((low, high) if dots else words.split(",")))
        numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        if dots and not (len(numbers) == 2 and numbers[0] < numbers[1]):
            raise ConfigError("vary", f"a range of numbers that goes up expected, got '{text}'")
        return cls(each.keyword, values, bool(dots))

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return all(type(value) is int for value in self.values)

    @property
    def is_logarithmic(self) -> bool:
        """Whether a range is of ratios rather than differences."""
        return self.is_range and self.values[0] > 0  # pyright: ignore[reportOperatorIssue]

    def rounded(self, value: Value) -> Value:
        """Return a value of a range with three digits, as far as the range goes.

        Examples
        --------
        >>> Varied.of("rate=0.1..0.5").rounded(0.23456)
        0.235
        """
        if not self.is_range or self.is_whole:
            return value
        low, high = self.values
        return min(max(float(f"{value:.{DIGITS}g}"), low), high)  # pyright: ignore[reportReturnType, reportArgumentType]

    def __str__(self) -> str:
        return f"{self.keyword}={('..' if self.is_range else ',').join(map(str, self.values))}"


def varied(settings: TuneSettings, base: Config, labelled: bool) -> tuple[Varied, ...]:
    """Return what a search varies: what is asked for, else the options with a range that have their defaults.

    Parameters
    ----------
    settings : TuneSettings
        What is asked for.
    base : Config
        The settings that it starts from.
    labelled : bool
        Whether there are labels to predict.

    Raises
    ------
    ConfigError
        For an option that is unknown or named twice, for values that it cannot have, and for ranges in a grid.
    """
    texts = settings.vary or [each.keyword for each in options(Config) if _by_default(each, base, labelled)]
    found = [Varied.of(text) for text in texts]
    names = [each.keyword for each in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError("vary", f"{twice} is named twice")
    if settings.search == "grid" and (ranged := next((each for each in found if each.is_range), None)):
        raise ConfigError("vary", f"values expected for a grid, as {ranged.keyword}=A,B, got {ranged}")
    if not found:
        raise ConfigError("vary", "an option to vary expected, as batch=100,500: all that vary by default are given")
    return tuple(found)


def check_varied(settings: TuneSettings, given: Mapping[str, Any]) -> None:
    """Check what is asked to vary before data are read: each value beside all other settings.

    Raises
    ------
    ConfigError
        For the first that no training takes.
    """
    check_once(settings, given)
    base = configured(settings, given)
    over = varied(settings, base, labelled=True)
    if not {each.keyword for each in over} & {*DECIDING}:
        check_use_ahead(base, asked(base, settings, given), base.scheme.name)
    for each in over:
        for value in each.values:
            configured(settings, {**given, each.keyword: value})


def size_of(found: Sequence[Varied]) -> int:
    """Return how many combinations of listed values there are."""
    return math.prod(len(each.values) for each in found)


def _by_default(each: Option, base: Config, labelled: bool) -> bool:
    """Return whether an option varies if nothing else is asked for."""
    of_family = base.model.kind != CHAOS or each.keyword not in ("hidden", *OF_MACHINES)
    of_scheme = base.scheme.name in ("auto", "ff") or each.keyword not in OF_PREDICTING
    is_open = _value_in(base, each) == each.default
    return bool(each.searched) and of_family and of_scheme and is_open and (labelled or each.keyword not in OF_LABELS)


def _option(name: str) -> Option:
    """Return the option of a keyword, a key or a flag."""
    known = {
        word: each
        for each in options(Config)
        for word in (*(flag.partition("/")[0].removeprefix("--") for flag in each.flags), each.key, each.keyword)
    }
    if name not in known:
        raise ConfigError("vary", f"'{name}' is no option of a training", likely(name, known))
    return known[name]


def _checked(each: Option, word: str) -> Value:
    """Return the value that a word stands for."""
    value = _value_in(Config.of(**{each.keyword: value_of(word)}), each)
    if not isinstance(value, Value):
        raise ConfigError("vary", f"{each.keyword} cannot be varied: its values are lists")
    return value


def _value_in(config: Config, each: Option) -> Any:
    return reduce(getattr, each.key.split("."), config)
