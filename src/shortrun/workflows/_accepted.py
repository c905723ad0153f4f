"""What verbs accept for data and runs: samples in other forms are read as the run's data were; the rest is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shortrun.data import Dataset, read
from shortrun.errors import ConfigError, DataError
from shortrun.phrases import described
from shortrun.settings.keywords import converts
from shortrun.store import Trajectory


@converts("Trajectory | Path | str")
def run_of(name: str, it: Any, _: Mapping[str, Any]) -> Any:
    """Return a run or its folder.

    Raises
    ------
    ConfigError
        If it is something else.
    """
    if isinstance(it, Trajectory | Path | str):
        return it
    raise ConfigError(name, f"a run as sr.fit returns it, or its folder, expected, got {described(it)}")


@converts("Dataset | None")
def samples_if_any(name: str, it: Any, given: Mapping[str, Any]) -> Any:
    """Return samples as a data set, or None."""
    return None if it is None else samples_of(name, it, given)


@converts("Dataset")
def samples_of(name: str, it: Any, given: Mapping[str, Any]) -> Dataset:
    """Return samples as a data set: frames, arrays and files are read like the data of the run, if there is one.

    Raises
    ------
    DataError
        If it holds no samples.
    """
    if isinstance(it, Dataset):
        return it
    if it is None:
        raise DataError(f"{name}: a data set expected, got nothing (None)")
    if isinstance(it, int | float):
        hint = f" (options are given by their names, as n={it})" if "run" in given else ""
        raise DataError(f"{name}: samples expected, got {it}{hint}")
    like = given.get("run", getattr(given.get("self"), "run", None))  # of a function, or of a method of its figures
    like = Trajectory(like) if isinstance(like, Path | str) else like if isinstance(like, Trajectory) else None
    try:
        return read(it, like=like)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
