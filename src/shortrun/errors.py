"""The mistakes a user can make, each with the fields a program needs and the one line a person needs.

Messages are written with the flags of the command line; who calls from Python reads the keywords in their place.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

MOST_LINES = 10  # of a message about many problems
ALIKE = 0.6  # share of letters in common from which on names are near: less, and 'age' is near 'fare'
ELSEWHERE = {
    word: ours
    for ours, words in {
        "rate": "lr learning_rate eta step_size",
        "updates": "epochs n_epochs num_epochs n_iter max_iter iterations",
        "seed": "random_state random_seed",
        "progress": "verbose verbosity",
        "steps": "k n_steps gibbs_steps n_gibbs cd_k",
        "hidden": "n_hidden num_hidden n_components",
        "batch": "batch_size minibatch_size",
        "fraction": "test_size test_fraction",
        "n": "n_samples num_samples number size",
        "licence": "license",
        "identity": "max_identity similarity",
    }.items()
    for word in words.split()
}  # what other programs call an option -> what it is here
JOINERS = "\u200c\u200d"
FLAG = re.compile(r"(?<![\w/.=-])(?P<flag>--[a-z][a-z-]*[a-z])(?: (?P<word>[\w-]+))?")

_wording: dict[str, Callable[[], Mapping[str, str]]] = {}  # "keywords": flag -> what Python users write
_at_command_line: list[bool] = []  # an entry for each `worded_in_flags` that has not ended


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, or None where nothing is close."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=ALIKE)
    return matches[0] if matches else None


def likely(name: str, options: Iterable[str]) -> str | None:
    """Return the option that was meant: by the word of another program for it, else by its spelling."""
    options = list(options)
    ours = ELSEWHERE.get(name.casefold())
    return ours if ours in options else nearest(name, options)


def printable(text: str, keep: str = "") -> str:
    r"""Return a text with escapes for what a terminal would obey, hide, reorder, or break the line at.

    Spaces of any width stay, and the joiners that Persian, Hindi and emoji are spelled with.

    Parameters
    ----------
    text : str
        Any text, such as a name from a file.
    keep : str, default ""
        Characters that stay besides, as the line breaks of a block.

    Examples
    --------
    >>> print(printable("a" + chr(27) + "[31m" + chr(0x202E) + "b"))
    a\x1b[31m\u202eb
    """
    if text.isprintable():
        return text
    return "".join(it if it in keep or is_shown(it) else it.encode("unicode_escape").decode() for it in text)


def is_shown(character: str) -> bool:
    """Return whether a character is shown where it stands, and does nothing else."""
    return character.isprintable() or character in JOINERS or unicodedata.category(character) == "Zs"


def worded_by(keywords: Callable[[], Mapping[str, str]]) -> None:
    """Say once what Python users write in place of each flag."""
    _wording["keywords"] = keywords


@contextmanager
def worded_in_flags() -> Iterator[None]:
    """Leave flags in messages as they are: the user is at a command line."""
    _at_command_line.append(True)
    try:
        yield
    finally:
        _at_command_line.pop()


def worded(text: str) -> str:
    """Return a text with keywords in place of flags, unless the user is at a command line."""
    if "--" not in text or "keywords" not in _wording or _at_command_line:
        return text
    known = _wording["keywords"]()

    def keyword(found: re.Match[str]) -> str:
        """A word that the option can be belongs to it: --missing category is missing="category"."""
        flag, word = found["flag"], found["word"]
        return known.get(found[0]) or f"{known.get(flag, flag)}{f' {word}' if word else ''}"

    return FLAG.sub(keyword, text)


class ShortrunError(ValueError):
    """A mistake in what the user gave; the message is one complete line, and safe to show on a terminal.

    Examples
    --------
    >>> import shortrun as sr
    >>> try:
    ...     sr.fit("digits", hiden=8)
    ... except ShortrunError as error:
    ...     print(error)
    hiden: unknown option (did you mean 'hidden'?)
    """

    def __str__(self) -> str:
        return printable(worded(super().__str__()))


class DataError(ShortrunError):
    """Data that cannot be used: what is wrong and what was expected.

    Examples
    --------
    >>> import shortrun as sr
    >>> try:
    ...     sr.read("digitz")
    ... except DataError as error:
    ...     print(error)
    digitz: no such file or named data set (did you mean 'digits'?)
    """


class ParallelError(ShortrunError):
    """Processes that share their work do not find one another, or one of them fails."""


class LostError(ParallelError):
    """One of several processes is gone."""


class FormatError(DataError):
    """A file that cannot be read as what it claims to be.

    Parameters
    ----------
    path : Path or str
        Path of the file.
    line : int or None
        Line (from 1) of the first problem, None where the format has no lines.
    reason : str
        What is wrong and what was expected.

    Examples
    --------
    >>> print(FormatError("x.fasta", 3, "a letter expected, got '1'"))
    x.fasta:3: a letter expected, got '1'
    """

    def __init__(self, path: Path | str, line: int | None, reason: str):
        self.path, self.line, self.reason = Path(path), line, reason
        place = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{place}: {reason}")


class LackingError(FormatError):
    """A file without a column that was asked for: the rest of it may be as expected."""


class TableError(FormatError):
    """All that is wrong with a table, a line each; the place is that of the first.

    Parameters
    ----------
    problems : Sequence[FormatError]
        In the order of the columns.
    """

    def __init__(self, problems: Sequence[FormatError]):
        first, count = problems[0], len(problems)
        super().__init__(first.path, first.line, first.reason)
        self.problems = tuple(problems)
        more = [f"... and {count - MOST_LINES:,} more"] if count > MOST_LINES else []
        lines = [f"{first.path}: {count:,} problems", *map(str, problems[:MOST_LINES]), *more]
        self.args = ("\n  ".join(map(printable, lines)),)

    def __str__(self) -> str:
        return printable(worded(super(ValueError, self).__str__()), keep="\n")


class ConfigError(ShortrunError):
    """A setting that is unknown or out of range.

    Parameters
    ----------
    key : str
        Dotted name of the setting.
    expected : str
        What would have been right.
    nearest : str, optional
        The closest known name, if the name is the problem.

    Examples
    --------
    >>> print(ConfigError("hiden", "unknown option", nearest="hidden"))
    hiden: unknown option (did you mean 'hidden'?)
    """

    def __init__(self, key: str, expected: str, nearest: str | None = None):
        self.key, self.expected, self.nearest = key, expected, nearest
        hint = f" (did you mean '{nearest}'?)" if nearest else ""
        super().__init__(f"{key}: {expected}{hint}")


class StoreError(ShortrunError):
    """A run folder that cannot be read or written: which file, and why.

    Examples
    --------
    >>> print(StoreError("run/run.json", "not there"))
    run/run.json: not there
    """

    def __init__(self, path: Path | str, reason: str):
        self.path, self.reason = Path(path), reason
        super().__init__(f"{path}: {reason}")


class MissingExtraError(ShortrunError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str):
        self.package, self.extra = package, extra
        super().__init__(f"{package} is not installed: pip install 'shortrun[{extra}]'")
