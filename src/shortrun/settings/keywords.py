"""Functions that take the fields of a settings class as keywords."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter
from numbers import Real
from os import PathLike
from typing import Any, ParamSpec, TypeAlias, TypeVar, get_args, get_origin

from shortrun.errors import ConfigError, likely
from shortrun.files import NAMED, check_named
from shortrun.phrases import described
from shortrun.settings._base import Option, Settings, named_by_keywords, options
from shortrun.settings.reading import Reading

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=Settings)
NAME = "settings"  # of the parameter that receives the value

Converter: TypeAlias = Callable[[str, Any, Mapping[str, Any]], Any]
CONVERTERS: dict[str, Converter] = {}  # annotation of a parameter -> what its arguments go through first

CHECKS: dict[type[Settings], Callable[[Any], None]] = {}  # class -> what its settings go through before all else


def converts(*annotations: str) -> Callable[[Converter], Converter]:
    """Let arguments of parameters with these annotations, of every function that takes settings, go through a function.

    It is called with the name of the parameter, the argument, and all arguments by name; it returns the value to use
    or raises a ShortrunError, so that a wrong argument of any function is one clear line.
    """

    def register(function: Converter) -> Converter:
        CONVERTERS.update(dict.fromkeys(annotations, function))
        return function

    return register


def checks(kind: type[S]) -> Callable[[Callable[[S], None]], Callable[[S], None]]:
    """Let settings of a class go through a function before the arguments of any function that takes them are read.

    It raises a ShortrunError for what the class itself cannot know to be wrong.
    """

    def register(function: Callable[[S], None]) -> Callable[[S], None]:
        CHECKS[kind] = function
        return function

    return register


def takes(kind: type[Settings], **others: type[Settings]) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Let a function be called with the fields of settings classes as keywords; it receives one value, `settings`.

    The signature and the docstring of the result name every option, its type and its default. `settings=` passes a
    value as it is. An option that has the name of one of the function's own parameters is left to that.

    Parameters
    ----------
    kind : type[Settings]
        The class of the function's parameter `settings`.
    others : type[Settings]
        Parameter of the function -> further class, of which it receives the options that were given, as a mapping.

    Examples
    --------
    >>> from shortrun.settings import Settings, option, takes
    >>> class Walk(Settings):
    ...     steps: int = option(3, "Steps to go.")
    >>> @takes(Walk)
    ... def walk(start, *, settings):
    ...     return start + settings.steps
    >>> walk(1), walk(1, steps=5), walk(1, settings=Walk(steps=7))
    (4, 6, 8)
    """
    kinds = {NAME: kind, **others}

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        own = [each for each in inspect.signature(function).parameters.values() if each.name not in kinds]
        names = {each.name for each in own}
        # Not named `kind` too: Python 3.12.1 then loses the variable of that name that `called` uses.
        added = [each for every in kinds.values() for each in options(every) if each.keyword not in names]

        @functools.wraps(function)
        def called(*args: Any, **given: Any) -> R:
            direct = {name: given.pop(name) for name in list(given) if name in names}
            value, parts = given.pop(NAME, None), sorted_by_class(given, kinds, names)
            if value is not None and parts[NAME]:
                raise ConfigError(next(iter(parts[NAME])), f"give it within `{NAME}`, or give all options as keywords")
            if not isinstance(value, Settings | None):
                raise ConfigError(NAME, f"a value of {kind.__name__} expected, got {described(value)}")
            settings = kind.of(**parts[NAME]) if value is None else value
            settings.check()
            values = parts | {NAME: settings}
            for base, check in CHECKS.items():
                if isinstance(values[NAME], base):
                    check(values[NAME])
            args, direct = received(own, args, direct)
            with named_by_keywords(kinds.values(), given):
                return function(*args, **direct, **values)

        vars(called).pop("__wrapped__")
        vars(called)["kinds"] = kinds
        vars(called)["__signature__"] = signature(function, own, added)
        called.__doc__ = documented(inspect.getdoc(function) or "", added)
        return called

    return decorate


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Let wrong arguments of a function without settings be one clear line, as those of `takes` are."""
    own = [*inspect.signature(function).parameters.values()]
    names = [each.name for each in own]

    @functools.wraps(function)
    def called(*args: P.args, **given: P.kwargs) -> R:
        for name in given:
            if name not in names:
                raise ConfigError(name, "unknown option", likely(name, names))
        args, given = received(own, args, given)  # pyright: ignore[reportAssignmentType]
        return function(*args, **given)

    return called


def received(
    own: Sequence[Parameter], args: tuple[Any, ...], given: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments as a function receives them: checked, and through the converters of their parameters."""
    positions = [each.name for each in own]
    plain = {**dict(zip(positions, args, strict=False)), **given}
    for each in own:
        if "Path" in str(each.annotation):
            check_named(plain.get(each.name), each.name)
    converted = {
        each.name: CONVERTERS[str(each.annotation)](each.name, plain[each.name], plain)
        for each in own
        if each.name in plain and str(each.annotation) in CONVERTERS
    }
    first = tuple(converted.pop(name, value) for name, value in zip(positions, args, strict=False))
    return first + args[len(positions) :], {**given, **converted}


@converts("Path | str", "Path | str | None")
def path_given(name: str, it: Any, _: Mapping[str, Any]) -> Any:
    """Return a path, if that is what was given."""
    if it is None or isinstance(it, str | PathLike):
        return it
    raise ConfigError(name, f"{NAMED}, got {described(it)}")


@converts("float")
def number_given(name: str, it: Any, _: Mapping[str, Any]) -> Any:
    """Return a number, if that is what was given."""
    if isinstance(it, Real):
        return it
    raise ConfigError(name, f"a number expected, got {described(it)}")


@converts("float | None")
def number_if_any(name: str, it: Any, given: Mapping[str, Any]) -> Any:
    """Return a number or None, if that is what was given."""
    return None if it is None else number_given(name, it, given)


def sorted_by_class(
    given: Mapping[str, Any], kinds: Mapping[str, type[Settings]], own: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return parameter -> the options given of its class, by keyword.

    Raises
    ------
    ConfigError
        For an unknown keyword; names the nearest.
    """
    place = {each.keyword: name for name, kind in kinds.items() for each in options(kind)}
    parts: dict[str, dict[str, Any]] = {name: {} for name in kinds}
    for keyword, value in given.items():
        if keyword not in place:
            if keyword in {each.keyword for each in options(Reading)}:
                raise ConfigError(keyword, f"is an option of reading: give it to sr.read(DATA, {keyword}=...)")
            raise ConfigError(keyword, "unknown option", likely(keyword, [*own, *place]))
        parts[place[keyword]][keyword] = value
    return parts


def signature(function: Callable[..., Any], own: list[Parameter], added: list[Option]) -> inspect.Signature:
    """Return the parameters of a function with options among its keywords."""
    keyword = Parameter.KEYWORD_ONLY
    fields = [Parameter(each.keyword, keyword, default=each.default, annotation=each.type) for each in added]
    positional = [each for each in own if each.kind is not keyword]
    every = [*positional, *fields, *(each for each in own if each.kind is keyword)]
    return inspect.Signature(every, return_annotation=inspect.signature(function).return_annotation)


def documented(text: str, added: list[Option]) -> str:
    """Return a numpydoc docstring with options at the end of its parameters."""
    rows = "\n".join(
        f"{each.keyword} : {type_name(each.type)}{default_of(each.default)}\n    {each.help}" for each in added
    )
    section = re.search(r"^Parameters\n-+\n(?:(?:\S.*|    .*|)\n)*?(?=\n\S.*\n-{3,}|\Z)", f"{text}\n", re.MULTILINE)
    if section is None:
        head, _, tail = text.partition("\n\n")
        return f"{head}\n\nParameters\n----------\n{rows}\n" + (f"\n{tail}" if tail else "")
    end = section.end()
    return f"{text[:end].rstrip()}\n{rows}\n{text[end:]}"


def default_of(value: Any) -> str:
    """Return how a docstring says a default."""
    return ", optional" if value is None or value == () else f", default {value!r}".replace("'", '"')


def type_name(kind: Any) -> str:
    """Return a type as a docstring names it: int, {"a", "b"}, float or None, ..."""
    if hasattr(kind, "__metadata__"):
        return type_name(get_args(kind)[0])
    if kind is type(None):
        return "None"
    origin, arguments = get_origin(kind), get_args(kind)
    if str(origin) == "typing.Literal":
        return "{" + ", ".join(f'"{word}"' for word in arguments) + "}"
    if origin is not None and "Union" in str(origin):
        return " or ".join(type_name(part) for part in arguments if part is not type(None))
    if origin is not None:
        inner = ", ".join("..." if part is ... else type_name(part) for part in arguments)
        return f"{origin.__name__}[{inner}]"
    return getattr(kind, "__name__", str(kind))
