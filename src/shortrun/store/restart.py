"""restart.safetensors: all that a training needs to go on bit for bit; only the latest is kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, final, runtime_checkable

import torch
from torch import Tensor

from shortrun.errors import StoreError
from shortrun.store import tensors
from shortrun.typing import State, Theta

NAME = "restart.safetensors"


@runtime_checkable
class Training(Protocol):
    """What is kept of a training (`learning.fit.Training`)."""

    update: int
    theta: Theta
    moments: tuple[Theta, ...]
    chains: tuple[State | None, ...]
    seconds: float


@final
@dataclass(frozen=True, eq=False)
class Restart:
    """The saved values under the names of `learning.fit.Training`: `Training(**vars(restart))` goes on."""

    update: int
    theta: Theta
    moments: tuple[Theta, ...]
    chains: tuple[State | None, ...]
    seconds: float

    def to(self, device: torch.device | str) -> Restart:
        """Return the same on a device."""
        return Restart(
            self.update,
            self.theta.to(device),
            tuple(moment.to(device) for moment in self.moments),
            tuple(state and tuple(x.to(device) for x in state) for state in self.chains),
            self.seconds,
        )


def write(folder: Path, training: Training) -> None:
    """Save a training between two updates.

    Raises
    ------
    StoreError
        If it cannot be written; the last saved one is still there.
    """
    named = {"theta": training.theta}
    named |= {f"moments.{i}": moment for i, moment in enumerate(training.moments)}
    for run, state in enumerate(training.chains):
        named |= {f"chains.{run}.{layer}": x for layer, x in enumerate(state or ())}
    tensors.write(folder / NAME, named, _metadata(training.update, training.seconds, len(training.chains)))


def write_empty(folder: Path) -> None:
    """Save that no update was done: the training will begin at the beginning.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    tensors.write(folder / NAME, {}, _metadata(0, 0.0, 0))


def saved_update(folder: Path) -> int:
    """Return the update that is saved, 0 where there is none."""
    return int(tensors.read_metadata(folder / NAME).get("update", "0"))


def _metadata(update: int, seconds: float, runs: int) -> dict[str, str]:
    return {"update": str(update), "seconds": repr(seconds), "runs": str(runs)}


def read(folder: Path) -> Restart | None:
    """Return the saved values, None if no update was saved yet.

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
        return _restart(named, metadata) if int(metadata["update"]) else None
    except (KeyError, ValueError) as error:
        raise StoreError(path, f"is not a restart file of a training ({error})") from None


def _restart(named: dict[str, Tensor], metadata: dict[str, str]) -> Restart:
    moments, chains = [], defaultdict(list)
    for name in sorted(named, key=lambda name: [int(part) for part in name.split(".")[1:]]):
        kind, *place = name.split(".")
        if kind == "moments":
            moments.append(named[name])
        elif kind == "chains":
            chains[int(place[0])].append(named[name])
    runs = (tuple(chains[run]) if run in chains else None for run in range(int(metadata["runs"])))
    return Restart(
        update=int(metadata["update"]),
        theta=named["theta"],
        moments=tuple(moments),
        chains=tuple(runs),
        seconds=float(metadata["seconds"]),
    )
