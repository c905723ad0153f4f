"""IDX: the files of MNIST, images in one and their labels in another beside it."""

from __future__ import annotations

import io
import math
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import IO, Any

import numpy as np

from shortrun.data.core.alphabet import BINARY
from shortrun.data.core.blocks import mapped, scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.disk import LARGE, gathered, nameless
from shortrun.data.core.format import Format
from shortrun.data.core.parts import opened
from shortrun.data.core.raw import ENDINGS, bare, explained, is_packed, unpacked
from shortrun.data.core.request import Request
from shortrun.data.images.encoding import BYTE, encode_images, pixels_of, threshold_note
from shortrun.errors import DataError, FormatError

SUFFIXES = (".idx", "idx1-ubyte", "idx2-ubyte", "idx3-ubyte")

KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST = 8  # dimensions
CODES = {kind: code for code, kind in KINDS.items()}


def read(path: Path, options: Request) -> Dataset:
    """Read images (N, h, w) or rows (N, S), packed or not, and their labels where there is a file of them.

    That is `train-labels-idx1-ubyte` for `train-images-idx3-ubyte`, and `x-labels.idx` for `x.idx`; see `beside`. Grey
    values become black and white at `options.threshold`, by default 0.3, unless `options.grey`. Numbers that are
    not 0..255 stay continuous.

    Raises
    ------
    FormatError
        If a file is not of this format, truncated or too long, or there is not one label an image.
    """
    array = read_array(path)
    if array.ndim not in (2, 3):
        tip = ": these are labels, read the file of the images" if array.ndim == 1 else ""
        raise FormatError(path, None, f"images (N, h, w) or rows (N, S) expected, got shape {array.shape}{tip}")
    values, alphabet, scale = array, options.alphabet, None
    if options.grey or (alphabet is None and is_coloured(array, options)):
        values, alphabet, scale = encode_images(array, options, alphabet)
    data = Dataset.from_arrays(values, read_labels(path, len(array)), alphabet=alphabet)
    return data.with_kind(image=replace(data.kind.image, full_scale=scale)).with_notes(
        *threshold_note(data, array, options)
    )


def is_coloured(array: np.ndarray, options: Request) -> bool:
    """Return whether numbers are grey values to make black and white."""
    return options.threshold is not None or (
        array.dtype.kind in "iu" and any(part.max() > 1 for _, part in scan(array))
    )


def read_array(path: Path) -> np.ndarray:
    """Return the array of a file: two zero bytes, the kind of number, how many dimensions, their sizes, the numbers.

    Raises
    ------
    FormatError
        If that is not what the file holds, byte for byte.
    """
    with content_of(path) as file:
        size, begin = file.seek(0, io.SEEK_END), file.seek(0)
        content = file.read(4 + 4 * MOST)
        if content[:2] != b"\0\0" or len(content) < 4 or content[2] not in KINDS:
            raise FormatError(path, None, f"is no IDX file: it begins with {content[:4].hex(' ')}")
        kind, dimensions = np.dtype(KINDS[content[2]]), content[3]
        start = begin + 4 + 4 * dimensions
        if not 1 <= dimensions <= MOST:
            raise FormatError(path, None, f"1 to {MOST} dimensions expected, got {dimensions}")
        if len(content) < start:
            raise FormatError(path, None, f"the sizes of {dimensions} dimensions expected, the file ends before them")
        shape = struct.unpack(f">{dimensions}I", content[4:start])
        if 0 in shape:
            raise FormatError(path, None, f"at least one number expected, got shape {shape}")
        expected = start + math.prod(shape) * kind.itemsize
        if size != expected:
            how = "truncated" if size < expected else "too long"
            raise FormatError(path, None, f"is {how}: {expected:,} bytes expected for {shape}, got {size:,}")
        values = mapped(file, kind, start, shape)
    if kind.itemsize == 1 and values.nbytes > LARGE:
        return values
    return gathered((part for _, part in scan(values)), shape, kind.newbyteorder("="))


@contextmanager
def content_of(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, or a nameless one with its content if it is packed.

    Raises
    ------
    FormatError
        If it is missing, empty, a folder, not readable or damaged.
    """
    packed = is_packed(path)
    with explained(path), nameless() if packed else path.open("rb") as file:
        if packed:
            with unpacked(path) as content:
                shutil.copyfileobj(content, file)
        if not file.seek(0, io.SEEK_END):
            raise FormatError(path, None, "the file is empty")
        yield file


def read_labels(path: Path, count: int) -> np.ndarray | None:
    """Return the labels of images, None where there is no file of them.

    Raises
    ------
    FormatError
        If there is not one label an image.
    """
    file = next((file for file in labels_files(path) if file != path and file.is_file()), None)
    if file is None:
        return None
    labels = read_array(file)
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise FormatError(file, None, f"{count} labels expected, one an image, got {labels.dtype} {labels.shape}")
    return labels


def labels_files(path: Path) -> list[Path]:
    """Return where the labels of a file of images may be: packed as it is, or not; named with a dot or a dash."""
    name = beside(path).name
    plain = bare(Path(name))
    names = dict.fromkeys(plain.replace(*dots) for dots in ((".", "."), ("-idx", ".idx"), (".idx", "-idx")))
    endings = sorted(("", *ENDINGS), key=lambda ending: name != plain + ending)
    return [path.with_name(name + ending) for ending, name in product(endings, names)]


def beside(path: Path) -> Path:
    """Return where the labels of a file of images are written to."""
    name = path.name
    for images, labels in (("images", "labels"), ("idx3-ubyte", "idx1-ubyte"), ("idx2-ubyte", "idx1-ubyte")):
        name = name.replace(images, labels)
    stem, dot, ending = path.name.partition(".idx")
    return path.with_name(name if name != path.name else f"{stem}-labels{dot}{ending}")


def save(path: Path, dataset: Dataset) -> None:
    """Write the images, and where there are classes their labels in a file beside it.

    Black and white becomes 0 and 255; samples that are no images are written as rows of 0 and 1; continuous values that
    were not read as grey as numbers of 32 bits. Classes that are whole numbers are their own labels, others their
    position; no label is -1. Names, groups and weights are lost.

    Raises
    ------
    DataError
        If the samples are letters.
    """
    if dataset.kind.codes not in (None, BINARY):
        raise DataError(f"IDX holds images: 0 and 1, or grey; these are {dataset.kind.words}: choose .npz or .csv")
    if not dataset.classes:
        with opened(path) as images:
            write_array(images, numbers_of(dataset))
        return
    with opened(beside(path)) as labels, opened(path) as images:
        write_array(images, numbers_of(dataset))
        write_array(labels, labels_of(dataset))


def numbers_of(dataset: Dataset) -> np.ndarray:
    """Return what is written of the values."""
    image = dataset.kind.image
    scale = image.full_scale or (None if dataset.alphabet is None else BYTE)
    if image.shape is not None and scale is not None:
        pixels = pixels_of(dataset, scale)
        return pixels if pixels.dtype == np.uint8 else pixels.astype(np.int32)
    shape = image.shape or (dataset.sites,)
    return dataset.values.reshape(len(dataset), *shape)


def labels_of(dataset: Dataset) -> np.ndarray:
    """Return labels as numbers, in as few bytes as they need; no label is -1."""
    own = all(name.isascii() and name.isdecimal() and int(name) < 2**31 for name in dataset.classes)
    numbers = [int(name) for name in dataset.classes] if own else range(len(dataset.classes))
    labels = np.array([*numbers, -1])[dataset.labels]
    kind = next(kind for kind in (np.uint8, np.int8, np.int16, np.int32) if (labels == labels.astype(kind)).all())
    return labels.astype(kind)


def write_array(file: Any, array: np.ndarray) -> None:
    """Write an array to an open file as `read_array` reads it."""
    kind = array.dtype.newbyteorder(">").str if array.dtype.itemsize > 1 else f">{array.dtype.str[1:]}"
    file.write(struct.pack(f">2xBB{array.ndim}I", CODES[kind], array.ndim, *array.shape))
    file.write(np.ascontiguousarray(array, kind).tobytes())


def begins(start: bytes) -> bool:
    """Return whether content is of this format."""
    return start[:2] == b"\0\0" and len(start) > 3 and start[2] in KINDS and 1 <= start[3] <= MOST


FORMAT = Format(suffixes=SUFFIXES, begins=begins, read=read, save=save, uses=("alphabet", "threshold", "grey"))
