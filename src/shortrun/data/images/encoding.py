"""Grey images: made black and white, or kept as shares of full scale; and back to the pixels of a file."""

from __future__ import annotations

import numpy as np

from shortrun.data.core.alphabet import BINARY, DNA, PROTEIN, RNA, Alphabet
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.disk import gathered
from shortrun.data.core.kind import Kind
from shortrun.data.core.request import Request
from shortrun.data.core.values import GREY_THRESHOLD, as_table, binarise, full_scale
from shortrun.errors import ConfigError, DataError

BYTE, DEEP = 255, 65535  # full scale of 8 and of 16 bits
LETTERS = (PROTEIN, RNA, DNA)


def encode_images(
    grey: np.ndarray, options: Request, alphabet: Alphabet | str | None, scale: int | None = None
) -> tuple[np.ndarray, Alphabet | str | None, int | None]:
    """Return the values of images, their alphabet, and full scale where they are shares of it.

    Parameters
    ----------
    grey : ndarray
        (N, h, w) or (N, S) numbers.
    options : Request
        `grey` keeps them as shares of full scale; otherwise they become 1 above `threshold`, by default 0.3, unless
        there is an alphabet.
    alphabet : Alphabet or str or None
        What the numbers are if they are no grey values; no alphabet of sequences, as other data may have.
    scale : int, optional
        Full scale; by default found from the values.

    Raises
    ------
    DataError
        If they are no table of grey values.
    ConfigError
        If they are to be both grey values and numbers of an alphabet.
    """
    check_grey(options)
    if options.grey:
        as_table(grey)
        scale = scale or full_scale(grey)
        shares = (part.astype(np.float32) / np.float32(scale) for _, part in scan(grey))
        return gathered(shares, grey.shape, np.float32), "continuous", scale
    if alphabet is not None and alphabet not in LETTERS:
        return grey, alphabet, None
    return binarise(grey, GREY_THRESHOLD if options.threshold is None else options.threshold, scale), None, None


def check_grey(options: Request) -> None:
    """Raise ConfigError if numbers are to be both grey values, as `threshold` takes them, and those of an alphabet."""
    if {"threshold", "alphabet"} <= options.asked:
        raise ConfigError("threshold", "not together with an alphabet, by which the numbers are no grey values")


def threshold_note(data: Dataset, grey: np.ndarray, options: Request) -> list[str]:
    """Return the line that says where grey values became black and white; none where nothing was lost."""
    levels = len(np.unique(grey[:100]))
    if data.alphabet != BINARY or levels <= 2 or options.threshold is not None:
        return []
    return [f"grey values above {GREY_THRESHOLD:g} of full scale are 1, others 0 (--threshold; --grey keeps them)"]


def is_images(kind: Kind) -> bool:
    """Return whether samples are images."""
    return kind.image.shape is not None


def pixels_of(dataset: Dataset, scale: int = BYTE) -> np.ndarray:
    """Return images as (N, h, w) grey values from 0 to `scale`, uint8 or uint16.

    Shares of full scale beyond 0..1, as machines with continuous units generate them, become black or white.

    Raises
    ------
    DataError
        If the samples are neither black and white nor grey, or no images.
    """
    shape = dataset.kind.image.shape
    if shape is None:
        raise DataError("images expected, and these samples have no image_shape: choose .npz or .csv")
    if dataset.alphabet not in (None, BINARY):
        raise DataError(f"images are black and white or grey, these are of {dataset.colours} letters")
    kind = np.uint8 if scale <= BYTE else np.uint16
    if dataset.alphabet is None:
        grey = np.rint(shares(dataset).clip(0, 1) * np.float32(scale)).astype(kind)
    else:
        grey = dataset.values * kind(scale)
    return grey.reshape(len(dataset), *shape)


def shares(dataset: Dataset) -> np.ndarray:
    """Return (N, S) continuous values as shares of full scale; values above 1 that were not read so are of 8 bits."""
    plain = dataset.kind.image.full_scale is not None or dataset.values.max() <= 1
    return dataset.values / np.float32(1 if plain else BYTE)
