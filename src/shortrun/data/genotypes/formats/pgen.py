"""PLINK 2: genotypes, phased if they are, in a .pgen file, persons in .psam, sites in .pvar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from shortrun.data.core.blocks import give_back
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.libraries import library
from shortrun.data.core.parts import opened
from shortrun.data.core.raw import hint, read_lines
from shortrun.data.core.request import Request
from shortrun.data.genotypes.encoding import USES, Genotypes
from shortrun.data.genotypes.persons import Person, persons
from shortrun.data.genotypes.regions import position_in
from shortrun.data.genotypes.sieve import MISSING, Calls
from shortrun.data.genotypes.variants import UNNAMED, Variant, one_word, variants_of
from shortrun.errors import DataError, FormatError, LackingError
from shortrun.files import atomic

PGENLIB = "pgenlib", "Pgenlib", "genomics"
SUFFIXES = (".pgen",)

LABEL = "Label"  # the column of .psam that holds classes, as we write it
PSAM = ("#FID", "#IID", "FID", "IID")
PVAR = {"#CHROM": "chromosome", "POS": "position", "ID": "id", "REF": "ref", "ALT": "alt"}
NOTHING = ("", "NA", "nan", "NONE", "-9", ".")  # how .psam says that it does not know
UNCALLED = -9
Site = tuple[int, Variant, int]  # the number of the record, the site, and which of its alternative alleles it is of


# Reading


def read(path: Path, options: Request) -> Dataset:
    """Read phased calls as two haplotypes a person, others as dosages 0, 1 and 2, as a VCF is read.

    Labels are the column of .psam that `options.label_column` names, by default `Label`.

    Raises
    ------
    FormatError
        If a file is missing, damaged or of another length than the others, a call is missing and that is an error, or
        no site or person is left; in .psam and .pvar names the line.
    MissingExtraError
        If Pgenlib is not there.
    """
    pgenlib = library(*PGENLIB)
    table = psam(beside(path, ".psam"))
    check_columns(path, table, options)
    genotypes = Genotypes(path, table["IID"], options)
    records = pvar(pvar_of(path))
    with opened_for_reading(path, pgenlib, len(table["IID"]), records) as reader:
        chosen = iter(wanted(path, genotypes, records, options))
        while block := list(islice(chosen, genotypes.at_once)):
            genotypes.add(calls_of(path, reader, block, len(table["IID"])))
    return labelled(genotypes.dataset(), table, options)


def beside(path: Path, ending: str) -> Path:
    """Return the file of the same name with another ending."""
    return path.with_suffix(ending)


def pvar_of(path: Path) -> Path:
    """Return the file of the sites, packed or not."""
    found = [beside(path, ending) for ending in (".pvar", ".pvar.zst", ".pvar.gz")]
    return next((file for file in found if file.is_file()), found[0])


def rows_in(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a .psam or .pvar file, split; the first is the header.

    Raises
    ------
    FormatError
        If it is missing, has no header, or a row is shorter or longer than it.
    """
    if not path.exists():
        raise FormatError(path, None, f"no such file: a .pgen file needs it{hint(path)}")
    header: list[str] = []
    for line, text in enumerate(read_lines(path), start=1):
        row = text.split()
        if not row or text.startswith("##"):
            continue
        if not header and not text.startswith("#"):
            raise FormatError(path, line, f"a header that begins with # expected, got '{text[:30]}'")
        header = header or row
        if len(row) < len(header):
            raise FormatError(path, line, f"{len(row)} columns, the header has {len(header)}")
        yield line, row
    if not header:
        raise FormatError(path, None, "is empty: a header that begins with # expected")


def psam(path: Path) -> dict[str, list[str]]:
    """Return the columns of a .psam file by their names.

    Raises
    ------
    FormatError
        If it has no column IID, or two persons have one name.
    """
    (line, header), *rows = rows_in(path)
    names = [name.removeprefix("#") for name in header]
    if "IID" not in names:
        raise FormatError(path, line, f"no column 'IID'{did_you_mean('IID', names)}")
    table = {name: [row[i] for _, row in rows] for i, name in enumerate(names)}
    if len(set(table["IID"])) < len(rows) and "FID" in table:
        table["IID"] = [f"{family}_{name}" for family, name in zip(table["FID"], table["IID"], strict=True)]
    line_of: dict[str, int] = {}
    for (line, _), name in zip(rows, table["IID"], strict=True):
        if line_of.setdefault(name, line) != line:
            raise FormatError(path, line, f"person '{name}' is in line {line_of[name]} too")
    return table


def pvar(path: Path) -> list[dict[str, str]]:
    """Return the records of a .pvar file.

    Raises
    ------
    FormatError
        If it lacks a column, or a position is no number; names the line.
    """
    (line, header), *rows = rows_in(path)
    for name in PVAR:
        if name not in header:
            raise FormatError(path, line, f"no column '{name}'{did_you_mean(name, header)}")
    place = {role: header.index(name) for name, role in PVAR.items()}
    for line, row in rows:
        position_in(path, line, row[place["position"]])
    return [{role: row[i] for role, i in place.items()} for _, row in rows]


def opened_for_reading(path: Path, pgenlib: ModuleType, people: int, records: list[dict[str, str]]) -> Any:
    """Return Pgenlib's view of a file.

    Raises
    ------
    FormatError
        If it is no .pgen file, or not of as many persons and sites as .psam and .pvar are.
    """
    counts = np.cumsum([0, *(record["alt"].count(",") + 2 for record in records)]).astype(np.uintp)
    several = {} if counts[-1] == 2 * len(records) else {"allele_idx_offsets": counts}
    try:
        reader = pgenlib.PgenReader(str(path).encode(), raw_sample_ct=people, variant_ct=len(records), **several)
    except (RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        told = f"{people:,} persons in .psam, {len(records):,} sites in .pvar"
        raise FormatError(path, None, f"is no .pgen file of these ({told}): {reason}") from None
    return reader


def wanted(path: Path, genotypes: Genotypes, records: list[dict[str, str]], options: Request) -> Iterator[Site]:
    """Yield the sites that have two alleles, or one for each alternative allele, and were asked for.

    Raises
    ------
    FormatError
        If there are more alleles, and that is an error.
    """
    for number, record in enumerate(records):
        alleles, position = record["alt"].split(","), int(record["position"])
        if not genotypes.sieve.asks_for(record["chromosome"], position):
            continue
        if len(alleles) > 1 and options.multiallelic != "split":
            if options.multiallelic == "error":
                found = f"{record['ref']}, {record['alt'].replace(',', ', ')}"
                raise FormatError(
                    path, None, f"site {record['chromosome']}:{position}: two alleles expected, got {found}"
                )
            genotypes.sieve.left_out["without exactly two alleles"] += 1
            continue
        if len(alleles) > 1:
            genotypes.split = (genotypes.split[0] + 1, genotypes.split[1] + len(alleles))
        for which, allele in enumerate(alleles, start=1):
            alt = UNNAMED[1] if allele in (".", "0") else allele
            yield number, Variant(record["chromosome"], position, record["id"], record["ref"], alt), which


def calls_of(path: Path, reader: Any, block: list[Site], people: int) -> Calls:
    """Return the calls of some sites.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    numbers = np.array([number for number, _, _ in block], np.uint32)
    alleles = np.empty((len(block), 2 * people), np.int32)
    phased = np.empty((len(block), people), np.uint8)
    try:
        reader.read_alleles_and_phasepresent_list(numbers, alleles, phased)
    except (RuntimeError, ValueError) as error:
        raise FormatError(path, None, f"is damaged: {' '.join(str(error).split())[:120]}") from None
    which = np.array([which for _, _, which in block])[:, None]
    codes = np.where(alleles == UNCALLED, MISSING, alleles == which).astype(np.int8)
    return Calls([variant for _, variant, _ in block], codes.reshape(len(block), people, 2), phased.astype(bool))


def check_columns(path: Path, table: dict[str, list[str]], options: Request) -> None:
    """Raise LackingError, before calls are read, unless .psam has the columns that are asked for."""
    for name in (options.label_column, options.group):
        if name is not None and name not in table:
            raise LackingError(beside(path, ".psam"), None, f"no column '{name}'{did_you_mean(name, list(table))}")


def labelled(data: Dataset, table: dict[str, list[str]], options: Request) -> Dataset:
    """Return the data with the labels and groups of columns of .psam."""
    people = (data.names if data.groups is None else data.groups).tolist()
    row_of = {name: row for row, name in enumerate(table["IID"])}
    label = options.label_column or LABEL
    if label in table:
        texts = [table[label][row_of[person]] for person in people]
        data = data.with_labels(["" if text in NOTHING else text for text in texts])
    return data if options.group is None else data.with_groups([table[options.group][row_of[p]] for p in people])


# Writing


def save(path: Path, dataset: Dataset) -> None:
    """Write .pgen, .pvar and .psam: phased genotypes of haplotypes (see `persons`), or unphased ones of dosages.

    A single haplotype is homozygous. Labels are the column `Label` of .psam, with `_` for spaces.

    Raises
    ------
    DataError
        If the data are no genotypes, or the file is to be packed.
    MissingExtraError
        If Pgenlib is not there.
    StoreError
        If a file cannot be written.
    """
    if path.suffix.lower() == ".gz":
        raise DataError("PLINK files are not packed: leave out .gz")
    pgenlib, people, variants = library(*PGENLIB), persons(dataset), variants_of(dataset)
    classes = [*map(one_word, dataset.classes), "NA"]  # the code -1 picks the last
    with ExitStack() as stack:
        sites, samples = (stack.enter_context(opened(beside(path, ending))) for ending in (".pvar", ".psam"))
        sites.write(("\t".join(PVAR) + "\n").encode())
        sites.writelines("\t".join(map(str, variant)).encode() + b"\n" for variant in variants)
        samples.write(f"#IID\tSEX\t{LABEL}\n".encode())
        samples.writelines(f"{person.name}\tNA\t{classes[person.label]}\n".encode() for person in people)
        target = stack.enter_context(atomic(path))
        options = {"nonref_flags": False, "hardcall_phase_present": dataset.colours == 2}
        writer = pgenlib.PgenWriter(str(target).encode(), len(people), variant_ct=len(variants), **options)
        write_calls(writer, dataset, people)
        writer.close()


def write_calls(writer: Any, dataset: Dataset, people: list[Person]) -> None:
    """Write the calls of site after site."""
    phased = dataset.colours == 2
    rows = np.array([(person.rows[0], person.rows[-1]) for person in people])
    step = max(1, 2**22 // len(dataset))
    for start in range(0, dataset.sites, step):
        values = np.asarray(dataset.values[:, start : start + step]).T
        give_back(dataset.values)
        for site in values:
            if phased:
                writer.append_alleles(site[rows].astype(np.int32).ravel(), all_phased=True)
            else:
                writer.append_biallelic(site[rows[:, 0]].astype(np.int8))


FORMAT = Format(suffixes=SUFFIXES, read=read, save=save, uses=(*USES, "multiallelic"))
