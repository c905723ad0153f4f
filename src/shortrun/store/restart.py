"""restart.safetensors: all that a training needs to go on bit for bit; only the latest is kept."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from pathlib import Path

import torch
from torch import Tensor

from shortrun.errors import StoreError
from shortrun.files import Place
from shortrun.models import AnyLayer, Model, Training
from shortrun.store import tensors
from shortrun.store.ages import is_finite
from shortrun.typing import State

NAME = "restart.safetensors"
KNOWN = ("update", "seconds", "runs", "pace")
NUMBER = re.compile(r"0|[1-9][0-9]{,11}", re.ASCII)
PLACES = re.compile(r"theta|average|moments\.[0-9]{1,3}|chains\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
MOST_RUNS = 1000


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
    """Return the update that is saved, 0 where there is none.

    Raises
    ------
    StoreError
        If the file is damaged.
    """
    return whole(folder / NAME, tensors.read_metadata(folder / NAME).get("update", "0"))


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
    tensors.check_metadata(path, metadata, KNOWN)
    try:
        return _training(path, named, metadata) if whole(path, metadata["update"]) else None
    except (KeyError, ValueError) as error:
        raise StoreError(path, f"is not a restart file of a training ({error})") from None


def whole(path: Path, text: str) -> int:
    """Return the whole number that a text of the metadata is.

    Raises
    ------
    StoreError
        If it is none, or has more than 12 digits.
    """
    if NUMBER.fullmatch(text) is None:
        raise StoreError(path, f"is not a restart file of a training (a whole number expected, got '{text[:20]}')")
    return int(text)


def check(folder: Path, model: Model, training: Training) -> None:
    """Check that a training is one of a model.

    Raises
    ------
    StoreError
        If sizes, types or values are others.
    """
    flat = [training.theta, *training.moments, *([] if training.average is None else [training.average])]
    if any(it.shape != (model.size(),) or not is_finite(it) for it in flat):
        raise StoreError(folder / NAME, f"is damaged: {model.size():,} finite parameters expected by run.json")
    for state in training.chains:
        if state is not None and not is_state(model, state):
            raise StoreError(folder / NAME, "is damaged: its chains are not those of the machine of run.json")


def is_state(model: Model, state: State) -> bool:
    """Return whether tensors are values, or potentials, of the layers of a model."""
    layers = model.spec.layers
    if len(state) != len(layers) or len({len(values) if values.ndim else -1 for values in state}) > 1:
        return False
    return all(map(holds, layers, state))


def holds(layer: AnyLayer, values: Tensor) -> bool:
    """Return whether values (N, S) are such that a layer can have."""
    levels = layer.units.levels
    if values.ndim != 2 or values.shape[1] != layer.sites:
        return False
    if levels is None:
        return values.dtype == torch.float32 and is_finite(values.flatten())
    return values.dtype == torch.uint8 and int(values.max() if values.numel() else 0) < levels


def _training(path: Path, named: dict[str, Tensor], metadata: dict[str, str]) -> Training:
    if wrong := next((name for name in named if PLACES.fullmatch(name) is None), None):
        raise ValueError(f"'{wrong}' is nothing of it")
    moments, chains = [], defaultdict(list)
    for name in sorted(named, key=lambda name: [int(part) for part in name.split(".")[1:]]):
        kind, *place = name.split(".")
        if kind == "moments":
            moments.append(named[name])
        elif kind == "chains":
            chains[int(place[0])].append(named[name])
    count, pace = whole(path, metadata["runs"]), float(metadata.get("pace", "1.0"))
    seconds = float(metadata["seconds"])
    if count > MOST_RUNS or not (0 < pace < math.inf and 0 <= seconds < math.inf):
        raise ValueError(f"{count} runs, pace {pace}, {seconds} seconds")
    flat = [named["theta"], *moments, *([named["average"]] if "average" in named else [])]
    if any(it.ndim != 1 or it.shape != flat[0].shape or it.dtype != torch.float32 for it in flat):
        raise ValueError("theta, moments and average are not alike")
    runs = (tuple(chains[run]) if run in chains else None for run in range(count))
    return Training(
        update=whole(path, metadata["update"]),
        theta=named["theta"],
        moments=tuple(moments),
        chains=tuple(runs),
        average=named.get("average"),
        pace=pace,
        seconds=seconds,
    )
