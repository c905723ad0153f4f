"""Legends: the sites of a file of haplotypes, `id position a0 a1`; shared by .hapt and .hap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import ENDINGS, bare, read_lines
from shortrun.data.core.request import Request
from shortrun.data.genotypes.regions import position_in
from shortrun.data.genotypes.variants import UNPLACED, Variant, described, spoken
from shortrun.errors import FormatError, StoreError

COLUMNS = {"id": "id", "position": "position", "a0": "ref", "a1": "alt"}
CHROMOSOME = ("chromosome", "chrom", "chr")  # of legends that have it
ZERO, ONE = ord("0"), ord("1")
NOTHING = "NA"  # a label that is not known
USERS = (".hapt", ".hap")  # files that a legend belongs to
RS = "rsid"  # a column of ours, where ids say where sites are


def codes(path: Path, line: int, cells: list[str], expected: int | None) -> bytes:
    """Return the alleles 0 and 1 of a line.

    Raises
    ------
    FormatError
        If there are fewer or more than expected, or one is something else.
    """
    if not cells or (expected is not None and len(cells) != expected):
        wanted = "at least one" if expected is None else f"{expected:,} as in the first row"
        raise FormatError(path, line, f"{len(cells):,} alleles, {wanted} expected")
    values = np.frombuffer("".join(cells).encode(), np.uint8)
    if len(values) != len(cells) or ((values != ZERO) & (values != ONE)).any():
        place, wrong = next((i, cell) for i, cell in enumerate(cells, start=1) if cell not in ("0", "1"))
        raise FormatError(path, line, f"allele {place}: 0 or 1 expected, got '{wrong[:20]}'")
    return (values - ZERO).tobytes()


def refuse_columns(path: Path, options: Request, known: tuple[str, ...] = ()) -> None:
    """Raise FormatError if labels or groups are asked for that a file does not hold."""
    for what, name in (("label", options.label_column), ("group", options.group)):
        if name is not None and name not in known:
            tip = f" or one of {', '.join(known)}" if known else ""
            raise FormatError(path, None, f"has no {what} '{name}': a labels file with that column{tip} is needed")


def stem_of(path: Path, suffix: str) -> str:
    """Return the name of a file without its suffix and what says that it is packed."""
    name = bare(path)
    return name[: -len(suffix)] if name.lower().endswith(suffix) else Path(name).stem


def beside(path: Path, suffix: str, ending: str) -> Path:
    """Return the file of the same name with another suffix, packed if that one is."""
    packed = path.suffix if path.suffix.lower() in ENDINGS else ""
    return path.with_name(stem_of(path, suffix) + ending + packed)


def find_beside(path: Path, suffix: str, *endings: str) -> Path | None:
    """Return the file of the same name with another suffix, packed or not; None without one."""
    names = [stem_of(path, suffix) + ending + packed for ending in endings for packed in ("", *ENDINGS)]
    return next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)


def find_legend(path: Path, suffix: str) -> Path | None:
    """Return the legend of the same name, else the only one whose name this one begins with, else None."""
    same = find_beside(path, suffix, ".legend")
    legends = [found for found in path.parent.glob("*.legend*") if path.name.startswith(found.name.split(".legend")[0])]
    return same or (legends[0] if len(legends) == 1 else None)


def note_of_legend(path: Path, suffix: str, legend: Path | None) -> list[str]:
    """Return what to tell of the legend that was found, a line or none."""
    if legend is None:
        return [f"no {stem_of(path, suffix)}.legend: sites have numbers only"]
    same = legend.name.startswith(f"{stem_of(path, suffix)}.legend")
    return [] if same else [f"sites are those of {legend.name}, the only legend whose name begins this file's"]


def keeps_legend(path: Path, suffix: str, variants: list[Variant]) -> bool:
    """Return whether the legend beside a file to be written is there already, and says the same of the sites.

    Raises
    ------
    StoreError
        If it has other sites, and may be another file's: this one is not there, or another of its name is.
    """
    legend = find_beside(path, suffix, ".legend")
    if legend is None:
        return False
    try:
        known = [Variant.of(text) for text in read_legend(legend, len(variants))]
    except FormatError:
        known = []
    if [site_in(variant) for variant in known] == [site_in(variant) for variant in variants]:
        return True
    others = [each for each in USERS if each != suffix and find_beside(path, suffix, each)]
    if others or not path.exists():
        whose = f"{stem_of(path, suffix)}{others[0]}" if others else "another file"
        raise StoreError(legend, f"is there already, with other sites, as those of {whose}: choose another name")
    return False


def site_in(variant: Variant) -> tuple[int, str, str]:
    """Return what a legend always says of a site, but for the id."""
    return variant.position, variant.ref, variant.alt


def read_legend(path: Path, sites: int) -> tuple[str, ...]:
    """Return the sites of a legend, a text each.

    Raises
    ------
    FormatError
        If it lacks a column, a row is too short, a position is no number, or there are more or fewer rows than sites;
        names the line.
    """
    lines = ((number, line.split()) for number, line in enumerate(read_lines(path), start=1) if line.strip())
    line, header = next(lines)
    names = [name.casefold() for name in header]
    for name in COLUMNS:
        if name not in names:
            raise FormatError(path, line, f"no column '{name}'{did_you_mean(name, header)}")
    rows = [row_of(path, number, row, names) for number, row in lines]
    if len(rows) != sites:
        raise FormatError(path, None, f"{len(rows):,} sites, the haplotypes have {sites:,}")
    columns = {role: [row[name] for row in rows] for name, role in COLUMNS.items()}
    placed = next((name for name in CHROMOSOME if name in names), None)
    columns |= {"chromosome": [row[placed] for row in rows]} if placed else {}
    found = described(columns)
    if RS in names:
        found = [variant._replace(id=row[RS]) for variant, row in zip(found, rows, strict=True)]
    return tuple(str(variant) for variant in found)


def row_of(path: Path, line: int, row: list[str], names: list[str]) -> dict[str, str]:
    """Return the cells of a row of a legend by the names of their columns."""
    if len(row) != len(names):
        raise FormatError(path, line, f"{len(row)} columns, the header has {len(names)}")
    found = dict(zip(names, row, strict=True))
    position_in(path, line, found["position"])
    return found


def legend_lines(variants: list[Variant]) -> Iterator[bytes]:
    """Yield the lines of a legend; chromosomes stand last, where they are known and ids do not have them."""
    known = any(variant.chromosome != UNPLACED for variant in variants)
    placed = known and not spoken([variant.id for variant in variants], [variant.position for variant in variants])
    yield b"id position a0 a1" + (b" chromosome" if placed else b"") + b"\n"
    for variant in variants:
        last = f" {variant.chromosome}" if placed else ""
        yield f"{variant.id} {variant.position} {variant.ref} {variant.alt}{last}\n".encode()
