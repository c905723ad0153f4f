"""The pixels of a file of an image as Pillow finds them: grey, upright, of the size asked for."""

from __future__ import annotations

import contextlib
import math
import re
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shortrun.data.core import boundary
from shortrun.data.core.libraries import library
from shortrun.data.core.raw import read_bytes
from shortrun.data.images.encoding import DEEP
from shortrun.errors import ConfigError, FormatError, ShortrunError

PILLOW = "PIL.Image", "pillow", "io"
FORMATS = {  # of Pillow, by the endings of their files
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "PPM": (".pgm", ".pbm", ".ppm"),
}
TIFF = (b"II", b"MM")  # what its files begin with
MOST = 65535  # width or height
GIF_PIXELS = 4096 * 4096 // 2 // (4096 * 12 // 8)  # of a byte, at most: words grow by a pixel, 12 bits for the longest
TIFF_PIXELS, DEFLATED, COMPRESSION = 8, 1032, 259  # of a byte, at most; how often it grows; the tag that says how
COLOURED, TRANSPARENT, FRAMES, TURNED = (
    "in colour, read as grey",
    "with transparency, which is left out",
    "of several frames, of which the first is read",
    "turned upright, as their EXIF data say",
)


class Picture(NamedTuple):
    """An image: (h, w) grey values, uint8 or uint16, (width, height) in its file, and what was changed of it."""

    pixels: np.ndarray
    size: tuple[int, int]
    changes: frozenset[str]


def size_of(text: str | None) -> tuple[int, int] | None:
    """Return the width and height that a text such as 28x28 says.

    Raises
    ------
    ConfigError
        If it says none.
    """
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    width, height = map(int, found.groups()) if found else (0, 0)
    if not (1 <= width <= MOST and 1 <= height <= MOST):
        raise ConfigError("image_size", f"WIDTHxHEIGHT in pixels expected, as 28x28, got '{text}'")
    return width, height


def picture_of(path: Path, size: tuple[int, int] | None = None) -> Picture:
    """Return the image in a file, resized if a (width, height) is given.

    Raises
    ------
    FormatError
        If the file is no image, damaged, or has other values than 8 or 16 bits of grey or colours.
    MissingExtraError
        If pillow is not installed.
    """
    pillow, content = library(*PILLOW), read_bytes(path)
    try:
        mute = boundary.mute() if content.startswith(TIFF) else contextlib.nullcontext()  # libtiff talks
        with mute, pillow.open(BytesIO(content), formats=[*FORMATS]) as image:
            check_pixels(path, image)
            return taken(path, image, size)
    except (ShortrunError, MemoryError):
        raise
    except pillow.DecompressionBombError as error:
        raise FormatError(path, None, f"is too large: {str(error).partition(',')[0].lower()}") from None
    except boundary.FOREIGN as error:
        known = isinstance(error, pillow.UnidentifiedImageError)
        what = f"is no image of a known kind ({', '.join(FORMATS)})" if known else "is a truncated or damaged image"
        raise FormatError(path, None, what) from None


def check_pixels(path: Path, image: Any) -> None:
    """Raise FormatError if an image that is not decoded yet is said to be larger than Pillow thinks wise."""
    (width, height), most = image.size, library(*PILLOW).MAX_IMAGE_PIXELS
    if most and width * height > most:
        raise FormatError(path, None, f"is {width}x{height} pixels, at most {most:,} are read")
    size = path.stat().st_size
    if width * height > densest(image) * size:
        raise FormatError(path, None, f"is a damaged image: {width}x{height} pixels in {size:,} bytes")


def densest(image: Any) -> float:
    """Return how many pixels a byte of a file holds at most; of other formats Pillow finds out that pixels lack."""
    if image.format == "TIFF":
        return TIFF_PIXELS if image.tag_v2.get(COMPRESSION, 1) == 1 else TIFF_PIXELS * DEFLATED
    return GIF_PIXELS if image.format == "GIF" else math.inf


def taken(path: Path, image: Any, size: tuple[int, int] | None) -> Picture:
    """Return an open image of Pillow's as grey pixels."""
    several = image.is_animated if image.format == "GIF" else getattr(image, "n_frames", 1) > 1  # frames uncounted
    changes = {FRAMES} if several and image.format != "MPO" else set()  # which is a photograph
    whole, mode = image.size, image.mode
    if size is not None:
        image.draft("L", size)  # of a JPEG, fewer pixels are decoded, and no colours
    changes |= {COLOURED} if image.mode != mode else set()
    image, turned = upright(image)
    changes |= {TURNED} if turned else set()
    deep = image.mode.startswith("I")
    if not deep:
        image, more = grey(path, image)
        changes |= more
    if size is not None and image.size != size:
        resampling = library(*PILLOW).Resampling.BILINEAR  # of what is larger, all pixels count; no overshoot
        image = (image.convert("I") if deep else image).resize(size, resampling)
    pixels = np.asarray(image)
    if deep and not 0 <= pixels.min() <= pixels.max() <= DEEP:
        raise FormatError(path, None, f"grey values of 0 to {DEEP} expected, got {pixels.min()} to {pixels.max()}")
    return Picture(pixels.astype(np.uint16 if deep else np.uint8), whole, frozenset(changes))


def upright(image: Any) -> tuple[Any, bool]:
    """Return an image as it is looked at, and whether it was turned."""
    from PIL import ImageOps

    if image.getexif().get(0x0112, 1) == 1:
        return image, False
    return ImageOps.exif_transpose(image), True


def grey(path: Path, image: Any) -> tuple[Any, set[str]]:
    """Return an image of Pillow's in 8 bits of grey, and what was changed."""
    if image.mode == "F":
        raise FormatError(path, None, "holds fractions: grey values of 8 or 16 bits expected")
    changes = set()
    if "transparency" in image.info or image.mode in ("LA", "RGBA", "PA", "La", "RGBa"):
        image = image.convert("RGBA") if image.mode != "LA" else image
        changes |= {TRANSPARENT} if image.getchannel("A").getextrema()[0] < 255 else set()
    if image.mode not in ("L", "LA", "1"):
        colours = image.convert("RGB")
        bands = [colours.getchannel(band) for band in "RGB"]
        changes |= set() if bands[0] == bands[1] == bands[2] else {COLOURED}
    return image.convert("L"), changes
