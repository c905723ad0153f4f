"""VCF and BCF: the genotypes of persons at the sites of a genome."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import chain, islice, starmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shortrun.data.core.apart import BrokenOffError, apart
from shortrun.data.core.blocks import give_back
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.format import Format, begins_with
from shortrun.data.core.labels import did_you_mean
from shortrun.data.core.libraries import library
from shortrun.data.core.parts import opened
from shortrun.data.core.request import Request
from shortrun.data.genotypes.encoding import USES, Genotypes
from shortrun.data.genotypes.formats import _htslib
from shortrun.data.genotypes.formats._vcf_damage import breakdown, check_end, damage
from shortrun.data.genotypes.persons import Person, persons
from shortrun.data.genotypes.regions import EXPECTED, FAR, Region
from shortrun.data.genotypes.sieve import HAPLOID, Calls
from shortrun.data.genotypes.variants import UNNAMED, UNPLACED, Variant, variants_of
from shortrun.errors import DataError, FormatError, LackingError, StoreError
from shortrun.files import atomic

SUFFIXES = (".vcf", ".bcf")
BCF = b"BCF\2"

CYVCF2 = "cyvcf2.cyvcf2", "cyvcf2", "genomics"
LABEL = "Label"  # what a line ##SAMPLE calls the class of a person
GT = '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">'
COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
INDICES = (".tbi", ".csi")
SAMPLE = re.compile(r'##SAMPLE=<ID=(?:"(?P<quoted>[^"]*)"|(?P<plain>[^,>]*)),?(?P<fields>.*)>')
FIELD = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))')
MOST_BAD = 100  # records in a row that are left out
AT_ONCE = 2**22  # bytes of text made together


# Reading


def read(path: Path, options: Request) -> Dataset:
    """Read sites with two alleles: phased calls as two haplotypes a person, others as dosages 0, 1 and 2.

    They are haplotypes (samples `NAME_A` and `NAME_B`, in one group) if a call is phased and no heterozygous one is
    unphased; `options.alphabet` asks for "binary" haplotypes or for a "dosage". A person with one allele a site is one
    haplotype, or has dosages 0 and 2. Of an indexed file only `options.region` is read, of others everything is.
    Labels are those that lines `##SAMPLE=<ID=NAME,Label=CLASS>` of the header give, as `save` makes them.

    Raises
    ------
    FormatError
        If the file is damaged or no VCF or BCF, holds no persons, no genotypes or more than two alleles a call, or no
        site is left; where it is text, names the line.
    MissingExtraError
        If cyvcf2 is not there.
    """
    library(*CYVCF2)
    check_end(path)
    with contextlib.closing(found_in(path, Region.of(options.region) if options.variants is None else None)) as found:
        people, header, chromosomes = header_in(path, found)
        lines = header.splitlines()
        label = labels_in(path, lines, options)
        genotypes = Genotypes(path, people, options)
        chosen = sites(path, chain.from_iterable(starmap(_htslib.apiece, found)), genotypes, options)
        while block := list(islice(chosen, genotypes.at_once)):
            genotypes.add(joined(block))
    try:
        data = genotypes.dataset()
    except FormatError as error:
        raise FormatError(path, error.line, error.reason + known_chromosomes(chromosomes, genotypes)) from None
    kept = [line for line in lines if line.startswith("##") and not line.startswith("##SAMPLE")]
    data = data.with_kind(genotypes=replace(data.kind.genotypes, vcf_header=tuple(kept)))
    people = (data.names if data.groups is None else data.groups).tolist()
    return data.with_labels([label.get(person, "") for person in people]) if label else data


class Record(NamedTuple):
    """A record: its site, and (N, P + 1) calls, the last column whether they are phased; None where it has none."""

    chromosome: str
    position: int
    id: str
    ref: str
    alt: list[str]
    calls: np.ndarray | None

    @property
    def site(self) -> str:
        """The record as a message names it."""
        return f"site {self.chromosome}:{self.position}"


def found_in(path: Path, region: Region | None) -> Generator[Any, None, None]:
    """Yield what `_htslib.records` does, from a process apart.

    Raises
    ------
    FormatError
        If that process breaks down; names the record.
    """
    indexed = is_indexed(path, region)
    file = str(path.absolute())  # processes need not have the same working folder
    try:
        yield from apart(_htslib.records, file, region, indexed, None)
        return
    except BrokenOffError as error:
        how = error
    read = 0
    with contextlib.suppress(BrokenOffError):
        for _ in islice(apart(_htslib.records, file, None, False, 1, lag=0), 1, None):  # again, record by record
            read += 1
    raise breakdown(path, read, str(how))


def is_indexed(path: Path, region: Region | None) -> bool:
    """Return whether a region is found by an index."""
    return region is not None and any(Path(f"{path}{ending}").exists() for ending in INDICES)


def header_in(path: Path, found: Iterator[Any]) -> tuple[list[str], str, list[str]]:
    """Return the persons, the header and the chromosomes that it names.

    Raises
    ------
    FormatError
        If the header cannot be read or names no persons.
    """
    header = next(found, None)
    if header is None:
        raise damage(path, None)
    people, text, chromosomes = header
    if not people:
        raise FormatError(path, None, "names no persons: sites alone are no samples")
    return people, text, chromosomes


def sites(
    path: Path, found: Iterator[Any], genotypes: Genotypes, options: Request
) -> Iterator[tuple[Variant, np.ndarray]]:
    """Yield the sites that have two alleles, with their calls, of what `_htslib.records` finds."""
    bad = 0  # in a row
    for each in found:
        if not isinstance(each, int):
            record, bad = Record(*each), 0
            if is_wanted(path, record, genotypes, options):
                yield from sites_of(path, record, genotypes, options)
            continue
        bad += 1
        if not options.skip_bad or bad > MOST_BAD:  # the file itself is damaged
            raise damage(path, None if is_indexed(path, genotypes.sieve.region) else each)
        genotypes.sieve.left_out["that cannot be read"] += 1


def is_wanted(path: Path, record: Record, genotypes: Genotypes, options: Request) -> bool:
    """Return whether a record has a place, as many alleles as are wanted, and calls.

    Raises
    ------
    FormatError
        If it has not, unless such records are to be left out.
    """
    place, left_out = record.site, genotypes.sieve.left_out
    if record.position > FAR:
        if not options.skip_bad:
            raise FormatError(path, None, f"{place}: position: {EXPECTED}, got '{record.position}'")
        left_out["that cannot be read"] += 1
        return False
    if len(record.alt) != 1 and (options.multiallelic != "split" or not record.alt):
        if options.multiallelic == "error":
            alleles = ", ".join([record.ref, *record.alt])
            raise FormatError(path, None, f"{place}: two alleles expected, got {alleles}")
        left_out["without exactly two alleles"] += 1
        return False
    if record.calls is not None:
        return True
    if options.missing != "drop-site" and not options.skip_bad:
        raise FormatError(
            path, None, f"{place} has no genotypes (no GT in its FORMAT): '--missing drop-site' leaves it out"
        )
    left_out["without genotypes"] += 1
    return False


def sites_of(
    path: Path, record: Record, genotypes: Genotypes, options: Request
) -> Iterator[tuple[Variant, np.ndarray]]:
    """Yield the site of a record, or a site for each alternative allele, with the calls."""
    try:
        calls = calls_of(path, record)
    except FormatError:
        if not options.skip_bad:
            raise
        genotypes.sieve.left_out["that cannot be read"] += 1
        return
    if len(record.alt) > 1:
        genotypes.split = (genotypes.split[0] + 1, genotypes.split[1] + len(record.alt))
    for number, allele in enumerate(record.alt, start=1):
        variant = Variant(record.chromosome, record.position, record.id, record.ref, allele)
        yield variant, calls if len(record.alt) == 1 else one_of(calls, number)


def one_of(calls: np.ndarray, allele: int) -> np.ndarray:
    """Return calls of several alleles as whether they are of one of them: the others count as the reference."""
    found = calls.copy()
    found[:, :2] = np.where(calls[:, :2] < 0, calls[:, :2], calls[:, :2] == allele)
    return found


def calls_of(path: Path, record: Record) -> np.ndarray:
    """Return the calls of a record: (N, 3) of two alleles and whether they are phased.

    Raises
    ------
    FormatError
        If they are of more than two alleles, or of one that the site does not have.
    """
    place, calls = record.site, record.calls
    assert calls is not None  # `is_wanted` saw to that
    if calls.shape[1] == 2:
        calls = np.insert(calls, 1, HAPLOID, axis=1)
    if calls.shape[1] != 3:
        raise FormatError(path, None, f"{place}: a call of {calls.shape[1] - 1} alleles, one or two expected")
    most, known = calls[:, :2].max(), len(record.alt)
    if most > known:
        raise FormatError(
            path, None, f"{place}: a call of allele {most}, but {'only one' if known == 1 else known} ALT"
        )
    return calls


def joined(block: list[tuple[Variant, np.ndarray]]) -> Calls:
    """Return the calls of several sites together."""
    calls = np.stack([calls for _, calls in block])
    return Calls([variant for variant, _ in block], calls[..., :2].astype(np.int8), calls[..., 2] == 1)


def known_chromosomes(known: list[str], genotypes: Genotypes) -> str:
    """Return the end of a message about a region without sites: the nearest chromosome of the header."""
    region = genotypes.sieve.region
    if region is None or region.chromosome in known:
        return ""
    plain = {name.removeprefix("chr"): name for name in known}  # as chr22 and 22 are called in different files
    return did_you_mean(plain.get(region.chromosome.removeprefix("chr"), region.chromosome), known)


def labels_in(path: Path, header: list[str], options: Request) -> dict[str, str]:
    """Return the labels that the header gives to persons, before calls are read.

    Raises
    ------
    LackingError
        If a label or a group is asked for that it does not give.
    """
    if options.group is not None:
        raise LackingError(path, None, f"has no group '{options.group}': a labels file with that column is needed")
    label = dict(labels_of(header, options.label_column or LABEL))
    if options.label_column is not None and not label:
        reason = f"has no label '{options.label_column}': a labels file (a panel) with that column is needed"
        raise LackingError(path, None, reason)
    return label


def labels_of(header: list[str], name: str) -> Iterator[tuple[str, str]]:
    """Yield person and label of the lines `##SAMPLE=<ID=PERSON,NAME=LABEL>`."""
    for found in filter(None, map(SAMPLE.fullmatch, header)):
        for field, quoted, plain in FIELD.findall(found["fields"]):
            if field.casefold() == name.casefold():
                yield found["quoted"] or found["plain"], re.sub(r"\\(.)", r"\1", quoted) or plain


# Writing


def save(path: Path, dataset: Dataset) -> None:
    """Write phased genotypes of haplotypes (see `persons`), or unphased ones of dosages, at the sites of the data.

    Sites and lines of the header are those that were read, without QUAL, FILTER and INFO; labels go to lines
    `##SAMPLE=<ID=NAME,Label=CLASS>`. Packed files are BGZF, as indices need it.

    Raises
    ------
    DataError
        If the data are no genotypes.
    MissingExtraError
        If a packed file is to be written and cyvcf2 is not there.
    StoreError
        If the file cannot be written.
    """
    people, variants = persons(dataset), variants_of(dataset)
    header = "".join(f"{line}\n" for line in header_of(dataset, people, variants))
    body = lines(dataset, people, variants)
    if path.name.lower().endswith(".vcf"):
        with opened(path) as file:
            file.write(header.encode())
            file.writelines(line + b"\n" for line in body)
        return
    library(*CYVCF2)
    with atomic(path) as temporary:
        pack(temporary, "wz4" if ".vcf" in path.name.lower() else "wb", header, body)
        check_written(path, temporary)


def pack(path: Path, mode: str, header: str, body: Iterator[bytes]) -> None:
    """Write lines as a packed VCF or a BCF.

    Raises
    ------
    DataError
        If htslib breaks down.
    """
    try:
        for _ in apart(_htslib.packed, str(path.absolute()), mode, header, feed=body):
            pass
    except RuntimeError as error:
        raise DataError(f"htslib, which packs VCF, cannot write these data ({error}): write .vcf instead") from error


def check_written(path: Path, temporary: Path) -> None:
    """Raise StoreError unless a packed file has its end: htslib tells nobody of a full disk."""
    try:
        check_end(temporary)
    except FormatError:
        raise StoreError(path, "could not be written as a whole: is the disk full?") from None


def header_of(dataset: Dataset, people: list[Person], variants: list[Variant]) -> Iterator[str]:
    """Yield the lines of the header: those that were read, and what is needed besides."""
    known = dataset.kind.genotypes.vcf_header
    version = [line for line in known if line.startswith("##fileformat=")]
    yield version[0] if version else "##fileformat=VCFv4.2"
    yield from (line for line in known if line not in version)
    for chromosome in dict.fromkeys(variant.chromosome for variant in variants):
        if not any(re.match(rf"##contig=<ID={re.escape(chromosome)}[,>]", line) for line in known):
            unplaced = ',Description="sites whose chromosome is not known"' if chromosome == UNPLACED else ""
            yield f"##contig=<ID={chromosome}{unplaced}>"
    if any(variant.alt == UNNAMED[1] for variant in variants) and not any("=<ID=ALT," in line for line in known):
        yield '##ALT=<ID=ALT,Description="the other allele, whose letters are not known">'
    if not any(line.startswith("##FORMAT=<ID=GT,") for line in known):
        yield GT
    for person in people if dataset.classes else ():
        if person.label >= 0:
            yield f"##SAMPLE=<ID={quoted_id(person.name)},{LABEL}={quoted(dataset.classes[person.label])}>"
    yield "\t".join([*COLUMNS, *(person.name for person in people)])


def quoted(text: str) -> str:
    """Return a text as a header's value in quotes."""
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def quoted_id(name: str) -> str:
    """Return a person's name as the ID of a header's line, in quotes if it needs them."""
    return name if re.fullmatch(r"[\w.:|/+-]+", name) else quoted(name)


def lines(dataset: Dataset, people: list[Person], variants: list[Variant]) -> Iterator[bytes]:
    """Yield the lines of the sites, made from a line of zeros on which the alleles are set."""
    zeros, places, rows = template(dataset, people)
    step = max(1, AT_ONCE // len(zeros))
    for start in range(0, len(variants), step):
        values = np.asarray(dataset.values[:, start : start + step])
        text = np.tile(zeros, (values.shape[1], 1))
        text[:, places] += (values if dataset.colours == 2 else alleles(values))[rows].T
        give_back(dataset.values)
        for variant, cells in zip(variants[start : start + step], text, strict=True):
            site = f"{variant.chromosome}\t{variant.position}\t{variant.id}\t{variant.ref}\t{variant.alt}\t.\t.\t.\tGT"
            yield site.encode() + cells.tobytes()


def template(dataset: Dataset, people: list[Person]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the bytes of a line of zeros, where in it each allele stands, and which row each is."""
    dosages = dataset.colours != 2
    cells = ["\t0/0" if dosages else "\t0|0" if len(person.rows) == 2 else "\t0" for person in people]
    zeros = np.frombuffer("".join(cells).encode(), np.uint8)
    rows = np.arange(2 * len(people)) if dosages else np.array([row for person in people for row in person.rows])
    return zeros, np.flatnonzero(zeros == ord("0")), rows


def alleles(dosages: np.ndarray) -> np.ndarray:
    """Return the (2N, B) alleles of (N, B) dosages: 1 is 0/1."""
    return np.stack([dosages == 2, dosages >= 1], 1).reshape(-1, dosages.shape[1]).astype(np.uint8)


def is_text(start: bytes) -> bool:
    """Return whether content is a VCF, and no BCF."""
    return not start.startswith(BCF)


FORMAT = Format(
    suffixes=SUFFIXES,
    text=is_text,
    begins=begins_with(b"##fileformat=VCF", BCF),
    unpacks=("gz",),
    read=read,
    save=save,
    uses=(*USES, "multiallelic", "skip_bad"),
)
