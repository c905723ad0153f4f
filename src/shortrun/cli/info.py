"""`shortrun info`: what a run, a file of data or this machine is."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Annotated, Any

import typer

import shortrun
from shortrun.cli import _output, _reading
from shortrun.cli._options import Json
from shortrun.errors import ConfigError, FormatError


def info(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[RUN|FILE]", help="Folder of a run, a file of data, or the name of a data set."),
    ] = None,
    system: Annotated[
        bool, typer.Option("--system", help="Show versions, threads, device and kernels of this machine.")
    ] = False,
    json: Json = False,
) -> None:
    """Show what a run is: its size, classes, recipe, ages and last monitored values.

    Examples
    --------
    # What a run is: data, recipe, ages, which age is best for what
    shortrun info run
    # What a file of data is
    shortrun info family.fasta
    # This machine: threads, kernels, device
    shortrun info --system
    """
    if (what is None) != system:
        raise ConfigError("info", "a run, a file of data, or --system expected")
    found = of_system() if what is None else of_data(what) if is_data(what) else of_run(what)
    if json:
        _output.emit(found)
    else:
        _output.facts({name: readable(value) for name, value in found.items() if value is not None})


def is_data(what: str) -> bool:
    """Return whether a path or name is data rather than a run."""
    from shortrun.data.recipes import ENTRIES

    path = Path(what)
    if path.is_dir():
        return not (path / "run.json").exists() and holds_data(path)
    return path.is_file() or (not path.exists() and what in {entry.name for entry in ENTRIES})


def holds_data(path: Path) -> bool:
    """Return whether a folder is one of images or music."""
    from shortrun.data.formats import holding

    try:
        return bool(holding(path))
    except FormatError:
        return False


def of_data(source: str) -> dict[str, Any]:
    """Return what a file of data holds."""
    from shortrun.data import read

    return _reading.describe(source, read(source))


def of_run(path: str) -> dict[str, Any]:
    """Return what a run is."""
    from shortrun.store import Trajectory

    return Trajectory.open(path).info()


def of_system() -> dict[str, Any]:
    """Return what computes, and why so."""
    import torch

    from shortrun.engine import launch, native
    from shortrun.workflows import device_of

    return {
        "shortrun": shortrun.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": str(device_of("auto")),
        "kernels": native.path(),
        "native": native.available(),
        "gpu_kernels": launch.path(),
    }


def readable(value: Any) -> str:
    """Return a value on one line; long lists by their ends."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {readable(part)}" for name, part in value.items() if part is not None)
    if isinstance(value, list):
        ends = [*value[:6], "...", *value[-3:]] if len(value) > 12 else value
        return f"{len(value)}: {', '.join(map(readable, ends))}" if value else "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
