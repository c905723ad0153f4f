"""What a format of models is: each module of the folder `formats` has one, called FORMAT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO

from shortrun.data.core import boundary
from shortrun.errors import ConfigError, FormatError, nearest
from shortrun.exchange.machine import Machine
from shortrun.exchange.pairwise import Pairwise
from shortrun.registry import declared

OTHERS = {
    "folder": Path.is_dir,
    "pipe": Path.is_fifo,
    "socket": Path.is_socket,
    "device": lambda path: path.is_char_device() or path.is_block_device(),
}
ROOM = "shortrun.exchange.formats"


@dataclass(frozen=True, kw_only=True)
class ModelFormat:
    """A format of files with machines.

    Parameters
    ----------
    program : str
        What reads and writes it, in words.
    suffixes : tuple[str, ...]
        Endings of the names of its files, in small letters, the usual one first.
    read : Callable[[Path], Machine], optional
        Reads a file; raises FormatError.
    fits : Callable[[Path], bool], optional
        Whether a file that ends so is of this format and of no other; goes with `read`.
    write : Callable[[BinaryIO, Machine], None], optional
        Writes a machine of units 0 and 1, or of colours, at its ages.
    write_pairs : Callable[[BinaryIO, Pairwise], None], optional
        Writes effective fields and couplings, in place of `write`.
    labels : bool, default False
        Whether it holds the weights of a label.
    any_units : bool, default False
        Whether it holds other units than 0 and 1 and colours.
    many : bool, default False
        Whether it holds several ages.
    orders : Mapping[int, str]
        The letters that the program takes codes for, in its order, by their number.

    Raises
    ------
    TypeError
        If what goes together is not there: when the module is imported.
    """

    program: str
    suffixes: tuple[str, ...]
    read: Callable[[Path], Machine] | None = None
    fits: Callable[[Path], bool] | None = None
    write: Callable[[BinaryIO, Machine], None] | None = None
    write_pairs: Callable[[BinaryIO, Pairwise], None] | None = None
    labels: bool = False
    any_units: bool = False
    many: bool = False
    orders: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self):
        if not self.suffixes or not all(suffix == suffix.lower() for suffix in self.suffixes):
            raise TypeError(f"suffixes: at least one in small letters expected, got {self.suffixes}")
        if (self.read is None) != (self.fits is None):
            raise TypeError("`read` and `fits` go together")
        if (self.write is None) == (self.write_pairs is None):
            raise TypeError("one of `write` and `write_pairs` expected")

    def letters_of(self, colours: int) -> str | None:
        """Return the letters that so many codes stand for, if the program has a rule."""
        return self.orders.get(colours)


@cache
def by_name() -> Mapping[str, ModelFormat]:
    """Return every format by its name, in alphabetical order."""
    return {name.rpartition(".")[2]: each for name, each in declared(ROOM, "FORMAT", ModelFormat).items()}


def named(name: str, *, key: str = "format", able_to: str = "read") -> ModelFormat:
    """Return the format of a name, such as "rbms".

    Raises
    ------
    ConfigError
        If there is none that can be read, or written; names the nearest.
    """
    able = {it: each for it, each in by_name().items() if able_to == "write" or each.read is not None}
    found = able.get(name.lower().replace("-", "_"))
    if found is not None:
        return found
    known = f"known: {', '.join(able)}"
    if name.lower() in by_name():
        raise ConfigError(key, f"'{name}' can be written only, it has no hidden units to read; {known}")
    raise ConfigError(key, f"unknown format '{name}', {known}", nearest(name.lower(), able))


def of_file(path: Path) -> ModelFormat:
    """Return the format that a file is of.

    Raises
    ------
    FormatError
        If it is of none.
    """
    suffix = path.suffix.lower()
    likely = {name: each for name, each in by_name().items() if each.fits is not None and suffix in each.suffixes}
    if not likely:
        known = sorted({suffix for each in by_name().values() if each.read is not None for suffix in each.suffixes})
        told = f"files that end in '{suffix}'" if suffix else "files without an ending"
        raise FormatError(path, None, f"cannot read {told} as a model, known: {', '.join(known)}{pickled(suffix)}")
    check_file(path)
    with boundary.reading(path):
        found = next((each for each in likely.values() if each.fits is not None and each.fits(path)), None)
    if found is None:
        told = f"holds no machine in the layout of {', '.join(likely)}"
        raise FormatError(path, None, f"{told}; --from NAME says which it is")
    return found


def check_file(path: Path) -> None:
    """Raise FormatError if there is no file, but nothing or something in which reading cannot go back; says what."""
    if not path.is_file():
        found = next((name for name, is_one in OTHERS.items() if is_one(path)), None)
        raise FormatError(path, None, "no such file" if found is None else f"is a {found}, a file expected")


def of_name(path: Path) -> ModelFormat | None:
    """Return the format of an ending: that of its name, or the only one; None where there is none."""
    suffix = path.suffix.lower()
    found = {name: each for name, each in by_name().items() if suffix in each.suffixes}
    return found.get(suffix.removeprefix("."), next(iter(found.values())) if len(found) == 1 else None)


def pickled(suffix: str) -> str:
    """Return the end of a message about files that run code when they are opened."""
    if suffix not in (".pkl", ".pickle", ".joblib", ".pt", ".pth"):
        return ""
    return "; pickled objects can run any code and are never read: open it where you trust it, and use from_parameters"
