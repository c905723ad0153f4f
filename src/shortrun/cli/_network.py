"""The options of a chaotic network, as sections of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shortrun.cli import _options
from shortrun.errors import ConfigError, FormatError, ShortrunError

if TYPE_CHECKING:
    from shortrun.data import Dataset
    from shortrun.settings import Config
    from shortrun.store import Trajectory

KIND = "chaotic"
TIME = 100.0


def sections(*, layers: str | None, **options: Any) -> dict[str, dict[str, Any]]:
    """Return the sections of the settings that options of the panel stand for; None stands for nothing.

    Raises
    ------
    ConfigError
        For layers that are no numbers.
    """
    given = {name: value for name, value in options.items() if value is not None}
    model = {} if layers is None else {"layers": sizes(layers)[1:]}
    found: dict[str, dict[str, Any]] = {"model": model, "chaotic": given}
    return {name: values for name, values in found.items() if values}


def timed(settings: Config, *, time: float | None, dt: float | None, steps: int | None) -> Config:
    """Return settings whose runs take the time T: as many steps of their dt, which alone leaves T at 100.

    Raises
    ------
    ConfigError
        For a time below one step, or beside a number of steps.
    """
    from shortrun.settings import Config

    if time is not None and steps is not None:
        raise ConfigError("--time", "not together with --steps: T is so many steps of dt")
    if steps is not None or (time is None and dt is None):
        return settings
    form = settings.model_dump()
    form["scheme"]["steps"] = steps_of(TIME if time is None else time, settings.chaotic.dt)
    return Config.checked(form)


def steps_of(time: float, dt: float) -> int:
    """Return how many steps of dt a time has.

    Raises
    ------
    ConfigError
        If it is less than one step.
    """
    if not time >= dt > 0:
        raise ConfigError("--time", f"at least one step of dt = {dt:g} expected, got {time:g}")
    return round(time / dt)


def steps_for(run: Trajectory, time: float | None, recorded: Sequence[int]) -> tuple[int | None, tuple[int, ...]]:
    """Return the steps that times of a chaotic network stand for; an RBM has sweeps and no time.

    Raises
    ------
    ConfigError
        If an RBM is asked for a time.
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
    ConfigError
        If it is no list of one to three numbers.
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
    ConfigError
        If it is not.
    """
    if layers is not None and sizes(layers)[0] != data.sites:
        raise ConfigError("--layers", f"{sizes(layers)[0]} visible units, but the samples have {data.sites} sites")


def samples_of(given: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Dataset]) -> Dataset:
    """Return samples in the way rates stand for them, unless the user says how to read them.

    Grey values are kept, black and white stay codes, and other numbers (from -1 to 1) are taken as they are.

    Raises
    ------
    FormatError, ConfigError
        Of the first way, if none can read them.
    """
    if {"threshold", "alphabet", "grey"} & given.keys():
        return read(given)
    first: ShortrunError | None = None
    for more in ({"grey": True}, {}, {"alphabet": "continuous"}):
        try:
            data = read({**given, **more})
        except (FormatError, ConfigError) as error:
            first = first or error
        else:
            if "grey" not in more or not is_black_and_white(data):
                return data
    assert first is not None
    raise first


def is_black_and_white(data: Dataset) -> bool:
    """Return whether grey values are 0 and 1 alone."""
    from shortrun.data.core.values import holds_only_binary

    return data.kind.image.full_scale == 1 and holds_only_binary(data.values)
