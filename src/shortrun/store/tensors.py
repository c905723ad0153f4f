"""Named tensors in safetensors files: written whole or not at all, refused by name if damaged.

The format (an 8-byte length, a JSON header, the bytes) is read and written here and not by its library, which makes a
copy of every tensor on the way: parameters may fill half of the memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch
from torch import Tensor

from shortrun.errors import StoreError
from shortrun.files import Place, atomic_file, explain

TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
NAMES = {kind: name for name, kind in TYPES.items()}
DAMAGE = (AttributeError, EOFError, KeyError, TypeError, ValueError)
METADATA = "__metadata__"


class Extent(NamedTuple):
    """Where a tensor is in a file."""

    kind: torch.dtype
    shape: tuple[int, ...]
    start: int


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str], place: Place | None = None) -> None:
    """Write tensors from any device, atomically; those that are contiguous on the CPU without a copy.

    Parameters
    ----------
    path : Path
        The file.
    tensors : Mapping[str, Tensor]
        By name.
    metadata : Mapping[str, str]
        What else is known.
    place : Place, optional
        The folder above it that is held open.

    Raises
    ------
    StoreError
        If the file cannot be written; the old file, if any, is still there.
    """
    with atomic_file(path, place) as file:
        put(file, tensors, metadata)


def put(file: BinaryIO, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors to an open file, those with the widest numbers first so that all are aligned."""
    named = dict(sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])))
    file.write(header_of(named, metadata))
    for tensor in named.values():
        file.write(raw(tensor.detach().cpu().contiguous()))


def header_of(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return the length and the JSON header of a file, padded to 8 bytes."""
    form: dict[str, Any] = {METADATA: dict(metadata)}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        form[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(form, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def raw(tensor: Tensor) -> memoryview:
    """Return the bytes of a contiguous tensor, which they share."""
    return tensor.view(-1).view(torch.uint8).numpy().data


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a file, in memory of their own, and its metadata.

    Raises
    ------
    StoreError
        If the file is missing, cannot be read, or is not a whole safetensors file.
    """

    def room(entries: Mapping[str, Extent]) -> dict[str, Tensor]:
        return {name: torch.empty(entry.shape, dtype=entry.kind) for name, entry in entries.items()}

    return read_into(path, room)


def read_into(
    path: Path, room: Callable[[Mapping[str, Extent]], dict[str, Tensor]]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors of a file into those that `room` gives for its entries; returns them and the metadata.

    Raises
    ------
    StoreError
        As `read`.
    """
    try:
        with path.open("rb") as file:
            entries, metadata = layout(file, path.stat().st_size)
            tensors = room(entries)
            for name, tensor in tensors.items():
                file.seek(entries[name].start)
                if file.readinto(raw(tensor)) != tensor.nbytes:
                    raise EOFError("it ends early")
    except StoreError:
        raise
    except FileNotFoundError:
        raise StoreError(path, "is missing") from None
    except OSError as error:
        raise StoreError(path, explain(error)) from None
    except DAMAGE as error:
        raise StoreError(path, f"is truncated or damaged: {error}") from None
    return tensors, metadata


def layout(file: BinaryIO, size: int) -> tuple[dict[str, Extent], dict[str, str]]:
    """Return the entries of a file of `size` bytes, which they fill without gaps, and its metadata.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        If it is not a whole safetensors file.
    """
    length = int.from_bytes(file.read(8), "little")
    if length > size - 8:
        raise ValueError(f"a header of {length} bytes in a file of {size}")
    form = json.loads(file.read(length))
    metadata = form.pop(METADATA, {})
    first = end = 8 + length
    entries = {}
    for name, entry in sorted(form.items(), key=lambda item: item[1]["data_offsets"]):
        kind, shape = TYPES[entry["dtype"]], tuple(entry["shape"])
        start, end = end, end + kind.itemsize * math.prod(shape)
        if entry["data_offsets"] != [start - first, end - first]:
            raise ValueError(f"'{name}' is not where it should be")
        entries[name] = Extent(kind, shape, start)
    if end != size:
        raise ValueError(f"{end} bytes expected, found {size}")
    return entries, metadata


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a file without reading its tensors; empty where there is no readable file."""
    try:
        with path.open("rb") as file:
            return layout(file, path.stat().st_size)[1]
    except (OSError, *DAMAGE):
        return {}
