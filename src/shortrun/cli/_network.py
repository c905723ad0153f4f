"""The options of a chaotic network, as sections of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shortrun.cli import _options
from shortrun.errors import ConfigError

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.store import Trajectory

KIND = "chaotic"
DT = 1.0


def sections(
    *, layers: str | None, gain: float | None, time: float | None, dt: float | None, tau: float | None, classes: bool
) -> dict[str, dict[str, Any]]:
    """Return the settings that the options stand for; a run of time T takes T / dt steps.

    Raises
    ------
    ConfigError : for layers that are no numbers, or a time below one step
    """
    found: dict[str, dict[str, Any]] = {"model": {}, "chaotic": {}, "scheme": {}}
    if layers is not None:
        found["model"]["layers"] = sizes(layers)[1:]
    options = {"gain": gain, "dt": dt, "tau": tau, "classes": classes or None}
    found["chaotic"] = {name: value for name, value in options.items() if value is not None}
    if time is not None:
        found["scheme"]["steps"] = steps_of(time, dt or DT)
    return {name: values for name, values in found.items() if values}


def steps_of(time: float, dt: float) -> int:
    """Return how many steps of dt a time has.

    Raises
    ------
    ConfigError : if it is less than one step
    """
    if not time >= dt > 0:
        raise ConfigError("--time", f"at least one step of dt = {dt:g} expected, got {time:g}")
    return round(time / dt)


def steps_for(run: Trajectory, time: float | None, recorded: Sequence[int]) -> tuple[int | None, tuple[int, ...]]:
    """Return the steps that times of a chaotic network stand for; an RBM has sweeps and no time.

    Raises
    ------
    ConfigError : if an RBM is asked for a time
    """
    if run.config["model"].get("kind") != KIND:
        if time is not None:
            raise ConfigError("--time", "is an option of chaotic networks; use --steps")
        return None, tuple(recorded)
    dt = run.config["chaotic"]["dt"]
    return None if time is None else steps_of(time, dt), tuple(steps_of(t, dt) for t in recorded)


def sizes(layers: str) -> tuple[int, ...]:
    """Return the numbers of units in a text like "784,500".

    Raises
    ------
    ConfigError : if it is no list of one to three numbers
    """
    found = _options.whole_numbers(layers, "layers")
    if not 1 <= len(found) <= 3 or min(found) < 1:
        raise ConfigError(
            "--layers", f"one to three numbers of units, the visible ones first, expected, got '{layers}'"
        )
    return found


def check_sites(layers: str | None, data: Dataset) -> None:
    """Check that the visible layer is as large as the data.

    Raises
    ------
    ConfigError : if it is not
    """
    if layers is not None and sizes(layers)[0] != data.sites:
        raise ConfigError("--layers", f"{sizes(layers)[0]} visible units, but the samples have {data.sites} sites")


def as_grey(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return reading options that keep grey values, unless the user says how to make them black and white."""
    return dict(reading) if {"threshold", "alphabet", "grey"} & reading.keys() else dict(reading) | {"grey": True}
