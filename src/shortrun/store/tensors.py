"""Named tensors in safetensors files: written whole or not at all, refused by name if damaged.

The format (an 8-byte length, a JSON header, the bytes) is read and written here and not by its library, which makes a
copy of every tensor on the way: parameters may fill half of the memory.

The metadata begin with checksums (CRC-32, as zlib has it) of the header, where its own stands as zeros, and of each
tensor in the order of the file: what is read is checked, and nothing else has to be read for it. Files without are read
too: those of earlier versions, and of other programs.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch
from torch import Tensor

from shortrun import jsons
from shortrun.engine import native
from shortrun.errors import StoreError
from shortrun.files import Place, atomic_file, check_regular, explain

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
METADATA, SUMS = "__metadata__", "crc32"
NO_SUM = b"00000000"
AT_START = re.compile(rb'(.{8}\{"__metadata__":\{"crc32":")([0-9a-f]{8})', re.DOTALL)  # of a file with checksums
PART = 2**20  # bytes: they are summed while the processor still has them at hand
PASSED = 2**17  # bytes of what is only summed: less than fresh memory costs
LONGEST = 10**8  # bytes of a header
LARGEST = 2**63 - 1


class Extent(NamedTuple):
    """Where a tensor is in a file, and its checksum if the file has one."""

    kind: torch.dtype
    shape: tuple[int, ...]
    start: int
    sum: str | None

    @property
    def bytes(self) -> int:
        """How many bytes it has."""
        return self.kind.itemsize * math.prod(self.shape)


class Slice(NamedTuple):
    """Numbers that lie together in a tensor of a file, and the tensor that they are read into."""

    first: int
    room: Tensor


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
        The folder above it that is held open; by default its own.

    Raises
    ------
    StoreError
        If the file cannot be written; the old file, if any, is still there.
    """
    with atomic_file(path, place or Place(path.parent)) as file:
        put(file, tensors, metadata)


def put(file: BinaryIO, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors to a new file, those with the widest numbers first so that all are aligned."""
    named = dict(sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])))
    file.write(header_of(named, metadata, [0] * len(named)))
    sums = [put_bytes(file, raw(tensor.detach().cpu().contiguous())) for tensor in named.values()]
    file.seek(0)
    file.write(header_of(named, metadata, sums))
    file.seek(0, 2)


def put_bytes(file: BinaryIO, content: memoryview) -> int:
    """Write bytes and return their checksum."""
    found = 0
    for start in range(0, len(content), PART):
        part = content[start : start + PART]
        found = native.crc32(part, found)
        file.write(part)
    return found


def header_of(tensors: Mapping[str, Tensor], metadata: Mapping[str, str], sums: Sequence[int]) -> bytes:
    """Return the length and the JSON header of a file, padded to 8 bytes."""
    words = [NO_SUM.decode(), *(f"{found:08x}" for found in sums)]
    form: dict[str, Any] = {METADATA: {SUMS: " ".join(words), **metadata}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        form[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = jsons.dumps(form, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return summed(len(text).to_bytes(8, "little") + text)


def summed(header: bytes) -> bytes:
    """Return a header with its own checksum."""
    empty = AT_START.sub(rb"\g<1>" + NO_SUM, header, count=1)
    return AT_START.sub(rb"\g<1>" + f"{zlib.crc32(empty):08x}".encode(), header, count=1)


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
    found: dict[str, Tensor] = {}

    def room(entries: Mapping[str, Extent]) -> dict[str, list[Slice]]:
        found.update((name, torch.empty(entry.shape, dtype=entry.kind)) for name, entry in entries.items())
        return {name: [Slice(0, tensor)] for name, tensor in found.items()}

    return found, read_into(path, room)


def names(path: Path) -> list[str]:
    """Return the names of the tensors of a file.

    Raises
    ------
    StoreError
        As `read`.
    """
    found: list[str] = []

    def room(entries: Mapping[str, Extent]) -> dict[str, list[Slice]]:
        found.extend(entries)
        return {}

    read_into(path, room)
    return found


def read_into(
    path: Path, room: Callable[[Mapping[str, Extent]], dict[str, list[Slice]]], *, whole: bool = False
) -> dict[str, str]:
    """Read some of the tensors of a file into the room for them; returns its metadata.

    Parameters
    ----------
    path : Path
        The file.
    room : Callable
        From the entries to slices of some of them, in their order; the rest of these is only summed.
    whole : bool, default False
        Whether the checksums of the others are looked at too.

    Raises
    ------
    StoreError
        As `read`.
    """
    try:
        check_regular(path)
        with path.open("rb") as file:
            entries, metadata = layout(file, path.stat().st_size)
            slices = room(entries)
            for name, entry in entries.items():
                if name in slices or (whole and entry.sum is not None):
                    file.seek(entry.start)
                    check_sum(name, entry, filled(file, entry, slices.get(name, [])))
    except StoreError:
        raise
    except FileNotFoundError:
        raise StoreError(path, "is missing") from None
    except OSError as error:
        raise StoreError(path, explain(error)) from None
    except DAMAGE as error:
        raise StoreError(path, f"is truncated or damaged: {error}") from None
    return metadata


def check_sum(name: str, entry: Extent, found: int) -> None:
    """Raise ValueError if a tensor has another checksum than it had."""
    if entry.sum not in (None, f"{found:08x}"):
        raise ValueError(f"the checksum of '{name}' does not fit")


def filled(file: BinaryIO, entry: Extent, slices: Sequence[Slice]) -> int:
    """Read slices of a tensor, and return the checksum of all of it."""
    found, at = 0, 0
    for first, room in slices:
        start = entry.kind.itemsize * first
        found = take_bytes(file, raw(room), passed(file, start - at, found))
        at = start + room.nbytes
    return passed(file, entry.bytes - at, found)


def passed(file: BinaryIO, left: int, found: int) -> int:
    """Return the checksum of so many bytes that are not kept, and of what was before them."""
    room = memoryview(bytearray(min(left, PASSED)))
    while left > 0:
        part = room[:left]
        found, left = take_bytes(file, part, found), left - len(part)
    return found


def take_bytes(file: BinaryIO, room: memoryview, found: int = 0) -> int:
    """Read bytes that fill the room and return their checksum, and that of what was before them."""
    for start in range(0, len(room), PART):
        part = room[start : start + PART]
        if file.readinto(part) != len(part):  # pyright: ignore[reportAttributeAccessIssue]
            raise EOFError("it ends early")
        found = native.crc32(part, found)
    return found


def layout(file: BinaryIO, size: int) -> tuple[dict[str, Extent], dict[str, str]]:
    """Return the entries of a file of `size` bytes, which they fill without gaps, and its metadata.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        If it is not a whole safetensors file, or its header is not what was written.
    """
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if length > min(size - 8, LONGEST):
        raise ValueError(f"a header of {length} bytes in a file of {size}")
    text = file.read(length)
    form = jsons.loads(text)
    metadata: dict[str, str] = form.pop(METADATA, {})
    if not all(isinstance(value, str) for value in metadata.values()):
        raise TypeError("metadata that are not text")
    sums = metadata.pop(SUMS, None)
    if sums is not None and (AT_START.match(start + text) is None or summed(start + text) != start + text):
        raise ValueError("the checksum of its header does not fit")
    return entries_of(form, 8 + length, size, None if sums is None else sums.split(" ")[1:]), metadata


def entries_of(form: Mapping[str, Any], first: int, size: int, sums: Sequence[str] | None) -> dict[str, Extent]:
    """Return the entries that a header describes, whose bytes begin at `first`."""
    end, entries = first, {}
    ordered = sorted(form.items(), key=lambda item: item[1]["data_offsets"])
    for (name, entry), found in zip(ordered, [None] * len(form) if sums is None else sums, strict=True):
        kind, shape = TYPES[entry["dtype"]], tuple(entry["shape"])
        if not all(type(length) is int and 0 <= length <= LARGEST for length in shape):
            raise ValueError(f"'{name}' of shape {shape}")
        start, end = end, end + kind.itemsize * math.prod(shape)
        if entry["data_offsets"] != [start - first, end - first]:
            raise ValueError(f"'{name}' is not where it should be")
        entries[name] = Extent(kind, shape, start, found)
    if end != size:
        raise ValueError(f"{end} bytes expected, found {size}")
    return entries


def check_metadata(path: Path, metadata: Mapping[str, str], known: Collection[str] = ()) -> None:
    """Check that the metadata of a file are those that we write: else the name of its checksums may be damaged.

    Raises
    ------
    StoreError
        If there are others.
    """
    for name in metadata:
        if name not in known:
            raise StoreError(path, f"is truncated or damaged: '{name}' in its metadata, where nothing writes it")


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a file without reading its tensors; empty where there is no file.

    Raises
    ------
    StoreError
        If it is not a whole safetensors file.
    """
    try:
        return read_into(path, lambda _: {}) if path.exists() else {}
    except OSError as error:
        raise StoreError(path, explain(error)) from None
