"""Rows: data larger than memory as shortrun keeps them, with all that is known of them, in one file.

The file is laid out as safetensors: 8 bytes with the length of the header, the header as JSON, and the arrays. `values`
come first and begin at a page, so that they can stay in the file as a memory map; `about` is JSON.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from shortrun import jsons
from shortrun.data.core import blocks, disk
from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import HASH, ROW_HASHES, Dataset, checked, hash_begun, hash_ended
from shortrun.data.core.disk import FIRST
from shortrun.data.core.format import EVERYWHERE, Format
from shortrun.data.core.kind import Kind
from shortrun.data.core.likeness import hashes_in
from shortrun.data.core.request import Request
from shortrun.data.core.words import plain
from shortrun.data.genotypes.chosen import on_sites
from shortrun.data.tables.stored import arrays_of_cells, cells_in
from shortrun.errors import ConfigError, DataError, FormatError, LackingError
from shortrun.files import atomic
from shortrun.settings import Reading, options

SUFFIXES = (".rows",)
USES = ("alphabet", "region", "maf", "thin", "label_column", "group")  # options of reading
REMEMBERED = {each.keyword for each in options(Reading) if each.remembered == "always"} | {"label_column", "group"}

LENGTH = 8  # bytes that say how long the header is
MARK = b'{"__metadata__": {"program": "shortrun rows 1"'  # what the header begins with
DTYPES = {"U8": "|u1", "F32": "<f4", "I32": "<i4", "I64": "<i8"}
CODES = {np.dtype(kind): code for code, kind in DTYPES.items()}
DAMAGED = "is a truncated or damaged file of rows"
Arrays = dict[str, np.ndarray]


# Reading


def read(path: Path, asked: Request) -> Dataset:
    """Read samples whose values stay in the file; all of it is looked at once, for its checksums.

    Sites of genotypes are those that `asked.region`, `maf` and `thin` leave, or those of other data.

    Raises
    ------
    FormatError
        If the file is damaged, or a column or an alphabet is asked for that it has not.
    """
    with path.open("rb") as file:
        header = header_in(path, file.read(FIRST), path.stat().st_size)
    sums, arrays = header.pop("__metadata__"), {name: mapped(path, form) for name, form in header.items()}
    small = {name: np.array(array) for name, array in arrays.items() if name != "values"}
    for name, array in small.items():
        if sums.get(name) != summed(zlib.crc32(array.data)):
            raise FormatError(path, None, f"is damaged: '{name}' is not as it was written")
    try:
        about = jsons.loads(small["about"].tobytes())
        kind = Kind.from_dict(about["kind"])
        check_asked(path, kind, asked)  # before all values are looked at
        data = dataset_of(arrays["values"], small, kind, about, sums.get("values", ""))
    except (ConfigError, FormatError):
        raise
    except DataError as error:
        raise FormatError(path, None, f"is damaged: {error}") from None
    except (KeyError, TypeError, ValueError):
        raise FormatError(path, None, DAMAGED) from None
    return on_sites(data, asked)


def header_in(path: Path, start: bytes, size: int) -> dict[str, Any]:
    """Return the header of a file that begins so, after checking that its arrays fill the file.

    Raises
    ------
    FormatError
        If they do not, or there is no header.
    """
    try:
        if not begins(start):
            raise ValueError
        header = jsons.loads(start[LENGTH:])
        forms = {name: form for name, form in header.items() if name != "__metadata__"}
        place = 0
        for form in forms.values():
            begin, end = form["data_offsets"]
            if begin != place or end - begin != math.prod(form["shape"]) * np.dtype(DTYPES[form["dtype"]]).itemsize:
                raise ValueError
            place = end
        if FIRST + place != size or len(forms["values"]["shape"]) != 2 or 0 in forms["values"]["shape"]:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise FormatError(path, None, DAMAGED) from None
    return header


def mapped(path: Path, form: Mapping[str, Any]) -> np.ndarray:
    """Return an array as a memory map."""
    shape = tuple(form["shape"])
    if not math.prod(shape):
        return np.zeros(shape, DTYPES[form["dtype"]])
    with path.open("rb") as file:
        return blocks.mapped(file, DTYPES[form["dtype"]], FIRST + form["data_offsets"][0], shape)


def dataset_of(
    values: np.ndarray, arrays: Mapping[str, np.ndarray], kind: Kind, about: Mapping[str, Any], expected: str
) -> Dataset:
    """Return the samples that arrays are, after looking at all values.

    Raises
    ------
    DataError
        If values are not those that were written, or the arrays do not go together.
    """
    found = 0
    for part in checked(values, kind):
        found = zlib.crc32(part.data, found)
    if summed(found) != expected:
        raise DataError("values are not as they were written")
    groups = about["groups"]
    data = Dataset.looked_at(
        {
            "values": values,
            "labels": arrays["labels"].astype(np.int64),
            "weights": arrays["weights"].astype(np.float32),
            "names": np.array(about["names"], str),
            "kind": kind,
            "classes": tuple(about["classes"]),
            "groups": None if groups is None else np.array(groups, str),
            "notes": tuple(about["notes"]),
            "original": cells_in(arrays, len(values)),
        }
    )
    if HASH in about and ROW_HASHES in arrays:  # which earlier versions did not keep
        vars(data).update({HASH: str(about[HASH]), ROW_HASHES: arrays[ROW_HASHES].view(np.uint64)})
    return data


def check_asked(path: Path, kind: Kind, asked: Request) -> None:
    """Check that what is asked of a file is what it holds: it was read with its options already.

    Raises
    ------
    ConfigError
        If an option is asked for that was of use when the first file was converted, and it was not converted so.
    FormatError
        If it has another label, group or alphabet.
    """
    again = "convert the first file again"
    for name, what in (("label_column", "label"), ("group", "group")):
        column, known = getattr(asked, name), getattr(kind.reading, name)
        if column is not None and (known is None or plain(column) != plain(known)):
            has = f"has no {what} '{column}'" if known is None else f"has the {what} '{known}', not '{column}'"
            raise LackingError(path, None, f"{has}: {again}, or give a labels file with that column")
    for name in sorted(asked.asked - {*EVERYWHERE, *USES}):
        known = kind.reading.given.get(name)
        if known is None or known != getattr(asked, name):
            was = "" if name not in REMEMBERED else ", here without it" if known is None else f", here with {known!r}"
            raise ConfigError(name, f"is of use when a file is converted to rows{was}: {again} to change it")
    wanted, alphabet = asked.alphabet, kind.alphabet
    known = ("continuous",) if kind.continuous else () if alphabet is None else (alphabet.name, alphabet.letters)
    if wanted is not None and (wanted.letters if isinstance(wanted, Alphabet) else wanted) not in known:
        name = wanted.name if isinstance(wanted, Alphabet) else wanted
        raise FormatError(path, None, f"holds {kind.words}, not {name}: convert the first file again")


# Writing


def save(path: Path, dataset: Dataset) -> None:
    """Write samples with all that is known of them; large values that were made beside the file become the file.

    Raises
    ------
    DataError
        If the file is to be packed.
    StoreError
        If it cannot be written; before anything is written, if the disk is too small.
    """
    if path.suffix.lower() == ".gz":
        raise DataError("rows are not packed, since they are read from the file: leave out .gz")
    values = dataset.values
    with atomic(path) as temporary:
        named = disk.name(values, temporary)
        with disk.made_in(path.absolute().parent):
            disk.check_room(0 if named else values.nbytes)
        with temporary.open("r+b" if named else "wb") as file:
            found = write_values(file, dataset, written=named)
            sums = {"program": "shortrun rows 1", "values": found.sum}
            form = {"values": form_of(values, 0)}
            for name, array in others(dataset, found).items():
                form[name] = form_of(array, file.tell() - FIRST)
                sums[name] = summed(zlib.crc32(array.data))
                file.write(array.data)
            header = jsons.dumps({"__metadata__": sums, **form}).encode()
            file.seek(0)
            file.write((FIRST - LENGTH).to_bytes(LENGTH, "little") + header.ljust(FIRST - LENGTH))


class Found(NamedTuple):
    """What looking at all values finds: their checksum, the hash of the samples and that of each one."""

    sum: str
    hash: str
    row_hashes: np.ndarray


def write_values(file: IO[bytes], dataset: Dataset, *, written: bool) -> Found:
    """Write values unless they are in the file already, stand behind them then, and return what is found in them."""
    values, found, rows, digest = dataset.values, 0, [], hash_begun(dataset)
    file.seek(FIRST)
    for _, part in scan(values):
        part = np.ascontiguousarray(part, DTYPES[CODES[values.dtype]])
        found = zlib.crc32(part.data, found)
        digest.update(part.data)
        rows.append(hashes_in(part))
        if not written:
            file.write(part.data)
    file.seek(FIRST + values.nbytes)
    return Found(summed(found), hash_ended(digest, dataset), np.concatenate(rows))


def others(dataset: Dataset, found: Found) -> Arrays:
    """Return what is kept besides the values."""
    kind = dataset.kind.to_dict() | {"reading": for_further_files(dataset.kind.reading)}
    if dataset.kind.alignment.remarks:
        kind["alignment"] = {**kind.get("alignment", {}), "remarks": dict(dataset.kind.alignment.remarks)}
    groups = None if dataset.groups is None else dataset.groups.tolist()
    names = {"names": dataset.names.tolist(), "groups": groups, "classes": dataset.classes, "notes": dataset.notes}
    about = jsons.dumps({"kind": kind, **names, HASH: found.hash}).encode()
    cells = {name: as_stored(array) for name, array in arrays_of_cells(dataset).items()}
    return {
        "labels": as_stored(dataset.labels),
        "weights": as_stored(dataset.weights),
        "about": np.frombuffer(about, np.uint8),
        ROW_HASHES: as_stored(found.row_hashes.view(np.int64)),
        **cells,
    }


def for_further_files(reading: Reading) -> dict[str, Any]:
    """Return the options that further files are read with as the first was, as JSON; others are about that file."""
    return reading.model_dump(mode="json", include=REMEMBERED & reading.model_fields_set)


def as_stored(array: np.ndarray) -> np.ndarray:
    """Return an array in one of the types of the file."""
    kind = array.dtype if array.dtype in CODES else np.dtype("<i8")
    return np.ascontiguousarray(array, kind.newbyteorder("<"))


def form_of(array: np.ndarray, place: int) -> dict[str, Any]:
    """Return what the header says of an array."""
    return {"dtype": CODES[array.dtype], "shape": array.shape, "data_offsets": [place, place + array.nbytes]}


def summed(checksum: int) -> str:
    """Return a checksum as the header has it."""
    return f"{checksum:08x}"


def begins(start: bytes) -> bool:
    """Return whether content begins as such a file does."""
    return start[LENGTH : LENGTH + len(MARK)] == MARK and int.from_bytes(start[:LENGTH], "little") == FIRST - LENGTH


FORMAT = Format(
    suffixes=SUFFIXES,
    begins=begins,
    unpacks=(),
    read=read,
    save=save,
    exact=True,
    uses=USES,
    checks=True,
)
