"""restart.safetensors: all that a training needs to go on bit for bit; only the latest is kept."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from torch import Tensor

from shortrun.errors import StoreError
from shortrun.files import Place
from shortrun.models import Training
from shortrun.store import tensors

NAME = "restart.safetensors"


def write(place: Place, training: Training) -> None:
    """Save a training between two updates.

    Raises
    ------
    StoreError
        If it cannot be written; the last saved one is still there.
    """
    named = {"theta": training.theta}
    named |= {} if training.average is None else {"average": training.average}
    named |= {f"moments.{i}": moment for i, moment in enumerate(training.moments)}
    for run, state in enumerate(training.chains):
        named |= {f"chains.{run}.{layer}": x for layer, x in enumerate(state or ())}
    tensors.write(place.path / NAME, named, _metadata(training), place)


def write_empty(folder: Path) -> None:
    """Save that no update was done: the training will begin at the beginning.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    tensors.write(folder / NAME, {}, _metadata(None))


def saved_update(folder: Path) -> int:
    """Return the update that is saved, 0 where there is none."""
    return int(tensors.read_metadata(folder / NAME).get("update", "0"))


def _metadata(training: Training | None) -> dict[str, str]:
    if training is None:
        return {"update": "0", "seconds": "0.0", "runs": "0"}
    numbers = {"seconds": repr(training.seconds), "runs": str(len(training.chains)), "pace": repr(training.pace)}
    return {"update": str(training.update), **numbers}


def read(folder: Path) -> Training | None:
    """Return the training that was saved, None if no update was saved yet.

    Raises
    ------
    StoreError
        If the file is missing or damaged.
    """
    path = folder / NAME
    if not path.exists():
        raise StoreError(path, "is missing: this training cannot go on, but the ages that it kept can be used")
    named, metadata = tensors.read(path)
    try:
        return _training(named, metadata) if int(metadata["update"]) else None
    except (KeyError, ValueError) as error:
        raise StoreError(path, f"is not a restart file of a training ({error})") from None


def _training(named: dict[str, Tensor], metadata: dict[str, str]) -> Training:
    moments, chains = [], defaultdict(list)
    for name in sorted(named, key=lambda name: [int(part) for part in name.split(".")[1:]]):
        kind, *place = name.split(".")
        if kind == "moments":
            moments.append(named[name])
        elif kind == "chains":
            chains[int(place[0])].append(named[name])
    runs = (tuple(chains[run]) if run in chains else None for run in range(int(metadata["runs"])))
    return Training(
        update=int(metadata["update"]),
        theta=named["theta"],
        moments=tuple(moments),
        chains=tuple(runs),
        average=named.get("average"),
        pace=float(metadata.get("pace", "1.0")),
        seconds=float(metadata["seconds"]),
    )
