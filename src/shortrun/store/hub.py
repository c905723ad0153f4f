"""Runs on the Hugging Face Hub: which of their files travel, and fetching those that are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

from shortrun.errors import ConfigError, MissingExtraError, ShortrunError, StoreError, nearest
from shortrun.phrases import first_of
from shortrun.settings.keywords import converts
from shortrun.store import ages, header, log, profile

# What a reader of a run needs. Fingerprints of training samples and the state of the training stay at home.
SMALL = (header.NAME, log.NAME, profile.NAME)
AGE = re.compile(rf"{ages.FOLDER}/(\d+){re.escape(ages.SUFFIX)}")
CARD = "README.md"
MESSAGE = 200  # characters of what a server says

WORDS = ("best", "last", "all")
Wanted: TypeAlias = Literal["best", "last", "all"] | Sequence[int]


@converts("hub.Wanted")
def wanted_ages(name: str, it: Any, _: Mapping[str, Any]) -> Any:
    """Return which ages are asked for.

    Raises
    ------
    ConfigError
        If they are neither a known word nor numbers.
    """
    numbers = isinstance(it, Iterable) and not isinstance(it, str) and all(isinstance(age, Integral) for age in it)
    if numbers or it in WORDS:
        return it
    expected = f"one of {', '.join(WORDS)}, or a list of ages expected, got {it!r}"
    raise ConfigError(name, expected, nearest(str(it), WORDS))


def library() -> ModuleType:
    """Return the package that talks to the Hub.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import huggingface_hub
    except ImportError:
        raise MissingExtraError("huggingface_hub", "hub") from None
    return huggingface_hub


@contextmanager
def talking(name: str) -> Iterator[ModuleType]:
    """Give the package, and say in one line what goes wrong with a repository.

    Raises
    ------
    StoreError
        For whatever the package or the network raises.
    """
    hub = library()
    from huggingface_hub.errors import HFValidationError

    try:
        yield hub
    except HFValidationError as error:
        raise ConfigError("name", f"a repository such as 'user/name' expected, got {name!r}") from error
    except ShortrunError:
        raise
    except Exception as error:  # those of the HTTP clients that it uses, too, which differ from version to version
        told = " ".join(str(error).split())
        told = f"the Hub cannot be reached: {told}" if is_offline(error) else told
        raise StoreError(name, told if len(told) <= MESSAGE else f"{told[:MESSAGE]}...") from error


def is_offline(error: BaseException) -> bool:
    """Return whether there was no connection, whatever the HTTP client calls that."""
    causes = (error, error.__cause__, error.__context__)
    return any(isinstance(it, ConnectionError) or type(it).__name__.startswith("Connect") for it in causes)


def fetch(
    name: str,
    best: Callable[[Path, Sequence[int]], Sequence[int]],
    *,
    wanted: Wanted,
    revision: str | None,
    endpoint: str | None,
    token: str | None,
    cache: Path | str | None,
) -> Path:
    """Fetch a run with some of its ages into the cache of the Hub's package; return its folder.

    Parameters
    ----------
    name : str
        Repository, as "user/name".
    best : Callable
        The best ages of a folder with everything but ages, of those that there are.
    wanted : {"best", "last", "all"} or Sequence[int]
        Ages to fetch.
    revision, endpoint, token, cache : str, optional
        Passed on: branch or commit, address of another Hub, access token, folder of the cache.

    Raises
    ------
    ConfigError
        If the name is none.
    StoreError
        If there is no such run, or it lacks an age that is asked for (names those it has).
    """
    with talking(name) as hub:
        info = hub.HfApi(endpoint=endpoint, token=token).model_info(name, revision=revision)
        files = {each.rfilename for each in info.siblings or ()}
        if header.NAME not in files:
            raise StoreError(name, f"holds no run of shortrun: no {header.NAME}")
        how: dict[str, Any] = {"revision": info.sha, "endpoint": endpoint, "token": token, "cache_dir": cache}
        folder = Path(hub.snapshot_download(name, allow_patterns=[*SMALL, CARD], **how))
        there = sorted(int(found[1]) for found in map(AGE.fullmatch, files) if found)
        if not there:
            raise StoreError(name, "has no age")
        known = {"all": lambda: there, "last": lambda: there[-1:], "best": lambda: best(folder, there)}
        chosen = known[wanted]() if isinstance(wanted, str) else wanted
        missing = sorted({*chosen} - {*there})
        if missing:
            raise StoreError(name, f"has no age {missing[0]}; there are {first_of(there)}")
        names = [ages.path_of(Path(), age).as_posix() for age in chosen]
        hub.snapshot_download(name, allow_patterns=names, **how)
    return folder


def files_of(run: Path, kept: Sequence[int]) -> dict[str, Path]:
    """Return the files of a run that go to the Hub, by their names there."""
    names = [*SMALL, *(ages.path_of(Path(), age).as_posix() for age in kept)]
    return {name: run / name for name in names if (run / name).is_file()}
