"""Folders of files, one a sample or a piece, those of a class in a folder of its own."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

UNSAFE = re.compile(r'[\x00-\x1f/\\:*?"<>|]')  # not in names of files, on one system or another


@dataclass(frozen=True)
class Member:
    """A file of a folder: its name as that of a sample, its class ('' where it lies in no folder of a class)."""

    name: str
    label: str
    path: Path


def members(path: Path, suffixes: Sequence[str]) -> list[Member]:
    """Return the files with these suffixes in a folder, ordered by name, numbers in names as numbers.

    The folder that a file lies in is its class. Its name is that of the file without the suffix, with the folder where
    a name occurs in two of them. Names that begin with a dot are not looked at.
    """
    files = [file for file in walked(path) if file.name.lower().endswith(tuple(suffixes))]
    calls = [names_of(file.relative_to(path)) for file in files]
    counts = [Counter(names) for names in zip(*calls, strict=True)]
    names = [next(name for name, count in zip(each, counts, strict=True) if count[name] == 1) for each in calls]
    found = [Member(name, label(file.relative_to(path)), file) for name, file in zip(names, files, strict=True)]
    return sorted(found, key=lambda member: (natural(member.name), member.label))


def names_of(file: Path) -> tuple[str, str, str]:
    """Return what a file in a folder may be called, shortest first; the last is no other's."""
    return file.stem, file.with_suffix("").as_posix(), file.as_posix()


def label(file: Path) -> str:
    """Return the class of a file in a folder: the outermost folder that it lies in."""
    return file.parts[0] if len(file.parts) > 1 else ""


def walked(path: Path) -> Iterator[Path]:
    """Yield all files in a folder and the folders in it, but for hidden ones."""
    for place, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Return what to order names by so that s2 comes before s10; numbers come before letters."""
    parts = [part for part in re.split(r"([0-9]+)", text) if part]
    return tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts)


def places(folder: Path, names: Iterable[str], labels: Iterable[str], suffix: str) -> Iterator[Path]:
    """Yield where the file of each sample goes: a folder a class; what cannot be in a name of a file becomes '_'.

    Names that occur twice get numbers.
    """
    taken: Counter[Path] = Counter()
    for name, label in zip(names, labels, strict=True):
        place = folder / safe(label) if label else folder
        place.mkdir(exist_ok=True)
        file = place / safe(name.removeprefix(f"{label}/"))  # as `members` calls files of the same name
        taken[file] += 1
        while taken[file] > 1:
            file = file.with_name(f"{file.name}-{taken[file]}")
            taken[file] += 1
        yield file.with_name(file.name + suffix)


def safe(text: str) -> str:
    """Return a text that can be the name of a file on every system."""
    text = UNSAFE.sub("_", text.strip())[:200].rstrip(" .")
    return "_" + text if not text or text.startswith(".") else text
