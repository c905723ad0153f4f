"""Genotypes: calls that come site by site become samples x sites; shared by VCF and PLINK files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from shortrun.data.core.alphabet import BINARY, DOSAGE, Alphabet, named
from shortrun.data.core.dataset import Dataset
from shortrun.data.core.disk import gathered
from shortrun.data.core.kind import GenotypeKind, Kind
from shortrun.data.core.labels import UNKNOWN
from shortrun.data.core.request import Request, choose
from shortrun.data.genotypes.sieve import HAPLOID, MISSING, Calls, Listed, Sieve, exchanged_told, left_out_told
from shortrun.data.genotypes.waiting import Waiting
from shortrun.errors import ConfigError, FormatError
from shortrun.phrases import counted

AT_ONCE = 2**19  # calls looked at together
USES = ("alphabet", "region", "maf", "thin", "missing", "label_column", "group")  # options of reading
POLICIES = ("error", "drop-site", "drop-sample", "major")


class Genotypes:
    """Calls on their way to a `Dataset`; they wait on the disk (`Waiting`), and large values stay there (`gathered`).

    Parameters
    ----------
    path : Path
        The file they come from.
    people : list[str]
        The names of the persons.
    options : Request
        Which sites and persons to keep; `alphabet` may ask for "binary" haplotypes or for a "dosage".
    """

    def __init__(self, path: Path, people: list[str], options: Request):
        self.path, self.people, self.options = path, people, options
        self.alphabet = asked_alphabet(options)
        choose("missing", options.missing, POLICIES)
        self.sieve = Sieve(options) if options.variants is None else Listed(options)
        self.texts: list[str] = []  # of the sites that are kept
        self.phase, self.ploidy = Phase(), Ploidy(len(people))
        self.complete = np.ones(len(people), bool)
        self.filled = 0  # missing calls that became the more frequent allele
        self.split: tuple[int, int] = (0, 0)  # sites with several alternative alleles, and the sites that they became
        self.waiting = Waiting(2 * len(people))

    @property
    def at_once(self) -> int:
        """How many sites to add together."""
        return max(1, AT_ONCE // len(self.people))

    def add(self, calls: Calls) -> None:
        """Add the calls of some sites, of which those are kept that were asked for.

        Raises
        ------
        FormatError
            If a call is missing and that is an error; names the site and the person.
        """
        calls = self.sieve.keep(calls)
        self.texts += map(str, calls.variants)
        if self.alphabet != DOSAGE:
            self.phase.look(calls)
        self.ploidy.look(calls)
        self.waiting.add(self._filled(calls).reshape(-1, 2 * len(self.people)))

    def _filled(self, calls: Calls) -> np.ndarray:
        """Return alleles 0 and 1 only: a single one counts twice, a missing one as the more frequent one."""
        if len(calls.variants) == 0 or calls.alleles.min() >= 0:
            return calls.alleles.view(np.uint8)
        alleles = np.where(calls.alleles == HAPLOID, calls.alleles[..., :1], calls.alleles)
        missing = alleles == MISSING
        if missing.any():
            self._refuse_missing(calls, missing)
            self.complete &= ~missing.any((0, 2))
            self.filled += int(missing.any(2).sum())
            major = (alleles == 1).sum((1, 2)) > (alleles == 0).sum((1, 2))
            alleles = np.where(missing, major[:, None, None], alleles)
        return alleles.astype(np.uint8)

    def _refuse_missing(self, calls: Calls, missing: np.ndarray) -> None:
        if self.options.missing == "error":
            site, person, _ = np.argwhere(missing)[0]
            where = f"site {calls.variants[site].place}: the call of '{self.people[person]}' is missing"
            raise FormatError(
                self.path, None, f"{where}; say what to do: '--missing drop-site', 'drop-sample' or 'major'"
            )

    def dataset(self) -> Dataset:
        """Return the samples: a person's two haplotypes `NAME_A` and `NAME_B`, or a dosage a person.

        Without an alphabet asked for they are haplotypes if a call is phased and no heterozygous one is unphased.

        Raises
        ------
        FormatError
            If no site or no person is left, a site asked for is not there, or haplotypes cannot be told.
        """
        self._check()
        alphabet = self._kind()
        persons = np.flatnonzero(self.complete | (self.options.missing != "drop-sample"))
        haplotypes = alphabet == BINARY
        rows = self.ploidy.rows(persons) if haplotypes else persons
        owner = rows // 2 if haplotypes else rows
        people = np.array(self.people)[owner]
        values = self._values(rows, haplotypes)
        return Dataset(
            values=values,
            labels=np.full(len(rows), UNKNOWN),
            weights=np.ones(len(rows), np.float32),
            names=np.char.add(people, self.ploidy.endings(rows)) if haplotypes else people,
            kind=Kind(values.shape[1], alphabet, genotypes=GenotypeKind(self._sites())),
            groups=people if haplotypes else None,
            notes=self._notes(len(self.people) - len(persons), alphabet),
        )

    def _check(self) -> None:
        lacking = self.sieve.first_lacking() if isinstance(self.sieve, Listed) else None
        if lacking is not None:
            site = f"{lacking.place} ({lacking.ref}, {lacking.alt})"
            raise FormatError(self.path, None, f"the site {site} that was asked for is not there")
        if not self.texts:
            region = f" in the region {self.sieve.region}" if self.sieve.region else ""
            told = "".join(f"; {note}" for note in left_out_told(self.sieve))
            raise FormatError(self.path, None, f"no site is left{region}{told}")
        if self.options.missing == "drop-sample" and not self.complete.any():
            raise FormatError(self.path, None, "every person has a missing call: none is left; drop sites instead")

    def _kind(self) -> Alphabet:
        if self.alphabet == BINARY:
            self.phase.check(self.path, self.people)
        alphabet = self.alphabet or (BINARY if self.phase.is_known else DOSAGE)
        if alphabet == BINARY:
            self.ploidy.check(self.path, self.people)
        return alphabet

    def _values(self, rows: np.ndarray, haplotypes: bool) -> np.ndarray:
        """Return (N, S) codes: the calls turned from sites to samples, strip by strip."""
        values = gathered(self._strips(rows, haplotypes), (len(rows), len(self.texts)), np.uint8)
        self.waiting.close()
        return values

    def _strips(self, rows: np.ndarray, haplotypes: bool) -> Iterator[np.ndarray]:
        place = np.argsort(self.sieve.order) if isinstance(self.sieve, Listed) else None
        for first, strip in self.waiting.strips():
            part, first = (strip, first) if haplotypes else (strip[::2] + strip[1::2], first // 2)
            begin, end = np.searchsorted(rows, (first, first + len(part)))
            part = part if end - begin == len(part) else part[rows[begin:end] - first]
            yield part if place is None else part[:, place]

    def _sites(self) -> tuple[str, ...]:
        return tuple(map(str, self.sieve.wanted if isinstance(self.sieve, Listed) else self.texts))

    def _notes(self, dropped: int, alphabet: Alphabet) -> tuple[str, ...]:
        notes = left_out_told(self.sieve)
        if self.split[0]:
            notes.append(
                f"{counted(self.split[0], 'site')} with several alternative alleles split into {self.split[1]:,}"
            )
        notes += exchanged_told(self.sieve.exchanged)
        if dropped:
            notes.append(f"left out {dropped:,} of {len(self.people):,} persons for missing calls")
        if self.filled and self.options.missing == "major":
            notes.append(f"{counted(self.filled, 'missing call')} read as the more frequent allele of the site")
        single = int(self.ploidy.single.sum())
        if single:
            form = "one haplotype each" if alphabet == BINARY else "which counts twice in dosages"
            notes.append(f"one allele at a site in {single:,} of {len(self.people):,} persons: {form}")
        if alphabet == DOSAGE and self.alphabet is None:
            notes.append(f"{self.phase}: read as dosages 0, 1 and 2, not as haplotypes")
        return tuple(notes)


class Phase:
    """Whether haplotypes can be told; homozygous calls and single alleles need no phase."""

    def __init__(self):
        self.any, self.heterozygous, self.unphased = False, 0, 0
        self.first: tuple[str, int] | None = None  # site and person of the first call without a phase

    @property
    def is_known(self) -> bool:
        """Whether a call is phased (or a single allele), and no heterozygous call is not."""
        return self.any and not self.unphased

    def look(self, calls: Calls) -> None:
        """Count the calls of some sites."""
        one, other = calls.alleles[..., 0], calls.alleles[..., 1]
        heterozygous = (one != other) & (one >= 0) & (other >= 0)
        unphased = heterozygous & ~calls.phased
        self.any |= bool(((calls.phased | (other == HAPLOID)) & (one >= 0)).any())
        self.heterozygous += int(heterozygous.sum())
        self.unphased += int(unphased.sum())
        if self.first is None and unphased.any():
            site, person = np.argwhere(unphased)[0].tolist()
            self.first = calls.variants[site].place, person

    def check(self, path: Path, people: list[str]) -> None:
        """Raise FormatError if a heterozygous call is not phased."""
        if self.first is not None:
            site, person = self.first
            where = f"site {site}: the call of '{people[person]}' is not phased"
            raise FormatError(path, None, f"{where}, haplotypes need phased calls: read alphabet dosage")

    def __str__(self) -> str:
        if not self.unphased:
            return "no call is phased"
        return f"{self.unphased:,} of {self.heterozygous:,} heterozygous calls are not phased"


class Ploidy:
    """How many alleles each person has; one at some sites and two at others makes no haplotypes."""

    def __init__(self, people: int):
        self.single, self.double = np.zeros(people, bool), np.zeros(people, bool)
        self.mixed: tuple[str, int] | None = None  # site and person of the first call unlike those before

    def look(self, calls: Calls) -> None:
        """Note the calls of some sites; missing ones say nothing."""
        if calls.alleles.size and calls.alleles.min() >= 0 and not self.single.any():
            self.double[:] = True
            return
        called = calls.alleles[..., 0] >= 0
        single = called & (calls.alleles[..., 1] == HAPLOID)
        double = called & ~single
        clash = (single & (self.double | double.any(0))) | (double & (self.single | single.any(0)))
        if self.mixed is None and clash.any():
            site, person = np.argwhere(clash)[0].tolist()
            self.mixed = calls.variants[site].place, person
        self.single |= single.any(0)
        self.double |= double.any(0)

    def check(self, path: Path, people: list[str]) -> None:
        """Raise FormatError if a person has one allele here and two there."""
        if self.mixed is not None:
            site, person = self.mixed
            where = f"site {site}: '{people[person]}' has one allele here and two elsewhere, or the other way round"
            raise FormatError(path, None, f"{where}: choose a region, or read alphabet dosage")

    def rows(self, persons: np.ndarray) -> np.ndarray:
        """Return which of the alleles (2 a person) are haplotypes: both, or the first one of a person with one."""
        both = np.stack([2 * persons, 2 * persons + 1], 1)
        kept = np.stack([np.ones(len(persons), bool), ~self.single[persons]], 1)
        return both[kept]

    def endings(self, rows: np.ndarray) -> np.ndarray:
        """Return what is put behind a person's name to name each haplotype."""
        return np.where(self.single[rows // 2], "", np.array(["_A", "_B"])[rows % 2])


def asked_alphabet(options: Request) -> Alphabet | None:
    """Return the alphabet asked for, which genotypes must have: binary for haplotypes, dosage, or None.

    Raises
    ------
    ConfigError
        If it is another one.
    """
    asked = options.alphabet
    alphabet = named(asked) if isinstance(asked, str) else asked
    if alphabet not in (None, BINARY, DOSAGE):
        got = f"'{asked}'" if isinstance(asked, str) else f"the {alphabet.name} alphabet '{alphabet.letters}'"
        raise ConfigError("alphabet", f"binary (haplotypes) or dosage expected of genotypes, got {got}")
    return alphabet
