"""Arrays as NumPy's files hold them; shared by .npz and .npy. Large ones stay in their file."""

from __future__ import annotations

import io
import math
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, cast

import numpy as np
from numpy.lib.npyio import NpzFile

from shortrun.data.core import blocks, boundary
from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import GenotypeKind, ImageKind
from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import MAGIC, check_unpacked, is_packed, read_bytes
from shortrun.data.core.request import Request
from shortrun.data.core.values import is_grey
from shortrun.data.genotypes.variants import variants_in
from shortrun.data.images.encoding import check_grey, encode_images
from shortrun.data.music.encoding import from_arrays as music_of
from shortrun.data.tables.arrays import as_table, with_spread
from shortrun.data.tables.stored import DAMAGED, cells_in, from_json
from shortrun.errors import DataError, FormatError, ShortrunError
from shortrun.files import explain

USES = (
    *("alphabet", "threshold", "grey", "frames", "time_bin", "stride", "group"),
    *("missing", "bins", "categorical", "numeric", "ignore"),
)  # options of reading
LARGE = 2**26  # bytes: arrays beyond it stay in the file
LAST_LETTER = 0x10FFFF  # of Unicode; 0xD800 to 0xDFFF are none
PIECE = 2**22  # bytes copied at a time
NPY = b"\x93NUMPY"  # what a file begins with
PLAIN = "is no plain NumPy file (pickled Python objects are never read)"
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def load(path: Path) -> Any:
    """Return what is in a file of NumPy's: one array, or a mapping to read arrays from with `array`.

    An array of more than 64 MB that is not packed stays in the file, as a memory map.

    Raises
    ------
    FormatError
        If it cannot be read.
    """
    packed = is_packed(path)
    large = not packed and path.stat().st_size > LARGE
    with boundary.quiet(), path.open("rb") if large else io.BytesIO(read_bytes(path)) as file:
        try:
            start = file.read(len(NPY))
            if start.startswith(MAGIC["zip"]):
                return np.load(path if not packed else io.BytesIO(read_bytes(path)), allow_pickle=False)
            if start != NPY:
                raise FormatError(path, None, PLAIN)
            return mapped(file, 0) if large else whole(file.getvalue())  # pyright: ignore[reportAttributeAccessIssue]
        except ShortrunError:
            raise
        except boundary.FOREIGN as error:
            raise FormatError(path, None, complaint(error)) from None


def array(path: Path, arrays: NpzFile, key: str) -> np.ndarray:
    """Return one array of a file; one of more than 64 MB stays there, or waits unpacked in a nameless file.

    Raises
    ------
    FormatError
        If there is none of that name (names the nearest) or it is damaged.
    """
    if key not in arrays:
        raise FormatError(path, None, f"no array '{key}'{did_you_mean(key, arrays)}")
    try:
        return member(path, cast(zipfile.ZipFile, arrays.zip), key)
    except ShortrunError:
        raise
    except boundary.FOREIGN as error:
        raise FormatError(path, None, f"array '{key}': {complaint(error)}") from None


def member(path: Path, arrays: zipfile.ZipFile, key: str) -> np.ndarray:
    """Return the array that a member of an .npz file holds."""
    name = key + ".npy"
    info = arrays.getinfo(name if name in arrays.NameToInfo else key)
    if info.file_size > LARGE:  # no more than that is unpacked
        return large_array(path, arrays, info)
    with arrays.open(info) as content:
        return whole(content.read())


def large_array(path: Path, arrays: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """Return an array of an .npz file whose values stay on the disk; all of it is read once, to check its CRC."""
    stored, count = member.compress_type == zipfile.ZIP_STORED and not is_packed(path), 0
    with path.open("rb") if stored else tempfile.TemporaryFile() as file, arrays.open(member) as content:
        while piece := content.read(PIECE):
            count += len(piece)
            if not stored:
                check_unpacked(path, count)
                file.write(piece)
        return mapped(file, first_byte(file, member) if stored else 0, count)


def first_byte(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Return where the content of a member of a zip file begins: after its header of 30 bytes, name and extras."""
    file.seek(member.header_offset + 26)
    return member.header_offset + 30 + sum(np.frombuffer(file.read(4), "<u2").tolist())


def mapped(file: Any, start: int, size: int | None = None) -> np.ndarray:
    """Return a memory map of the .npy array that begins at a byte of a file, and is so many bytes with its header."""
    end = file.seek(0, io.SEEK_END) if size is None else start + size
    file.seek(start)
    form = header_of(file, end)
    return valid(blocks.mapped(file, form.kind, file.tell(), form.shape, form.order))


def whole(content: bytes) -> np.ndarray:
    """Return the array that the content of an .npy file is."""
    file = io.BytesIO(content)
    form = header_of(file, len(content))
    values = np.frombuffer(content, form.kind, math.prod(form.shape), file.tell())
    return valid(values.reshape(form.shape, order=form.order).copy(form.order))


def valid(values: np.ndarray) -> np.ndarray:
    """Return an array after checking that its texts are Unicode: NumPy takes any number for a letter.

    Raises
    ------
    ValueError
        If they are not.
    """
    if values.dtype.kind == "U" and values.size:
        for _, part in scan(np.atleast_1d(values)):
            kind = np.dtype("u4").newbyteorder(part.dtype.byteorder)
            letters = np.frombuffer(np.ascontiguousarray(part).tobytes(), kind)
            if (letters > LAST_LETTER).any() or ((letters >= 0xD800) & (letters < 0xE000)).any():
                raise ValueError("texts that are no Unicode")
    return values


class Header(NamedTuple):
    """What the header of an .npy file says."""

    kind: np.dtype
    shape: tuple[int, ...]
    order: Literal["F", "C"]


def header_of(file: Any, end: int) -> Header:
    """Return the header of an .npy file, and stand behind it; its values must go up to the byte `end`.

    Raises
    ------
    ValueError
        If they do not, or the header is wrong in another way; libraries may raise something else then.
    """
    shape, by_columns, kind = HEADERS[np.lib.format.read_magic(file)](file)
    if kind.hasobject:
        raise ValueError("Object arrays are pickled")
    if min(shape, default=1) < 0 or math.prod(shape) * kind.itemsize > end - file.tell():
        raise ValueError("the file ends before the values")
    if not kind.itemsize and math.prod(shape) > 0:
        raise ValueError("values of no bytes")
    return Header(kind, shape, "F" if by_columns else "C")


def complaint(error: BaseException) -> str:
    """Return in words why NumPy could not read something."""
    if isinstance(error, MemoryError):
        return boundary.complaint(error)
    if isinstance(error, OSError) and error.errno:
        return explain(error)
    if isinstance(error, ValueError) and ("pickle" in str(error) or "Object" in str(error)):
        return PLAIN
    return "is a truncated or damaged NumPy file"


def to_dataset(found: Mapping[str, Any], alphabet: Alphabet | str | None, options: Request) -> Dataset:
    """Return the data set of arrays by role: x, y, classes, names, weights, group, image_shape, start, time_bin.

    With `full_scale`, which we write with grey values, they stay grey unless a threshold is asked for.

    Raises
    ------
    DataError
        If the arrays do not agree.
    """
    check_grey(options)
    values, shape = found["x"], found.get("image_shape")
    try:
        table = as_table(values, options) if alphabet is None and values.dtype.kind in "iufb" else None
    except FormatError as error:  # which knows no file
        raise DataError(str(error).replace(f"{error.path}: ", "")) from None
    if table is not None:
        data = about(found, np.zeros((len(values), 1), np.uint8))
        if len(table) != len(data):
            raise DataError("rows of an array cannot be left out: '--missing category' keeps them")
        return data.with_values(table.values, table.kind).with_original(table.original).with_notes(*table.notes)
    scale = None
    if "full_scale" in found and alphabet is None and options.threshold is None:
        options, scale = options.but(grey=True), int(np.ravel(found["full_scale"])[0])
    if options.grey or (alphabet is None and (options.threshold is not None or is_grey(values))):
        values, alphabet, scale = encode_images(values, options, alphabet, scale)
    data = with_spread(about(found, values, alphabet=alphabet))
    image = ImageKind(data.kind.image.shape if shape is None else tuple(shape.tolist()), scale)
    data = data.with_kind(image=image, genotypes=GenotypeKind(variants_in(found, data.sites)))
    time_bin = options.time_bin or (str(np.ravel(found["time_bin"])[0]) if "time_bin" in found else None)
    if time_bin is None and options.frames is None:
        return data
    return music_of(data, found.get("start"), options.but(time_bin=time_bin))


def check_whole(path: Path, asked: Mapping[str, str], part: str | None) -> None:
    """Raise FormatError if a part is asked for beside the array that holds the samples."""
    if part is not None and "x" in asked:
        raise FormatError(path, None, f"no part '{part}': array '{asked['x']}' holds all samples")


class Named(NamedTuple):
    """An array of names by their codes, which is never made as a whole."""

    names: np.ndarray
    codes: np.ndarray


def write_blocks(file: Any, column: np.ndarray | Named) -> None:
    """Write an array to an open file as NumPy's .npy, block by block."""
    named = isinstance(column, Named)
    whole, kind = (column.codes, column.names.dtype) if named else (column, column.dtype)
    form: dict[str, Any] = {
        "descr": np.lib.format.dtype_to_descr(kind),
        "fortran_order": False,
        "shape": whole.shape,
    }
    np.lib.format.write_array_header_1_0(file, form)
    for _, part in scan(whole):
        file.write(np.ascontiguousarray(column.names[part] if named else part).tobytes())


def to_table(found: Mapping[str, Any], form: str) -> Dataset:
    """Return the data set of a table's codes, with what `tables.to_json` said of its columns.

    Raises
    ------
    DataError
        If that is not what it is, or does not go with the codes.
    """
    columns, table = from_json(form)
    data = about(found, found["x"], columns=columns).with_kind(table=table)
    original = cells_in(found, len(data))
    if original is not None and (len(original.columns) != len(table.header) or len(original.sites) != data.sites):
        raise DataError(DAMAGED)
    return data.with_original(original)


def about(found: Mapping[str, Any], values: np.ndarray, **codes: Any) -> Dataset:
    """Return values with what arrays by role say of the samples; `codes` says what the values mean."""
    classes = found.get("classes")
    return Dataset.from_arrays(
        values,
        found.get("y"),
        classes=None if classes is None else classes.astype(str).tolist(),
        names=found.get("names"),
        weights=found.get("weights"),
        groups=found.get("group"),
        **codes,
    )
