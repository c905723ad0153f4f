"""Folders of files, one a sample or a piece, those of a class in a folder of its own."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shortrun.errors import FormatError
from shortrun.phrases import counted, quoted

PARTS = {"train": ("train", "training"), "test": ("test", "testing")}
OTHER_PARTS = ("val", "valid", "validation", "dev")
SHOWN = 3  # names in a note
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff/\\:*?"<>|]')  # not in names of files


@dataclass(frozen=True)
class Member:
    """A file of a folder: its name as that of a sample, its class ('' where it lies in no folder of a class)."""

    name: str
    label: str
    path: Path


@dataclass(frozen=True)
class Listing:
    """The files that a folder was found to hold, and what a user should know of the others, a line each."""

    files: list[Member]
    notes: tuple[str, ...] = ()


def listing(path: Path, suffixes: Sequence[str], part: str | None = None) -> Listing:
    """Return the files with these suffixes in a folder, or a file itself.

    Where the folders in it are parts (train, test, val), those in one of them are the classes: in that of `part`, by
    default train. Where all files lie in one folder, those in it are the classes.

    Raises
    ------
    FormatError
        If the part asked for is not there.
    """
    if not path.is_dir():
        if part is not None:
            raise FormatError(path, None, f"no folder '{part}': this is one file")
        return Listing([Member(legible(path.stem), "", path)])
    place, notes = place_of_classes(path, suffixes, part)
    found = members(place, suffixes)
    return Listing(found, (*notes, *left_out(place, suffixes), *deeper(place, found)))


def place_of_classes(path: Path, suffixes: Sequence[str], part: str | None) -> tuple[Path, list[str]]:
    """Return the folder whose folders are the classes, and how it was found."""
    files = [file.relative_to(path) for file in walked(path) if file.name.lower().endswith(tuple(suffixes))]
    tops = sorted({label(file) for file in files})
    if parts := parts_among(tops):
        chosen = part or next(iter(parts))
        if chosen not in parts:
            raise FormatError(path, None, f"has no folder '{part}', its folders are {quoted(tops)}")
        rest = [name for name in tops if name != parts[chosen]]
        told = f"'{parts[chosen]}' is read, not {quoted(rest)} (--part chooses)" if rest else "its folders are classes"
        return path / parts[chosen], [f"{quoted(tops)} in {path.name} {'are parts' if rest else 'is a part'}: {told}"]
    if part is not None:
        raise FormatError(path, None, f"has no folder '{part}', its folders are {quoted(tops)}")
    if len(tops) == 1 and tops[0] and all(len(file.parts) > 2 for file in files):
        place, notes = place_of_classes(path / tops[0], suffixes, part)
        return place, [f"all files lie in '{tops[0]}': the folders in it are the classes", *notes]
    return path, []


def parts_among(names: Sequence[str]) -> dict[str, str]:
    """Return the folders of the parts train and test where folders are parts and no classes; {} where they are not."""
    words = [*OTHER_PARTS, *(word for each in PARTS.values() for word in each)]
    if not all(name.lower() in words for name in names):
        return {}
    found = {part: next((name for name in names if name.lower() in PARTS[part]), None) for part in PARTS}
    return {part: name for part, name in found.items() if name is not None}


def has_test(path: Path) -> bool:
    """Return whether the folders in a folder are parts, and one is the test part."""
    return "test" in parts_among([place.name for place in path.iterdir() if place.is_dir() and place.name[0] != "."])


def left_out(path: Path, suffixes: Sequence[str]) -> Iterator[str]:
    """Yield what to tell of files with other suffixes, and of folders that hold none of these."""
    files = [*walked(path)]
    others = [file for file in files if not file.name.lower().endswith(tuple(suffixes))]
    if others:
        kinds = Counter(file.suffix.lower() or "no ending" for file in others).most_common()
        told = ", ".join(f"{count:,} of {kind}" for kind, count in kinds[:SHOWN]) + (", ..." if kinds[SHOWN:] else "")
        yield f"left out {counted(len(others), 'file')} of other kinds: {told}"
    tops = {label(file.relative_to(path)) for file in files if file not in set(others)}
    empty = sorted(place.name for place in path.iterdir() if place.is_dir() and place.name not in tops)
    empty = [name for name in empty if not name.startswith(".")]
    if empty:
        ending = "makes no class" if len(empty) == 1 else "make no classes"
        yield f"{quoted(empty)}, without files of {', '.join(suffixes)}, {ending}"


def deeper(path: Path, files: Iterable[Member]) -> Iterator[str]:
    """Yield what to tell of files in folders within those of the classes."""
    inner = [file.path.relative_to(path).parent for file in files]
    inner = [folder for folder in inner if len(folder.parts) > 1]
    if inner:
        folders = sorted({legible(folder.as_posix()) for folder in inner}, key=natural)
        told = quoted(folders[:SHOWN]) + (f" and {len(folders) - SHOWN:,} more" if folders[SHOWN:] else "")
        lie = "lies" if len(inner) == 1 else "lie"
        yield f"{counted(len(inner), 'file')} {lie} deeper than the outermost folder, which is the class: in {told}"


def each_read(found: Listing, read: Callable[[Member], Any], skip_bad: bool) -> tuple[Listing, list[Any]]:
    """Return the files that can be read, and what `read` makes of each.

    Raises
    ------
    FormatError
        If one cannot be read, unless bad ones are to be left out, or if none can.
    """
    good, made, bad = [], [], []
    for file in found.files:
        try:
            made.append(read(file))
            good.append(file)
        except FormatError as error:
            if not skip_bad:
                tip = "; --skip-bad leaves it out" if len(found.files) > 1 else ""
                raise FormatError(error.path, error.line, error.reason + tip) from None
            bad.append(error)
    if not good:
        raise bad[0]
    return without(found, good, [f"{error.path.name} {error.reason}" for error in bad], "cannot be read"), made


def without(found: Listing, good: list[Member], bad: Sequence[str], why: str) -> Listing:
    """Return a listing less the files that are no good, with notes on how many these are and which classes they end."""
    notes = []
    if bad:
        told = "; ".join(bad[:SHOWN]) + ("; ..." if bad[SHOWN:] else "")
        whose = "that" if len(bad) > 1 else "which"
        notes.append(f"left out {len(bad):,} of {counted(len(found.files), 'file')} {whose} {why}: {told}")
    gone = sorted({file.label for file in found.files} - {file.label for file in good} - {""})
    if gone:
        notes.append(f"no file is left of {quoted(gone)}")
    return Listing(good, (*found.notes, *notes))


def members(path: Path, suffixes: Sequence[str]) -> list[Member]:
    """Return the files with these suffixes in a folder, ordered by name, numbers in names as numbers.

    The folder that a file lies in is its class. Its name is that of the file without the suffix, with the folder where
    a name occurs in two of them. Names that begin with a dot are not looked at.
    """
    files = [file for file in walked(path) if file.name.lower().endswith(tuple(suffixes))]
    calls = [tuple(map(legible, names_of(file.relative_to(path)))) for file in files]
    counts = [Counter(names) for names in zip(*calls, strict=True)]
    names = [next(name for name, count in zip(each, counts, strict=True) if count[name] == 1) for each in calls]
    found = [
        Member(name, legible(label(file.relative_to(path))), file) for name, file in zip(names, files, strict=True)
    ]
    return sorted(found, key=lambda member: (natural(member.name), member.label))


def names_of(file: Path) -> tuple[str, str, str]:
    """Return what a file in a folder may be called, shortest first; the last is no other's."""
    return file.stem, file.with_suffix("").as_posix(), file.as_posix()


def label(file: Path) -> str:
    """Return the class of a file in a folder: the outermost folder that it lies in."""
    return file.parts[0] if len(file.parts) > 1 else ""


def legible(name: str) -> str:
    r"""Return the name of a file as text that every format can hold: bytes that are not UTF-8 as \xff."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


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

    Names and classes that would then be one get numbers; small and capital letters are one on some systems.
    """
    taken: set[str] = set()
    place_of = {"": folder}
    for name, label in zip(names, labels, strict=True):
        if label not in place_of:
            place_of[label] = free(folder / safe(label), "", taken)
            place_of[label].mkdir()
        file = place_of[label] / safe(name.removeprefix(f"{label}/"))  # as `members` calls files of the same name
        yield free(file, suffix, taken)


def free(path: Path, suffix: str, taken: set[str]) -> Path:
    """Return a path with a suffix, and before it a number if it is taken; it is taken from now on."""
    found, number = path.with_name(path.name + suffix), 1
    while str(found).casefold() in taken:
        number += 1
        found = path.with_name(f"{path.name}-{number}{suffix}")
    taken.add(str(found).casefold())
    return found


def safe(text: str) -> str:
    """Return a text that can be the name of a file on every system."""
    text = UNSAFE.sub("_", text.strip())[:200].rstrip(" .")
    return "_" + text if not text or text.startswith(".") else text
