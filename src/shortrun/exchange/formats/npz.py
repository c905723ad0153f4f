"""NumPy's .npz with named keys: weight, bias, hidden_bias, label_weight, label_bias, and texts about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from shortrun.data.arrays.formats._arrays import array, load
from shortrun.errors import FormatError
from shortrun.exchange.format import ModelFormat
from shortrun.exchange.formats import _named
from shortrun.exchange.machine import Arrays, Machine

SUFFIXES = (".npz",)


def read(path: Path) -> Machine:
    """Read one age."""
    with opened(path) as arrays:
        keys = _named.keys_of(path, arrays.files)
        found = Arrays(**{role: array(path, arrays, key) for role, key in keys.items()})
        texts = {name: array(path, arrays, name) for name in _named.TEXTS if name in arrays.files}
    return _named.machine_of(path, found, {name: str(each.ravel()[0]) for name, each in texts.items() if each.size})


def opened(path: Path) -> Any:
    """Return the arrays of a file.

    Raises
    ------
    FormatError
        If it is none of NumPy's with several arrays.
    """
    arrays = load(path)
    if isinstance(arrays, np.ndarray):
        raise FormatError(path, None, "holds one array without a name: is it an .npy file?")
    return arrays


def fits(path: Path) -> bool:
    """Return whether the arrays have the names of a machine's."""
    with opened(path) as arrays:
        return _named.are_there(arrays.files)


def write(file: BinaryIO, machine: Machine) -> None:
    """Write the last age."""
    arrays, texts = _named.named(machine)
    np.savez_compressed(file, allow_pickle=False, **arrays, **{name: np.array(text) for name, text in texts.items()})


FORMAT = ModelFormat(
    program="named arrays of NumPy", suffixes=SUFFIXES, read=read, fits=fits, write=write, labels=True, any_units=True
)
