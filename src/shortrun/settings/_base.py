"""Options as values: each is one field of a frozen class.

A field says an option's name, type, range, default, one English sentence, the panel of the help it belongs to, and
whether a run remembers it. Flags of the command line, keywords of functions, keys of TOML files and rows of
docs/settings.md are made from it, so a new option is a new field and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from shortrun.errors import ConfigError, likely, nearest, worded_by

DATA, MODEL, CHAOTIC, TRAINING = "Data", "Model and scheme", "Chaotic networks", "Training"
SAMPLING, MEASUREMENT, OUTPUT, MACHINE = "Sampling", "Measurement", "Output", "Machine"
SEARCH = "Search for settings"
FILES, SEQUENCES, GENOTYPES = "Files of data", "Data: sequences", "Data: genotypes"
TABLES, IMAGES, MUSIC = "Data: tables", "Data: arrays and images", "Data: music"
READING_OF = {
    "sequences": SEQUENCES,
    "genotypes": GENOTYPES,
    "tables": TABLES,
    "arrays": IMAGES,
    "images": IMAGES,
    "music": MUSIC,
}  # domain of data -> panel of the options that concern it alone
LAST_PANELS = (
    DATA,
    MODEL,
    TRAINING,
    *dict.fromkeys(READING_OF.values()),
    FILES,
    CHAOTIC,
    MACHINE,
)  # of a help, in this order

MOST = 2**32 - 1  # chains and updates that the noise tells apart
MOST_STEPS = 2**24 - 1  # sweeps of a chain that it tells apart
MOST_UNITS = 2**24

TWO_TIMES = "not together with steps: T is so many steps of dt"

Positive = Annotated[int, Field(ge=1, le=MOST)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Steps = Annotated[int, Field(ge=1, le=MOST_STEPS)]
Width = Annotated[int, Field(ge=1, le=MOST_UNITS)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**64)]

S = TypeVar("S", bound="Settings")
Memory = Literal["no", "always", "if possible"]


def check_seed(seed: int) -> int:
    """Return a seed of the noise, which has 64 bits.

    Raises
    ------
    ConfigError
        If it is no such number.
    """
    if not (isinstance(seed, Integral) and 0 <= seed < 2**64):
        raise ConfigError("seed", f"a whole number from 0, less than {2**64:,} expected, got {seed!r}")
    return int(seed)


class Settings(BaseModel):
    """Options that belong together; refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # a program uses few of them

    @property
    def given(self) -> dict[str, Any]:
        """The options that were given, by their names, without those that have their default."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    @classmethod
    def of(cls: type[S], **given: Any) -> S:
        """Return the settings with these values, the defaults elsewhere.

        Parameters
        ----------
        given : Any
            Values by keyword (`Option.keyword`), also of settings within sections.

        Raises
        ------
        ConfigError
            For an unknown keyword (names the nearest) or a value out of range.
        """
        with named_by_keywords([cls], given):
            return cls.checked(nested(cls, given))

    @classmethod
    def checked(cls: type[S], form: Mapping[str, Any]) -> S:
        """Return the settings of a mapping, nested as the fields are.

        Raises
        ------
        ConfigError
            For an unknown key (names the nearest) or a value out of range.
        """
        try:
            found = cls.model_validate(form)
        except ValidationError as error:
            first = error.errors()[0]
            if first["type"] == "extra_forbidden":
                raise unknown(cls, ".".join(map(str, first["loc"]))) from None
            key = ".".join(str(part) for part in first["loc"] if is_key(cls, part))
            raise refused(cls, key, first) from None
        found.check()
        return found

    def check(self) -> None:
        """Raise ConfigError for options that contradict each other, or are of no use beside the others."""

    def refuse(self, names: Iterable[str], need: str) -> None:
        """Raise ConfigError for the first of some options that has not its default: it is of use only with a need."""
        unused = next((name for name in names if getattr(self, name) != type(self).model_fields[name].default), None)
        if unused is not None:
            raise ConfigError(unused, f"is of use only with {need}")

    def shared(self, kind: type[S], **others: Any) -> S:
        """Return settings of another class: the values of the fields that both have, and these others.

        What was not given here is not among the given ones there.
        """
        names = kind.model_fields.keys() & type(self).model_fields
        found = kind.checked({name: getattr(self, name) for name in names} | others)
        found.model_fields_set.intersection_update(self.model_fields_set | others.keys())
        return found


def option(
    default: Any,
    help: str,
    *,
    panel: str = "",
    flags: tuple[str, ...] = (),
    metavar: str | None = None,
    keyword: str | None = None,
    remembered: Memory = "no",
    hidden: bool = False,
    searched: str = "",
) -> Any:
    """Return the field of an option; its annotation says type and range.

    Parameters
    ----------
    default : Any
        The value where nothing is given.
    help : str
        One English sentence, shown by `--help`, `help()` and docs/settings.md.
    panel : str, optional
        Heading of the help that the flag appears under.
    flags : tuple[str, ...], optional
        Spellings of the flag; by default `--keyword` with dashes.
    metavar : str, optional
        What stands for the value in the help; by default the choices, or the type.
    keyword : str, optional
        Name as a keyword, where it differs from the field's (as `scheme` for `scheme.name`).
    remembered : {"no", "always", "if possible"}, default "no"
        Whether a run applies it to further files: "if possible" gives it up for a file that lacks what it names.
    hidden : bool, default False
        Whether the help leaves it out.
    searched : str, optional
        Where `tune` looks for it by default, as "64..1024".
    """
    about = {
        "panel": panel,
        "flags": list(flags),
        "metavar": metavar,
        "keyword": keyword,
        "remembered": remembered,
        "hidden": hidden,
        "searched": searched,
    }
    return Field(default, description=help, json_schema_extra={"option": about})


@dataclass(frozen=True)
class Option:
    """One option, as flags, keywords and docs are made from it.

    Parameters
    ----------
    key : str
        Dotted name: the field within its sections, as `optimiser.rate`.
    keyword : str
        Name in calls of functions, unique among the options of a class.
    flags : tuple[str, ...]
        Spellings on the command line.
    type : Any
        Annotation, with its limits.
    default : Any
        The value where nothing is given.
    help : str
        One sentence.
    panel, metavar, remembered, hidden, searched : str or bool
        See `option`.
    """

    key: str
    keyword: str
    flags: tuple[str, ...]
    type: Any
    default: Any
    help: str
    panel: str
    metavar: str | None
    remembered: Memory
    hidden: bool
    searched: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it can be, in order; empty where it can be anything else."""
        return choices_of(self.type)


@functools.cache
def options(settings: type[Settings], within: str = "") -> tuple[Option, ...]:
    """Return every option of a class, those of its sections in their place."""
    found: list[Option] = []
    for name, field in settings.model_fields.items():
        section = section_of(field)
        if section is not None:
            found += options(section, f"{within}{name}.")
        else:
            found.append(option_of(f"{within}{name}", name, field))
    return tuple(found)


@functools.cache
def keywords_of_flags() -> dict[str, str]:
    """Return what Python users write for each flag of all options: the keyword, of a switch with its value."""
    known: dict[str, str] = {}
    kinds = [Settings]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        room = kind.__module__.startswith("shortrun.settings.")  # others hold what is no option too
        for each in options(kind) if room else ():
            for position, flag in enumerate(part for flags in each.flags for part in flags.split("/")):
                known.setdefault(flag, f"{each.keyword}={not position}" if each.type is bool else each.keyword)
                known |= {f"{flag} {word}": f'{each.keyword}="{word}"' for word in each.choices}
                if each.type is bool:
                    known.setdefault(f"--no-{flag.removeprefix('--')}", f"{each.keyword}=False")
    return known


worded_by(keywords_of_flags)


def section_of(field: FieldInfo) -> type[Settings] | None:
    """Return the class of a field that is a section, else None."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Settings) else None


def option_of(key: str, name: str, field: FieldInfo) -> Option:
    """Return the option that a field declares."""
    extra = field.json_schema_extra
    about: Any = extra.get("option") if isinstance(extra, dict) else None
    assert about is not None, f"{key}: declare it with option(default, help)"
    assert field.description, f"{key}: a sentence of help expected"
    keyword = about["keyword"] or name
    return Option(
        key=key,
        keyword=keyword,
        flags=tuple(about["flags"]) or (f"--{keyword.replace('_', '-')}",),
        type=Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation,
        default=field.get_default(call_default_factory=True),
        help=field.description,
        panel=about["panel"],
        metavar=about["metavar"],
        remembered=about["remembered"],
        hidden=about["hidden"],
        searched=about["searched"],
    )


def nested(settings: type[Settings], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by keyword as the mapping, nested as the fields are, that `Settings.checked` takes.

    Raises
    ------
    ConfigError
        For an unknown keyword; names the nearest.
    """
    key_of = {each.keyword: each.key for each in options(settings)}
    form: dict[str, Any] = {}
    for keyword, value in given.items():
        if keyword not in key_of:
            raise ConfigError(keyword, "unknown option", likely(keyword, key_of))
        *sections, name = key_of[keyword].split(".")
        place = form
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return form


@contextmanager
def named_by_keywords(kinds: Iterable[type[Settings]], given: Mapping[str, Any]) -> Iterator[None]:
    """Let an error about an option that was given by keyword name the keyword, in place of the key in files."""
    try:
        yield
    except ConfigError as error:
        keyword = next((each.keyword for kind in kinds for each in options(kind) if each.key == error.key), None)
        if keyword is None or keyword not in given or keyword == error.key:
            raise
        raise ConfigError(keyword, error.expected, error.nearest) from None


def unknown(settings: type[Settings], key: str) -> ConfigError:
    """Return the error for a key that is no option; names the nearest key, last word or section."""
    keys = [each.key for each in options(settings)]
    last_words = {key.rpartition(".")[2]: key for key in keys}
    sections = {key.partition(".")[0]: key.partition(".")[0] for key in keys}
    first, dot, last = key.partition(".")
    guesses = ((dict(zip(keys, keys, strict=True)), key), (last_words, last if dot else first), (sections, first))
    close = (known[found] for known, word in guesses if (found := likely(word, known)) is not None)
    return ConfigError(key, "unknown setting", next(close, None))


def is_key(settings: type[Settings], part: Any) -> bool:
    """Return whether a part of a validation error's place is a name of a field, and not of a member of a union."""
    names = {name for each in options(settings) for name in each.key.split(".")}
    return part in names


def refused(settings: type[Settings], key: str, error: Any) -> ConfigError:
    """Return the error for a value out of range, from the first that pydantic found."""
    found = next((each for each in options(settings) if each.key == key), None)
    words, given = () if found is None else found.choices, error["input"]
    if words:
        quoted = [f"'{word}'" for word in words]
        expected = " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
        return ConfigError(key, f"{expected} expected, got {given!r}", nearest(str(given), words))
    return ConfigError(key, f"{expected_of(found, error)}, got {given!r}", nearest(str(given), words_beside(found)))


def words_beside(found: Option | None) -> tuple[str, ...]:
    """Return the words that an option can be beside what else it can be, as best and last beside an age."""
    parts = () if found is None else members(found.type)
    return tuple(word for part in parts if get_origin(part) is Literal for word in get_args(part))


def expected_of(found: Option | None, error: Any) -> str:
    """Return what was expected in place of a value, in a few words."""
    text = expected_number(found, error)
    words = " or ".join(f"'{word}'" for word in words_beside(found))
    return f"{text.removesuffix(' expected')} or {words} expected" if words and text.endswith(" expected") else text


def expected_number(found: Option | None, error: Any) -> str:
    """Return what was expected in place of a value, but for words."""
    limits = error.get("ctx", {}) | (limits_of(found.type) if found is not None else {})
    low, high = limits.get("ge"), limits.get("le")
    narrow = low is not None and high is not None and high < MOST_STEPS  # else a person needs one of the two
    words = {
        "greater_than_equal": f"{low} to {high} expected" if narrow else f"at least {low} expected",
        "less_than_equal": f"{low} to {high} expected" if narrow else f"at most {amount(high)} expected",
        "greater_than": f"a number greater than {limits.get('gt')} expected",
        "less_than": f"a number less than {amount(limits.get('lt'))} expected",
        "finite_number": "a finite number expected",
    }
    words |= dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number expected")
    words |= dict.fromkeys(("float_type", "float_parsing"), "a number expected")
    message = error["msg"].removeprefix("Value error, ")
    return words.get(error["type"], f"{message[:1].lower()}{message[1:]}")


def amount(limit: float | None) -> str:
    """Return a limit as a person reads it."""
    return "" if limit is None else f"{limit:,}"


def limits_of(kind: Any) -> dict[str, Any]:
    """Return the limits that an annotation sets, as ge, gt, le and lt."""
    found = {}
    for part in (kind, *get_args(kind)):
        for data in getattr(part, "__metadata__", ()):
            for limit in getattr(data, "metadata", [data]):
                found |= {name: getattr(limit, name) for name in ("ge", "gt", "le", "lt") if hasattr(limit, name)}
    return found


def choices_of(kind: Any) -> tuple[str, ...]:
    """Return the words that a Literal allows, optional or not; empty where something else is possible too."""
    parts = [part for part in members(kind) if part is not type(None)]
    if not parts or any(get_origin(part) is not Literal for part in parts):
        return ()
    return tuple(word for part in parts for word in get_args(part))


def members(kind: Any) -> tuple[Any, ...]:
    """Return the types that an annotation is a union of, without their limits."""
    if get_origin(kind) is Annotated:
        return members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return tuple(part for each in get_args(kind) for part in members(each))
    return (kind,)
