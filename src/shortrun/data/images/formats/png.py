"""PNG: folders of grey images, those of a class in a folder of its own; and one picture of many samples."""

from __future__ import annotations

from io import BufferedWriter, BytesIO
from pathlib import Path
from types import ModuleType

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.kind import ImageKind
from shortrun.data.core.raw import read_bytes
from shortrun.data.core.request import Request
from shortrun.data.folders import Member, members, places
from shortrun.data.images.encoding import BYTE, encode_images, is_images, pixels_of
from shortrun.errors import FormatError, MissingExtraError

SUFFIXES = (".png",)

COLUMNS = 10  # samples of a class in a picture
DEEP = 65535  # full scale of 16 bits


def read(path: Path, options: Request) -> Dataset:
    """Read a folder FOLDER/CLASS/NAME.png, or one image; all of one size, colours as grey.

    Images become black and white at `options.threshold`, by default 0.3, unless `options.grey`. Images that lie in no
    folder of a class are unlabelled.

    Raises
    ------
    FormatError
        If a file is no PNG image, or not of the size or the depth of the first.
    MissingExtraError
        If pillow is not installed.
    """
    files = members(path, SUFFIXES) if path.is_dir() else [Member(path.stem, "", path)]
    images = [read_image(file.path) for file in files]
    for file, image in zip(files, images, strict=True):
        check_like(file.path, image, images[0])
    scale = DEEP if images[0].dtype == np.uint16 else BYTE
    values, alphabet, scale = encode_images(np.stack(images), options, options.alphabet, scale)
    labels, names = [file.label for file in files], [file.name for file in files]
    data = Dataset.from_arrays(values, labels, names=names, alphabet=alphabet)
    return data.with_kind(image=ImageKind(images[0].shape, scale), suffix=".png")


def read_image(path: Path) -> np.ndarray:
    """Return (h, w) grey values, uint8, or uint16 where the file has 16 bits of grey."""
    pillow, content = image_library(), read_bytes(path)
    try:
        with pillow.open(BytesIO(content), formats=["PNG"]) as image:
            deep = image.mode.startswith("I")
            return np.array(image, np.uint16) if deep else np.array(image.convert("L"))
    except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
        known = isinstance(error, pillow.UnidentifiedImageError)
        raise FormatError(path, None, "is no PNG image" if known else "is a truncated or damaged PNG image") from None


def check_like(path: Path, image: np.ndarray, first: np.ndarray) -> None:
    """Raise FormatError unless an image is of the size and the depth of the first."""
    if (image.shape, image.dtype) != (first.shape, first.dtype):
        (height, width), (rows, columns) = image.shape, first.shape
        found, expected = f"{width}x{height} of {image.dtype}", f"{columns}x{rows} of {first.dtype}"
        raise FormatError(path, None, f"is {found} pixels, the first image is {expected}: images of one size expected")


def image_library() -> ModuleType:
    """Return pillow's images.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("pillow", "io") from None
    return Image


def write_folder(folder: Path, dataset: Dataset) -> None:
    """Write FOLDER/CLASS/NAME.png a sample, in 8 bits of grey, or 16 where it was read so.

    Raises
    ------
    DataError
        If the samples are no images.
    """
    pillow, scale = image_library(), DEEP if dataset.kind.image.full_scale == DEEP else BYTE
    classes = np.array([*dataset.classes, ""], dtype=object)  # the code -1 picks the last
    files = places(folder, dataset.names, classes[dataset.labels], ".png")
    for file, pixels in zip(files, pixels_of(dataset, scale), strict=True):
        pillow.fromarray(pixels).save(file)


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write one picture: the first samples of each class in a row, or all of them where there are no classes.

    Raises
    ------
    DataError
        If the samples are no images.
    """
    image_library().fromarray(grid(pixels_of(dataset), rows_of(dataset))).save(file, "PNG")


def rows_of(dataset: Dataset) -> list[np.ndarray]:
    """Return which samples are in each row of a picture."""
    if dataset.classes:
        return [np.flatnonzero(dataset.labels == code)[:COLUMNS] for code in range(len(dataset.classes))]
    return np.split(np.arange(len(dataset)), range(COLUMNS, len(dataset), COLUMNS))


def grid(pixels: np.ndarray, rows: list[np.ndarray]) -> np.ndarray:
    """Return images beside and below each other, a pixel apart, dark on white where they are light on black."""
    height, width = pixels.shape[1] + 1, pixels.shape[2] + 1
    picture = np.zeros((len(rows) * height + 1, max(map(len, rows)) * width + 1), np.uint8)
    for top, row in enumerate(rows):
        for left, sample in enumerate(row):
            y, x = top * height + 1, left * width + 1
            picture[y : y + height - 1, x : x + width - 1] = pixels[sample]
    return np.uint8(BYTE) - picture


def begins(start: bytes) -> bool:
    """Return whether content is of this format."""
    return start.startswith(b"\x89PNG")


FORMAT = Format(suffixes=SUFFIXES, begins=begins, read=read, write=write, write_folder=write_folder, fits=is_images)
