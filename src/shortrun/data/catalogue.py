"""Named data sets: what `read("hgd")` finds when there is no such file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import ImageKind
from shortrun.data.core.request import Request
from shortrun.data.images.encoding import encode_images
from shortrun.data.splits import split
from shortrun.errors import DataError, MissingExtraError
from shortrun.settings import Reading

Reader = Callable[[Path, Request], Dataset]

SHARED = "SHORTRUN_SHARED"  # the environment variable with the folder of local copies
NEIGHBOUR = Path("../shared/data")  # where they are looked for without it
TEST_SHARE = 0.2


@dataclass(frozen=True)
class File:
    """A file of a data set: its place in a folder of local copies, and its sha256."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Download:
    """A file of a data set at a public address, with the hash that pooch checks ("md5:..." or "sha256:...")."""

    address: str
    hash: str


@dataclass(frozen=True)
class Entry:
    """A data set that has a name.

    Parameters
    ----------
    name : str
        What a user types.
    title : str
        One line about it.
    preparation : str
        How the published data became these samples.
    citation : str
        Whom to cite.
    licence : str
        Under which terms it may be used.
    files : tuple[File, ...], default ()
        The files of a local copy, the samples first, then their labels if these have a file of their own.
    reading : Mapping[str, Any], optional
        Options of reading the files, where the user gives none.
    downloads : tuple[Download, ...], default ()
        (training images, training labels, test images, test labels) where a public address is known.
    annotation : Mapping[str, str], optional
        Lines about columns of an alignment that the files do not have.
    load : Callable[[Request], Dataset], optional
        How to make the samples, if not from files; `part` chooses a fixed test fifth or the rest, None everything.
    uses : tuple[str, ...], default ()
        The options of reading that `load` looks at.
    """

    name: str
    title: str
    preparation: str
    citation: str
    licence: str
    files: tuple[File, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)
    downloads: tuple[Download, ...] = ()
    annotation: Mapping[str, str] = field(default_factory=dict)
    load: Callable[[Request], Dataset] | None = None
    uses: tuple[str, ...] = ()

    def read(self, options: Request, reader: Reader) -> Dataset:
        """Return the samples, from here, from a local copy, or from what was downloaded.

        Parameters
        ----------
        options : Request
            Of reading.
        reader : Callable[[Path, Request], Dataset]
            Reads a file.

        Raises
        ------
        DataError
            If there is no copy; says where one is looked for and where the data come from.
        FormatError
            If the copy is damaged or another file.
        """
        if self.load is not None:
            return self.load(options)
        folder = self.local_copy()
        options = self._completed(options)
        if folder is None:
            whole = options.but(part=None, asked=options.asked - {"part"})
            return reader(downloaded(self)[2 if options.part == "test" else 0], whole)
        files = [checked(folder / file.path, file.sha256) for file in self.files]
        data = reader(files[0], options.but(labels=str(files[1]) if len(files) > 1 else None))
        if not self.annotation:
            return data
        return data.with_kind(alignment=replace(data.kind.alignment, annotation=self.annotation))

    def local_copy(self) -> Path | None:
        """Return the folder that has all files of the data set, None if there is none."""
        return next((folder for folder in folders() if all((folder / f.path).is_file() for f in self.files)), None)

    def _completed(self, options: Request) -> Request:
        """The options with this entry's in place of those that the user left as they are."""
        blank = Reading()
        left = {key: value for key, value in self.reading.items() if getattr(options, key) == getattr(blank, key)}
        return options.but(**left)


def folders() -> tuple[Path, ...]:
    """Return the folders in which local copies are looked for, in order."""
    return Path(os.environ.get(SHARED) or NEIGHBOUR), cache()


def cache() -> Path:
    """Return the folder that downloads are kept in."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "shortrun"


def checked(path: Path, sha256: str) -> Path:
    """Return a path whose file has this hash.

    Raises
    ------
    DataError
        If it is another file.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise DataError(f"{path}: is damaged or another file: its sha256 is {found[:12]}..., {sha256[:12]}... expected")
    return path


def downloaded(entry: Entry) -> list[Path]:
    """Return the files of an entry, downloaded into the cache unless they are there.

    Raises
    ------
    MissingExtraError
        If pooch is not installed.
    DataError
        If no public address is known, or nothing can be fetched from it.
    """
    looked = ", ".join(map(str, folders()))
    if not entry.downloads:
        raise DataError(
            f"no copy of '{entry.name}' in {looked}, and no public address is known: put {entry.files[0].path} there "
            f"(set {SHARED} to the folder), or give the path of a file"
        )
    try:
        import pooch
    except ImportError:
        raise MissingExtraError("pooch", "io") from None
    try:
        return [
            Path(
                pooch.retrieve(
                    each.address, each.hash, Path(each.address).name, cache() / entry.name, progressbar=bar()
                )
            )
            for each in entry.downloads
        ]
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"'{entry.name}' is neither in {looked} nor could it be downloaded ({reason}); are you offline?"
        ) from None


def bar() -> bool:
    """Return whether pooch can show a progress bar."""
    import importlib.util

    return importlib.util.find_spec("tqdm") is not None


def load_digits(options: Request) -> Dataset:
    """Return scikit-learn's 1,797 digits of 8x8 pixels, black and white at the threshold (by default 0.3), or grey."""
    from sklearn.datasets import load_digits as bundled  # slow to import, and needed only here

    images, labels = bundled(return_X_y=True)
    pixels, alphabet, scale = encode_images(np.asarray(images), options, options.alphabet)
    digits = Dataset.from_arrays(pixels, labels, alphabet=alphabet).with_kind(image=ImageKind((8, 8), scale))
    if options.part is None:
        return digits
    return split(digits, TEST_SHARE, seed=0)[options.part == "test"]
