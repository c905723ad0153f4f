"""All formats, found in the folders `formats` of every domain, and which of them a path is of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.kind import Kind
from shortrun.data.core.request import Request
from shortrun.data.folders import walked
from shortrun.errors import FormatError, nearest
from shortrun.files import atomic_folder
from shortrun.registry import modules, packages

PLACES = packages("shortrun.data", "formats")  # of every domain


def formats() -> Iterator[Format]:
    """Yield every format, in the order of their names."""
    for module in modules(PLACES):
        yield module.FORMAT


def format_of(path: Path, able_to: str = "read") -> tuple[Format, str]:
    """Return the format of a path and the suffix it was found by; to write, a name without an ending is a new folder.

    Raises
    ------
    FormatError
        If there is none; names the nearest suffix.
    """
    name = path.name.lower().removesuffix(".gz")
    able = [each for each in formats() if able_to == "read" or each.writes]
    known = {suffix: each for each in able for suffix in each.suffixes}
    suffix = next((suffix for suffix in known if name.endswith(suffix)), None)
    if suffix is not None:
        return known[suffix], suffix
    ending = Path(name).suffix
    if able_to == "write" and not ending:
        return FOLDER, ""
    guess = nearest(ending, known) if ending else None
    tip = f" (did you mean '{guess}'?)" if guess else f" (known: {', '.join(known)})"
    raise FormatError(path, None, f"cannot {able_to} files that end in '{ending}'{tip}")


# Folders of files, one a sample or a piece


def of_folders() -> list[Format]:
    """Return the formats that come in folders."""
    return [each for each in formats() if each.write_folder is not None]


def holding(path: Path) -> Format:
    """Return the format of the files that a folder holds.

    Raises
    ------
    FormatError
        If there are none of a format that comes in folders.
    """
    format_with = {suffix: each for each in of_folders() for suffix in each.suffixes}
    endings = {file.suffix.lower() for file in walked(path)}
    suffix = next((suffix for suffix in format_with if suffix in endings), None)
    if suffix is None:
        raise FormatError(path, None, f"is a folder without files of {', '.join(format_with)}: a file of data expected")
    return format_with[suffix]


def fitting(path: Path, kind: Kind) -> Format:
    """Return the format for a folder of samples of a kind.

    Raises
    ------
    FormatError
        If there is none.
    """
    found = next((each for each in of_folders() if each.fits is not None and each.fits(kind)), None)
    if found is None:
        reason = "a name without an ending is a folder, for images or music, and these samples are neither"
        raise FormatError(path, None, f"{reason}: give the file an ending such as .npz or .csv")
    return found


def read_folder(path: Path, options: Request) -> Dataset:
    """Return the samples of a folder."""
    return holding(path).read(path, options)


def save_folder(path: Path, dataset: Dataset) -> None:
    """Write the samples to a new folder, as MIDI or as images; never half of one.

    Raises
    ------
    FormatError
        If they are neither.
    StoreError
        If the folder exists and is not empty, or cannot be written.
    """
    write = fitting(path, dataset.kind).write_folder
    assert write is not None
    with atomic_folder(path) as folder:
        write(folder, dataset)


FOLDER = Format(suffixes=("",), read=read_folder, save=save_folder)
