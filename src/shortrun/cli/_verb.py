"""Commands made of settings: each option of a class is a flag, and the command gets the settings as one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.models import OptionInfo, ParameterInfo

from shortrun.cells import for_spreadsheets
from shortrun.cli._output import STDOUT
from shortrun.errors import ConfigError, StoreError
from shortrun.files import check_place
from shortrun.memory import check_limit
from shortrun.settings import LAST_PANELS, OUTPUT, Option, Settings, options
from shortrun.settings._base import members, named_by_keywords
from shortrun.settings.text import assignments, listed, whole_numbers


class Given(dict[str, Any]):
    """The options that a user gave, by keyword, for a command that must know which were given.

    `words` has the same as the flags of another command, by keyword.
    """

    words: Mapping[str, list[str]]

    @classmethod
    def of(cls, kind: type[Settings], words: Mapping[str, Any]) -> Given:
        """Return those of a class, of all that was typed."""
        found = cls(given_by(kind, words))
        found.words = {
            each.keyword: typed(each, words[each.keyword]) for each in options(kind) if each.keyword in found
        }
        return found


def verb(**kinds: type[Settings]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the flags of settings classes; each parameter named here receives the settings as one value.

    A parameter that is annotated `Given` receives the options that were given, as a mapping. A class that the command
    has no parameter for gives it flags only: of `TableWriting`, which holds for all tables that it writes.

    Parameters
    ----------
    kinds : type[Settings]
        Parameter of the command -> class of its options.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(signature(command, eval_str=True).parameters.values())
        plain = [each for each in own if each.name not in kinds]
        taken = {each.name for each in own}
        raw = {each.name for each in own if each.annotation is Given}

        @wraps(command)
        def called(**words: Any) -> None:
            values: dict[str, Any] = {each.name: words[each.name] for each in plain}
            check_outputs(plain, words)
            if not command.__module__.endswith(".data"):  # whose commands do without torch
                check_limit()
            typed = {keyword: word for keyword, word in words.items() if word is not None}
            with (
                named_by_flags(kinds.values()),
                named_by_keywords(kinds.values(), typed),
                for_spreadsheets(bool(words.get("safe_csv"))),
            ):
                for name, kind in kinds.items():
                    given = Given.of(kind, words)
                    values[name] = given if name in raw else kind.of(**given)
                command(**{name: value for name, value in values.items() if name in taken})

        every = [*(flag_of(each) for kind in kinds.values() for each in options(kind)), *plain]
        every = sorted((each.replace(kind=Parameter.KEYWORD_ONLY) for each in every), key=place_of)
        vars(called).pop("__wrapped__")
        vars(called)["__signature__"] = Signature(every)
        called.__annotations__ = {each.name: each.annotation for each in every}
        vars(called)["kinds"] = dict(kinds)
        return called

    return decorate


def place_of(parameter: Parameter) -> int:
    """Return where the help has a parameter: arguments and output first, what holds for files of data last."""
    panel = next((it.rich_help_panel for it in get_args(parameter.annotation) if isinstance(it, OptionInfo)), OUTPUT)
    return 0 if panel == OUTPUT else 2 + LAST_PANELS.index(panel) if panel in LAST_PANELS else 1


def check_outputs(parameters: Iterable[Parameter], words: Mapping[str, Any]) -> None:
    """Check that all files that a command is to write can be made, and are not those that it reads, before it computes.

    Raises
    ------
    StoreError
        If there is no folder for one, or it is another one's, or an input's.
    """
    written = {each.name: metavar for each in parameters if "RUN" not in (metavar := output_of(each) or "RUN")}
    outputs = {name: words[name] for name in written if isinstance(words[name], Path) and str(words[name]) != STDOUT}
    files = [Path(word) for name, word in words.items() if isinstance(word, str | Path) and name not in outputs]
    inputs = {path.resolve() for path in files if is_there(path)}
    for name, path in outputs.items():
        check_place(path, folder=written[name] == "FOLDER")
        if path.resolve() in inputs:
            raise StoreError(path, "is a file to be read: choose another name for what is written")
        if [*outputs.values()].count(path) > 1:
            raise StoreError(path, "is to be written twice: choose another name for one of them")


def is_there(path: Path) -> bool:
    """Return whether a word names a file."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a name, or no name at all
        return False


def output_of(parameter: Parameter) -> str | None:
    """Return what the help calls what a parameter names to be written, a file, a folder or a run; None of others."""
    told = [it for it in get_args(parameter.annotation) if isinstance(it, ParameterInfo)]
    return next((it.metavar for it in told if it.rich_help_panel == OUTPUT), None)


@contextmanager
def named_by_flags(kinds: Iterable[type[Settings]]) -> Iterator[None]:
    """Let an error about an option name its flag, which is what the user typed, in place of its keyword."""
    try:
        yield
    except ConfigError as error:
        flags = {each.keyword: each.flags[0].partition("/")[0] for kind in kinds for each in options(kind)}
        if error.key not in flags:
            raise
        raise ConfigError(flags[error.key], error.expected, error.nearest) from error


def given_by(kind: type[Settings], words: Mapping[str, Any]) -> dict[str, Any]:
    """Return keyword -> value of the flags that were given."""
    found = [(each, words[each.keyword]) for each in options(kind)]
    return {each.keyword: parsed(each, word) for each, word in found if word is not None and word != []}


def typed(each: Option, word: Any) -> list[str]:
    """Return an option as it is typed."""
    name, _, negative = each.flags[0].partition("/")
    if kind_of(each) is bool:
        return [name if word else negative or f"--no-{name.removeprefix('--')}"]
    return [f"{name}={one}" for one in (word if isinstance(word, list) else [word])]


def flag_of(each: Option) -> Parameter:
    """Return the flag of an option: unset it is None, so that what was given can be told from defaults."""
    settings = {"help": help_of(each), "rich_help_panel": each.panel or None, "hidden": each.hidden}
    kind, names = kind_of(each), list(each.flags)
    if kind is bool:
        if each.default and "/" not in names[0]:  # else the option names its negative itself
            names = [f"{names[0]}/--no-{names[0].removeprefix('--')}"]
        declared = typer.Option(*names, **settings, show_default=False)
    else:
        declared = typer.Option(*names, **settings, metavar=metavar_of(each), show_default=False)
    return Parameter(each.keyword, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, declared])


def kind_of(each: Option) -> Any:
    """Return the type by which the command line takes an option; texts are read further by `parsed`."""
    parts = [part for part in members(each.type) if part is not type(None)]
    if len(parts) == 1 and parts[0] in (bool, int, float, Path):
        return parts[0]
    return list[str] if parts and all(map(is_many, parts)) else str


def is_many(kind: Any) -> bool:
    """Return whether a flag may be given several times: for texts, and for names with values."""
    origin = get_origin(kind)
    return (origin is tuple and str in members(get_args(kind)[0])) or origin in (Mapping, dict)


def parsed(each: Option, word: Any) -> Any:
    """Return the value that a word stands for: lists with commas, names with values, whole numbers and ranges."""
    if isinstance(word, str) and str in members(each.type):
        return word
    for part in members(each.type):
        origin, inner = get_origin(part), get_args(part)
        if origin in (Mapping, dict):
            return assignments(word, each.flags[0])
        if origin is tuple and isinstance(word, list):
            return listed(word) if has_commas(each) else tuple(word)
        if origin is tuple and int in members(inner[0]) and word not in words_of(each):
            return whole_numbers(word, each.flags[0])
        if origin is tuple and float in members(inner[0]):
            return tuple(listed([word]))
    return word


def given_as_words(kind: type[Settings], given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words of a command line that give options: those that `given_by` makes values of."""
    for each in options(kind):
        if each.keyword not in given:
            continue
        flag, value = each.flags[0], given[each.keyword]
        flag, _, negative = flag.partition("/")
        if isinstance(value, bool):
            yield flag if value else negative or f"--no-{flag.removeprefix('--')}"
        elif isinstance(value, tuple | list) and kind_of(each) == list[str] and not has_commas(each):
            yield from (word for one in value for word in (flag, str(one)))
        elif isinstance(value, Mapping):
            yield from (flag, ",".join(f"{name}={word}" for name, word in value.items()))
        else:
            yield from (flag, ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value))


def has_commas(each: Option) -> bool:
    """Return whether the texts of an option are given as one list with commas."""
    return (each.metavar or "").endswith(",...")


def words_of(each: Option) -> tuple[str, ...]:
    """Return the words that an option can be beside what else it can be."""
    return tuple(word for part in members(each.type) for word in get_args(part) if isinstance(word, str))


def metavar_of(each: Option) -> str | None:
    """Return what stands for the value in the help: the choices, if no other word is given."""
    return each.metavar or "|".join(each.choices) or None


def help_of(each: Option) -> str:
    """Return the sentence of an option, with its default where there is one that the sentence does not explain."""
    plain = each.default is None or each.default is False or each.default in ((), "auto")
    return each.help if plain else f"{each.help} (default: {'yes' if each.default is True else each.default})"
