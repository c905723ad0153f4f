"""NumPy's .npz: several named arrays in one file; no pickled objects are ever read."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from io import BufferedIOBase, BufferedWriter, FileIO
from pathlib import Path
from typing import Any

import numpy as np

from shortrun.data.arrays.formats._arrays import (
    USES,
    Named,
    array,
    check_whole,
    load,
    to_dataset,
    to_table,
    write_blocks,
)
from shortrun.data.core.alphabet import of_letters
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import MAGIC, first_member
from shortrun.data.core.request import Request
from shortrun.data.genotypes.variants import SITES, arrays_of_sites
from shortrun.data.music.encoding import GROUPS
from shortrun.data.tables.stored import CELLS, FORM, TEXTS, arrays_of_cells, to_json
from shortrun.errors import ConfigError, FormatError, nearest

SUFFIXES = (".npz",)

ROLES = (
    "x",
    "y",
    "group",
    "names",
    "weights",
    "classes",
    "alphabet",
    "image_shape",
    "start",
    "time_bin",
    "full_scale",
    *SITES,
)


def read(path: Path, options: Request) -> Dataset:
    """Read arrays `x` (N, S) or (N, h, w) and `y` (N,), or others that `options.keys` names.

    A file may hold `x_train, y_train, x_test, y_test` instead, of which `options.part` picks one (by
    default train). Read where present: `names`, `weights`, `group` (N,), `classes` (K,) for `y`, `alphabet`
    (its letters) and `image_shape`. `options.label_column` and `options.group` name arrays too. Grey images
    (N, h, w) become black and white at `options.threshold`, by default 0.3 of full scale (see `binarise`);
    grey values in rows need a threshold. With `options.time_bin`, or an array of that name, rows are music (see
    `data.music`), and `start` the bin of its piece with which each begins. Of genotypes, `snp`, `position`, `allele`
    (as "A,G", that of code 0 first) and `chromosome` (S,) describe the sites. Codes of more than 64 MB stay in the
    file, or wait on the disk where they are compressed (in the folder that TMPDIR names).

    Raises
    ------
    FormatError
        If the file is damaged, holds pickled objects, lacks an array asked for, or its arrays do not agree.
    ConfigError
        If `options.keys` has an unknown role.
    """
    arrays = load(path)
    if isinstance(arrays, np.ndarray):
        raise FormatError(path, None, "holds one array without a name: is it an .npy file?")
    with arrays:
        found = {role: array(path, arrays, key) for role, key in chosen_keys(path, arrays.files, options).items()}
        table = array(path, arrays, FORM) if FORM in arrays.files and "alphabet" not in found else None
        if table is not None:
            found |= {key: array(path, arrays, key) for key in (TEXTS, CELLS) if key in arrays.files}
    if table is not None and options.alphabet is None:
        return to_table(found, str(table.ravel()[0]) if table.size else "")
    alphabet = options.alphabet
    if alphabet is None and "alphabet" in found:
        alphabet = of_letters("".join(found["alphabet"].ravel().astype(str)))
    return to_dataset(found, alphabet, options)


def chosen_keys(path: Path, arrays: Collection[str], options: Request) -> dict[str, str]:
    """Return which array plays which role: those asked for, then those with the usual names."""
    asked = asked_keys(options, arrays)
    check_whole(path, asked, options.part)
    ending = "" if "x" in asked else part_ending(path, arrays, options.part)
    asked = {role: key if key in arrays else key + ending for role, key in asked.items()}
    usual = {role: role for role in ROLES if role in arrays and role not in ("x", "y")}
    usual |= {role: role + ending for role in ROLES if role + ending in arrays}
    if asked.get("y", "y") not in ("y", "y" + ending):
        usual.pop("classes", None)  # they name the codes of y, not of the array that was asked for
    return usual | {"x": "x" + ending} | asked


def asked_keys(options: Request, arrays: Collection[str]) -> dict[str, str]:
    """Return role -> array name as the user gave them; a way to group windows of music is no array."""
    wrong = next((role for role in options.keys or () if role not in ROLES), None)
    if wrong is not None:
        raise ConfigError("keys", f"unknown role '{wrong}', known: {', '.join(ROLES)}", nearest(wrong, ROLES))
    way = options.group in GROUPS and options.group not in arrays
    columns = {"y": options.label_column, "group": None if way else options.group}
    return {role: name for role, name in columns.items() if name is not None} | dict(options.keys or {})


def part_ending(path: Path, arrays: Collection[str], part: str | None) -> str:
    """Return what the names of the arrays of a part end in: '', '_train' or '_test'."""
    ending = f"_{part}" if part else "" if "x" in arrays else "_train"
    if "x" + ending in arrays:
        return ending
    wanted = f"x_{part}" if part else "x"
    raise FormatError(path, None, f"no array '{wanted}'{did_you_mean(wanted, arrays)}")


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write `x` (N, S), `y` (N,) as class names ('' where unknown), `names`, and what else `read` knows."""
    columns: dict[str, np.ndarray | Named] = {"x": dataset.in_units, "names": dataset.names}
    image, music = dataset.kind.image, dataset.kind.music
    if image.full_scale is not None:
        scale = np.float32(image.full_scale)
        columns |= {"x": dataset.values * scale, "full_scale": np.array([scale])}
    if dataset.classes:
        names = np.array([*dataset.classes, ""])  # the code -1 picks the last
        columns |= {"y": Named(names, dataset.labels), "classes": names[:-1]}
    if dataset.alphabet is not None:
        columns["alphabet"] = np.array(list(dataset.alphabet.letters))
    if dataset.columns is not None:
        columns |= {FORM: np.array([to_json(dataset)]), **arrays_of_cells(dataset)}
    if dataset.groups is not None:
        columns["group"] = dataset.groups
    if any((part != 1).any() for _, part in scan(dataset.weights)):
        columns["weights"] = dataset.weights
    if image.shape is not None:
        columns["image_shape"] = np.array(image.shape)
    columns |= arrays_of_sites(dataset)
    if music is not None:
        columns["time_bin"] = np.array([music.time_bin])
    target = file if isinstance(file.raw, FileIO) else Forwards(file)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, column in columns.items():
            with packed.open(f"{name}.npy", "w", force_zip64=True) as member:
                write_blocks(member, column)


class Forwards(BufferedIOBase):
    """A .gz stream as a zip file may use it: without going back, which such a stream cannot."""

    def __init__(self, file: BufferedWriter):
        self.file = file

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self.file.write(content)


def begins(start: bytes) -> bool:
    """Return whether content is a zip of .npy files."""
    return start.startswith(MAGIC["zip"]) and first_member(start).endswith(".npy")


FORMAT = Format(
    suffixes=SUFFIXES, read=read, write=write, begins=begins, exact=True, uses=(*USES, "keys", "part", "label_column")
)
