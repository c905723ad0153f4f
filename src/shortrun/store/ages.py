"""ages/: one file an age, named after its update, with theta's blocks in their shapes, and those of its average."""

from __future__ import annotations

import bisect
import itertools
import math
import re
from collections.abc import Mapping
from pathlib import Path

import torch

from shortrun.errors import StoreError
from shortrun.files import AGES, Place, explain
from shortrun.models import Model, RBMPart, named_blocks
from shortrun.parallel import pieces
from shortrun.store import tensors
from shortrun.typing import Theta

FOLDER, SUFFIX, AVERAGE, UPDATE = AGES, ".safetensors", "average.", "update"
LARGEST = 10**12 - 1  # age, by the digits that a name can have
NAMED = re.compile(rf"([0-9]{{9}}|[1-9][0-9]{{9,11}}){re.escape(SUFFIX)}", re.ASCII)  # as `path_of` does
PART = 2**22  # parameters


def path_of(folder: Path, age: int) -> Path:
    """Return where a run keeps an age."""
    return folder / FOLDER / f"{age:09d}{SUFFIX}"


def kept(folder: Path) -> tuple[int, ...]:
    """Return the ages that a run has, from young to old.

    Raises
    ------
    StoreError
        If their folder cannot be read.
    """
    try:
        names = [path.name for path in (folder / FOLDER).iterdir()]
    except FileNotFoundError:
        raise StoreError(folder / FOLDER, "is missing") from None
    except OSError as error:
        raise StoreError(folder / FOLDER, explain(error)) from None
    return tuple(sorted(int(found[1]) for found in map(NAMED.fullmatch, names) if found))


def write(place: Place, model: Model, theta: Theta, age: int, average: Theta | None = None) -> None:
    """Keep theta at an age, and the average up to it if there is one.

    Raises
    ------
    StoreError
        If it cannot be written; nothing is left of it then.
    """
    blocks = named_blocks(model, theta)
    if average is not None:
        blocks |= {AVERAGE + name: block for name, block in named_blocks(model, average).items()}
    tensors.write(path_of(place.path, age), blocks, {UPDATE: str(age)}, place)


def read(folder: Path, model: Model, age: int, *, raw: bool = False, part: RBMPart | None = None) -> Theta:
    """Return the average of an age, flat; theta itself if that is asked for, or no average was kept.

    All of the file is checked; of a part of the machine, no more than its own parameters are in memory.

    Raises
    ------
    StoreError
        If the file is missing, damaged, or of another machine.
    """
    path = path_of(folder, age)
    theta = torch.empty(0)

    def room(entries: Mapping[str, tensors.Extent]) -> dict[str, list[tensors.Slice]]:
        nonlocal theta
        averaged = not raw and any(name.startswith(AVERAGE) for name in entries)
        shapes = {AVERAGE * averaged + name: shape for name, shape in model.blocks().items()}
        for name, expected in shapes.items():
            found = entries[name].shape if name in entries else "none"
            if found != expected:
                raise StoreError(path, f"{name} of shape {expected} expected by run.json, found {found}")
            if entries[name].kind != theta.dtype:
                raise StoreError(path, f"{name} of {theta.dtype} expected, found {entries[name].kind}")
        theta = torch.empty((part or model).size())  # only now: the file has as much
        if part is not None:
            return slices_of(part, theta, shapes)
        blocks = named_blocks(model, theta).values()
        return {name: [tensors.Slice(0, block)] for name, block in zip(shapes, blocks, strict=True)}

    metadata = tensors.read_into(path, room, whole=True)
    tensors.check_metadata(path, metadata, (UPDATE,))
    if metadata.get(UPDATE, str(age)) != str(age):
        raise StoreError(path, f"is the age {metadata[UPDATE]} of a run: it was renamed")
    if not is_finite(theta):
        raise StoreError(path, "is damaged: it has parameters that are not finite")
    return theta


def slices_of(part: RBMPart, theta: Theta, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[tensors.Slice]]:
    """Return what of the blocks of a machine, by name, are the parameters of a part of it."""
    found, edges = {name: [] for name in shapes}, [*itertools.accumulate(map(math.prod, shapes.values()), initial=0)]
    for mine, there, _ in pieces(part):
        block = bisect.bisect_right(edges, there.start) - 1
        found[[*shapes][block]].append(tensors.Slice(there.start - edges[block], theta[mine]))
    return found


def is_finite(theta: Theta) -> bool:
    """Return whether all parameters are finite; looked at one by one, a part at a time, only if their sum is not."""
    return bool(theta.sum().isfinite()) or all(bool(part.isfinite().all()) for part in theta.split(PART))


def drop_after(folder: Path, update: int) -> None:
    """Remove the ages that are older than an update, the oldest first.

    Raises
    ------
    StoreError
        If one cannot be removed.
    """
    for age in reversed(kept(folder)):
        if age > update:
            remove(path_of(folder, age))


def remove(path: Path) -> None:
    """Remove a file.

    Raises
    ------
    StoreError
        If it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(path, explain(error)) from None
