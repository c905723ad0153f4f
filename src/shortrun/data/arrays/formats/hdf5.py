"""HDF5: named arrays in one file, in the layouts of the F&F authors' code and of rbms."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from io import BufferedWriter, BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from shortrun import memory
from shortrun.data.arrays.formats._arrays import USES, check_whole, to_dataset, to_table
from shortrun.data.core import boundary
from shortrun.data.core.alphabet import of_letters
from shortrun.data.core.blocks import scan
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, begins_with
from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.libraries import library
from shortrun.data.core.raw import check_unpacked, is_packed, read_bytes
from shortrun.data.core.request import Request
from shortrun.data.tables.stored import CELLS, FORM, TEXTS, arrays_of_cells, to_json
from shortrun.errors import ConfigError, FormatError, ShortrunError, nearest

H5PY = "h5py", "h5py", "io"
SUFFIXES = (".h5", ".hdf5")

ROLES = ("x", "y", "group", "names", "weights", "classes", "alphabet", "image_shape")
SHARED = {"classes": "classes", "alphabet": "alphabet", "image_shape": "image_shape"}
UNLABELLED = "-1"  # in the F&F authors' files
KINDS = {"bernoulli": None, "ising": None, "categorical": "codes", "continuous": "continuous"}  # rbms' variable_type
LINKS = 2**30  # bytes that a list of links may take
SPARSE, DENSEST = 2**26, 2000  # bytes; the most that they can be packed to: deflate comes to 1,032


def read(path: Path, options: Request) -> Dataset:
    """Read `train` (N, S) with `train_labels` and `train_names`, or `test...`, or `samples` with `labels`, or x with y.

    The first are the F&F authors' layout, of which `options.part` picks one (by default train); the second is that of
    rbms, whose `variable_type` is heeded. `options.keys`, `label_column` and `group` name other arrays. Grey images
    (N, h, w) become black and white at `options.threshold`, as those of .npz files.

    Raises
    ------
    FormatError
        If the file is damaged or lacks an array asked for; names the nearest.
    ConfigError
        If `options.keys` has an unknown role.
    MissingExtraError
        If h5py is not installed.
    """
    with opened(path) as file:
        found = {role: array(path, file, key) for role, key in chosen_keys(path, file, options).items()}
        table = array(path, file, FORM) if FORM in file else None
        if table is not None:
            found |= {key: array(path, file, key) for key in (TEXTS, CELLS) if key in file}
        kind = str(array(path, file, "variable_type")) if "variable_type" in file else None
    if kind == "ising":
        found["x"] = (found["x"] > 0).astype(np.uint8)
    if table is not None and options.alphabet is None:
        return to_table(found, str(table))
    letters = "".join(found["alphabet"].ravel().astype(str)) if "alphabet" in found else None
    alphabet = options.alphabet or (of_letters(letters) if letters else KINDS.get(kind or ""))
    return to_dataset(found, alphabet, options)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file to read.

    Raises
    ------
    FormatError
        If it is empty, damaged, or another kind of file; damage may be found while it is read.
    """
    h5py = library(*H5PY)
    with told(path):
        source = BytesIO(read_bytes(path)) if is_packed(path) or not path.stat().st_size else path
        with h5py.File(source, "r") as file:
            with memory.at_most(LINKS):
                check_links(path, file)
            yield file


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Say of what the library raises that a file is damaged, or another kind of file.

    Raises
    ------
    FormatError
        In place of the exception.
    """
    try:
        yield
    except ShortrunError:
        raise
    except boundary.FOREIGN as error:
        if isinstance(error, MemoryError):
            raise
        truncated = "truncated" if "truncated" in str(error) else "damaged"
        raise FormatError(path, None, f"is no HDF5 file, or a {truncated} one") from None


def check_links(path: Path, file: Any) -> None:
    """Raise FormatError if there is a link to another file: who reads a file must not be made to open others."""
    external = library(*H5PY).h5l.TYPE_EXTERNAL
    # h5py's own `visititems_links` makes an object of each link, which takes ten times as long.
    found = file.id.links.visit(lambda name, link: name if link.type == external else None, info=True)
    if found is not None:
        name, other = found.decode(errors="backslashreplace"), file.get(found, getlink=True).filename
        raise FormatError(path, None, f"'{name}' is a link to another file, '{other}': such files are not read")


def check_storage(path: Path, key: str, node: Any) -> None:
    """Check that the values of an array are in the file itself, and as many as it says.

    Raises
    ------
    FormatError
        If they are not.
    """
    if node.is_virtual or node.external:
        where = "a virtual data set" if node.is_virtual else "in external storage"
        raise FormatError(path, None, f"'{key}' is {where}, of other files: such files are not read")
    check_unpacked(path, node.nbytes)
    if node.nbytes > SPARSE and node.nbytes > DENSEST * node.id.get_storage_size():
        size = f"{node.nbytes:,} bytes, of which the file holds {node.id.get_storage_size():,}"
        raise FormatError(path, None, f"'{key}' is said to be {size}: is it damaged?")


def array(path: Path, file: Any, key: str) -> np.ndarray:
    """Return an array of a file, texts as str.

    Raises
    ------
    FormatError
        If there is none of that name; names the nearest.
    """
    h5py = library(*H5PY)
    if key not in file:
        raise FormatError(path, None, f"no array '{key}'{did_you_mean(key, file)}")
    node = file[key]
    if not isinstance(node, h5py.Dataset):
        raise FormatError(
            path,
            None,
            f"'{key}' is a group, an array expected{did_you_mean(key, node if isinstance(node, Iterable) else ())}",
        )
    check_storage(path, key, node)
    values = np.asarray((node.asstr() if h5py.check_string_dtype(node.dtype) else node)[()])
    return values.ravel() if values.ndim == 2 and values.shape[1] == 1 and key.endswith("labels") else values


def chosen_keys(path: Path, file: Any, options: Request) -> dict[str, str]:
    """Return which array plays which role: those asked for, then those with the usual names.

    Raises
    ------
    FormatError
        If there are no values.
    """
    asked = asked_keys(options)
    check_whole(path, asked, options.part)
    values = asked.get("x") or values_key(path, file, options.part)
    before = f"{values}_" if values not in ("samples", "x") else ""
    usual = {"y": ("labels", "y"), "names": ("names",), "group": ("groups", "group"), "weights": ("weights",)}
    found = {role: next((before + n for n in names if before + n in file), None) for role, names in usual.items()}
    found |= {role: key for role, key in SHARED.items() if key in file}
    asked = {role: key if key in file else before + key for role, key in asked.items()}
    if asked.get("y", found["y"]) != found["y"]:
        found.pop("classes", None)  # they order the usual labels, not the array that was asked for
    return {role: key for role, key in found.items() if key is not None} | {"x": values} | asked


def asked_keys(options: Request) -> dict[str, str]:
    """Return role -> array name as the user gave them."""
    wrong = next((role for role in options.keys or () if role not in ROLES), None)
    if wrong is not None:
        raise ConfigError("keys", f"unknown role '{wrong}', known: {', '.join(ROLES)}", nearest(wrong, ROLES))
    columns = {"y": options.label_column, "group": options.group}
    return {role: name for role, name in columns.items() if name is not None} | dict(options.keys or {})


def values_key(path: Path, file: Any, part: str | None) -> str:
    """Return the array of values of a part, by default of train; a file without parts is read as a whole.

    Raises
    ------
    FormatError
        If there is none.
    """
    known = (part,) if part else ("train", "samples", "x")
    key = next((key for key in known if key in file), None)
    if key is None:
        expected = f"no array '{part}'" if part else "no array 'train', 'samples' or 'x'"
        raise FormatError(path, None, f"{expected}{did_you_mean(known[0], file)}")
    return key


def has_test(path: Path) -> bool:
    """Return whether a file holds a part `test`."""
    with opened(path) as file:
        return "test" in file


def write(file: BufferedWriter, dataset: Dataset, suffix: str) -> None:  # noqa: ARG001
    """Write the F&F authors' layout and, as links to the same values, that of rbms.

    `train`, `train_labels` ('-1' where unknown), `train_names`, `train_groups`, `train_weights`; `samples`, `labels`
    as codes into `classes`, `variable_type`; `alphabet`, `image_shape`, and `table_json` for a table of mixed columns.
    """
    h5py = library(*H5PY)
    with tempfile.TemporaryFile() as whole:  # HDF5 goes back in a file, which a stream or a packed one cannot
        with h5py.File(whole, "w") as target:
            fill(target, dataset)
        whole.seek(0)
        shutil.copyfileobj(whole, file)


def fill(file: Any, dataset: Dataset) -> None:
    """Write the arrays of a data set."""
    add(file, "train", dataset.in_units)
    file["samples"] = file["train"]
    kind = "continuous" if dataset.continuous else "bernoulli" if dataset.colours == 2 else "categorical"
    add_text(file, "variable_type", kind)
    add(file, "train_names", dataset.names)
    if dataset.classes:
        add(file, "train_labels", dataset.labels, np.array([*dataset.classes, UNLABELLED]))
        add(file, "labels", dataset.labels)
        add(file, "classes", np.array(dataset.classes))
    if dataset.groups is not None:
        add(file, "train_groups", dataset.groups)
    if any((part != 1).any() for _, part in scan(dataset.weights)):
        add(file, "train_weights", dataset.weights)
    if dataset.alphabet is not None:
        add_text(file, "alphabet", dataset.alphabet.letters)
    if dataset.kind.image.shape is not None:
        file["image_shape"] = np.array(dataset.kind.image.shape)
    if dataset.columns is not None:
        add_text(file, FORM, to_json(dataset))
        for name, column in arrays_of_cells(dataset).items():
            add(file, name, column)


def add(file: Any, name: str, values: np.ndarray, names: np.ndarray | None = None) -> None:
    """Write an array block by block, or the names that its codes stand for; texts as UTF-8 of one length."""
    texts = values if names is None else names
    kind = values.dtype
    if texts.dtype.kind == "U":
        longest = max(np.char.encode(part, "utf-8").itemsize for _, part in scan(texts))
        kind = library(*H5PY).string_dtype(length=max(1, longest))
    target = file.create_dataset(name, values.shape, kind, compression="gzip", compression_opts=4, track_times=False)
    for start, part in scan(values):
        cells = part if names is None else names[part]
        target[start : start + len(part)] = (
            np.char.encode(cells, "utf-8").astype(kind) if cells.dtype.kind == "U" else cells
        )


def add_text(file: Any, name: str, text: str) -> None:
    """Write a single text as UTF-8."""
    content = text.encode()
    file[name] = np.array(content, library(*H5PY).string_dtype(length=len(content)))


FORMAT = Format(
    suffixes=SUFFIXES,
    begins=begins_with(b"\x89HDF"),
    read=read,
    write=write,
    exact=True,
    uses=(*USES, "keys", "part", "label_column"),
)
