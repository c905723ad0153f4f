"""safetensors with named keys: those of .npz, the texts in the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import torch

from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import _named
from shortrun.exchange.machine import Arrays, Machine
from shortrun.store import tensors


def read(path: Path) -> Machine:
    """Read one age."""
    found, texts = tensors.read(path)
    keys = _named.keys_of(path, [*found])
    arrays = Arrays(**{role: as_array(found[key]) for role, key in keys.items()})
    return _named.machine_of(path, arrays, {name: texts[name] for name in _named.TEXTS if name in texts})


def as_array(values: torch.Tensor):
    """Return a tensor as an array; NumPy has no bfloat16."""
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy()


def fits(path: Path) -> bool:
    """Return whether the tensors have the names of a machine's."""
    return _named.are_there(tensors.names(path))


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the last age."""
    arrays, texts = _named.named(machine)
    tensors.put(file, {name: torch.from_numpy(each.copy()) for name, each in arrays.items()}, texts)


FORMAT = ModelFormat(
    program="safetensors",
    suffixes=(".safetensors",),
    read=read,
    fits=fits,
    write=write,
    labels=True,
    any_units=True,
)
