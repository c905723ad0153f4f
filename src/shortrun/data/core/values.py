"""Sample values: from whatever array a file holds to uint8 codes or float32, and grey images to 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortrun.data.core.alphabet import BINARY, MAX_COLOURS, Alphabet, named, numbered
from shortrun.data.core.blocks import converted, is_mapped, scan
from shortrun.data.core.disk import gathered
from shortrun.errors import ConfigError, DataError

GREY_THRESHOLD = 0.3
FULL_SCALES = (1, 16, 255, 65535)  # black and white, the 8x8 digits, 8 bits, 16 bits
NO_TEXTS = "cV"  # kinds of arrays of which no names are made: complex numbers and records


class CellError(DataError):
    """A value that cannot be used: of which sample (from 0), at which site (from 0, or None), and why."""

    def __init__(self, row: int, site: int | None, reason: str):
        self.row, self.site, self.reason = row, site, reason
        where = f"sample {row + 1}" if site is None else f"sample {row + 1}, site {site + 1}"
        super().__init__(f"{where}: {reason}")


def encode_values(values: Any, alphabet: Alphabet | str | None = None) -> tuple[np.ndarray, Alphabet | None]:
    """Return values as (N, S) uint8 codes with their alphabet, or as float32 with None.

    Parameters
    ----------
    values : Any
        (N, S) or (N, h, w) numbers. Integers 0 and 1 (also as booleans or floats) become binary codes; other floats
        stay continuous. A read-only memory map of uint8, booleans or float32 stays in its file.
    alphabet : Alphabet or str, optional
        What integers mean; "codes" for an alphabet of as many letters as needed, "continuous" for float32.

    Raises
    ------
    DataError
        If values are not a table of finite numbers, or integers do not fit the alphabet.
    """
    table = as_table(values)
    if isinstance(alphabet, str) and alphabet == "continuous":
        return converted(table, np.float32), None
    if table.dtype.kind == "f" and alphabet is None and not holds_only_binary(table):
        return converted(table, np.float32), None
    if isinstance(alphabet, str):
        alphabet = alphabet_for_codes(table) if alphabet == "codes" else named(alphabet)
    return as_codes(table, alphabet or BINARY, asked=alphabet is not None), alphabet or BINARY


def plain_array(it: Any) -> np.ndarray:
    """Return something as a plain array, with NaN (None among texts) where NumPy says that it is masked."""
    if isinstance(it, list | tuple) and any(isinstance(part, np.ma.MaskedArray) for part in it):
        it = np.ma.array(it)
    if not isinstance(it, np.ma.MaskedArray) or not np.ma.is_masked(it):
        return np.asarray(it)
    kind = np.result_type(it.dtype, np.float16) if it.dtype.kind in "biuf" else np.dtype(object)
    return np.ma.filled(it.astype(kind), np.nan if kind.kind == "f" else None)


def as_table(values: Any) -> np.ndarray:
    """Return values as an (N, S) array of numbers, images flattened row by row.

    Raises
    ------
    DataError
        If that is not what they are; names the first value that is not finite.
    """
    try:
        array = values if is_mapped(values) else plain_array(values)
    except ValueError:
        raise DataError("samples must all have the same number of sites") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"values must be numbers, got {array.dtype}")
    if array.ndim not in (2, 3) or array.size == 0:
        raise DataError(f"values must be a table of samples x sites with at least one of each, got shape {array.shape}")
    table = array.reshape(len(array), -1)
    for start, part in scan(table) if table.dtype.kind == "f" else ():
        if not np.isfinite(part).all():
            row, site = first(~np.isfinite(part))
            raise CellError(start + row, site, f"the value {part[row, site]} is not finite")
    return table


def as_codes(table: np.ndarray, alphabet: Alphabet, asked: bool) -> np.ndarray:
    """Return a table of whole numbers as uint8 codes, after checking that each fits the alphabet."""
    for start, part in scan(table):
        wrong = (part < 0) | (part >= len(alphabet)) | (part != np.floor(part) if part.dtype.kind == "f" else False)
        if wrong.any():
            row, site = first(wrong)
            remedy = "" if asked else "; grey values need a threshold, integer codes an alphabet"
            expected = f"0 to {len(alphabet) - 1} expected ({alphabet.name} alphabet)"
            raise CellError(start + row, site, f"the value {part[row, site]} does not fit: {expected}{remedy}")
    return converted(table.view(np.uint8) if table.dtype == bool else table, np.uint8)


def alphabet_for_codes(table: np.ndarray) -> Alphabet:
    """Return the alphabet with as many letters as the codes need."""
    largest = max(part.max() for _, part in scan(table))
    if largest >= MAX_COLOURS:
        raise DataError(f"at most {MAX_COLOURS} colours are possible, got a code of {largest}")
    return numbered(max(2, int(largest) + 1))


def binarise(grey: np.ndarray, threshold: float = GREY_THRESHOLD, scale: int | None = None) -> np.ndarray:
    """Return 1 where a grey value is above a share of full scale, else 0 (uint8, same shape).

    Full scale is `scale`, or found from the data (see `full_scale`), so read images together rather than one by one.

    Raises
    ------
    ConfigError
        If the threshold is not in [0, 1).
    DataError
        If values are not finite, negative or above 65,535.
    """
    if not 0 <= threshold < 1:
        raise ConfigError("threshold", f"a share of full scale, at least 0 and below 1, expected, got {threshold}")
    as_table(grey)
    level = threshold * (full_scale(grey) if scale is None else scale)
    return gathered((part > level for _, part in scan(grey)), grey.shape, np.uint8)


def full_scale(grey: np.ndarray) -> int:
    """Return the smallest of 1, 16, 255 and 65,535 that no value exceeds.

    These are black and white, the 8x8 digits, 8 bits and 16 bits.

    Raises
    ------
    DataError
        If values are negative or above 65,535.
    """
    lowest, highest = min(part.min() for _, part in scan(grey)), max(part.max() for _, part in scan(grey))
    if lowest < 0 or highest > FULL_SCALES[-1]:
        raise DataError(f"grey values must be 0 to {FULL_SCALES[-1]}, got {lowest} to {highest}")
    return next(scale for scale in FULL_SCALES if highest <= scale)


def is_grey(values: np.ndarray) -> bool:
    """Return whether values are images of more than two levels: (N, h, w) integers above 1."""
    return values.ndim == 3 and values.dtype.kind in "iu" and any((part > 1).any() for _, part in scan(values))


def holds_only_binary(table: np.ndarray) -> bool:
    """Return whether every value is exactly 0 or 1."""
    return all(((part == 0) | (part == 1)).all() for _, part in scan(table))


def first(wrong: np.ndarray) -> tuple[int, int]:
    """Return the row and the column of the first True of a table."""
    row, site = np.unravel_index(np.argmax(wrong), wrong.shape)
    return int(row), int(site)
