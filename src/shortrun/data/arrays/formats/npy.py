"""NumPy's .npy: one array of values, without labels and names."""

from __future__ import annotations

from io import BufferedWriter
from pathlib import Path

import numpy as np

from shortrun.data.arrays.formats._arrays import USES, load, to_dataset, write_blocks
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, begins_with
from shortrun.data.core.request import Request
from shortrun.errors import FormatError

SUFFIXES = (".npy",)


def read(path: Path, options: Request) -> Dataset:
    """Read an array (N, S) or (N, h, w); labels, if any, come from a labels file in the same order.

    Codes (uint8 or booleans) and float32 numbers of more than 64 MB stay in the file, of which rows are read when they
    are needed.

    Raises
    ------
    FormatError
        If the file is damaged or holds pickled objects or no table.
    """
    values = load(path)
    if not isinstance(values, np.ndarray):
        raise FormatError(path, None, "holds several arrays: is it an .npz file?")
    return to_dataset({"x": values}, options.alphabet, options)


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write the values; labels, names and what letters they stand for are lost."""
    write_blocks(file, dataset.in_units)


FORMAT = Format(
    suffixes=SUFFIXES,
    begins=begins_with(b"\x93NUMPY"),
    read=read,
    write=write,
    exact=True,
    uses=tuple(name for name in USES if name != "group"),  # which it has no place for
)
