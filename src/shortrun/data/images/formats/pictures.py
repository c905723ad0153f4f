"""Pictures: folders of grey images, those of a class in a folder of its own; and one picture of many samples."""

from __future__ import annotations

from collections import Counter
from functools import partial
from io import BufferedWriter
from pathlib import Path

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.kind import ImageKind
from shortrun.data.core.libraries import library
from shortrun.data.core.request import Request
from shortrun.data.folders import Listing, Member, each_read, listing, places, without
from shortrun.data.images.encoding import BYTE, DEEP, encode_images, is_images, pixels_of, threshold_note
from shortrun.data.images.pixels import FORMATS, PILLOW, Picture, picture_of, size_of
from shortrun.errors import FormatError
from shortrun.phrases import counted

SUFFIXES = tuple(suffix for each in FORMATS.values() for suffix in each)

BEGINNINGS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
COLUMNS = 10  # samples of a class in a picture
LARGE = 2**33  # bytes of pixels: more are a mistake


def read(path: Path, options: Request) -> Dataset:
    """Read a folder FOLDER/CLASS/NAME.png (or .jpg, ...), or one image, colours as grey.

    Images of one size are expected, unless `options.image_size` asks for one; with `options.skip_bad` those of another
    than most are left out. They become black and white at `options.threshold`, by default 0.3, unless `options.grey`.
    Images that lie in no folder of a class are unlabelled. Folders train and test are parts.

    Raises
    ------
    FormatError
        If a file is no image, or of another size than most.
    MissingExtraError
        If pillow is not installed.
    """
    size = size_of(options.image_size)
    found = listing(path, SUFFIXES, options.part)
    found, pictures = each_read(found, partial(small_enough, len(found.files), size), options.skip_bad)
    found, pictures = of_one_size(found, pictures, options.skip_bad)
    pixels = [picture.pixels for picture in pictures]
    deep = any(each.dtype == np.uint16 for each in pixels)
    grey = np.stack([each * np.uint16(DEEP // BYTE) if deep and each.dtype == np.uint8 else each for each in pixels])
    values, alphabet, scale = encode_images(grey, options, options.alphabet, DEEP if deep else BYTE)
    labels, names = [file.label for file in found.files], [file.name for file in found.files]
    data = Dataset.from_arrays(values, labels, names=names, alphabet=alphabet)
    suffix = Counter(file.path.suffix for file in found.files).most_common(1)[0][0]
    data = data.with_kind(image=ImageKind(grey.shape[1:], scale), suffix=suffix)
    return data.with_notes(*found.notes, *changes_of(pictures, deep), *threshold_note(data, grey, options))


def small_enough(count: int, size: tuple[int, int] | None, file: Member) -> Picture:
    """Return the image in a file, of which there are `count`.

    Raises
    ------
    FormatError
        If so many do not fit in memory.
    """
    picture = picture_of(file.path, size)
    need = count * picture.pixels.nbytes
    if need > LARGE:
        width, height = picture.size
        reason = f"is {width}x{height} pixels, {count:,} images need {need / 2**30:.0f} GiB"
        raise FormatError(file.path, None, f"{reason}: --image-size 64x64 resizes them")
    return picture


def of_one_size(found: Listing, pictures: list[Picture], skip_bad: bool) -> tuple[Listing, list[Picture]]:
    """Return the images of the size that most have.

    Raises
    ------
    FormatError
        If there are others, unless those are to be left out.
    """
    sizes = Counter(picture.pixels.shape for picture in pictures)
    (shape, count), (height, width) = sizes.most_common(1)[0], sizes.most_common(1)[0][0]
    odd = [i for i, picture in enumerate(pictures) if picture.pixels.shape != shape]
    told = [f"{found.files[i].path.name} is {'x'.join(map(str, pictures[i].size))}" for i in odd]
    if odd and not skip_bad:
        reason = f"{told[0].rpartition(' ')[2]} pixels, {count:,} of {len(pictures):,} are {width}x{height}"
        tip = f"--image-size {width}x{height} resizes all, --skip-bad leaves the others out"
        raise FormatError(found.files[odd[0]].path, None, f"is {reason}: {tip}")
    kept = [i for i in range(len(pictures)) if i not in set(odd)]
    found = without(found, [found.files[i] for i in kept], told, f"are not of {width}x{height} pixels")
    return found, [pictures[i] for i in kept]


def changes_of(pictures: list[Picture], deep: bool) -> list[str]:
    """Return what was changed of images, a line each, with counts."""
    every = Counter(change for picture in pictures for change in picture.changes)
    notes = [f"{counted(count, 'image')} {change}" for change, count in sorted(every.items())]
    height, width = pictures[0].pixels.shape
    resized = [picture.size for picture in pictures if picture.size != (width, height)]
    if resized:
        stretched = sum(w * height != h * width for w, h in resized)
        other = f", {stretched:,} of them stretched" if stretched else ""
        notes.append(f"{counted(len(resized), 'image')} resized to {width}x{height} pixels{other}")
    shallow = sum(picture.pixels.dtype == np.uint8 for picture in pictures)
    if deep and shallow:
        notes.append(f"{counted(shallow, 'image')} of 8 bits put on the scale of the others, 16 bits")
    return notes


def write_folder(folder: Path, dataset: Dataset) -> None:
    """Write FOLDER/CLASS/NAME.png a sample, in 8 bits of grey, or 16 where it was read so.

    Raises
    ------
    DataError
        If the samples are no images.
    """
    pillow, scale = library(*PILLOW), DEEP if dataset.kind.image.full_scale == DEEP else BYTE
    classes = np.array([*dataset.classes, ""], dtype=object)  # the code -1 picks the last
    files = places(folder, dataset.names, classes[dataset.labels], ".png")
    for file, pixels in zip(files, pixels_of(dataset, scale), strict=True):
        pillow.fromarray(pixels).save(file)


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:
    """Write one picture, of the suffix's kind: first samples of each class in a row, or all where there are no classes.

    Raises
    ------
    DataError
        If the samples are no images.
    """
    form = next(name for name, suffixes in FORMATS.items() if suffix in suffixes)
    library(*PILLOW).fromarray(grid(pixels_of(dataset), rows_of(dataset))).save(file, form)


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
    """Return whether content is of one of these formats."""
    webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    bitmap = start[:2] == b"BM" and start[6:10] == bytes(4)
    return webp or bitmap or start.startswith(BEGINNINGS)


FORMAT = Format(
    suffixes=SUFFIXES,
    begins=begins,
    read=read,
    write=write,
    write_folder=write_folder,
    fits=is_images,
    uses=("alphabet", "threshold", "grey", "image_size", "part", "skip_bad"),
)
