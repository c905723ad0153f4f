"""HDF5 files with machines: read through the checks that files of data are read with."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from shortrun.data.arrays.formats.hdf5 import H5PY, array, opened, told
from shortrun.data.core.libraries import library
from shortrun.errors import FormatError
from shortrun.exchange.machine import Arrays, Machine

SUFFIXES = (".h5", ".hdf5")
PROTEIN = {21: "-ACDEFGHIKLMNPQRSTVWY"}
NUMBERED = r"(0|[1-9][0-9]{,11})"
BIASES = {"weight": "weight_matrix", "bias": "vbias", "hidden_bias": "hbias"}
OF_LABEL = {"label_weight": "label_matrix", "label_bias": "lbias"}


class File:
    """A file that is opened once, however many ages are read, and closed when nothing reads it any more."""

    def __init__(self, path: Path):
        self.path = path
        stack = contextlib.ExitStack()
        self._file = stack.enter_context(opened(path))
        weakref.finalize(self, stack.close)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Any]:
        """Give what the library has opened; what it raises is a FormatError."""
        with told(self.path):
            yield self._file


def ages_in(file: Iterable[str], prefix: str = "(?:update|epoch)_") -> dict[int, str]:
    """Return age -> key of the entries that are named after one, in increasing order."""
    found = ((re.fullmatch(prefix + NUMBERED, key, re.ASCII), key) for key in file)
    return dict(sorted((int(match[1]), key) for match, key in found if match is not None))


def ages_of(source: File, prefix: str = "(?:update|epoch)_") -> dict[int, str]:
    """Return age -> key of a file.

    Raises
    ------
    FormatError
        If there is none.
    """
    with source.reading() as file:
        found = ages_in(file, prefix)
    if not found:
        raise FormatError(source.path, None, "holds no age of a training, such as 'update_100'")
    return found


def arrays_at(source: File, keys: dict[str, str]) -> Arrays:
    """Return the arrays of these keys."""
    with source.reading() as file:
        return Arrays(**{name: array(source.path, file, key) for name, key in keys.items()})


def first_group(file: Any) -> Any:
    """Return the group of the youngest age; nothing where there is none."""
    key = next(iter(ages_in(file).values()), None)
    return {} if key is None or not hasattr(file[key], "keys") else file[key]


def number(source: File, key: str) -> int | None:
    """Return a whole number of a file, None where it is not there or no positive one."""
    with source.reading() as file:
        if key not in file:
            return None
        found = array(source.path, file, key)
    return int(found) if found.shape == () and found.dtype.kind in "iu" and 0 < int(found) < 2**24 else None


def text(source: File, key: str) -> str | None:
    """Return a text of a file, None where it is not there."""
    with source.reading() as file:
        return str(array(source.path, file, key)) if key in file else None


def shape_of(group: Any, key: str) -> tuple[int, ...]:
    """Return the shape of an array of a group, () where it is none."""
    return tuple(getattr(group[key], "shape", ())) if key in group else ()


def write_file(file: BinaryIO, fill: Callable[[Any], None]) -> None:
    """Write what a function fills an HDF5 file with; the library goes back in it, which not every stream can."""
    with tempfile.TemporaryFile() as whole:
        with library(*H5PY).File(whole, "w") as target:
            fill(target)
        whole.seek(0)
        shutil.copyfileobj(whole, file)


def put(group: Any, values: Mapping[str, Any]) -> None:
    """Write arrays under their names, those that there are."""
    for name, each in values.items():
        if each is not None:
            group[name] = each


def put_ages(machine: Machine, names: Mapping[str, str], target: Any) -> None:
    """Write a group for each age, with these arrays under their names there."""
    for age in machine.ages:
        arrays = machine.at(age)
        put(target.create_group(f"update_{age}"), {key: getattr(arrays, name) for name, key in names.items()})
