"""Named tensors in safetensors files: written whole or not at all, refused by name if damaged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, numpy, safe_open
from torch import Tensor

from shortrun.errors import StoreError
from shortrun.files import atomic, explain


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors from any device, atomically.

    Raises
    ------
    StoreError : if the file cannot be written; the old file, if any, is still there
    """
    arrays = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in tensors.items()}
    content = numpy.save(arrays, dict(metadata))
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a file, in memory of their own, and its metadata.

    Raises
    ------
    StoreError : if the file is missing, cannot be read, or is not a whole safetensors file
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name).clone() for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise StoreError(path, "is missing") from None
    except OSError as error:
        raise StoreError(path, explain(error)) from None
    except SafetensorError as error:
        raise StoreError(path, f"is truncated or damaged: {str(error).splitlines()[0]}") from None


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a file without reading its tensors; empty where there is no readable file."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError):
        return {}
