"""PLINK 1: dosages in a .bed file, persons in .fam, sites in .bim."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from sys import intern
from typing import Any, TypeVar

import numpy as np

from shortrun.data.core.alphabet import DOSAGE
from shortrun.data.core.blocks import give_back
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format
from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.raw import hint, read_lines
from shortrun.data.core.request import Request
from shortrun.data.genotypes.encoding import USES, Genotypes
from shortrun.data.genotypes.persons import Person, persons
from shortrun.data.genotypes.regions import FAR, position_in
from shortrun.data.genotypes.sieve import MISSING, Calls
from shortrun.data.genotypes.variants import UNNAMED, Variant, one_word, variants_of
from shortrun.errors import DataError, FormatError, LackingError, MissingExtraError
from shortrun.files import atomic
from shortrun.phrases import counted

SUFFIXES = (".bed",)

FAM = ("family", "sample", "father", "mother", "sex", "phenotype")
BIM = ("chromosome", "id", "centimorgans", "position", "a1", "a2")
UNKNOWN = {"family": ("0",), "sex": ("0",), "phenotype": ("-9", "0", "NA")}  # how .fam says that it does not know
SEX = {"1": "male", "2": "female"}
MAGIC = b"\x6c\x1b"
NOT_CALLED = -127
NO_ALLELE = "0"  # in .bim, one that nobody has
READ = 2**25  # calls read together: a call of bed-reader takes as long as many sites, where there are many persons
PROPERTIES = (
    *("fid", "iid", "father", "mother", "sex", "pheno"),
    *("chromosome", "sid", "cm_position", "bp_position", "allele_1", "allele_2"),
)  # of bed-reader, which need not read them again


Numbers = TypeVar("Numbers", list[int], range)

# Reading


def read(path: Path, options: Request) -> Dataset:
    """Read dosages 0, 1 and 2 of the first allele (A1) of each site; A2 is the reference, as PLINK 2 writes it.

    Labels are the column of .fam that `options.label_column` names: family, sample, father, mother, sex or phenotype.

    Raises
    ------
    FormatError
        If a file is missing, damaged or of another length than the others, a call is missing and that is an error, or
        no site or person is left; in .fam and .bim names the line.
    MissingExtraError
        If bed-reader is not there.
    """
    fam = [row for _, row in columns(beside(path, ".fam"), FAM)]
    for name in filter(None, (options.label_column, options.group)):
        column(path, name)  # refuses a wrong one before calls are read
    genotypes = Genotypes(path, people_of(path, fam), options.but(alphabet=options.alphabet or DOSAGE))
    sites, unnamed = variants_in(path)
    source = opened_for_reading(path, len(fam), len(sites))
    chosen = [i for i, site in enumerate(sites) if genotypes.sieve.asks_for(site.chromosome, site.position)]
    for here in some(chosen, READ // len(fam)):
        dosages = source.read(index=np.s_[:, here], dtype="int8", num_threads=1).T
        for part in some(range(len(here)), genotypes.at_once):
            genotypes.add(calls_of([sites[here[i]] for i in part], dosages[part.start : part.stop]))
    return labelled(path, genotypes.dataset(), fam, options).with_notes(*notes_on(path, fam, unnamed))


def some(numbers: Numbers, count: int) -> Iterator[Numbers]:
    """Yield numbers so many at a time, at least one."""
    for first in range(0, len(numbers), max(1, count)):
        yield numbers[first : first + max(1, count)]


def beside(path: Path, ending: str) -> Path:
    """Return the file of the same name with another ending."""
    return path.with_suffix(ending)


def columns(path: Path, names: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a .fam or .bim file, each after the number of its line.

    Raises
    ------
    FormatError
        If it is missing or a row has not six columns.
    """
    if not path.exists():
        raise FormatError(path, None, f"no such file: a .bed file needs it{hint(path)}")
    for line, text in enumerate(read_lines(path), start=1):
        row = text.split()
        if row and len(row) != len(names):
            raise FormatError(path, line, f"{len(row)} columns, {len(names)} expected: {', '.join(names)}")
        if row:
            yield line, row


def people_of(path: Path, fam: list[list[str]]) -> list[str]:
    """Return the names of persons: their own, or with their family's where they alone are not enough.

    Raises
    ------
    FormatError
        If two persons have one name.
    """
    names = [row[1] for row in fam]
    if len(set(names)) < len(names):
        names = [f"{row[0]}_{row[1]}" for row in fam]
    line_of: dict[str, int] = {}
    for line, name in enumerate(names, start=1):
        if line_of.setdefault(name, line) != line:
            reason = f"family and name '{name}' are those of line {line_of[name]} too"
            raise FormatError(beside(path, ".fam"), line, reason)
    return names


def variants_in(path: Path) -> tuple[list[Variant], int]:
    """Return the sites of a .bim file, and how many of them have an allele that nobody has.

    Raises
    ------
    FormatError
        If a position is no number that fits.
    """
    sites, unnamed, bim = [], 0, beside(path, ".bim")
    for line, (chromosome, name, _, position, *alleles) in columns(bim, BIM):
        place = position_in(bim, line, position, least=-FAR)  # PLINK passes over negative ones
        unnamed += NO_ALLELE in alleles
        ref, alt = (UNNAMED[i] if allele == NO_ALLELE else allele for i, allele in enumerate(reversed(alleles)))
        sites.append(Variant(intern(chromosome), place, name, ref, alt))  # one text for all sites
    return sites, unnamed


def notes_on(path: Path, fam: list[list[str]], unnamed: int) -> list[str]:
    """Return what was made of a .fam and a .bim file, a line each."""
    notes = []
    if unnamed:
        where = f"at {counted(unnamed, 'site')} of .bim"
        notes.append(f"allele '0' {where}, which nobody has, is called {' or '.join(UNNAMED)}")
    if len({row[1] for row in fam}) < len(fam):
        notes.append(f"persons are called FAMILY_NAME: names alone occur twice in {beside(path, '.fam').name}")
    return notes


def opened_for_reading(path: Path, people: int, sites: int) -> Any:
    """Return bed-reader's view of a file.

    Raises
    ------
    FormatError
        If it is no .bed file, or not of as many persons and sites as .fam and .bim are.
    MissingExtraError
        If bed-reader is not there.
    """
    try:
        from bed_reader import open_bed
    except ImportError:
        raise MissingExtraError("bed-reader", "genomics") from None
    if path.suffix.lower() == ".gz":
        raise FormatError(path, None, "PLINK files are not packed: unpack it first")
    with path.open("rb") as file:
        start = file.read(3)
    if start[:2] != MAGIC or start[2:] not in (b"\0", b"\1"):
        raise FormatError(path, None, "is no .bed file of PLINK 1 (it begins with other bytes)")
    by_site = start[2:] == b"\1"
    expected = 3 + (sites * bytes_of(people) if by_site else people * bytes_of(sites))
    found = path.stat().st_size
    if found != expected:
        reason = f"{found:,} bytes, but the {people:,} persons of .fam and {sites:,} sites of .bim make {expected:,}"
        raise FormatError(path, None, reason)
    known: dict[str, Any] = dict.fromkeys(PROPERTIES)
    return open_bed(path, iid_count=people, sid_count=sites, properties=known)


def bytes_of(calls: int) -> int:
    """Return how many bytes calls take, four in each."""
    return -(-calls // 4)


def calls_of(sites: list[Variant], dosages: np.ndarray) -> Calls:
    """Return (B, N) dosages as calls without a phase."""
    alleles = np.empty((*dosages.shape, 2), np.int8)
    np.greater_equal(dosages, 1, out=alleles[..., 0])
    np.equal(dosages, 2, out=alleles[..., 1])
    if dosages.size and dosages.min() < 0:
        alleles[dosages == NOT_CALLED] = MISSING
    return Calls(sites, alleles, np.zeros(dosages.shape, bool))


def labelled(path: Path, data: Dataset, fam: list[list[str]], options: Request) -> Dataset:
    """Return the data with the labels and groups of columns of .fam that were asked for."""
    row_of = {name: row for row, name in enumerate(people_of(path, fam))}
    kept = [row_of[name] for name in data.names.tolist()]
    if options.label_column is not None:
        data = data.with_labels([text_of(fam[row], column(path, options.label_column)) for row in kept])
    if options.group is not None:
        data = data.with_groups([fam[row][column(path, options.group)] for row in kept])
    return data


def column(path: Path, name: str) -> int:
    """Return which column of .fam has a name.

    Raises
    ------
    LackingError
        If none has.
    """
    if name.casefold() not in FAM:
        raise LackingError(beside(path, ".fam"), None, f"no column '{name}'{did_you_mean(name, FAM)}")
    return FAM.index(name.casefold())


def text_of(row: list[str], place: int) -> str:
    """Return a cell of .fam as a label, empty where it says that nothing is known."""
    name, text = FAM[place], row[place]
    text = "" if text in UNKNOWN.get(name, ()) else text
    return SEX.get(text, text) if name == "sex" else text


# Writing


def save(path: Path, dataset: Dataset) -> None:
    """Write .bed, .bim and .fam: dosages of A1, the allele of code 1; two haplotypes (see `persons`) are one person.

    A single haplotype is written as PLINK writes haploid calls, homozygous. Labels are the families of .fam, with `_`
    for spaces. Phase is lost.

    Raises
    ------
    DataError
        If the data are no genotypes, or the file is to be packed.
    MissingExtraError
        If bed-reader is not there.
    StoreError
        If a file cannot be written.
    """
    if path.suffix.lower() == ".gz":
        raise DataError("PLINK files are not packed: leave out .gz")
    try:
        from bed_reader import create_bed
    except ImportError:
        raise MissingExtraError("bed-reader", "genomics") from None
    people, variants = persons(dataset), variants_of(dataset)
    with ExitStack() as stack:
        bed, bim, fam = (stack.enter_context(atomic(beside(path, ending))) for ending in (path.suffix, ".bim", ".fam"))
        options = {"bim_location": bim, "fam_location": fam, "properties": properties(dataset, people, variants)}
        writer = stack.enter_context(create_bed(bed, len(people), len(variants), **options))
        write_dosages(writer, dataset, people)


def properties(dataset: Dataset, people: list[Person], variants: list[Variant]) -> dict[str, list[Any]]:
    """Return what bed-reader writes to .fam and .bim."""
    families = [*map(one_word, dataset.classes), "0"]  # the code -1 picks the last
    names = ("chromosome", "bp_position", "sid", "allele_2", "allele_1")
    sites = dict(zip(names, map(list, zip(*variants, strict=True)), strict=True))
    return sites | {"iid": [person.name for person in people], "fid": [families[person.label] for person in people]}


def write_dosages(writer: Any, dataset: Dataset, people: list[Person]) -> None:
    """Write the dosages of site after site."""
    rows = np.array([person.rows for person in people]) if dataset.colours == 3 else both(people)
    step = max(1, 2**22 // len(dataset))
    for start in range(0, dataset.sites, step):
        values = np.asarray(dataset.values[:, start : start + step]).T
        give_back(dataset.values)
        for dosages in values[:, rows].sum(2, dtype=np.int8):
            writer.write(dosages)


def both(people: list[Person]) -> np.ndarray:
    """Return the (N, 2) rows of each person's two alleles; a single one is both."""
    return np.array([(person.rows[0], person.rows[-1]) for person in people])


def begins(start: bytes) -> bool:
    """Return whether content is of this format."""
    return start[:2] == MAGIC and start[2:3] in (b"\0", b"\1")


FORMAT = Format(suffixes=SUFFIXES, begins=begins, read=read, save=save, uses=USES)
