"""Arrays as NumPy's files hold them; shared by .npz and .npy."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from shortrun.data.alphabet import Alphabet
from shortrun.data.dataset import Dataset
from shortrun.data.labels import did_you_mean
from shortrun.data.options import Options
from shortrun.data.raw import read_bytes
from shortrun.data.values import GREY_THRESHOLD, binarise, is_grey
from shortrun.errors import FormatError

DAMAGE = (
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OSError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def load(path: Path) -> Any:
    """Return what NumPy finds in a file: one array, or a mapping that reads an array when asked for it.

    Raises
    ------
    FormatError : if NumPy cannot read the file.
    """
    content = io.BytesIO(read_bytes(path))
    try:
        return np.load(content, allow_pickle=False)
    except DAMAGE as error:
        raise FormatError(path, None, complaint(error)) from None


def array(path: Path, arrays: NpzFile, key: str) -> np.ndarray:
    """Return one array of a file.

    Raises
    ------
    FormatError : if there is none of that name (names the nearest) or it is damaged.
    """
    if key not in arrays:
        raise FormatError(path, None, f"no array '{key}'{did_you_mean(key, arrays)}")
    try:
        return arrays[key]
    except DAMAGE as error:
        raise FormatError(path, None, f"array '{key}': {complaint(error)}") from None


def complaint(error: BaseException) -> str:
    """Return in words why NumPy could not read something."""
    if isinstance(error, ValueError) and ("pickle" in str(error) or "Object" in str(error)):
        return "is no plain NumPy file (pickled Python objects are never read)"
    return "is a truncated or damaged NumPy file"


def to_dataset(found: Mapping[str, Any], alphabet: Alphabet | str | None, options: Options) -> Dataset:
    """Return the data set of arrays by role: x, y, classes, names, weights, group, image_shape."""
    values, shape, classes = found["x"], found.get("image_shape"), found.get("classes")
    if alphabet is None and (options.threshold is not None or is_grey(values)):
        values = binarise(values, GREY_THRESHOLD if options.threshold is None else options.threshold)
    return Dataset.from_arrays(
        values,
        found.get("y"),
        classes=None if classes is None else classes.astype(str).tolist(),
        names=found.get("names"),
        weights=found.get("weights"),
        groups=found.get("group"),
        alphabet=alphabet,
        meta={} if shape is None else {"image_shape": tuple(shape.tolist())},
    )
