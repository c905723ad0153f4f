"""All formats, found in the folders `formats` of every domain, and which of them a file is of.

The content of a file says its format, and how it is packed; its name decides where the content leaves that open.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import ModuleType

from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.kind import Kind
from shortrun.data.core.raw import ENDINGS, bare, head, packing, text_of
from shortrun.data.core.request import Request
from shortrun.data.folders import walked
from shortrun.errors import ConfigError, FormatError, nearest
from shortrun.files import atomic_folder
from shortrun.registry import modules, packages

PLACES = packages("shortrun.data", "formats")  # of every domain
LOOKED_AT = 100_000  # files of a folder, for what it holds


# What text begins with that other programs read
UNREAD = {
    r"#NEXUS": "NEXUS",
    r"\s*\d+\s+\d+\s*\n": "PHYLIP",
    r"(!!.._MULTIPLE|PileUp)": "MSF",
    r"LOCUS\s": "GenBank",
    r"ID   ": "EMBL",
    r"@.*\n.*\n\+": "FASTQ",
}


@functools.cache
def declaring() -> tuple[ModuleType, ...]:
    """Return the modules of all formats; they are looked for once, as each file that is read asks for them often."""
    return tuple(modules(PLACES))


def formats() -> Iterator[Format]:
    """Yield every format, in the order of their names."""
    yield from by_name().values()


def by_name() -> Mapping[str, Format]:
    """Return every format by its name, in their order."""
    return {module.__name__.rpartition(".")[2]: module.FORMAT for module in declaring()}


def named(name: str) -> Format:
    """Return the format of a name, such as "fasta", or of an ending, such as "a3m".

    Raises
    ------
    ConfigError
        If there is none; names the nearest.
    """
    known = by_name()
    endings = {suffix.strip(".-"): form for form in known.values() for suffix in form.suffixes}
    found = {**endings, **known}.get(name.lower().removeprefix("."))
    if found is None:
        reason = f"unknown format '{name}', known: {', '.join(known)}, and endings of file names"
        raise ConfigError("format", reason, nearest(name, [*known, *endings]))
    return found


def by_ending(path: Path, able_to: str = "read") -> tuple[Format, str] | None:
    """Return the format that the name of a file says, and the suffix that says it; None if it says none."""
    name = bare(path).lower()
    known = ((suffix, each) for each in formats() if able_to == "read" or each.writes for suffix in each.suffixes)
    return next(((each, suffix) for suffix, each in known if name.endswith(suffix)), None)


def format_to_write(path: Path) -> tuple[Format, str]:
    """Return the format that a path is written in and the suffix that says it; a name without one is a new folder.

    Raises
    ------
    FormatError
        If there is none; names the nearest suffix.
    """
    packed, ending = path.suffix.lower(), Path(bare(path)).suffix
    if packed in ENDINGS and packed != ".gz":
        raise FormatError(path, None, f"cannot write '{packed}': packed files are written as .gz")
    found = by_ending(path, able_to="write")
    if found is None and ending:
        raise FormatError(path, None, f"cannot write files that end in '{ending}'{tip(path, 'write')}")
    return found or (FOLDER, "")


# The content of a file


def recognised(path: Path, otherwise: Format | None = None) -> Format:
    """Return the format of a file: what its content is for sure, else what its name says, else what it looks like.

    Parameters
    ----------
    path : Path
        The file.
    otherwise : Format, optional
        What a text is that nothing tells.

    Raises
    ------
    FormatError
        If it is of no format that is known.
    """
    start, own = head(path), by_ending(path)
    said = None if own is None else own[0]
    sure = [each for each in formats() if each.begins is not None and each.begins(start)]
    if sure:
        return said if said in sure else sure[0]
    if said is not None and said.begins is None:
        return said
    likely = next((each for each in alike(said) if each.looks is not None and each.looks(text_of(start))), said)
    if likely is not None:
        return likely
    if otherwise is None or not text_of(start).strip():
        raise unknown(path, text_of(start))
    return otherwise


def called(path: Path) -> str | None:
    """Return the name of the format that the content of a file is for sure; None where it may be of several."""
    start = head(path)
    return next((name for name, each in by_name().items() if each.begins is not None and each.begins(start)), None)


def alike(said: Format | None) -> Iterator[Format]:
    """Yield the formats that a file may be of whose name says one, though it does not begin so: those of its domain."""
    for module in declaring():
        if said is None or module.__package__ == package_of(said):
            yield module.FORMAT


def package_of(form: Format) -> str | None:
    """Return the package that declares a format."""
    return next(module.__package__ for module in declaring() if module.FORMAT is form)


def unknown(path: Path, text: str) -> FormatError:
    """Return the error about a file of no known format."""
    if not text.strip():
        return FormatError(path, None, "the file is empty")
    other = next((name for start, name in UNREAD.items() if re.match(start, text)), None)
    if other is not None:
        return FormatError(
            path, None, f"is {other}, which is not read: convert it to FASTA, with Biopython for example"
        )
    name = f"files that end in '{Path(bare(path)).suffix}'" if "." in bare(path) else "files without an ending"
    reason = f"cannot read {name}{tip(path)}, and the content is of no known format: --format NAME says it"
    return FormatError(path, None, reason)


def tip(path: Path, able_to: str = "read") -> str:
    """Return the end of a message about an ending that is not known: the nearest, or all."""
    ending = Path(bare(path)).suffix
    known = [suffix for each in formats() if able_to == "read" or each.writes for suffix in each.suffixes]
    guess = nearest(ending, known) if ending else None
    return f" (did you mean '{guess}'?)" if guess else f" (known: {', '.join(known)})"


def notes_on(path: Path, form: Format) -> Iterator[str]:
    """Yield a line for each thing that the name of a file says otherwise than its content."""
    said, names = by_ending(path), {id(each): name for name, each in by_name().items()}
    if said is None:
        yield f"read as {names[id(form)]}, by its content"
    elif said[0] is not form:
        yield f"read as {names[id(form)]}, by its content, though the name ends in {said[1]}"
    ending, kind = path.suffix.lower(), packing(path)
    if ENDINGS.get(ending) != kind and (kind or ending in ENDINGS):
        yield f"unpacked as .{kind}, by its content" if kind else f"is not packed, though the name ends in {ending}"


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
    endings = {file.suffix.lower() for file in islice(walked(path), LOOKED_AT)}
    suffix = next((suffix for suffix in format_with if suffix in endings), None)
    if suffix is None:
        if (path / "run.json").exists():
            raise FormatError(
                path, None, "is the folder of a run: a file of data expected; 'shortrun info' is about runs"
            )
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
