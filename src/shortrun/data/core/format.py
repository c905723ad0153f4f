"""What a format of files is: each module of a folder `formats` has one, called FORMAT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.kind import Kind
from shortrun.data.core.request import Request
from shortrun.settings import Reading

FILTERS = ("max_gaps", "min_coverage", "max_identity", "reweight")  # of samples, whatever they were read from
EVERYWHERE = (*FILTERS, "format", "encoding", "max_unpacked", "labels", "labels_by_order")  # of use to all files


def begins_with(*marks: bytes) -> Callable[[bytes], bool]:
    """Return whether content begins with one of some bytes, as a function of its start."""
    return lambda start: start.startswith(marks)


def always(_start: bytes) -> bool:
    """Return True: any content of the format."""
    return True


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format: how its files are told by their names and their content, read and written.

    Parameters
    ----------
    suffixes : tuple[str, ...]
        Endings of the names of its files, in lower-case letters.
    read : Callable[[Path, Request], Dataset]
        Reads a file, or a folder where `write_folder` is given; raises FormatError(path, line, reason).
    write : Callable[[Any, Dataset, str], None], optional
        Writes samples to an open file of bytes, of which the name has that suffix.
    append : Callable[[Any, Dataset, str], None], optional
        Writes more samples to a file that `write` began: for formats of lines.
    save : Callable[[Path, Dataset], None], optional
        Writes samples to files of its own, in place of `write`.
    write_folder : Callable[[Path, Dataset], None], optional
        Writes samples to a folder, a file each.
    fits : Callable[[Kind], bool], optional
        Whether a folder of this format can hold data of a kind; goes with `write_folder`.
    begins : Callable[[bytes], bool], optional
        Whether content that begins so is of this format and of no other.
    looks : Callable[[str], bool], optional
        Whether text that begins so may be of this format, where no other is sure.
    unpacks : tuple[str, ...], optional
        How files may be packed that `read` opens by their path; None if it reads them through `raw`, or refuses them.
    text : Callable[[bytes], bool], optional
        Whether content that begins so is lines, of which `read` takes UTF-8 only: others are converted before.
    exact : bool, default False
        Whether names are written as they are; else, in text, control characters in them are escapes.
    uses : tuple[str, ...], optional
        The options of reading that `read` looks at, besides those of `EVERYWHERE`.
    checks : bool, default False
        Whether `read` refuses others itself: its files know the options that they were made with.

    Raises
    ------
    TypeError
        If a name is missing, misspelt, or lacks what goes with it: when the module is imported.
    """

    suffixes: tuple[str, ...]
    read: Callable[[Path, Request], Dataset]
    write: Callable[[Any, Dataset, str], None] | None = None
    append: Callable[[Any, Dataset, str], None] | None = None
    save: Callable[[Path, Dataset], None] | None = None
    write_folder: Callable[[Path, Dataset], None] | None = None
    fits: Callable[[Kind], bool] | None = None
    begins: Callable[[bytes], bool] | None = None
    looks: Callable[[str], bool] | None = None
    unpacks: tuple[str, ...] | None = None
    text: Callable[[bytes], bool] | None = None
    exact: bool = False
    uses: tuple[str, ...] = ()
    checks: bool = False

    def __post_init__(self):
        if not self.suffixes or not all(suffix == suffix.lower() for suffix in self.suffixes):
            raise TypeError(f"suffixes: at least one in lower-case letters expected, got {self.suffixes}")
        if self.write and self.save:
            raise TypeError("one of `write` and `save` expected, not both")
        if self.append and not self.write:
            raise TypeError("`append` goes with `write`")
        if (self.write_folder is None) != (self.fits is None):
            raise TypeError("`write_folder` and `fits` go together")
        if wrong := {*self.uses} - {*Reading.model_fields}:
            raise TypeError(f"uses: options of reading expected, got {', '.join(sorted(wrong))}")

    @property
    def writes(self) -> bool:
        """Whether files of this format can be written."""
        return self.write is not None or self.save is not None
