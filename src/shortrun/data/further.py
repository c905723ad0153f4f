"""Further files of a kind: read as the first was, as far as they allow; and which part of them to read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shortrun.data.arrays.formats import hdf5
from shortrun.data.core.alphabet import Alphabet
from shortrun.data.core.kind import Kind
from shortrun.data.core.raw import bare, is_packed
from shortrun.data.core.streams import local
from shortrun.data.folders import has_test
from shortrun.data.recipes import ENTRIES
from shortrun.settings import Reading, options


def readings_like(kind: Kind, given: Reading) -> Iterator[Reading]:
    """Yield the options to read a further file with: what is given, and what its kind remembers.

    First all that is remembered, then without one, then without any, of those that only the first file may have had.
    """
    alphabet = alphabet_like(kind)
    base = {} if alphabet is None else {"alphabet": alphabet}
    always, possible = (remembered(kind, given, when) for when in ("always", "if possible"))
    yield completed(given, base | always | possible)
    for left_out in possible:
        rest = {name: value for name, value in possible.items() if name != left_out}
        yield completed(given, base | always | rest)
    if len(possible) > 1:
        yield completed(given, base | always)


def remembered(kind: Kind, given: Reading, when: str) -> dict[str, Any]:
    """Return the options that the first file was read with, of those that are remembered so, and are not given."""
    names = [each.keyword for each in options(Reading) if each.remembered == when]
    known, now = kind.reading.model_fields_set, given.model_fields_set
    return {name: getattr(kind.reading, name) for name in names if name in known and name not in now}


def completed(given: Reading, more: Mapping[str, Any]) -> Reading:
    """Return options with others where they are not given."""
    return given.model_copy(update={name: it for name, it in more.items() if name not in given.model_fields_set})


def alphabet_like(kind: Kind) -> Alphabet | str | None:
    """Return which alphabet to ask for; 0 and 1 are found by themselves, and grey images need to be."""
    if kind.continuous:
        return "continuous"
    return None if kind.alphabet is None or kind.alphabet.name == "binary" else kind.alphabet


def part_of(kind: Kind, path: Path | str, given: Mapping[str, Any]) -> str | None:
    """Return the part of a further file to look at: the one given, else "test" where there is one not trained on."""
    if "part" in given or "x" in given.get("keys", {}):
        return given.get("part")
    trained_on_rest = kind.reading.part == "train" and kind.source == str(Path(path))
    return "test" if trained_on_rest else test_part(Path(path))


def may_have_test(source: Path | str) -> bool:
    """Return whether what is read by a path, or a name of the catalogue, may have a part `test` beside another."""
    path = Path(source)
    entry = next((entry for entry in ENTRIES if entry.name == str(source)), None)
    if entry is None or path.is_file():
        with local(path) as file:
            packed = not path.is_dir() and bare(path).lower().endswith(hdf5.FORMAT.suffixes) and is_packed(file)
            return packed or test_part(file) is not None
    copy = entry.local_copy()
    return copy is None or test_part(copy / entry.files[0].path) is not None if entry.files else True


def test_part(path: Path) -> str | None:
    """Return "test" if a file is an .npz with an array `x_test`, an HDF5 file with `test`, or a folder with `test`."""
    if path.is_dir():
        return "test" if has_test(path) else None
    if path.name.lower().endswith(hdf5.FORMAT.suffixes) and path.is_file():
        return "test" if hdf5.has_test(path) else None
    try:
        with zipfile.ZipFile(path) as file:
            return "test" if "x_test.npy" in file.namelist() else None
    except (OSError, zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        return None  # no .npz, or reading it will say what is wrong
