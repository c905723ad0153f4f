"""Sites of a genome, each kept as one text, `CHROMOSOME POSITION ID REF ALT`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shortrun.data.core.alphabet import BINARY, DOSAGE
from shortrun.data.core.raw import bare
from shortrun.errors import DataError

if TYPE_CHECKING:
    from shortrun.data.core.dataset import Dataset

HAPLOTYPES = (".hapt", ".hap")  # files of haplotypes, possibly without a legend

UNPLACED = "0"  # PLINK's chromosome of sites that have none, a name that VCF allows
UNNAMED = ("N", "<ALT>")  # alleles that no one named: VCF's any base, and its form of an allele without letters
SITES = ("snp", "position", "allele", "chromosome")  # arrays of an .npz file that describe sites
BOM = "\ufeff"
SPOKEN = re.compile(r"(?:chr)?(?P<chromosome>\w+)[:_](?P<position>\d{1,10})[:_](?P<ref>[ACGTN]+)[:_](?P<alt>[ACGTN]+)")


class Variant(NamedTuple):
    """A site with two alleles: code 0 is `ref`, code 1 (or each unit of a dosage) is `alt`."""

    chromosome: str
    position: int
    id: str
    ref: str
    alt: str

    def __str__(self) -> str:
        text = " ".join(map(str, self))
        if text.count(" ") == len(self) - 1 and text.split() == text.split(" ") and BOM not in text:
            return text
        return " ".join(one_word(part) or "." for part in self)  # what no file can have in them

    @property
    def place(self) -> str:
        """The chromosome and the position, as messages name a site."""
        return f"{self.chromosome}:{self.position}"

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What makes two sites the same: all but the id."""
        return self.chromosome, self.position, self.ref, self.alt

    @property
    def swapped(self) -> tuple[str, int, str, str]:
        """The key of the same site with its alleles the other way round."""
        return self.chromosome, self.position, self.alt, self.ref

    @classmethod
    def of(cls, text: str) -> Variant:
        """Return the site that `str` made a text of."""
        chromosome, position, identity, ref, alt = text.split(" ")
        return cls(chromosome, int(position), identity, ref, alt)


def variants_of(dataset: Dataset) -> list[Variant]:
    """Return the sites of a data set; those that nobody named become `site_1`, `site_2`, ... at 0:1, 0:2, ..."""
    if has_variants(dataset):
        return [Variant.of(text) for text in dataset.kind.genotypes.variants]
    return described({"id": dataset.kind.site_names})


def has_variants(dataset: Dataset) -> bool:
    """Return whether the sites of a data set are known sites of a genome."""
    return len(dataset.kind.genotypes.variants) == dataset.sites


def is_genotypes(dataset: Dataset) -> bool:
    """Return whether samples are haplotypes or dosages at known variants, or come from a file of haplotypes."""
    known = has_variants(dataset)
    if dataset.alphabet is not None and dataset.alphabet == DOSAGE:
        return known or dataset.alphabet.name == DOSAGE.name  # any three codes have these letters
    return dataset.alphabet == BINARY and (known or bare(Path(dataset.kind.source or "")).endswith(HAPLOTYPES))


def described(columns: Mapping[str, Sequence[Any]]) -> list[Variant]:
    """Return sites from columns chromosome, position, id, ref and alt, of which some may lack.

    Where all ids are of the form 22:16051497_A_G they say what lacks (unless they contradict the positions). Else a
    chromosome is 0, the alleles N and <ALT>, and positions count from 1.
    """
    count = len(next(iter(columns.values())))
    ids = [one_word(text) or "." for text in columns.get("id", ["."] * count)]
    lacking = {"chromosome": [UNPLACED] * count, "position": range(1, count + 1)}
    lacking |= {"ref": [UNNAMED[0]] * count, "alt": [UNNAMED[1]] * count}
    columns = lacking | spoken(ids, columns.get("position")) | dict(columns) | {"id": ids}
    rows = zip(*(columns[name] for name in Variant._fields), strict=True)
    return [Variant(str(chromosome), int(at), name, str(ref), str(alt)) for chromosome, at, name, ref, alt in rows]


def spoken(ids: Sequence[str], positions: Sequence[Any] | None) -> dict[str, Sequence[Any]]:
    """Return the columns that ids such as 22:16051497_A_G spell out, nothing if one is not of that form."""
    found = [match for match in map(SPOKEN.fullmatch, ids) if match]
    there = [int(match["position"]) for match in found]
    if len(found) < len(ids) or (positions is not None and there != [int(position) for position in positions]):
        return {}
    return {name: [match[name] for match in found] for name in ("chromosome", "position", "ref", "alt")}


def variants_in(arrays: Mapping[str, Any], sites: int) -> tuple[str, ...]:
    """Return the texts of the sites that arrays (S,) called as in `SITES` describe; none if they are no such arrays.

    Raises
    ------
    DataError
        If some of them do, and another one has not a value for each site, or a position is no whole number.
    """
    found = {name: arrays[name] for name in SITES if name in arrays and np.shape(arrays[name]) == (sites,)}
    if "snp" not in found and "position" not in found:
        return ()
    for name in SITES:
        if name in arrays and name not in found:
            raise DataError(
                f"array '{name}': one value for each of {sites:,} sites expected, got {np.shape(arrays[name])}"
            )
    if "position" in found:
        check_positions(found["position"])
    columns = {"id" if name == "snp" else name: found[name].tolist() for name in found if name != "allele"}
    alleles = [str(text).split(",") for text in found.get("allele", ())]
    if alleles and all(len(pair) == 2 for pair in alleles):
        columns |= {"ref": [pair[0] for pair in alleles], "alt": [pair[1] for pair in alleles]}
    return tuple(str(variant) for variant in described(columns))


def check_positions(values: np.ndarray) -> None:
    """Raise DataError for the first position that is no whole number."""
    for site, value in enumerate(values.tolist(), start=1):
        try:
            whole = float(value).is_integer()
        except ValueError:
            whole = False
        if not whole:
            raise DataError(f"array 'position', site {site:,}: a whole number expected, got '{value}'")


def arrays_of_sites(dataset: Dataset) -> dict[str, np.ndarray]:
    """Return the arrays that describe the sites of genotypes, none for other data."""
    if not has_variants(dataset):
        return {}
    variants = variants_of(dataset)
    return {
        "snp": np.array([variant.id for variant in variants]),
        "position": np.array([variant.position for variant in variants]),
        "allele": np.array([f"{variant.ref},{variant.alt}" for variant in variants]),
        "chromosome": np.array([variant.chromosome for variant in variants]),
    }


def one_word(text: Any) -> str:
    """Return a text with every run of white space, and of marks of the byte order, as one underscore."""
    return "_".join(str(text).replace(BOM, " ").split())
