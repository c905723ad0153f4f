"""Functions whose work several processes share: all of them call the function, and machines share their chains."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch

from shortrun import engine, parallel
from shortrun.data import Dataset
from shortrun.errors import ConfigError
from shortrun.models import RBM, Model, most_processes, rows_at_once
from shortrun.phrases import counted
from shortrun.settings.shared import Shared
from shortrun.store import Trajectory

R = TypeVar("R")


class Sent(NamedTuple):
    """A run for another process of this machine, which opens it where it is, and knows the same samples."""

    path: Path
    raw: bool
    samples: Dataset | None

    def opened(self) -> Trajectory:
        """Return the run."""
        return Trajectory(self.path, raw=self.raw).with_samples(self.samples)


def shared(function: Callable[..., R]) -> Callable[..., R]:
    """Let processes share what a function does: those of its `settings`, or those that torchrun or srun started.

    What machines do (`engine.machine`) is shared out, the rest is done by each of them, or `by_first`. A function that
    yields shares only while it is asked for more: who asks works alone.
    """
    name = f"{function.__module__}:{function.__name__}"  # the public one, for other processes

    def together(args: tuple[Any, ...], given: Mapping[str, Any]) -> AbstractContextManager[parallel.Mesh | None]:
        settings: Shared = given["settings"]
        named = inspect.signature(function).bind(*args, **given).arguments
        work = {each: sent(value) for each, value in named.items() if not callable(value)}
        share = getattr(settings, "share", "rows")
        return parallel.joined(settings.processes, share, f"{__name__}:follow", {"name": name, "work": work})

    @wraps(function)
    def returned(*args: Any, **given: Any) -> R:
        asked_by_each = parallel.current() is None and parallel.here() is not None
        with together(args, given) as mesh, parallel.sharing(mesh):
            found = function(*args, **given)
            return mesh.everyone.told(lambda: found) if mesh is not None and asked_by_each else found

    @wraps(function)
    def yielded(*args: Any, **given: Any) -> Iterator[Any]:
        with together(args, given) as mesh:
            parts: Any = function(*args, **given)
            while True:
                with parallel.sharing(mesh):
                    part = next(parts, None)
                if part is None:
                    return
                yield part

    return yielded if inspect.isgeneratorfunction(inspect.unwrap(function)) else returned  # pyright: ignore[reportReturnType]


def by_first(function: Callable[..., R], *args: Any, **given: Any) -> R | None:
    """Return what a function finds, in the first of the processes that share the work; None in others."""
    mesh = parallel.current()
    return function(*args, **given) if mesh is None or mesh.everyone.rank == 0 else None


def by_sites(run: Trajectory) -> parallel.Parts | None:
    """Return the parts of a run's machine that processes have; None where they do not share its sites.

    Raises
    ------
    ConfigError
        If its sites cannot be shared.
    """
    mesh = parallel.current()
    if mesh is None or mesh.sites.count == 1:
        return None
    return parallel.Parts(with_sites(run.model, mesh.sites.count, torch.device("cpu")), mesh)


def with_sites(model: Model, count: int, device: torch.device) -> RBM:
    """Return a machine whose sites so many processes can share.

    Raises
    ------
    ConfigError
        If they cannot.
    """
    if not isinstance(model, RBM):
        raise ConfigError("share", "the sites of a chaotic network cannot be shared: give rows")
    if reason := engine.sites_refusal(model, device):
        raise ConfigError("share", f"sites cannot be shared, {reason}: give rows")
    if count > (most := most_processes(model)):
        raise ConfigError("share", f"these sites are for at most {counted(most, 'process')}, got {count}")
    return model


def rows_together(model: Model, most: int) -> int:
    """Return how many rows to compute at a time, up to `most` for each process that shares them."""
    mesh = parallel.current()
    return rows_at_once(model, most if mesh is None else most * mesh.rows.count)


def sent(value: Any) -> Any:
    """Return an argument as another process gets it."""
    return Sent(value.path, value.raw, value.samples) if isinstance(value, Trajectory) else value


def follow(group: parallel.Group, share: str, name: str, work: Mapping[str, Any]) -> None:
    """Call a function as the first process does, for its part of the work."""
    module, _, name = name.partition(":")
    given = {each: value.opened() if isinstance(value, Sent) else value for each, value in work.items()}
    with parallel.sharing(parallel.Mesh.of(group, share)):
        found = getattr(importlib.import_module(module), name)(**given)
        for _ in found if inspect.isgenerator(found) else ():
            pass
